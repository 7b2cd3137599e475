"""Words around the choice of a service or a person (K4). Pure data: patterns of whole words over `tokens.folded` text,
as in `lexicons.wishes`, and sets of single words."""

from __future__ import annotations

# Nobody in particular is wished.
ANYONE = (
    "לא (?:ממש |כל כך )?(?:משנה|אכפת|חשוב|קריטי)(?: לי| לנו)? (?:אצל |עם |ל|איזה |איזו |את )*(?:מי|רופאה?|מטפלת?|ספר|"
    "מישהו|"
    "איש|אחד מהם)(?: מהם)?",
    "(?:אצל |עם |ל)?(?:מי|כל מי|כל אחד|כל אחת|הראשון|הראשונה|איזה רופא|איזו רופאה|איזה) (?:ש|שיהיה |שתהיה )"
    "(?:פנוי|פנויה|זמין|זמינה|מתפנה|יש|יכול|יכולה|אפשר|יוצא|הכי|מקבל|בא|יהיה|תהיה|רק|משהו|יותר)\\S*",
    "(?:אצל |עם |ל)?(?:מי|איזה (?:רופא|מטפל|ספר)|איזו (?:רופאה|מטפלת)) (?:שיהיה|שתהיה|שיש|שבא|שנוח|שפנוי|שפנויה)",
    "(?:אצל |עם |ל)(?:כל אחד|כל אחת|מישהו|מישהי|כל רופאה?|כל מטפלת?|אחד מהם|אחת מהן|שניהם|שתיהן|כולם|למישהו)",
    "~כל (?:רופאה?|מטפלת?|ספר|אחד|אחת|איש) (?:בסדר|מתאימה?|טובה?|יתאים|תתאים|יעשה|שי\\S+|פנויה?)",
    "(?:שניהם|שתיהן|כולם|כל אחד|כל אחת|מישהו) (?:בסדר|טובים|טובות|מתאימים|מתאים|אפשריים|יתאימו|מצוין|סבבה)",
    "(?:אין|בלי) (?:לי |לנו )?(?:העדפה|עדיפות|שום העדפה)",
    "whoever(?:'s| is| has| can| you have| works| comes)|whoever(?=\\W*$)|any ?(?:one|body|of (?:them|the "
    "\\w+)|(?:available |free |old |"
    "other )?"
    "(?:doctor|dentist|therapist|stylist|barber|hygienist|mechanic|adviser|advisor|teacher|instructor|member of staff))"
    "(?=(?: (?:is|will|would|can|works?|who|who's|that|that's|you|free|available|at|but|except|please|on|for|tomorrow)"
    "\\b|\\W*$))",
    "(?:with|see|by|to) any ?(?:one|body|of (?:them|you))",
    "(?:doesn't|does not|don't|do not|didn't) (?:really |much |particularly )?(?:matter|mind|care) (?:to me "
    ")?(?:about )?"
    "(?:who|which (?:one|doctor|dentist|of them|person|\\w+ist)|whom?)|no matter who",
    "no (?:particular )?preference|either (?:one |of them )?(?:is|are|will|would|works|doctor|dentist)|"
    "first available (?:doctor|dentist|person|therapist|stylist|\\w+ist)|(?:i'm|i am) (?:easy|not fussy|not picky)",
    "(?:врач\\w*|доктор\\w*|мастер\\w*|специалист\\w*) (?:любой|любая|любому|без разницы)|"
    "(?:к |у |с |ко )?(?:любо(?:й|му|го|м)|люб(?:ая|ую|ым))(?: (?:врач\\w*|доктор\\w*|мастер\\w*|свободн\\w+|из них|"
    "специалист\\w*))?"
    "(?= |\\W*$)",
    "(?:к |у |с )?к(?:то|ому|ого|ем) (?:угодно|свободен|свободна|будет|раньше|есть|сможет|может|получится|освободится|"
    "примет|у вас есть|там)\\S*(?: свободен| свободна| раньше| примет)?|(?:у|к) кого? (?:раньше|есть|свободно|ближе|"
    "будет)",
    "(?:все равно|не ?важно|без разницы|не принципиально|неважно|не имеет значения) (?:к |у |с |для меня )?(?:кто|"
    "кому|кого|кем|какой "
    "врач|какому|каким|какого)|(?:мне )?нет предпочтений",
    "(?:عند |مع |ل)?(?:اي|ايا) (?:حد|حدا|واحد|وحده|دكتور|دكتوره|طبيب|طبيبه|شخص)|(?:عند |مع |ل)?(?:مين|مين "
    "ما) (?:ما كان|"
    "كان|فاضي|فاضيه|فاضل|متاح|موجود|يكون|بكون|في)|(?:اللي|يلي) (?:فاضي|فاضيه|متاح|موجود|عنده)",
    "(?:مش|مو|ما|ولا) (?:مهم|فارق|فارقه|بفرق|بتفرق|يفرق|بهم|بهمني|بيفرق)(?: معي| معاي| عندي| الي)? (?:عند |مع "
    ")?(?:مين|اي|"
    "مين ما كان|الدكتور)\\S*|ما عندي تفضيل|كلهم (?:مناح|منيح|تمام)",
)  # fmt: skip
# … and, where it was asked with whom, in fewer words.
ANYONE_ASKED = (
    "לא (?:ממש |כל כך )?(?:משנה|אכפת|חשוב)(?: לי| לנו)?|מי שיש|מישהו|מישהי|כל אחד|כל אחת|שניהם|שתיהן|כולם|מה שנוח|"
    "תחליטי?|"
    "(?:מה|איך) ש(?:בא|נוח) לך",
    "any(?:one|body|)|whoever|whichever|either|both|(?:i )?(?:don't|do not) (?:mind|care|know)|doesn't matter|you "
    "(?:choose|"
    "decide|pick)|up to you|not (?:fussy|bothered)|no(?:t really| one in particular)",
    "все равно|не ?важно|неважно|без разницы|люб(?:ой|ая|ому)|кто-нибудь|решайте сами|на ваш выбор|не принципиально",
    "مش مهم|ما بفرق(?: معي)?|مش فارقه?(?: معي)?|اي حدا?|اي واحد|عادي|مثل ما بدك|اللي بدك",
)
_LAST_TIME = "ב?פעם (?:ש?ה?קודמת|ש?עברה|שעברה|ה?אחרונה)|~קודמת|~אחרונה"
# The same as the caller had before: service and person, or one of them.
SAME_AS_LAST = (
    f"כמו (?:ש(?:היה|הייתה|עשיתי|קבעתי|קיבלתי)(?: לי)? )?(?:{_LAST_TIME}|תמיד|בדרך כלל)|כרגיל|אותו (?:הדבר|דבר)(?: "
    f"(?:בדיוק )?(?:כמו )?(?:{_LAST_TIME}))?|מה שהיה (?:לי )?(?:{_LAST_TIME})|(?:שוב|עוד פעם) (?:אותו דבר|את אותו)",
    "(?:the )?same (?:again|thing|one|as (?:last|before|usual|always|the last|i had|previously|my last))(?: \\S+){0,2}|"
    "(?:just )?like (?:last time|before|always|the last time)|(?:the|my) usual(?! (?:doctor|dentist|\\w+ist|time|"
    "hour))|as usual|"
    "what i had (?:last|before)(?: \\S+)?",
    "как (?:и )?(?:в )?прошл\\S+(?: раз)?|то же самое|как (?:обычно|всегда)|что (?:и )?в прошлый раз|как тогда",
    "(?:زي|مثل|متل) (?:ال)?(?:مره|المره|اخر مره|العاده|كل مره)(?: (?:الماضيه|اللي فاتت|الفايته|السابقه|القبل))?|نفس "
    "(?:الشي|الاشي|"
    "اللي فات|المره الماضيه)",
)  # fmt: skip
_HEALER = "רופאה?|מטפלת?|רופא שיניים|ספר|ספרית|שיננית|יועצת?|מורה|מדריכה?|אחת|אחד|בנאדם|איש|מישהו|מישהי|דוקטור"
SAME_PERSON = (
    f"(?:אצל |עם |ל|את )?אות[הו] ה?(?:{_HEALER})(?! (?:מספר|שעה))|(?:אצל |עם |ל)?(?:מי|זה|זאת|הרופאה?) "
    f"(?:ש)?(?:הייתי|היינו|טיפל|טיפלה|ראה|"
    f"ראתה|קיבלה?|הייתה|היה)(?: \\S+){{0,2}}? (?:{_LAST_TIME})|(?:ה(?:{_HEALER}) ה(?:קבועה?|רגילה?) שלי)",
    "(?:the )?same (?:doctor|dentist|person|hygienist|therapist|stylist|barber|lady|guy|man|woman|one i|mechanic|"
    "\\w+ist)"
    "(?: \\S+){0,3}|(?:who(?:ever)?|the (?:one|doctor|dentist|lady|guy)) (?:i|we|that|who) (?:saw|had|did|treated|"
    "was with|went to)"
    "(?: \\S+){0,3}|my (?:usual|regular) (?:doctor|dentist|\\w+ist|one)|(?:him|her) again",
    "(?:к |у |с )?(?:тому|того|тем|той|та|тот) же (?:врач\\w*|доктор\\w*|сам\\w+|мастер\\w*|специалист\\w*|"
    "человек\\w*)|"
    "(?:к кому|у кого|у которо\\w+|к которо\\w+) (?:я )?(?:был\\w*|ходил\\w*|лечил\\w*)(?: \\S+)?|(?:к )?моему "
    "(?:обычному |постоянному )?врачу",
    "(?:عند |مع |ل)?نفس (?:ال)?(?:دكتور|دكتوره|طبيب|طبيبه|شخص|واحد|حلاق|اخصائيه)\\S*|(?:اللي|يلي) كنت عند\\S+(?: "
    "\\S+){0,2}",
)  # fmt: skip
SAME_SERVICE = (
    f"(?:את )?אות[הו] ה?(?:טיפול|בדיקה|שירות|תספורת|סוג|דבר) (?:בדיוק |כמו )*(?:{_LAST_TIME})?|(?:את )?אות[הו] "
    f"ה?(?:טיפול|שירות)",
    "(?:the )?same (?:treatment|service|procedure|cut|kind|type)(?: \\S+){0,3}",
    "(?:та|ту|то|тот|та) же (?:самую |самое )?(?:процедур\\w+|услуг\\w+|лечение|стрижк\\w+|осмотр)",
    "نفس (?:ال)?(?:علاج|خدمه|فحص|قصه|نوع)\\S*",
)
# "With whom?", as an agent asks it.
PERSON_ASKED = (
    "~(?:אצל|עם|אל|ל) ?מי(?: .*)?|~איזה (?:רופא|רופאה|מטפל|ספר|יועץ)(?: .*)?|~איזו (?:רופאה|מטפלת|יועצת)(?: .*)?|יש "
    "(?:לך )?העדפה.*",
    "(?:with|to see) (?:whom|who|which).*|who(?:m)? (?:would|do) you (?:like|want|prefer).*|which (?:doctor|dentist|"
    "\\w+ist|of them).*|"
    "(?:any|a) preference.*|who with",
    "(?:к|у) (?:кому|кого|какому врачу|какого врача).*|как(?:ой|ому) (?:врач|доктор|мастер)\\w* .*|есть предпочтения.*",
    "(?:عند|مع|ل) ?(?:مين|اي دكتور\\S*|من).*|اي (?:دكتور|طبيب)\\S*.*",
)  # fmt: skip

# Single words, as `tokens.folded` leaves them.
TITLES = frozenset(
    (
        'ד"ר', "דר", "דר'", "ד'ר", "דוקטור", "פרופ", "פרופ'", "פרופסור", "גב'", "גברת", "מר", "הרב", 'עו"ד', 'רו"ח',
        "dr", "doctor", "doc", "prof", "professor", "mr", "mrs", "ms", "miss",
        "доктор", "доктору", "доктора", "доктором", "врач", "врачу", "врача", "врачом", "профессор", "профессору",
        "господин", "госпожа", "госпоже", "г-жа",
        "دكتور", "دكتوره", "د", "حكيم", "حكيمه", "طبيب", "طبيبه", "استاذ", "السيد", "السيده", "ست", "بروفيسور",
    )
)  # fmt: skip
# Before a person's name: with, at, to see. (Hebrew and Arabic have ל as a prefix besides.)
WITH = frozenset(
    [
        "אצל",
        "ואצל",
        "שאצל",
        "עם",
        "את",
        "של",
        "with",
        "see",
        "seeing",
        "к",
        "ко",
        "у",
        "с",
        "со",
        "عند",
        "مع",
        "وعند",
        "ومع",
    ]
)
PREFIX_WITH = frozenset(("ל", "ול", "של", "לל", "ولل", "ل", "אל"))
_NOT_WANTED = (
    "לא אל בלי חוץ מלבד למעט ולא במקום not don't dont except without never "
    "не кроме без ни вместо مش ما غير بدون بدل لا الا ولا مو"
)
NOT_WANTED = frozenset(_NOT_WANTED.split())
BUT = frozenset(
    [
        "אבל",
        "אלא",
        "רק",
        "דווקא",
        "only",
        "just",
        "instead",
        "rather",
        "but",
        "а",
        "но",
        "только",
        "лучше",
        "بس",
        "لكن",
        "انما",
    ]
)
# Between "not" and a name.
_FILL = (
    "רוצה רוצים רציתי צריך צריכה אני אנחנו אצל עם את של ל זה לקבוע ללכת לבוא שוב לי תקבעי תרשמי שיהיה מוכן מוכנה "
    "אוהב אוהבת "
    "אוהבים אהבתי ה "
    "want wanted like liked need to go see seeing be with the a an i we have for again book by get put me my any do "
    "хочу хотела хотел хотелось бы надо нужно к ко у с со мне меня я записывайте идти ходить попадать опять "
    "بدي بدنا حابه حاب عند مع اروح اجي انا على احجز"
)
FILL = frozenset(_FILL.split())
# After a name and "not": nothing but a wish.
_LIKING = (
    "רוצה רוצים מתאים מתאימה מתאימים נוח טוב טובה אוהב אוהבת אהבתי בא צריך צריכה want wanted like liked please "
    "thanks ok "
    "надо нужно хочу нравится подходит буду بدي بدنا بحب بحبه مناسب بناسبني لازم"
)
LIKING = frozenset(_LIKING.split())
# A service that is told of, or asked about, and not wished.
_TOLD_BEFORE = (
    "היה הייתה היתה היו עשיתי עשינו עברתי עברנו עשו אחרי לאחר מאז מחיר עולה עולים עלות לשאול שאלה "
    "had after since was were did done price cost costs "
    "был была было были делал делала делали сделали после стоит стоят цена ставили поставили лечил лечила "
    "كان كانت عملت عملنا بعد سعر بكلف تكلفه عملتلي"
)
TOLD_BEFORE = frozenset(_TOLD_BEFORE.split())
_TOLD_AFTER = "עולה עולים עלה יעלה costs cost стоит стоят بكلف بتكلف"
TOLD_AFTER = frozenset(_TOLD_AFTER.split())
_WISHING = (
    "רוצה רוצים צריך צריכה צריכים לקבוע להזמין לתאם תקבעי תקבע תרשמי אשמח מבקש מבקשת רציתי אפשר מחפש מחפשת בא לעשות "
    "תור לתור "
    "want need book schedule like arrange get appointment booking looking "
    "хочу хотел хотела хотим надо нужно нужна нужен запишите записаться записать можно "
    "بدي بدنا احجز احجزي محتاج محتاجه لازمني ممكن موعد دور"
)
WISHING = frozenset(_WISHING.split())
# Right before what is wished besides.
_BESIDES = (
    "וגם גם ועוד בנוסף ואז אחרי-זה אחר-כך ואחריו and also plus then и еще также потом плюс و كمان وكمان بعدين وبعدين ثم"
)
BESIDES = frozenset(_BESIDES.split())
# Whoever is named after these is to come, and gives nothing.
_PATIENTS = (
    "בשביל עבור שם השם שמו שמה שמי קוראים לבן לבת הבן הבת שלי לילד לילדה לאמא לאבא לאשתי לבעלי אשתי בעלי אמא אבא "
    "לאחי לאחותי אחי אחותי "
    "for name named called son daughter wife husband mum mom mother dad father brother sister "
    "имя зовут сына дочку дочь жену мужа маму папу для اسم اسمي اسمه اسمها ابني بنتي امي ابوي جوزي مرتي لابني لبنتي"
)
PATIENTS = frozenset(_PATIENTS.split())
# First names and surnames that are everyday words.
_ALSO_WORDS = "will mark may june april rose grace bill art sunny dawn rich rob frank בר גל אור שיר חן טל בת רז"
ALSO_WORDS = frozenset(_ALSO_WORDS.split())
# "No matter", "why not": refuses nobody.
_NEUTRAL = "משנה אכפת חשוב נורא בעיה matter mind care problem важно принципиально مهم فارق فارقه بفرق مشكله"
NEUTRAL = frozenset(_NEUTRAL.split())
WHY = frozenset(["למה", "why", "почему", "ليش"])
# After a name: whoever did that is told of; but "… told me to come back to him".
_TELLING = (
    "אמר אמרה אמרו שלח שלחה הפנה הפנתה told said sent referred сказал сказала направил направила حكي قال قالت بعتني"
)
TELLING = frozenset(_TELLING.split())
THEIRS = frozenset(["אצלו", "אצלה", "איתו", "איתה", "нему", "ней", "него", "нее", "عنده", "عندها", "معه", "معها"])
# "Anyone but …".
ANYBODY = frozenset(["anyone", "anybody", "everyone", "everybody", "any", "all", "them"])
# Before a name as well: all but that one.
EXCEPT = frozenset(["but", "except", "than", "חוץ", "מלבד", "למעט", "кроме", "غير"])
# Between two names.
JOINING = frozenset(("או", "or", "and", "или", "и", "او", "ولا", "و", "ואם"))
# The caller is the one who is named: "my name is", "this is".
_OF_SELF = "שמי השם שם קוראים לי אני מדבר מדברת כאן name name's i'm speaking calling меня зовут имя я اسمي انا معك معكي"
OF_SELF = frozenset(_OF_SELF.split())
IS, IS_NAMED = frozenset(("is", "am", "הוא", "זה")), frozenset(("name", "this", "i", "it", "שלי", "השם"))
# Two words that say that something is wished besides.
BESIDES_PAIRS = frozenset(
    (
        ("אחרי", "זה"), ("ואחרי", "זה"), ("אחר", "כך"), ("ואחר", "כך"), ("מיד", "אחרי"), ("after", "that"),
        ("after", "this"),
        ("as", "well"), ("followed", "by"), ("после", "этого"), ("а", "потом"), ("بعد", "هيك"), ("وبعد", "هيك"),
    )
)  # fmt: skip
# Before "of" or "than": not whoever is named then.
RATHER_THAN = frozenset(
    (("instead", "of"), ("other", "than"), ("rather", "than"), ("apart", "from"), ("aside", "from"))
)
# May stand between "and" and a service.
BEFORE_SERVICE = frozenset(
    [
        "a",
        "an",
        "the",
        "for",
        "with",
        "to",
        "my",
        "на",
        "к",
        "у",
        "с",
        "для",
        "עם",
        "אצל",
        "ל",
        "את",
        "של",
        "שלי",
        "תור",
        "لل",
        "عند",
    ]
)
