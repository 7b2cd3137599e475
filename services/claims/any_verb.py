"""Acts whatever their verb: somebody did something, and it is not said what. Data for `claims.reading`.

A first person of the past, or a passive of what is the caller's, says that something was done. The verbs that change
nothing are few, and listed as innocent; so are the details that an agent may note without any row (`particulars`).
"""

from __future__ import annotations

from services.claims.lexicon import ClaimKind, Strength, acts, whole

_DONE, _DID, _STATE = ClaimKind.DONE, Strength.DID, Strength.STATE
_PAST = r"[a-z]+(?:ed|wn|ken|ept|ade|ent|ut|id|ought|ung|ot|ound|et|ove|ade|old|elt|one|ew|gave|took)"

ENGLISH_ACTS = (
    *acts(
        _DONE,
        _DID,
        rf"(?:i|we)(?:'ve| have)(?: (?:just|already|now|also|gone ahead and))* {_PAST}(?= |$)(?! (?:to|into) (?:an?|"
        rf"\d+|our|new)\b)",
        rf"(?:i|we)(?: (?:just|already|now|also|went ahead and))+ {_PAST}(?= |$)",
        r"what (?:i|we)(?:'ve)? did (?:is|was)|what (?:i|we)(?:'ve| have) done (?:is|was)",
        rf"(?<=and ){_PAST}(?= (?:it|your|you|his|her|him|them|both|everything)\b)",
        r"(?:i|we)(?:'ve|'m| have| am)? (?:just |already |now )*(?:took|taken|finished|done|completed|managed|"
        r"succeeded in|"
        r"seen to|saw to|made sure)(?: the liberty of| care of| with| of)? (?:(?:the|your|that|his|her|\w+'s) )?\w+ing",
        rf"(?:i|we) {_PAST}(?= (?:it|that|this|you|your|his|her|him|them|both|everything|the|an?|[a-z]+'s|[a-z]+day|"
        rf"down|off|over|through|away|on) )",
    ),
    *acts(
        _DONE,
        _STATE,
        r"your(?! (?:time|call|patience|turn|own)\b) [\w'-]+(?: [\w'-]+){0,4}?(?:'s| has| have)(?: now| just| all|"
        r" already| also| \w+ly)? been [a-z]+(?:cked|oked|ed|wn|ken|ept|ade|ent|ut|id|one)(?= |$)",
        r"(?:the |our )?(?:system|calendar|doctor|dr \w+|technician|clinic|office|owner|he|she|they)(?: has| have|"
        r"'s)?(?: just| already)? "
        r"(?:accepted|approved|confirmed|agreed to|said yes to|okayed) (?:it|that|this|you|your|the (?:time|booking|"
        r"appointment))|"
        r"(?:a|it's a|that's a) yes from",
        r"there(?:'s| is)(?: now)? an? (?:[\w'-]+ ){1,3}?(?:in your name|under your name|for you|"
        r"with your name on it)",
    ),
)
ENGLISH_INNOCENT = whole(
    r"(?:checked|looked|found|saw|seen|heard|understood|understand|tried|noticed|said|mentioned|asked|been|was|were|"
    r"thought|meant|wanted|read|misunderstood|misheard|needed|called|offered|suggested|missed|caught|reached|"
    r"received|"
    r"picked|forgot|had|explained|repeated|located|searched|attempted|hoped|started|answered|spelled|confused|mixed|"
    r"got|met|kept|lost|talked|spoken|spoke|learned|learnt|waited|listened|wondered|apologi[sz]ed|assumed|guessed|"
    r"closed|limited|required|included|covered|interested|supposed|located|valued|appreciated|important|expired|"
    r"need|indeed|afraid|glad|sad|mad|tired|said|paid|need|known|shown|held|used|not|run|ended|worked|lived|"
    r"stayed|returned|counted|promised|agreed|opened up|"
    r"noted|written|recommended|advised|described|told you|sent you|given you|shown you|asked you|took (?:a|"
    r"the) (?:look|moment)|gave you (?:the|an?) (?:price|address|options?|list)|enjoyed|loved)"
)

_FIRST = r"(?:תי|נו)"
HEBREW_ACTS = acts(
    _DONE,
    _DID,
    r"(?:ה?מערכת|ה?רופאה?|ה?טכנאי|ה?מרפאה|ה?משרד|הוא|היא) (?:כבר )?(?:אישר|אישרה|קיבל|קיבלה|הסכים|"
    r"הסכימה)(?: (?:את (?:זה|התור|ה\S+)|לזה|לך|אותך))?(?= |$)",
    r"(?:הצלחתי|הצלחנו|הספקתי|הספקנו|יצא לי|הסתדר לי) (?!לא )(?:\S+ )?ל(?!הבין|שמוע|מצוא|ראות|בדוק|קרוא|קלוט|"
    r"תפוס את)[א-ת]{3,}",
    r"(?!(?:הצלחתי|הספקתי|מתי|אותי|איתי|אתי|אמיתי|בלתי|ביתי|שנתי|חברתי|משפחתי|מהותי|איכותי|זהותי|תקופתי|שיטתי|חשבתי|"
    r"עדתי|ביקורתי|"
    r"ידידותי|מקצועי\w*|בעייתי|משמעותי|נקודתי|תרבותי|לקוחתי|ממשלתי|תחרותי|בריאותי)(?!\w))(?!(?:רשמתי|כתבתי|"
    r"ציינתי|סימנתי)$)ו?ש?[א-ת]{2,7}תי(?= |$)",
    r"ו?ש?[א-ת]{2,7}נו(?<!אנחנו)(?<!אצלנו)(?<!שלנו)(?<!לנו)(?<!עלינו)(?<!איתנו)(?<!אלינו)(?<!ממנו)(?<!אותנו)"
    r"(?<!איננו) (?:לך |לכם )?(?:את )?(?:ה(?:תור|פגישה|הזמנה|ביקור)\S*|תור\S*|אותך|אתכם|ה?הודעה\S*|ה?פנייה\S*)",
)
HEBREW_INNOCENT = whole(
    rf"ו?ש?(?:בדק|רא|ראי|מצא|שמע|הבנ|הב|ניס|ניסי|חשב|שאל|חיפש|קיבל|הסתכל|עבר|עבד|הי|היי|רצ|רצי|יכול|ידע|דיבר|התבלבל|"
    rf"טע|טעי|הסבר|אמר|הצע|התכוונ|התכו|שכח|זיהי|קרא|למד|פספס|החמצ|התחל|פגש|שמח|התקשר|הגע|באנ|בא|לקח|ענ|עני|זכר|"
    rf"הזכר|נתקל|חיכ|חיכי|המתנ|נשמע|שמ|אהב|הופתע|הצטער|שוחח|פירט|תיאר|ציפ|ציפי|הגד|נזכר|הקשב|הרגש|חזר|ישב|עמד|נכנס|"
    rf"נתנ|נת|הראי|הקרא|המלצ|התנצל|כתב|ביקש ממך|שלח לך){_FIRST}"
)

# A woman's past is the first person where it begins a clause or stands after one of these, and is no noun.
_SPEAKER = "|".join(
    rf"(?<=\b{word} )" for word in ("я", "и", "уже", "вас", "вам", "это", "все", "его", "ее", "их", "только что")
)
_DAY_BEFORE = "|".join(f"(?<={end} )" for end in ("ник", "реду", "верг", "ницу", "боту", "енье"))
_NOUN = "была|мала|светла|сначала|начала|школа|сила|числа|дела|правила|зала|стола|отдела|масла|пола"
RUSSIAN_ACTS = (
    *acts(
        _DONE,
        _DID,
        r"(?:система|врач|доктор|мастер|клиника|офис|он|она) (?:уже )?(?:принял|подтвердил|согласил|одобрил)(?:а|ся|"
        r"ась)?(?: (?:это|ее|запись|время|вас))?(?= |$)",
        r"(?:разобрал|позаботил|справил|управил)(?:ась|ся|ись)",
        rf"(?:(?<=^)|{_SPEAKER}|{_DAY_BEFORE})(?!{_NOUN})[а-я]{{3,}}(?:ла|лась)(?= |$)",
        r"(?:^|я |мы |и )(?:уже |только что |сейчас |для вас |вам |вас |все |это )*[а-я]{3,}(?:ла|ал|ил|ел|ул|ыл|"
        r"али|или)"
        r" (?:\w+ ){0,2}?(?:ваш\w*|вас|вам|запис\w+|визит\w*|прием\w*|брон\w+|столик\w*|встреч\w+|время|сообщени\w+|"
        r"заявк\w+|просьб\w+)",
    ),
    *acts(
        _DONE,
        _STATE,
        r"(?:все|это|запись|визит|прием|бронь|сообщение|заявка|столик) (?:уже |вам |для вас )*[а-я]{3,}(?:ано|"
        r"ено|ито|ято|"
        r"ана|ена|ята|ан|ен|ят)(?= |$)",
    ),
)
RUSSIAN_INNOCENT = whole(
    r"(?:провер|посмотр|нашл|нашел|поня|увид|услыш|пыта|бы|дума|хоте|спрос|предлож|предлаг|име|мог|смогл|расслыш|"
    r"прочит|"
    r"узна|ошиб|забы|нач|пропуст|искал|получи|жда|звони|ответи|говори|сказа|объясн|рада|рад|занят|занята|занято|забит|расписан|заполнен|разобран|раскуплен|"
    r"открыт|"
    r"нужен|нужна|виде|слыша|встрет|назвал|дал|дала|ваша|отправила вам|отправил вам|перепутала|не|напомн|назва|"
    r"хотела|могла|взялась|пробова|поговори|посоветова|обсуди|переговори|растеря|оговор|"
    r"запута|спутала|смотре|надея|дума|пришла|шла|ушла|умерла|была|стала|осталась|начала|закрыла|открыла|работа|"
    r"записала (?:имя|номер|фамилию)|повтор|перечисл|зачита|сообщала|дошла|упомян|подума|выслуша|учла|уточни)\w*"
)

ARABIC_ACTS = acts(
    _DONE,
    _DID,
    r"(?<!اللي )(?:السيستم|النظام|الدكتور\S*|الطبيب\S*|الفني|العياده|المكتب|هو|هي)(?: (?!بي|بت|ي|"
    r"ت)\S+)? (?:قبلها?(?=$)|قبلت|وافق|وافقت|اكد|اكدت|ثبت)(?:ه|ها|ك)?(?= |$)",
    r"[وف]?(?:لقد |قد )?[ء-ي]{2,6}تل(?:ك|كم|كن|كي|كو|ه|ها|هم|و)(?= |$)",
    r"(?:لقد |قد )?[وف]?تمت? (?!ساعه|ايام)(?:ال)?[ء-ي]{4,}",
    r"(?:قدرت|قدرنا|استطعت|استطعنا|تمكنت|تمكنا|نجحت)(?: من| في)? (?!الاقي|اشوف|افهم|اسمع|اعرف|ايجاد|فهم|سماع|"
    r"العثور)[ء-ي]{3,}",
    r"[وف]?[ء-ي]{2,6}(?:ت|نا)(?:لك|لكم|لكي|تلك) (?:\S+ ){0,1}?(?:الموعد|موعدك|موعد|الحجز|حجزك|حجز|الدور|دورك|رسالتك|"
    r"الرساله|ياه|اياه|ياها)",
    r"[وف]?[ء-ي]{2,6}ت (?:لك )?(?:موعدك|حجزك|دورك|رسالتك|موعدكم|حجزكم|طاولتك)(?= |$)",
)
ARABIC_INNOCENT = whole(
    r"[وف]?(?:شف|فهم|سمع|لقي|وجد|حاول|كن|كنت|سال|فحص|عرف|قدر|راي|قري|بحث|نظر|تاكد|اتاكد|دور|فكر|قلت|حكي|حكيت|ذكر|طلب|"
    r"قصد|نسي|جرب|تلخبط|غلط|اخطا|اعتذر|شرح|فسر|فتش|اقترح|عرض|اعط|وعد)(?:ت|نا)?\S*",
    r"[وف]?تمت? (?:ال)?(?:تحقق|تاكد من|بحث|اغلاق|انتهاء|فحص|عثور|تعرف|رد|انقطاع|رفض|افتتاح|تجديد|تخفيض|رفع)\S*",
    r"(?:تلك|رحتلك|جيتلك|خليتك)",
)
