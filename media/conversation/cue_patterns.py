"""The words behind the cues, in Hebrew, English, Russian and Arabic. Pure; cues.py beside it says what they mean."""

from __future__ import annotations

import re

# -- is there a word in it? (X2, X4, L1) ----------------------------------------------------------------------------

# Each pattern is one hesitation sound with any letter drawn out, and no word of any language: matched against a whole
# word, lower case, without marks. A single letter is spelled, so it is an answer.
SOUNDS = (
    # Hebrew
    r"א+מ+ם*", r"א+ם+", r"א+ה+", r"ה+מ+ם*", r"א+ה+מ+ם*", r"א+ה+ם+", r"א+ה+א+", r"מ{2,}ם*", r"מ+ם{2,}", r"א{2,}",
    r"ה{2,}", r"נו{3,}", r"פ+ף{2,}", r"ח{3,}", r"(?:חה)+",
    # English
    r"u+h*m+", r"u+h+", r"e+h+m*", r"e+r+m*", r"a+h+m*", r"h+m+", r"m+h+m+", r"m{2,}h*m*", r"o+h+", r"h+u+h+",
    r"u+h+u+h+", r"a+h+a+", r"(?:ha)+h?", r"(?:he){2,}h?", r"a{2,}", r"h{2,}", r"u{2,}", r"ugh+", r"psh+t*",
    r"a+he+m+", r"a+choo+",
    # Russian
    r"э+м*", r"а+м{2,}", r"а{2,}", r"м{2,}", r"м+г+м+", r"а+г+а+", r"у+г+у+", r"х+м+", r"э+х+", r"а+х+", r"о+х+",
    r"ы{2,}", r"н+у+", r"(?:ха)+х?", r"(?:хе){2,}х?",
    # Arabic, where madda and hamza are gone with the other marks
    r"ا+ه+", r"ا+م{2,}", r"ه+م{2,}", r"م{2,}", r"ا{2,}", r"ه{2,}",
)  # fmt: skip
SOUND = re.compile("|".join(f"(?:{p})" for p in SOUNDS))
# What recognisers write for silence: they learnt from subtitles.
PHANTOM = re.compile(
    r"you|תודה (?:רבה )?(?:ש?צפיתם|על הצפייה)(?: בסרטון)?|כתוביות.*|תרגום.*|"
    r"(?:thanks|thank you)(?: so much| very much)? for watching.*|(?:please )?(?:like and )?subscribe.*|subtitles by.*|"
    r".*amara org.*|спасибо за просмотр|продолжение следует|субтитры.*|редактор субтитров.*|"
    r"شكرا (?:لكم )?(?:على|لل) ?(?:المشاهدة|مشاهدة)|اشتركوا في القناة.*|ترجمة نانسي قنقر"
)
SYLLABLES = re.compile(r"(.{1,4}?)(?: ?\1){2,}")

# -- answers --------------------------------------------------------------------------------------------------------

# What people say before they answer.
LEAD_IN = re.compile(
    r"^(?:(?:נו|אה+|אמ+|אהמ+|טוב|אז|רגע|תראי|well|oh|ah|um+|uh+|erm*|so|hm+|then|ну|эм+|а|ой|так|тогда|طيب|يعني|"
    r"امم*|يلا|خلص)"
    r"(?!\w)[\s,.!…]*)+(?=\w)"
)
NO_OBJECTION = re.compile(
    r"(?<!\w)(?:למה לא|אין בעיה|אין מניעה|לא אכפת לי|why not|no problem|don't mind|not a problem|"
    r"почему (?:бы )?(?:и )?нет|не против|без проблем|ليش لا|ما في مشكله?ة?|مش مشكله?ة?)(?!\w)"
)
YES = re.compile(
    r"(?:(?:כן|בטח|ברור|אשמח|בבקשה|תעבירי?|יאללה|אוקיי|אוקי|טוב|סבבה|בסדר|מעולה|רוצה|"
    r"בשמחה|בכיף|למה לא|אין בעיה|כמובן|אם אפשר|חיובי|נשמע טוב|אוקי|או קיי|תודה כן|"
    r"yes|yeah|yep|yup|sure|ok|okay|please|of course|go ahead|go on|certainly|definitely|absolutely|why not|do that|"
    r"i'd (?:like|love|appreciate) (?:that|it)|that(?:'d| would) be|that's fine|if you (?:could|can|would)|"
    r"alright|all right|"
    r"с удовольствием|если можно|было бы|буду благодарн\w+|согласн\w*|угу|ага|"
    r"يا ريت|لو سمحت\w*|اذا ممكن|اه|ايوا|اوكي|ليش لا|"
    r"да|конечно|давайте|хорошо|пожалуйста|хочу|ладно|نعم|ايوه|ايوة|أيوه|طبعا|تمام|اكيد|ماشي|تفضل\w*|من فضلك)"
    r"(?!\w))"
)
NO = re.compile(
    r"(?<!\w)(?:לא|אל|אבל|רגע|אולי|בלי|אין|no|not|don't|but|wait|maybe|нет|не|но|لا|ليس|مش|ما|لكن|لحظة)(?!\w)"
)

# -- who wants a human? (W7, L2, L3) --------------------------------------------------------------------------------

PERSON = (
    r"(?:ה|ל)?(?:נציג\w*|בן[ -]אדם|בנאדם|מזכיר\w*|מנהל(?:ת|ים)?|אחראית?|פקיד\w*|מוקדנית?|מענה אנושי|"
    r"(?:מישהו|מישהי|אדם|איש) (?:אמיתית?|אנושית?|חי|אחרת?|מהצוות|בשר ודם))(?: אנושית?| אמיתית?| שירות)?|"
    r"(?:real |actual |live |human )?(?:agent|representative|human being|human|operator|receptionist|secretary|manager|"
    r"supervisor|boss|(?:person|someone|somebody) in charge)|(?:real|actual|live) (?:person|people|someone|"
    r"somebody)|(?:someone|somebody) (?:real|human)|"
    r"(?:жив\w+ )?(?:оператор\w*|администратор\w*|менеджер\w*|представител\w*|сотрудник\w*|секретар\w*)|"
    r"жив\w+ человек\w*|человека|(?:موظفة?|مندوبة?|ممثلة?|سكرتيرة?|(?:ال)?مديرة?|انسان|شخص) ?(?:حقيقية?|بشرية?)?"
)
ANYBODY = (  # with a word for speaking or putting through only: who wants "a doctor" wants an appointment
    rf"{PERSON}|ה?(?:רופאה?|דוקטור\w*|אחות|מטפלת?|בעלי?ת? (?:ה\w+))|מישהו|מישהי|אדם|"
    r"whoever(?:'s| is) \w+|ד\"ר|person|someone|somebody|doctor|dentist|nurse|owner|people|(?:врач|доктор|"
    r"директор|хозяин|хозяев)\w*|"
    r"(?:кем|кого|кому)-?(?:то|нибудь)|человек\w*|"
    r"(?:ال)?(?:طبيبة?|دكتورة?|مسؤولة?)|حدا|احد"
)
# "Put me over to Tuesday" is a move of an appointment.
NO_DAY = (
    r"(?! ?ל?(?:יום|מחר|מחרתיים|שבוע|שעה|ראשון|שני|שלישי|רביעי|חמישי|שישי|בוקר|ערב|אחר הצהריים|תור אחר|מועד)(?!\w))"
    r"(?! (?:to )?(?:next |the |this )?(?:\w+day|tomorrow|today|week|morning|afternoon|evening|slot|\d))"
    r"(?! (?:ل|علي |على )(?:يوم|بكر|ال?احد|ال?اثنين|ال?ثلاث|ال?تلات|ال?اربع|ال?خميس|ال?جمع|ل?ساع))"
)
WISH = re.compile(
    r"(?<!\w)(?:"
    rf"(?:לדבר|לשוחח) (?:כאן |שם |עכשיו |ישירות )?(?:עם|אל) (?:{ANYBODY})|"
    rf"(?:תעבירי?|להעביר|העבירו|תעבירו|תנתבי?|תחברי?|לחבר|תקשרי?) (?:אותי|אותנו|אליי?|את השיחה|ל){NO_DAY}"
    rf"(?: ?ל?(?:{ANYBODY}))?|"
    rf"(?:תני|תן|תנו|תביאי?|לקבל|רוצה|צריך|צריכה|מבקשת?|מחפשת?|אפשר) (?:לי |לנו |עם |את |בבקשה )*(?:{PERSON})|"
    rf"יש (?:שם |פה |אצלכם )?(?:{PERSON})|"
    r"(?:תני|תן|תנו) לי לדבר עם|"
    r"(?:someone|somebody|anyone|a person|a human) (?:\w+ )?(?:pick up|answer) (?:the |this )?(?:phone|call|telephone)|"
    r"(?:מישהו|מישהי|בן אדם|אדם) (?:\w+ )?ש?(?:אני |אפשר |אפשרי )?(?:יכולה? |אוכל )?לדבר אית\w+|"
    r"(?:someone|somebody|anyone|anybody|a person) (?:here |there |else )?(?:that |who |whom )?(?:i can|i could|"
    r"for me to|to) "
    r"(?:\w+ )?(?:talk|speak) (?:to|with)|"
    r"с кем (?:я )?(?:можно|могу|мог\w* бы) (?:\w+ )?(?:поговорить|говорить)|حدا (?:\w+ )?(?:احكي|اتكلم) معه?|"
    rf"(?:speak|talk|chat|speaking|talking) (?:to|with) (?:a |an |the |your |some )*(?:{ANYBODY})|"
    rf"(?:transfer|connect|put|pass|switch) (?:me|us) (?:to|through|over|with){NO_DAY}|"
    r"(?:transfer|connect) (?:me|us)(?= *(?:please|now|then)?$)|(?:соедините|переключите) (?:меня|нас)(?= *$)|"
    rf"have a (?:quick |little )?(?:word|chat) with (?:a |an |the |your |some )*(?:{ANYBODY})|"
    r"(?:person|human|someone|somebody|anyone|anybody)(?: \w+){0,2} (?:i|we) (?:can|could|"
    r"might) (?:\w+ )?(?:have a word|talk|"
    r"speak|chat)|"
    rf"(?:get|give|want|need|have|like|is there|prefer) (?:me |to have )?(?:a |an |the |some )*(?:{PERSON})|"
    rf"(?:поговорить|говорить|разговаривать|связаться) (?:со? )(?:\w+ )?(?:{ANYBODY})|"
    r"(?:соедини|переключи)(?:те)? (?:меня|нас) (?:с|со|на|к)|позови(?:те)? (?!меня)\w+ \w+|"
    rf"(?:соедини|переключи|переведи|свяжи|позови)(?:те)? (?:меня |нас )?(?:с |со |на |к )?(?:\w+ )?(?:{ANYBODY})|"
    rf"(?:можно|хочу|нужен|нужна|дайте|хотел\w* бы) (?:мне )?(?:{PERSON})|"
    rf"(?:التحدث|اتكلم|احكي|اتحدث|الكلام) (?:مع|الى) (?:{ANYBODY})|اكلم (?:{ANYBODY})|"
    rf"(?:حولني|حوليني|وصلني|وصليني){NO_DAY}|(?:اريد|بدي|عايز|عاوز|ممكن|اعطيني|محتاج) (?:{PERSON})"
    r")(?!\w)"
)
POLITE = (
    r"(?:כן|לא|אפשר|בבקשה|רק|עכשיו|תודה|רוצה|אני|please|just|now|an|a|the|yes|no|can i have|пожалуйста|можно|мне|"
    r"من فضلك|لو سمحتي?|ممكن|اريد|امم?|אמ+|um|uh)"
)
ONLY_PERSON = re.compile(rf"(?:{POLITE} )*(?:{PERSON})(?: {POLITE})*")
COMMAND = re.compile(
    r"(?:תעביר|העביר|תנתב|תחבר|תקשר|תני|תן|תנו|תבי|соедин|переключ|перевед|свяжи|позов|дайте|حول|وصل|اعط)"
)
DENIED_COMMAND = re.compile(r"(?<!\w)(?:לא|אל|не|لا|ما) $")
_MACHINE = (
    r"(?:ה)?(?:מחשב|רובוט\w*|מכונ\w+|בוט|מענה|הקלטה|מוקלט)|(?:machine|robot|computer|bot|ai|recording|automat\w+)s?|"
    r"(?:робот|автомат|компьютер|машин|автоответчик|бот)\w*|(?:ال)?(?:تسجيل|كمبيوتر|روبوت|حاسوب|الة|اله|ماكينة|ماكنة)"
)
NO_MACHINE = re.compile(
    rf"(?:(?:אני )?עם (?:{_MACHINE}) (?:אני )?לא (?:מדבר\w*|רוצה|מוכנ\w*|מוכן)|לא (?:מדבר\w*|אדבר) עם (?:{_MACHINE})|"
    rf"(?:not|won't|refuse to|hate|sick of|tired of|rather not|can't stand) (?:talk|speak|deal|chat)(?:ing)? (?:to|"
    rf"with) "
    rf"(?:a |an |this |the |some )*(?:{_MACHINE})|"
    rf"(?:לא עם|not (?:to|with) (?:a |an |the |some )?|не с|مش مع|مو مع) ?(?:{_MACHINE})|"
    rf"с (?:{_MACHINE}) (?:\w+ ){{0,2}}?(?:говорить|разговаривать|общаться) (?:я )?не \w+|не (?:разговариваю|"
    rf"говорю) с (?:{_MACHINE})|"
    rf"(?:ما|مش) (?:بحكي|رح احكي|بدي احكي) مع (?:{_MACHINE})|مع (?:{_MACHINE}) ما (?:بحكي|بدي))(?!\w)|"
    r"(?:לא (?:רוצה|מוכן|מוכנה|אוהבת?|מעוניין|מעוניינת)(?: לדבר| לשוחח)? עם (?:ה|עוד )?(?:מחשב|רובוט|מכונה|בוט|"
    r"מענה|הקלטה|מוקלט)|"
    r"(?:don't|do not|not) (?:want|like|going) (?:to )?(?:talk|speak|talking|speaking) (?:to|with) "
    r"(?:a |an |this |the |some )?(?:machine|robot|computer|bot|ai|recording|automat\w+)|"
    r"не (?:хочу|буду|желаю) (?:говорить |разговаривать |общаться )?с (?:робот|компьютер|машин|автоответчик|бот)\w*|"
    r"(?:ما بدي|لا اريد|مش عايز|ما ابغى) (?:احكي |اتكلم |التحدث |اتحدث )?مع (?:ال)?(?:كمبيوتر|روبوت|حاسوب|الة|ماكينة))"
)
DENIED = re.compile(  # right before the wish
    r"(?<!\w)(?:(?:לא|אל|בלי|אין)(?: (?:רוצה|צריך|צריכה|מבקשת?|חייבת?|מעוניין|מעוניינת|כדאי|צורך|לי|צורך ב|ת\w+|עוד))*|"
    r"(?<!why )(?:don't|do not|didn't|doesn't|not|no need|needn't|never|can't|cannot)"
    r"(?: (?:i|you|want|need|have|like|wish|to|going|really|even|just|me|asking|looking|for|be))*|"
    r"не(?: (?:хочу|надо|нужно|буду|стоит|меня|мне))*|"
    r"(?:لا|ما|مش|ليس|لست)(?: (?:اريد|بدي|عايز|محتاج|داعي|احتاج|ان))*) $"
)
# Said before the wish: not sure whether it is one. "I want" after it makes it one all the same.
DOUBT = re.compile(
    r"(?<!\w)(?:לא (?:יודעת?|בטוחה?|סגורה?)(?: \w+)? (?:אם|האם|או)|"
    r"(?:not (?:really )?sure|don't know|do not know|dunno|no idea|wondering)(?: \w+)? (?:if|whether)|(?:do|"
    r"should|must) i (?:\w+ )?"
    r"(?:need|have)(?: to)?|should i|"
    r"не (?:знаю|уверена?)(?: \w+)? (?:надо|нужно|стоит|может|или|мне)(?: ли)?|"
    r"(?:مش|ما) (?:عارفه?|عارفة|متاكده?|بعرف)(?: \w+)? (?:اذا|لازم|ولا))(?!\w)"
)
SURE = re.compile(
    r"(?<!\w)(?<!או )(?<!אם )(?<!or )(?<!if )(?<!whether )(?<!или )(?:אני (?:רוצה|צריכה?|מבקשת?)|i (?:want|"
    r"need|would like)|i'd "
    r"like|хочу|мне нужен|мне нужна|بدي|اريد|אפשר|בבקשה|please|(?:can|could|would) you)(?!\w)"
)
BETWEEN_WORDS = re.compile(
    r"(?<!\w)(?:пожалуйста|будьте добры|please|בבקשה ממך|בבקשה|من فضلك|لو سمحت[يو]?|رجاء)(?!\w) ?(?=\w)"
)
TOLD = re.compile(
    r"(?<!\w)ש?(?:אמרו?|אמרה|אמרתי|ביקשו?|ביקשה|הצעתם|הציעו?|ניסיתי|הצלחתי|told|said|asked|tried|managed|"
    r"(?:was|were|been)(?= $)|сказал\w*|просил\w*|попросил\w*|пытал\w*|قال\w*|طلب\w*|حاولت)(?!\w)"
)
WANT = re.compile(r"(?<!\w)(?:אני (?:רוצה|צריך|צריכה|מבקשת?)|i (?:want|need|would)|i'd|хочу|اريد|بدي)(?!\w)")
# -- a message in the caller's own voice (W9) -------------------------------------------------------------------------

_SPOKEN_MESSAGE = (
    r"(?:הודעה|הודעת|הקלטה) ?(?:מוקלטת|קולית|קול|בהקלטה|בקול|אחרי הצליל)|(?:ב|ל)?(?:תא קולי|תא הקולי|משיבון)|"
    r"(?:recorded|voice|audio|spoken) ?(?:message|mail|note|memo)|voicemail|message (?:after|at) the (?:tone|beep)|"
    r"(?:голосов\w+|аудио) ?(?:сообщени\w+|запис\w+)?|(?:на )?автоответчик\w*|сообщени\w+ (?:голосом|после сигнала)|"
    r"رساله? ?(?:صوتيه|صوتية|مسجله|مسجلة)|رسالة (?:صوتيه|صوتية|مسجله|مسجلة)|بريد صوتي|ملاحظة صوتية"
)
RECORDING = re.compile(
    rf"(?<!\w)(?:(?:להשאיר|אשאיר|נשאיר|לעזוב|להכתיב|להקליט|אקליט|leave|record|make|do|send|оставить|оставлю|записать|"
    rf"наговорить|надиктовать|отправить|اترك|بترك|اخلي|اسجل|بسجل|تسجيل|ترك) (?:\S+ ){{0,3}}?(?:{_SPOKEN_MESSAGE})|"
    r"(?:להקליט|אקליט) (?:\S+ ){0,2}?(?:הודעה|משהו)|record (?:a|my|some|the) (?:\S+ )?message|(?:get|have) (?:a|"
    r"my) message "
    r"recorded|(?:записать|наговорить|надиктовать) (?:\S+ ){0,2}?сообщение|(?:اسجل|بسجل|تسجيل) (?:\S+ )?(?:رسالة|"
    r"رساله))(?!\w)"
)
RECORDS = re.compile(
    rf"(?<!\w)(?:{_SPOKEN_MESSAGE}|ל?הקלטה|להקליט|recording|record|записать голос\w*|تسجيل|تسجل\w*)(?!\w)"
)

# -- goodbyes, and an agent that goes round in circles (W12, L4) ----------------------------------------------------

ANYTHING_ELSE = re.compile(
    r"(?:עוד משהו|משהו נוסף|דבר נוסף|anything else|something else|что-то ещ[её]|شيء آخر|شيء اخر)"
)
