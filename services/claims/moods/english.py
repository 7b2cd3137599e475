"""When a claim in English is none: asked, planned, denied, told again. Data for `claims.reading`."""

from __future__ import annotations

from services.claims.lexicon import NOTHING_JOINED, Moods, whole

MOODS = Moods(
    joined=NOTHING_JOINED,
    empty=whole(
        r"no (?:problem|worries|trouble)(?: at all)?|not a problem|not to worry|don't worry(?: about (?:it|"
        r"that))?|can't wait|never mind",
        r"(?:i can|i'd like to|i want to|let me|i'm (?:very )?(?:happy|glad|pleased|delighted) to|i am (?:happy|"
        r"glad|pleased) to|we're happy to|allow me to|happy to|glad to|just to|i wanted to) "
        r"(?:confirm|say|tell you|inform you|let you know|report|assure you)(?: that)?",
        r"as (?:you )?(?:wished|wanted|asked|requested)",
        r"(?:have|enjoy) (?:a|the|your) (?:[a-z]+ )?(?:day|evening|night|weekend|morning|afternoon|week)(?: ahead)?|"
        r"(?:please |just |and )*(?:stay|hold|remain|keep|hang) (?:on )?(?:on|with me on|to) the line(?: please)?|"
        r"(?:please )?hold the line(?: please)?|(?:please )?(?:don't|do not) hang up(?: please)?",
    ),
    undone=whole(
        r"not", r"no", r"never", r"cannot", r"\w+n't", r"without", r"nothing", r"nobody", r"no one", r"neither",
        r"unable",
        r"will", r"i'll", r"we'll", r"\w+'ll", r"would", r"\w+'d (?:like|love|prefer|rather|need|have to|be)",
        r"can", r"could", r"(?<!\d )(?<!of )may(?! \d)", r"might",
        r"should", r"shall", r"to be", r"to get", r"want", r"wants", r"let me", r"let's", r"need", r"needs", r"must",
        r"have to", r"has to",
        r"going to", r"whether", r"get (?:it|that|you|your \w+)", r"be", r"hope",
        r"before (?:i|we|you|your|the|an|a|it|that)",
        r"try", r"tried", r"trying", r"failed", r"try(?:ing)? to", r"checking", r"check(?! mark)", r"see if",
        r"prefer", r"perhaps", r"maybe", r"possibly",
        r"usually", r"normally", r"generally", r"always", r"often", r"every", r"each", r"sometimes", r"typically",
        r"all our",
        r"if", r"unless", r"whenever", r"in case",
        r"(?:once|when|after|until|before|as soon as) (?:i|we|you|your|the|that|it|an?|my|this|\w+'s)(?:'\w+)?",
        r"anything",
        r"someone else", r"somebody else", r"another (?:caller|customer|client|patient|guest)",
        r"you(?:'ve| have|'d| had)?(?: already| also| just)? (?:booked|cancelled|canceled|moved|made|put|left|"
        r"sent|told|scheduled|reserved|changed|wrote|rescheduled)", r"like to", r"looking to", r"wondering", r"how",
        r"like me to", r"did", r"does", r"do you",
        r"it says", r"appointments", r"bookings", r"cancellations", r"who", r"whoever", r"anyone", r"people",
        r"customers", r"patients", r"clients",
        r"late", r"fully", r"cancel(?:l)?ed appointments", r"please come",
    ),
    condition=whole(
        r"(?:(?:so|and|but|then|well|yes|okay|ok|no) )*(?:if|unless|in case|provided|assuming|whether|when|once|"
        r"as soon as|whenever|whoever|"
        r"(?:after|before|until) (?!checking|talking|speaking|looking|asking|i (?:checked|spoke|talked|looked|asked)|"
        r"noon|lunch|work|clinic|closing|then|hours|\d|one|two|three|four|five|six|seven|"
        r"eight|nine|ten|eleven|twelve|half|the (?:end|weekend|holiday)|end|to\w+|\w+day)[\w']+|"
        r"to (?:cancel|book|move|change|reschedule|leave|reach)|would you|shall i|should i|do you want|"
        r"in order to|leave (?:me )?(?:your|a)|give me|tell me|for (?:cancellations|bookings))"
    ),
    question=whole(
        r"(?:(?:and|so|or|but|then|ok|okay|great|sure|well|right|sorry) )*(?:shall|should|would you|do you|does|"
        r"did|can i|can you|could i|could you|may i|"
        r"is (?:your|the|it|that|there|this)|are (?:you|there|we)|was|were|have you|have i|has|what(?! (?:i|"
        r"we)(?:'ve| have)? d)|what's|when|"
        r"which|who|who's|whose|where|how|why|will you|want me|like me to|am i)"
    ),
    tag=whole(
        r"(?:is (?:that|it) )?(?:ok|okay|right|alright|all right|yes|good|correct|fine|sound good|sounds good|"
        r"does that work|is that okay|deal|got it|yeah|cool)(?: (?:for|with) you)?"
    ),
    reports=whole(
        r"you (?:said|asked|mentioned|told me|wanted|want|need|meant|mean|prefer|were asking|called about|booked|"
        r"cancelled|made|have asked|requested|wish|were|did|are calling|are asking)|"
        r"you'd (?:like|rather|prefer|said|asked|booked)|you're (?:asking|looking|calling|saying|hoping)|"
        r"i understand|i hear|i heard|did i get|do i understand|so you|you would like|sorry to hear|"
        r"just to (?:be sure|check|confirm|make sure)|to (?:be sure|double-check)"
    ),
    meanwhile=whole(
        r"for (?:a (?:few|couple of)|the next few|three|five|\w+) (?:minutes?|moments?)|for a (?:minute|moment)|"
        r"temporarily|for now|meanwhile|in the meantime|while (?:we|you|i)"
    ),
    particulars=whole(
        r"(?<!under your )(?<!in your )(?<!under the )(?<!in the )(?<!has your )"
        r"(?<!mother's )(?<!wife's )names?",
        r"numbers?|phone|e-?mail|address|spelling|digits|id|birthday|preference|pound key",
    ),
    details=whole(r"(?:\w+ )?codes?|verification|pin"),
    open_times=whole(
        r"free|available|open|opens|opening|openings|closed|close|closes|taken|"
        r"(?:already|fully|all|completely) booked|booked (?:up|out|solid|until)|busy|full|left|possible|"
        r"offer|suits?|works?|work|earliest|latest|between us|hours|"
        r"i have|we have|i've got|we've got|i could|there's|there is|there are|how about|what about|either|or|"
        r"costs?|takes?|shekels?|minutes?|usually|normally|generally|always|"
        r"sees patients|only|every|\w+days|street|until|up to|by the end|back on|starts?|begins?|ends?|finish\w*|"
        r"runs|lasts|first visit|includes?|before your|after your|was|were|yesterday|ago|previous|last|first|"
        r"prior to|ahead|stays?|remains?|keep|"
        r"as (?:it|they) (?:is|was|are|were)|pay|bring(?! (?:\w+ ){1,4}(?:in|over|round|by|back|here)\b)|asks?|may|"
        r"cover\w*|depends?|comes? with|reminder|welcome|"
        r"is over|has passed|important|matters|assistant|(?:done|handled|made|run) by|holiday|suggest|recommend|"
        r"nearest|soonest|"
        r"from (?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|noon)|"
        r"it's [\w ]+ now|price|good question|on vacation|away|reached|branch\w*|today is|it's now|i see|i can see"
    ),
    affirms=whole(
        r"(?:ok|okay|great|perfect|lovely|wonderful|excellent|brilliant|fantastic|alright|all right|super|sure|"
        r"done|very good|sounds good|so|yes|good|got it|of course|certainly|absolutely|for you|confirmed|"
        r"noted|booked|agreed|deal|settled|there we go|right then)"
    ),
    addressed=whole(r"you|your|yours|you're|you've|it is now|it's now"),
    invites=whole(
        r"(?:is there |can i |may i |do you (?:need|want|have) )?(?:anything|something|any other \w+|"
        r"what) else.*|how else .*|any (?:other )?questions.*|"
        r"(?:would you like|do you (?:want|need)|shall i|should i|can i|may i) .*(?:reminder|confirmation|text|sms|"
        r"email|address|directions|parking|link).*"
    ),
    wants_more=whole(
        r"i(?:'ll| will| still)? (?:just |still |only )*need|may i have|could i (?:have|get)|please (?:tell|give|"
        r"say|key|enter|spell|type|confirm)|what name|your (?:name|number) please|missing"
    ),
    reasons=whole(
        r"no(?=$)|(?:just )?so you know|just to let you know|(?:i have )?(?:good|great) news|(?:and )?(?:since|"
        r"because|as (?:you|it|we|i)|even though|although|though|to save|so (?:that )?you (?:don't|won't|needn't)|"
        r"i (?:know|see|understand|hear|couldn't)|we couldn't|after (?:checking|talking|speaking|looking|asking))"
    ),
    voided=whole(
        r"(?:did not|didn't|has not|hasn't|have not|haven't|was not|wasn't|could not|couldn't) (?:yet )?(?:go|gone|"
        r"come|work|worked|been|get|got|made|save|saved)|failed|(?:is|are|was|were|gets?|be) refused|"
        r"only (?:once|after|when|if)|not yet|counts? as|(?:is|are) considered|(?:is|are) only"
    ),
)  # fmt: skip
