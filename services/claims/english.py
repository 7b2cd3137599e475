"""How claims are made in English. Data for `claims.reading`."""

from __future__ import annotations

from services.claims import any_verb
from services.claims.lexicon import ClaimKind, Lexicon, Strength, acts, whole
from services.claims.moods.english import MOODS

# -- roles ---------------------------------------------------------------------------------------------------------

# Some name, and none of the words that could stand in its place.
_NAME = (
    r"(?!(?:nothing|none|no|nobody|neither|which|when|how|there|here|sorry|yet|nor|if|can|could|will|would|may|might|"
    r"to|not|should|shall|must|never|be|get|if|you|i|we|it|that|this|is|are|"
    r"was|were|who|what|and|"
    r"or|but|so|let|please|dont|did|do|does|has|have|had|the|an?|your|my|our)\b)[a-z]+"
)
_MEETING = r"(?:appointments?|bookings?|reservations?|meetings?|visits?|sessions?|consultations?|check-?ups?|class)"
_PLACE = r"(?:slots?|spots?|times?|time slots?|tables?|places?|seats?|hour|o'clock|rooms?|chairs?)"
_THING = rf"(?:{_MEETING}|{_PLACE})"
_WORDS3, _WORDS5 = r"(?:(?!not\b|never\b)[\w'.-]+ ){0,3}?", r"(?:(?!not\b|never\b)[\w'.-]+ ){0,5}?"
_GAP = (
    r"(?:(?! not\b| never\b| nothing\b| no\b| if\b| once\b| when\b| will\b| can\b| isn't| hasn't| wasn't)(?! is\b|"
    r" has\b| was\b) [\w'.-]+){0,6}?"
)
_BOOKS = r"(?:calendar|system|books?|diary|schedule|list|roster|agenda|sheet)"
_SOON = (
    r"(?:just|already|now|gone ahead and|went ahead and|successfully|also|officially|all|finally|then|both|today|"
    r"so)"
)
_THEM = r"(?:it|that|this|those|them|both|everything|all of (?:it|that|them))"
_SOMEONE = (
    r"(?:him|her|them|everyone|everybody|someone|(?:the|our|your) [\w']+(?: [\w']+)?|dr\.? \w+|"
    r"(?!you\b|me\b|it\b|that\b|this\b|us\b|an?\b|my\b|if\b|whether\b|for\b|about\b)[a-z]+)"
)

# -- families of verbs: past or participle, then the bare form -----------------------------------------------------

_BOOK = (
    r"(?:booked|scheduled|reserved|penciled|pencilled|slotted|squeezed|slipped|arranged|organi[sz]ed|signed|"
    r"enrolled)"
)
_PUT = (
    r"(?:put|got|gotten|have|had|added|entered|placed|fit|fitted|popped|set|logged|dropped|slid|registered|"
    r"marked|wrote|written)"
)
_SECURE = (
    r"(?:confirmed|secured|finali[sz]ed|locked in|made|created|completed|saved|held|kept|fixed|grabbed|snagged|"
    r"nabbed|"
    r"claimed|set aside|blocked(?: off| out)?|sorted(?: out)?|set up|got)"
)
_CANCEL = r"(?:cancel(?:l)?ed|called off|scrapped|voided|withdrawn|withdrew)"
_REMOVE = (
    r"(?:removed|deleted|erased|cleared|crossed|struck|pulled|wiped|scratched|dropped|released|freed(?: up)?|"
    r"given up|gave up)"
)
_MOVE = r"(?:moved|rescheduled|postponed|shifted|bumped|pushed|brought|put back|delayed|rebooked|swapped over)"
_CHANGE = r"(?:changed|switched|swapped|adjusted|updated|amended|transferred)"
_PASS = r"(?:passed|forwarded|relayed|sent|handed|given|gave|delivered|submitted|transmitted|emailed|texted|messaged)"
_TELL = r"(?:told|informed|notified|alerted|messaged|texted|emailed|paged|updated|briefed|reminded)"
_NOTE = r"(?:written|wrote|noted|jotted|taken|took|recorded|logged|put|made)"
_PUT_THROUGH_ING = (
    r"(?:transferring|bridging|connecting|linking|putting|patching|passing|handing|forwarding|switching|redirecting|"
    r"routing|"
    r"sending)"
)
_PUT_THROUGH = r"(?:transfer|bridge|connect|put|patch|pass|hand|forward|switch|redirect|route)"
_PUT_THROUGH_ED = r"(?:transferred|bridged|connected|put|patched|passed|handed|forwarded|redirected|routed)"

_OPENS = (
    r"(?:(?:okay|ok|so|but|and|then|great|perfect|good|alright|all right|right|lovely|done|yes|sure|well|wonderful|"
    r"excellent|brilliant|fantastic|there|now|just|all|also|that's) )*"
)
_I = rf"(?:i|we)(?:'ve|'d)?(?: have| had)?(?: {_SOON})*"
_HAVE = (
    rf"(?:(?:{_I} )|(?<=^){_OPENS}|and (?:then |also |have |i )?|(?:i was|we were|i've been|"
    rf"i) able to (?:get (?:it |that )?)?|managed to )"
)
_DID = rf"(?:(?:{_I} )|(?<=and )(?:then |also )?|^{_OPENS})"
_ABLE = r"(?:able to|managed to|went ahead to|succeeded in) (?:(?:also|just|now|then) )?"
_BE = (
    r"(?:'s|'re|'m|'ve| is| are| has| have| was| were| got| gets|'s got|'s gone| went)(?: (?:now|all|already|"
    r"officially|successfully|been|both|just|therefore|definitely|safely|hereby|also|then|duly))*"
)

_NO_ADDRESS = r"(?! floor|(?: \w+)* (?:street|road|avenue|lane|square))"
_TIMES = (
    r"(?:(?:this |next |the )?(?:\w+day|tomorrow|today|tonight|noon|midday|morning|afternoon|evening|week|\d[\w:.]*|"
    r"one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|half|quarter|\w+(?:st|nd|rd|th))|"
    r"(?:jan|febr|mar|apr|may|jun|jul|aug|sept|oct|nov|dec)\w*|[\w ]+ o'clock)"
)
_BOOKED_FOR = r"(?:booked|scheduled|penciled|pencilled|registered|signed up|reserved|slotted|squeezed)"
_ANYBODY = (
    rf"(?!(?:{_PLACE}|system|calendar|morning|afternoon|evening|day|week|doctor|clinic|office|\w+day)\b)(?:he|"
    rf"she|they|you|we both|(?:your|his|her|their|my) (?!{_THING}|call|time|message)[a-z]+|{_NAME} {_NAME}|{_NAME})"
)
_THEIRS = (  # the appointment of the caller, or of whomever the caller speaks of
    rf"(?:(?:your|his|her|their|the|that|this|[\w.]+'s) (?:[\w'-]+ ){{0,3}}?(?:{_THING}|haircut|cleaning|treatment|"
    rf"service|test|exam|lesson|massage|o'clock|one|colou?r|fitting|inspection|interview|call))"
)

_AT_TIME = r"(?:on|for|at|tomorrow|today|tonight|this|next|with|in|mon|tues|wednes|thurs|fri|satur|sun)\w*"

BOOKED, MOVED, CANCELLED = ClaimKind.BOOKED, ClaimKind.MOVED, ClaimKind.CANCELLED
MESSAGE, TRANSFER, DONE = ClaimKind.MESSAGE, ClaimKind.TRANSFER, ClaimKind.DONE
DID, STATE, PROMISE, TIMED = Strength.DID, Strength.STATE, Strength.PROMISE, Strength.TIMED

_BOOKED = (
    *acts(
        BOOKED,
        DID,
        rf"{_DID}{_BOOK}(?! (?:out|up|solid|until|appointments|bookings|visits|slots|times))",
        rf"{_ABLE}(?:book|schedule|reserve|secure|squeeze|slot|fit|arrange|grab|hold|get) {_WORDS5}(?:{_THING}|"
        rf"you|it|that|in)",
        rf"{_DID}{_PUT} (?:you|you both|you two|both of you|you all|your [\w']+) (?!on (?:the line|hold|"
        rf"speaker)){_WORDS3}(?:down|in|for|on|at|to|up|booked|scheduled|set|confirmed|under)",
        rf"{_I} {_PUT} (?:it|that|this|everything) {_WORDS3}(?:in|on) (?:the|our|my|her|his) {_WORDS3}{_BOOKS}",
        rf"{_DID}{_SECURE} {_WORDS5}(?:{_MEETING}|{_PLACE}(?! (?:to|for (?:questions|that))))",
        rf"{_DID}(?:confirmed|secured|finali[sz]ed|saved|held|fixed|sorted) (?:it|that|this|everything)(?: for)?",
        rf"{_DID}entered (?:your|the|an?) {_THING}",
        rf"{_I} (?:gave|given|handed) you {_TIMES}",
        rf"{_I} (?:put|got|have|had|entered) (?:it|that|this|everything) (?:in|down) for",
        rf"{_I} (?:gave|given|got|found|handed) you (?:the|an?|that) (?:[\w']+ ){{0,4}}?(?:{_PLACE}|{_MEETING})",
        rf"{_DID}(?:entered|registered|booked|added) (?:it|you|that|this|them) (?:under|in|into|for|on|to)(?= )",
        rf"{_DID}(?:added|entered|included) {_WORDS3}(?:to|in|on) (?:the|our|his|her|\w+'s) {_WORDS3}{_BOOKS}",
        rf"(?<!not )(?<!be )(?:booked|scheduled|penciled|reserved) (?:you|your {_WORDS3}{_THING}|it|that|this|"
        rf"everything|the two of you)",
        rf"(?:has|have|had|she|he|they|the \w+|{_NAME}) (?:just |already |now )?(?:booked|scheduled|penciled|"
        rf"squeezed|slotted|put|fit) you",
    ),
    *acts(
        BOOKED,
        STATE,
        r"(?:(?!not\b|never\b|nothing\b|nobody\b|no\b)[\w']+ ){1,8}?(?:is|are|has been|have been) (?:now |already |"
        r"all )?(?:booked|"
        r"reserved|confirmed|secured|arranged|held) (?:under|in your name|in the name|for you\b|in for)",
        r"your [\w' ]{1,30}?(?:'s| is| are) (?:now |all |already )?(?:booked|reserved|scheduled|arranged|"
        r"confirmed|set for)",
        r"(?:[a-z]+ )+(?:is|are|'s) booked in(?= for)",
        rf"(?:(?:your|yours|the|an|this|that|both|all)(?: [\w'-]+){{0,3}}? {_MEETING}{_GAP}|"
        rf"your(?: [\w'-]+){{0,3}}? {_THING}{_GAP}|it|that|this|everything|all|both|both of (?:you|them)|you two|"
        rf"you both)"
        rf"{_BE} (?:booked(?! (?:up|out|solid|by))|scheduled|reserved|confirmed|secured|arranged|locked in|"
        rf"penciled in|registered|in the {_BOOKS}|on the {_BOOKS}|entered|good to go|in place|settled|all set|"
        rf"sorted|saved|held for you|kept for you|guaranteed)",
        rf"(?:the|that|this|a)(?: [\w'-]+){{0,4}}? {_PLACE}{_BE} (?:secured|confirmed|locked in|saved|"
        rf"held for you|reserved for you|booked for you|kept for you|set)",
        rf"(?:your|the)(?: [\w'-]+){{0,2}}? {_THING}(?: [\w'-]+){{0,3}}?{_BE} (?:set|made|fixed|done|created|"
        rf"complete|completed|booked in|final)(?! by)",
        rf"(?:your|the)(?: [\w'-]+){{0,2}}? {_MEETING} (?:went|has gone|came|is|'s) through",
        r"you and (?:your )?\w+ are (?:all |both |now )*(?:booked|confirmed|scheduled|set|in|down|registered)",
        r"(?:it's|that's) a (?:date|deal)|done deal",
        rf"(?:your name|your names|the two of you|{_NAME})(?:'s| is| are|'re) (?:now |all )*(?:on|in) (?:the|our|"
        rf"\w+'s)(?: \w+)? {_BOOKS}",
        r"you(?:'re| are) (?:all )?(?:good|fine|set) for (?:\w+day|tomorrow|today|tonight|the|\d|\w+ (?:o'clock|"
        r"thirty|fifteen))",
        rf"you(?:'ve| have) (?:now |just )?(?:secured|got|gotten|landed|grabbed|reserved) (?:the|a|an|"
        rf"your) (?:[\w'-]+ ){{0,3}}?{_THING}(?: {_AT_TIME}|$)",
        rf"(?:taken care of|handled|sorted out|dealt with) (?:your|the|that) (?:[\w'-]+ ){{0,2}}?{_THING}",
        r"(?:consider|count) (?:it|yourself|that|yourselves) (?:all |now )?(?:booked|scheduled|reserved|"
        r"confirmed|in|done)",
        r"(?:that's|that is|there's|so that's) you (?:all )?(?:booked|down|in|set|sorted|scheduled|confirmed)",
        rf"you(?: two| both| all)?(?:{_BE})? (?:now |all |already |officially |both )*(?:booked|scheduled|"
        rf"confirmed|set(?! on| against)|in the {_BOOKS}|on (?:the|our|\w+'s)(?: \w+)? {_BOOKS}|down for|"
        rf"good to go|registered|locked in|penciled in|penciled|signed up|sorted|slotted in|in for|expected|"
        rf"added to|entered|put down|squeezed in|put in|placed|given (?:the|an?))",
        rf"you(?:'ve got| have| got|'ve| now have|'ll have| do have)(?: now| got)? (?:an?|your|"
        rf"the) (?:confirmed )?(?:[\w'-]+ ){{0,2}}?{_THING}(?: (?:booked|reserved|scheduled))? {_AT_TIME}",
        rf"(?:^{_OPENS}|your |the |an )(?!appointments|bookings|reservations|visits|"
        rf"slots)(?:[\w'-]+ )?{_THING} (?:booked|confirmed|scheduled|created|reserved|made|"
        rf"secured)",
        r"appointment[_ ]?created",
        rf"^{_OPENS}(?:all )?(?:booked|scheduled|confirmed|reserved|penciled in|registered)(?: in| up)?(?:$|"
        rf" (?!by|out|up|solid|until|and|appointments|clients))",
        rf"^{_OPENS}all (?:booked|set|confirmed|sorted)(?:$| (?:for|on|at|then))",
        r"(?:is|it's|'s|are|now) (?:now |all )*yours(?! to)",
        r"(?:both(?: \w+)?|they|all(?: \w+){0,2}|you(?: two| both| all)?|the (?:two|kids|children|girls|"
        r"boys)\b)(?:'s| is|'re| are) (?:both |all )?(?:booked )?in(?: too)?(?= (?:for|at|on)\b| \w+day|,|"
        r"$)(?! the)",
        rf"(?:shows? up|appears?|sits?|is) (?:now )?in (?:the|our) {_BOOKS}",
        rf"(?:{_ANYBODY}|both \w+|all \w+|everyone){_BE} (?:{_BOOKED_FOR}(?! (?:up|out|solid|by)\b)|down (?:for|at|"
        rf"on))(?= |$)",
        r"(?:i|we) (?:hereby |can |do )?confirm (?:your|that your|that you|the|his|her)(?= )",
        rf"you(?:'re| are) (?:our|the|her|his|my|\w+'s) (?:very )?(?:first|last|next|second|only) \w+ (?:on|at|this|"
        rf"{_TIMES})",
        rf"your(?! last| previous| first| usual| next)(?: [\w'-]+){{1,5}}? (?:starts?|begins?|is|are|stands?)(?: now|"
        rf" set)?(?: at| on| for)? {_TIMES}",
        r"you'll find (?:us|me|her|him|them) (?:all )?(?:ready|waiting|here for you)|(?:assigned|allotted|given|"
        r"allocated) to you(?= |$)",
        r"(?:appointment|booking|visit|reservation|spot|slot) (?:still )?stands",
        rf"(?:an?|one|your|the) (?:new )?{_THING}{_BE} (?:created|made|opened|added|set up|entered)",
        rf"you(?:'ve got| have)(?: now| already| got)* (?:an?|your) (?:confirmed )?{_MEETING}",
        rf"{_BE} {_BOOKED_FOR} (?:for|under|with|to) (?!{_TIMES})[a-z]+",
        rf"^{_OPENS}(?:noted|entered|added|written|marked|recorded|put) (?:down )?(?:in|on|into) (?:the|our|"
        rf"my) {_BOOKS}",
        r"(?:has|have|with|bears|carries) your name on (?:it|them)|(?:officially|all|now) yours",
    ),
    *acts(
        BOOKED,
        PROMISE,
        r"(?:he|she|they|the \w+|dr \w+)(?:'ll| will)(?: be able to)? (?:take|receive|meet|examine|treat) you",
        r"(?:(?:will|'ll) (?:be|come|arrive|stop by)|(?:is|are|'s) coming) (?:over |out |round |by )?(?:to|at|"
        r"by) (?:you|your (?:place|home|house|office|door))",
    ),
    *acts(
        BOOKED,
        TIMED,
        r"we'll have you (?:in|down|over|here)",
        r"(?:i'm|i am|we're) (?:just |now )*(?:booking|scheduling|reserving|putting|entering|confirming) (?:you|it|"
        r"that|this|your)",
        r"it is$",
        r"(?:we'll |we will |i'll |they'll |she'll |he'll |\w+ will |\w+'ll |will )?(?:be )?(?:see|seeing|expect|"
        r"expects|expecting|waiting for|ready for|look forward to seeing|looking forward to seeing|"
        r"looking forward to having) you",
        r"(?:is|'s|are|'re|will be|'ll be) (?:expecting|waiting for|meeting|seeing|ready for) (?:you|your)",
        r"(?:will|'ll|is going to|'s going to) (?:be|come|arrive|meet|visit|pick|take|see|"
        r"call on) (?:[\w']+ ){0,3}?(?:you|your|you're|yours)",
        r"(?:please |so |just )?(?:come|be here|be there|arrive|show up|drop by|stop by) (?:in |by |over |here |"
        r"down )?(?:at|on|by|tomorrow|mon|tues|wednes|thurs|fri|satur|sun)\w*",
        r"you(?:'re| are) (?:now )?(?:on|at|with|down|in|up|here|coming|next)",
        r"we(?:'ve| have) (?:got )?you (?:down |in |on )?",
        r"(?:please |so |just |and |then )*(?:bring|drop) (?:[\w']+ ){1,4}?(?:in|off|over|round|by|here|to us)(?= |$)",
        r"(?:you|we|they|she|he|the \w+)(?:'ll| will) (?:now |then |just )?(?:be (?:seen|seeing|having|meeting|"
        r"here|there|in|with|on|picked up|starting)|have your|meet you|see you|take you|start)",
    ),
)
_CANCELLED = (
    *acts(
        CANCELLED,
        DID,
        rf"{_DID}(?:called|taken|took|crossed|struck|knocked|pulled) (?:it|that|this|the \w+|your \w+|them|both) off",
        rf"{_DID}{_CANCEL}(?! (?:appointments|bookings|visits|classes|reservations))",
        rf"{_ABLE}(?:cancel|remove|delete|call off|take (?:you|it|that) off|free up|release)",
        rf"{_DID}{_REMOVE} {_WORDS5}(?:you|yours?|{_MEETING}|{_BOOKS}|slots?|spots?|both|it|that|"
        rf"them)(?: {_WORDS5}(?:off|out|from|go|down))?",
        rf"{_DID}(?:taken|took|pulled|struck|crossed) {_WORDS5}(?:off|out|from|down)(?= |$)",
        rf"{_DID}(?:removed|deleted|erased|cleared|wiped|crossed|struck|scratched) {_WORDS3}(?:mon|tues|wednes|"
        rf"thurs|fri|satur|sun)day",
        rf"{_DID}(?:let) (?:your|the|that) {_WORDS3}go",
        r"(?:has|have|she|he|they) (?:just |already )?(?:cancelled|canceled|removed|taken you off)(?! by)",
    ),
    *acts(
        CANCELLED,
        PROMISE,
        r"(?:i'm|i am|we're) (?:just |now |hereby )*(?:cancel+ing|removing|deleting) (?:it|that|this|you|your|the|"
        r"both)",
    ),
    *acts(
        CANCELLED,
        STATE,
        r"(?:the|your|that|this|both|\w+'s) (?:(?!not\b|never\b)[\w'-]+ ){1,5}?(?:is|are|has been|have been|"
        r"was|were|'s been) (?:now |already )?(?:cancelled|canceled|called off)",
        rf"your (?:\w+ )?(?:{_PLACE}|{_MEETING}|seat)(?:'s| has| was)(?: now| just)? been (?:given (?:away|to)|"
        rf"released|freed)",
        rf"(?:your|the|this|that|both|it|everything|all|one|those|they|(?:[a-z]+day)(?: [\w']+){{0,3}}?|(?:your|"
        rf"the|that|[a-z]+'s) (?:[\w'-]+ )?{_THING}|\d+)(?:(?: [\w'-]+){{0,3}}? (?:{_MEETING}|{_PLACE}|"
        rf"one))?{_BE} (?:cancel(?:l)?ed|called off|gone(?<!o'clock is gone)|deleted|removed|erased|cleared|wiped|"
        rf"taken off|freed up|"
        rf"released|void|given up|let go|scrapped|off the {_BOOKS}|off(?: now| then)?$|off(?= feel| then))",
        rf"(?:your|the)(?: \w+){{0,2}}? cancel(?:l)?ation(?: [\w']+){{0,2}}?(?:{_BE} (?:confirmed|complete|"
        rf"completed|done|processed|registered|noted|in|recorded|accepted|through)| went through|"
        rf" has gone through)",
        rf"(?:{_THING}|it|that|one)(?: [\w']+){{0,3}}?(?:'s| is| does| are)? no longer (?:exists?|booked|there|"
        rf"on|in|scheduled|stands?|active|valid|listed)",
        rf"(?:taken|removed|deleted|struck|crossed|dropped) (?:out of|off|from) (?:the|our) {_BOOKS}",
        r"(?:nothing's|nothing is|there's nothing|there is nothing) (?:booked|scheduled|in the \w+|"
        r"on the \w+)(?: for you)?(?: any ?more| any longer| now)",
        rf"(?:isn't|is not|aren't|are not) (?:on|in) (?:the|our) {_BOOKS} (?:any ?more|any longer|now)",
        r"you no longer have (?:an?|any|your) \w+",
        r"you(?:'re| are) (?:now |all )?out of (?:the|your|\w+'s)|there(?:'s| is| are) no longer (?:an?|any|your)|"
        r"you(?:'re| are) off the hook|you(?:'re| are) all clear",
        r"nothing (?:[\w']+ ){0,6}?any ?(?:more|longer)|no longer (?:\w+ )?(?:signed up|booked|registered|listed|"
        r"enrolled|expected|due)",
        rf"(?:consider|count) {_WORDS5}(?:cancelled|canceled|gone|off)",
        rf"(?:{_ANYBODY}|{_THEIRS}|{_TIMES}){_GAP}{_BE} (?:{_CANCEL}|removed|deleted|erased|crossed out|wiped|"
        rf"taken out|let go|"
        rf"taken off|struck off|off the {_BOOKS})(?! by)",
        rf"^{_OPENS}(?:all )?(?:cancelled|canceled|called off|removed|deleted)(?:$| (?:it|that|your|the|for you|"
        rf"then|now|as)\b)",
        r"(?:^|(?:your|the) )(?:\w+ )?(?:appointment|booking|reservation) (?:cancelled|canceled)",
        r"no need (?:for you )?to (?:come|be here|show up|make it)(?: in| by| over)?(?: (?:on \w+day\w*|tomorrow|"
        r"today|tonight))?(?: any ?more| any longer| now| after all)?$",
        r"you(?:'re| are)? (?:now )?(?:no longer (?:on|in|booked|down|expected|scheduled)|off the (?:calendar|"
        r"schedule|list|books?|hook for \w+))",
        r"you (?:won't|will not|don't|do not|no longer|needn't)(?: need to| have to|)? (?:need to |"
        r"have to )?(?:come|be here|be there|show up|attend|make the trip)(?: in| by| over)?(?: (?:on \w+day\w*|"
        r"tomorrow|today|tonight|at [\w: ]+))?(?: any ?more| any longer| now| after all)?$",
        r"(?:we|she|he|they)(?:'re| are| is|'s)? (?:won't be|will not be|won't|will not|not|no longer|aren't|"
        r"isn't) (?:expecting|expect|waiting for) you(?: any ?more)?(?: (?:on \w+day|tomorrow|today))?",
    ),
)
_MOVED = (
    *acts(
        MOVED,
        DID,
        rf"{_DID}(?:put|set|taken|brought|dragged) (?:it|that|this|you|your \w+|the \w+) (?:back|forward|over|up|"
        rf"out) (?:to|by|an|a|from|one)",
        rf"{_DID}(?:{_MOVE}|slid|nudged|dragged|slipped) (?:you|it|that|this|them|both|everything|your|the|us|"
        rf"things|back|forward|up|down|(?:to|from|by) (?:the )?{_TIMES}{_NO_ADDRESS}|{_THING})",
        rf"{_DID}(?:rescheduled|postponed|rebooked)",
        rf"{_DID}{_CHANGE} (?:(?:you|it|that|this) (?:to|from|over|for)|{_WORDS5}(?:{_THING}|you (?:to|from)|mon|"
        rf"tues|wednes|thurs|fri|satur|sun))\w*",
        rf"{_ABLE}(?:move|reschedule|bring|push|shift|postpone|change|switch|swap|bump) (?:you|it|that|your|the|"
        rf"this|things)",
        rf"(?:has|have|she|he|they|{_NAME}) (?:just |already )?(?:moved|rescheduled|pushed|postponed|"
        rf"shifted) (?:you|it|that|your)",
        r"(?:moved|rescheduled|pushed|shifted|bumped|switched) (?:you|your|it|that)(?= )",
    ),
    *acts(
        MOVED,
        STATE,
        r"(?:the|your|that|this|both|\w+'s) (?:(?!not\b|never\b)[\w'-]+ ){1,5}?(?:is|are|has been|have been|"
        r"was|were|'s been) (?:now |already )?(?:rescheduled|postponed|pushed back|moved to|pushed to|"
        r"brought forward)",
        rf"(?:your|the|this|that|it|everything|both|all|you|{_THING})(?:(?: [\w'-]+){{0,3}}? {_THING})?{_BE} "
        rf"(?:moved|rescheduled|pushed|postponed|shifted|brought forward|bumped|changed(?! her| his| my)|slid|"
        rf"switched|put back|delayed|rebooked)",
        rf"^{_OPENS}(?:all )?(?:moved|rescheduled|pushed|postponed|shifted|changed|switched|bumped|swapped|"
        rf"brought forward|pushed back)(?:$| (?:it|that|your|you|the|to|by|back|forward|for|from|over)\b)",
        rf"(?:your|the) new (?:{_THING}|date|day)(?: [\w']+){{0,2}}?{_BE} (?:saved|set|confirmed|booked|at|on|in|"
        rf"for|fixed|noted|{_AT_TIME})",
        r"(?:it's|it is|that's|that is|you're|you are) now (?:on |at |for |set for |booked for )?(?:\w+day|"
        r"tomorrow|today|the \w+|next \w+|\d|\w+ (?:o'clock|thirty|fifteen))",
        r"(?:o'clock|\w+day|\w+) it is instead",
        rf"(?:{_ANYBODY}|{_THEIRS}|\w+'s|it|that){_GAP}{_BE} (?:{_MOVE}|{_CHANGE}|put off)(?: (?:over|back|forward|"
        rf"up|out))?"
        rf" (?:to|from|by|for|until)(?: the)? {_TIMES}",
        rf"{_THEIRS}{_GAP}{_BE} (?:{_MOVE}|{_CHANGE}|put off|put back)(?= |$)(?! to (?:the|our|an?) \w+ (?:floor|"
        rf"office|branch))",
        rf"(?:from now on|as of (?:now|today)|from today) .*{_TIMES}",
        rf"you(?:'re| are) (?:at|on) {_TIMES} now|now (?:it's|it is|you're|you are) (?:on |at |for )?{_TIMES}",
        rf"(?:{_THEIRS}){_GAP} (?:now|is now|will now) (?:starts?|begins?|takes? place|falls|be|at|(?:on|"
        rf"in)(?! (?:the|our|my) )|{_TIMES})",
        rf"(?:moved|switched|changed|gone|went) over to {_TIMES}",
        rf"(?:your|the) new {_THING} is",
        rf"(?:your|the) (?:[\w']+ ){{0,2}}?{_THING}(?:'s| is| are) now (?:at|on|for|in|{_AT_TIME})",
        r"you(?:'re| are) now (?:at|on|with|down|coming|booked|set|in) .*(?:instead|rather than|not )",
        r"(?:got|have|put|down|you're|you are|is|it's|see you|expecting you|come)\b.* (?:instead(?: of)?|"
        r"rather than|in place of|and not)",
        r"(?:your|the)(?: \w+){0,2}? (?:change|move|reschedul\w+|switch)(?: \w+){0,2}? (?:went through|"
        r"is (?:done|confirmed|complete|saved)|has been (?:made|saved|confirmed|done))",
    ),
)
_MESSAGE = (
    *acts(
        MESSAGE,
        DID,
        rf"{_DID}{_NOTE} (?:(?:it|that|this|everything|all of (?:it|that)|all that|all this)(?: all)? down|"
        rf"(?:down )?(?:everything|all of (?:it|that)|it all)|(?:down )?(?:a|your|the|that|this|his|"
        rf"her) (?:[\w']+ )?(?:message|note|details|request|complaint|question|word)s?)",
        rf"{_DID}{_PASS} (?!you (?:a|an|the|your)\b)(?!you$)(?:[\w'-]+ ){{0,5}}?(?:on|along|over|to|message|"
        rf"details|note|request|word|it|that|him|her|them|straight)",
        rf"{_DID}(?:let) {_SOMEONE}(?: and {_SOMEONE})? know",
        rf"{_DID}{_TELL} {_SOMEONE}(?= |$)",
        rf"{_DID}(?:asked|told) {_SOMEONE} to (?:\w+ )?(?:call|ring|phone|get back|contact|reach|text|return)",
        rf"{_DID}(?:reported|flagged|mentioned|escalated|raised|recorded|registered|"
        rf"explained) (?!you )(?:[\w'-]+ ){{0,6}}?(?:to|with|for|problem|issue|request|complaint|message|it)",
        rf"{_DID}(?:dropped|shot|fired off|gave|given) {_SOMEONE} (?:a|the|your) (?:\w+ )?(?:message|note|line|"
        rf"text|word|email)",
        rf"{_DID}(?:written|wrote|spoken|talked) to {_SOMEONE} (?:about|that|regarding)(?= )",
        rf"{_DID}left (?:it|this|that|everything) (?:with|at|for|on)(?= )",
        rf"{_DID}left (?:a|an|{_SOMEONE}|word)(?: [\w'-]+)*? ?(?:note|message|memo|word|voicemail|reminder|that)",
        rf"{_DID}(?:opened|created|logged|filed|raised|submitted|put in|started) {_WORDS5}(?:ticket|request|case|"
        rf"enquiry|inquiry|report|complaint|message|callback|call-back)",
        rf"{_ABLE}(?:pass|leave|send|tell|notify|let|reach|forward|relay)",
    ),
    *acts(
        MESSAGE,
        STATE,
        rf"(?:your|the|that)(?: [\w']+){{0,2}}? (?:message|details|note|request|number|info|information|inquiry|"
        rf"enquiry|question|complaint|report|ticket)s?(?! form)(?: [\w']+){{0,3}}?(?:{_BE} (?:with|passed|sent|"
        rf"forwarded|"
        rf"noted|delivered|received|on (?:its|the|his|her|their) (?:way|desk)|recorded|logged|in front of|taken|"
        rf"saved|registered|in (?:the|his|her|their)|at the|written down|waiting|relayed|submitted|opened)|"
        rf" (?:went|reached|got|made it|has gone|have gone))",
        rf"(?:he|she|they|the \w+|our \w+|the \w+ \w+|dr\.? \w+|{_NAME})(?:'s| has| have|'ve)(?: now| already|"
        rf" just)?(?: got| received| seen)? (?:your|the|all your) (?:message|number|details|note|request|info|"
        rf"information|question|complaint|feedback)",
        rf"(?:he|she|they|the [\w']+|our [\w']+|someone|{_NAME})(?:'s| has| have|'ve| is| are|'re)(?: now|"
        rf" already| just)? (?:been )(?:notified|informed|told|alerted|messaged|updated|made aware|given your)",
        r"(?:he|she|they|the \w+|our \w+) (?:already )?(?:knows?|is aware|are aware) (?:(?:about|of|that) )?(?:it|this|"
        r"your|you(?:'re|'ll|'ve)?)",
        rf"your [\w' -]{{1,30}}?{_BE} (?:{_PASS}|shared|escalated|noted|recorded|logged|relayed|filed)(?= (?:on|"
        rf"along|over|to|with|down|by|for)\b|$)",
        rf"^{_OPENS}(?:your )?(?:message|note|request|e-?mail|text|complaint) (?:sent|passed on|delivered|noted|"
        rf"taken|forwarded|left)",
        r"(?:it's|that's|it is|that is) (?:been )?(?:noted|written down|written|recorded|logged|"
        r"saved) for (?!you\b)\w+",
        r"(?:it|that|this|everything)(?:'s| has) (?:just |already |now )?been (?:passed|forwarded|sent|handed|given|"
        r"relayed|reported)"
        r"(?: on| along| over)? (?:to|on|along)",
        rf"{_NAME} (?:already |now )?knows? (?:that )?you(?:'re|'ll|'ve)?",
        r"(?:everything|all|what) you (?:said|told me|asked)(?: \w+)* (?:has|have|is|was|went|"
        r"got) (?:\w+ )*?(?:gone|passed|sent|noted|written|forwarded|to)",
        r"(?:the|your) (?:note|message|request|ticket|complaint)(?:'s| is) (?:on|with|at|in)",
        rf"(?:he|she|they|the [\w']+|our [\w']+|{_NAME}) (?:just |already )?(?:got|received|saw|read) (?:your|"
        rf"the) (?:message|note|details|request|number)",
        r"(?:it's|it is|that's|everything's|all)(?: all)? (?:been )?(?:passed on|written down|noted down|"
        r"sent over|with the (?:team|doctor|owner)|forwarded|on (?:his|her|their|\w+'s) desk)",
    ),
    *acts(
        MESSAGE,
        PROMISE,
        rf"(?:i'm|i am|we're)(?: now| just)? (?:passing (?:it|that|this|your|the)|sending (?:it|that|this|"
        rf"your \w+|the \w+) (?:to|over|on)|letting {_SOMEONE} know|telling {_SOMEONE}|forwarding (?:it|that|"
        rf"your)|messaging {_SOMEONE}|noting (?:it|that|this) down for)",
        rf"{_NAME}(?: {_NAME})?(?:'ll| will)(?: definitely| surely| then)? (?:call|ring|phone|text|contact|message|"
        rf"get back to|write to|reply to|answer) you",
        r"(?:someone|somebody|he|she|they|a \w+|one of \w+(?: \w+)?|the [\w']+|our [\w']+|"
        r"we)(?: from [\w ]+?)?(?:'ll| will| is going to| are going to|'s going to)(?: definitely| surely| then|"
        r" also| certainly| \w+ly)? (?:call you|ring you|phone you|get back to you|contact you|"
        r"follow up with you|be in touch|reach out to you|return your call|give you a (?:call|ring)|call back|"
        r"come back to you|be calling you|be ringing you|be getting back to you|be contacting you|"
        r"be phoning you)",
        rf"(?:i'll|i will|we'll|we will|i'm going to|we're going to) (?:\w+ )?(?:make sure {_SOMEONE} (?:gets?|"
        rf"knows?|hears?|sees?)|"
        rf"pass (?:it|that|this|your|the)|let {_SOMEONE} know|tell {_SOMEONE} (?:you|that|about)|forward (?:it|"
        rf"that|your)|relay|leave {_SOMEONE} a|give {_SOMEONE} (?:your|the) message)",
    ),
)
_TRANSFER = (
    *acts(
        TRANSFER,
        STATE,
        rf"^{_OPENS}{_PUT_THROUGH_ING}(?: now| right away| straight away)?$",
        rf"putting {_SOMEONE} (?:on|through)(?= |$)",
        r"(?:she|he|they|someone|somebody|the [\w']+|a \w+|{_NAME})(?:'s|'re| is| are|'ll be| will be|"
        r" will)(?: now| just| already| right)? (?:picking up|coming on|on the line|joining|answering|answer you|"
        r"be with you|with you (?:now|shortly|in)|taking (?:your|the) call|coming to the phone|pick up)",
        r"you(?:'ll| will|'re| are)(?: now| shortly| soon)?(?: be| going to be| about to)? (?:speaking|talking|"
        r"speak|talk) (?:to|with)(?! me\b)",
        r"(?:there's|there is|here's|here is|you've got|you have) [\w' ]+ (?:on the line|for you) now",
        r"here comes (?:the |our )?\w+|(?:the|our) (?:[\w']+ ){1,3}is (?:now )?(?:picking up|answering)",
        r"(?:getting|finding|fetching|bringing) you (?:a|an|the|some|our) (?:person|human|agent|colleague|"
        r"representative|manager|doctor|nurse|someone|\w+er)",
        r"(?:dialing|dialling|calling|ringing) (?!you)[\w' ]{2,30}? for you|(?:picking up|taking|answering) your call",
        rf"i(?:'ve| have)(?: got)? {_SOMEONE} on the (?:other )?line|^{_OPENS}here(?:'s| is) {_NAME}$",
        rf"(?:bring|bringing|getting|adding|pulling) {_SOMEONE} (?:on ?to|into|in on) (?:the|our|this) (?:call|line)",
        rf"(?:i'm|i am) (?:just )?(?:getting|fetching|grabbing) {_SOMEONE} (?:on (?:the )?(?:line|phone) )?for you|"
        rf"here(?:'s| is) (?!the\b|a\b|"
        rf"what\b|how\b|your\b|our\b)[a-z]+ for you",
    ),
)
_TALK = r"(?:you|your call|this call|the call|your line|us)"
_CONNECT = (
    *acts(
        TRANSFER,
        STATE,
        rf"(?:i'm|i am|we're|we are|^{_OPENS}|and |now |just )(?: ?(?:now|just|going ahead and|"
        rf"already))* ?{_PUT_THROUGH_ING} {_TALK}(?! (?:on hold|on mute|down|in\b(?! to)|on the (?:list|calendar|"
        rf"schedule)))",
        rf"{_DID}{_PUT_THROUGH_ED} (?:you|your call|this call|the call) (?:through|over|to|with|on to)"
        rf"(?! (?:the )?{_TIMES}| to (?:the )?{_TIMES})",
        rf"(?:you|your call|this call|the call)(?:'re| are| is|'s)(?: now|"
        rf" just)?(?: being)? {_PUT_THROUGH_ED}(?! (?:from|out))(?: (?:through|over))?",
        rf"(?:you|your call|the call) (?:has|have) been {_PUT_THROUGH_ED}",
        rf"{_TALK}(?:'s|'re| is| are) (?:now |just |already )?being [a-z]+ (?:to|through|over)",
        r"you(?:'re| are) (?:now )?(?:connected|on with)",
        r"you(?:'re| are) on your way (?:to|through)|you(?:'re| are) through to",
        rf"^{_OPENS}(?:over|off|across|through) to (?:(?:the |our |my )?[a-z]+)(?: now| then)?$",
        rf"(?:{_TALK}|the line)(?:'s|'re| is| are) (?:now |just |already )?(?:going|being put|on its way) (?:through|"
        rf"over|across|to)",
    ),
    *acts(
        TRANSFER,
        PROMISE,
        rf"(?:i'll|i will|let me|we'll|i'm going to|i'm gonna|allow me to|i'm about to|while i|i)(?: now| just|"
        rf" quickly| go ahead and| right away)* {_PUT_THROUGH} {_TALK}(?: right)?(?: (?:through|over|to|with|"
        rf"on to|across|now|straight|right)|$)",
        rf"you(?:'ll| will) (?:now )?be {_PUT_THROUGH_ED}(?! out)",
        rf"(?:i'll|i will|let me)(?: just| quickly)* (?:get|fetch|grab) {_SOMEONE} (?:for you|on the (?:line|phone))",
        r"(?:i'll|i will|let me|i'm going to)(?: just| quickly)* (?:get|send|bring|have) you (?:over|through|across|"
        r"on) to",
    ),
)
_DONE = acts(
    DONE,
    STATE,
    rf"^{_OPENS}(?:(?:it's|that's|that is|it is|consider it) )?(?:all )?(?:done|taken care of|sorted|all set|"
    rf"handled|settled)(?: for you| now| then)?$",
    r"i(?:'ve| have)? (?:just |already )?(?:taken|took) care of (?:the|your)|i(?:'ve| have)? (?:just |"
    r"already )?(?:taken care of|sorted|handled|dealt with|done|arranged) (?:it|that|"
    r"this|everything)(?: out)?(?: for you)?",
)  # fmt: skip

LEXICON = Lexicon(
    acts=(*_BOOKED, *_MOVED, *_CANCELLED, *_MESSAGE, *_CONNECT, *_TRANSFER, *_DONE, *any_verb.ENGLISH_ACTS),
    connecting=_CONNECT,
    puts_through=whole(rf"{_PUT_THROUGH} {_TALK}|{_PUT_THROUGH_ING} {_TALK}"),
    innocent=any_verb.ENGLISH_INNOCENT,
    matter=whole(
        rf"your (?!time\b)(?:[\w'-]+ ){{0,3}}?{_THING}|(?:the|that|this) (?:[\w'-]+ ){{0,1}}?(?:appointment|booking|"
        rf"reservation)"
    ),
    passed_on=whole(
        r"(?:your|the|this|that) (?:[\w']+ )?(?:message|note|request|complaint|details)(?! form)|"
        r"everything you (?:said|"
        r"told me)"
    ),
    moods=MOODS,
)
