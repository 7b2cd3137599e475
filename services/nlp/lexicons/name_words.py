"""Words around names: what announces one, what may stand between, what ends one. Pure data, in the form of
`tokens.folded`."""

from __future__ import annotations

_PARTICLES = "בן בר בת אבו אל דה אבן חיים van de der da ben bar abu al el bin st ابو بن"
NAME_PARTICLES = frozenset(_PARTICLES.split())
SURNAMES = frozenset(("בר", "חיים"))  # particles that are surnames as well

TITLES = frozenset(("dr", "mr", "mrs", "ms", "prof", "doctor", 'ד"ר', "דוקטור", "פרופסור", "פרופ", "הרב", 'עו"ד'))

# What may stand before a bare name when it was asked for.
_OPENERS = (
    "כן אה אהה אמ אממ בטח ברור בשמחה תרשום תרשמי תכתבי תכתוב שם זה זאת אני בבקשה אז השם אוקיי אוקי טוב הי היי "
    "שלום לא רק "
    "על של את "
    "yes um uh sure it's its i'm ok okay the name is this well hi hello just only no for erm under my "
    "да это я ну эм ээ меня зовут имя запишите на так "
    "اه ايوا انا اسمي الاسم هاد هاي سجلي علي اسم يعني طيب المدام"
)
OPENERS = frozenset(_OPENERS.split())

# What may stand between the words that announce a name and the name: "על השם של הילד, נועם ביטון", "for my mum".
_BETWEEN = (
    "של הילד הילדה הבן הבת אמא אבא אימא סבא סבתא אחי אחותי שלי שלך שלו שלה שלנו שלהם הוא היא זה זאת עורך הדין בעלי "
    "אשתי גברת הגברת מר השכן השכנה החבר החברה הנכד הנכדה השותף השותפה הדוד הדודה הגיס הגיסה החמות "
    "אדון את "
    'כמובן מלא המלא לי השם שם המנכ"ל המנכל מנכ"ל האישה הבעל אישתי '
    "my his her their our me myself mum mom mother dad father son daughter wife husband boss partner friend neighbour "
    "neighbor brother sister grandson granddaughter grandmother grandfather grandma grandpa aunt uncle "
    "is the name just called named mister miss madam "
    "мою моего моей мой моя его ее их маму мама мамы папу папа папы сына сын дочку дочь дочки жену мужа муж жена жены "
    "соседку соседа подругу друга "
    "المدام ابني بنتي امي ابوي جوزي مرتي السيد السيده هو هي جارتي جاري صاحبتي صاحبي اخوي اختي"
)
BETWEEN = frozenset(_BETWEEN.split())

# Whose name it is to be, when no name follows: "on my father's name".
_RELATIVES = (
    "הילד הילדה הבן הבת אמא אבא אימא סבא סבתא אחי אחותי בעלי אשתי השכן השכנה החבר החברה הנכד הנכדה שלו שלה שלהם "
    "mum mom mother dad father son daughter wife husband partner friend neighbour neighbor brother sister grandson "
    "granddaughter grandmother grandfather grandma grandpa aunt uncle his her their "
    "маму мама мамы папу папа папы сына сын дочку дочь дочки жену мужа муж жена жены его ее их соседку подругу "
    "ابني بنتي امي ابوي جوزي مرتي جارتي اخوي اختي"
)
RELATIVES = frozenset(_RELATIVES.split())
SURNAME_CUES = (
    ("last", "name"), ("surname",), ("family", "name"), ("שם", "המשפחה"), ("שם", "משפחה"), ("משפחה", "זה"),
    ("фамилия",), ("фамилию",), ("اسم", "العيله"), ("اسم", "العايله"), ("الكنيه",),
)  # fmt: skip
UNDER_NAME = (
    ("על", "שם"), ("על", "השם"), ("על", "שמו"), ("על", "שמה"), ("under",), ("in", "the", "name"), ("on", "the", "name"),
    ("на", "имя"), ("باسم",), ("علي", "اسم"),
)  # fmt: skip
# Names of letters: two in a row spell what was said before.
_LETTERS = (
    "אלף בית גימל דלת הא הי וו ואו זין חית טית יוד כף למד מם נון סמך עין פא פה צדי צדיק קוף ריש שין סין תו תיו סופית "
    "דגושה רפה aitch zed zee الف باء تاء ثاء جيم حاء خاء دال راء زين سين شين صاد ضاد طاء عين غين فاء قاف كاف لام "
    "ميم نون هاء "
    "واو ياء"
)
LETTERS = frozenset(_LETTERS.split())
SPELLING = frozenset(("double", "capital", "with", "עם", "בלי"))
EVERYDAY_LETTERS = frozenset(("a", "i", "о", "я", "и", "в", "с", "к", "у", "а", "و", "ו"))  # words as well

# After these any word is a name that is no everyday word.
STRONG_CUES = (
    ("קוראים", "לי"), ("השם", "שלי", "הוא"), ("השם", "שלי", "זה"), ("השם", "שלי"), ("שמי", "הוא"), ("שמי",),
    ("השם", "הוא"), ("השם",), ("על", "שם"), ("על", "השם"), ("על", "שמו"), ("על", "שמה"), ("לרשום", "על"),
    ("תרשמי", "על"), ("תרשום", "על"), ("תרשמי", "עליה"), ("תרשמי", "עליו"), ("תרשמי", "את"), ("תרשום", "את"),
    ("מדבר", "איתך"), ("מדברת", "איתך"), ("מדבר",), ("מדברת",), ("שמה", "הוא"), ("קוראים", "לו"), ("קוראים", "לה"),
    ("שמו",), ("put", "it", "under"), ("put", "me", "under"), ("book", "it", "under"), ("book", "me", "under"),
    ("it's", "under"),
    ("my", "name", "is"), ("my", "name's"), ("name's",), ("name", "is"), ("the", "name's"), ("speaking", "with"),
    ("under", "the", "name", "of"), ("under", "the", "name"), ("name", "of"), ("call", "me"), ("in", "the", "name"),
    ("first", "name", "is"), ("first", "name"), ("שם", "פרטי"), ("השם", "הפרטי"),
    ("меня", "зовут"), ("его", "зовут"), ("ее", "зовут"), ("зовут",), ("на", "имя"), ("имя",), ("запишите", "на"),
    ("اسمي",), ("اسمه",), ("اسمها",), ("الاسم",), ("علي", "اسم"), ("باسم",), ("معك",), ("معكي",),
)  # fmt: skip
# After these only what looks like a name is one: "for my mum, Galina Petrov".
FOR_CUES = (
    ("for",), ("mum", "is"), ("mother", "is"), ("son", "is"), ("daughter", "is"), ("wife", "is"), ("husband", "is"),
    ("עליה",), ("עליו",), ("בשביל",), ("עבור",), ("לבעלי",), ("לאשתי",), ("לבן", "שלי"), ("לבת", "שלי"),
    ("сына",), ("дочку",), ("мужа",), ("жену",), ("маму",), ("для",),
    ("תרשמי",), ("תרשום",), ("רשמי",), ("שם",), ("put",), ("запишите",), ("سجلي",), ("سجل",),
    ("לאמא",), ("تبع",), ("لابني",), ("لبنتي",), ("للمدام",),
)  # fmt: skip
WEAK_CUES = (
    ("זה",), ("זאת",), ("זו",), ("אני",), ("כאן",), ("פה",),
    ("this", "is"), ("i'm",), ("i", "am"), ("it's",), ("it", "is"), ("im",),
    ("это",), ("я",), ("انا",), ("هاي",),
)  # fmt: skip
# After a name: "Ирина Белова меня зовут". Longer ones first.
TRAILING_PHRASES = (
    ("меня", "зовут"), ("моя", "фамилия"), ("is", "my", "name"), ("is", "the", "name"), ("is", "her", "name"),
    ("is", "his", "name"), ("this", "side"), ("קוראים", "לי"), ("קוראים", "לו"), ("קוראים", "לה"), ("זה", "השם"),
    ("שמי",), ("اسمي",), ("اسمه",), ("اسمها",),
)  # fmt: skip
TRAILING_CUES = frozenset(
    (
        "here",
        "speaking",
        "calling",
        "מדבר",
        "מדברת",
        "כאן",
        "פה",
        "говорит",
        "звонит",
        "беспокоит",
        "هون",
        "معك",
        "بحكي",
    )
)
# Before two capitalised words that are no name of the caller's.
_NOT_BEFORE = "doctor dr with to at in from of see the and or доктору доктор врачу к в с из на у"
NOT_BEFORE_NAMES = frozenset(_NOT_BEFORE.split())

_EVERYDAY = """
אמא אבא אחי אחותי אשתי בעלי הבן הבת אחיי סבא סבתא איתך mother father wife husband son daughter brother sister mom dad
mum
הילד הילדה ילד ילדה ילדים הילדים הבעל האישה בני-זוג לבן לבת לאמא לאבא לילד שלנו אימא השותף הבוס המנהל מנהלת גברת מר
אני אתה את אתם הוא היא אנחנו הם לי לך לכם שלי שלך לו לה זה זאת זו יש אין לא כן אז גם רק עוד אבל או כי אם של על
עם אל מה מי איך למה כמה מתי איפה איזה רוצה רוצים צריך צריכה צריכים אפשר מבקש מבקשת מעוניין מעוניינת רציתי אשמח
תור פגישה לקבוע להזמין לתאם לבטל להזיז תודה בבקשה שלום היי הי ביי להתראות בסדר טוב סבבה אוקיי אוקי מעולה יופי
בטח ברור סליחה רגע שנייה דקה שוב ועכשיו עכשיו פה כאן שם הטלפון טלפון מספר המספר והטלפון והמספר ואני ורוצה ורציתי
וצריך וצריכה ואפשר מתקשר מתקשרת התקשרתי התקשרה התקשר מדבר מדברת בקשר לגבי בנוגע מחפש מחפשת פנוי פנויה זמין זמינה יכול
לקוח לקוחה חדש חדשה דחוף חשוב נכון מאוד ממש קצת יותר הכי כבר היה הייתי יהיה בא באה מגיע מגיעה עובד עובדת גר גרה יכולה
אליכם אליך אתכם איתך איתכם אדם נציג מנהל קוראים השם שמי בשם להגיד לדעת לשאול לברר לבדוק בודק בודקת חושב חושבת
יודע יודעת שומע שומעת מבין מבינה חוזר חוזרת מוכן מוכנה שכחתי מבטל מבטלת מעדיף מעדיפה אמרתי התכוונתי בעצם אצל אצלכם אצלי
תרשמי תרשום תקבעי תקבע תכתבי תשאירי תמסרי תגידי תני תביאי תעבירי הלו אלו וואי אוף נו עזבי עזוב שניה רגע חכי אולי
לעצמי עצמי בשביל עבור כמו בשעה ביום השעה הזה הזאת ככה מהטלפון אחר אחרת משהו מישהו פעם מחשב בוט מכונה אנושי אנושית
משפחה המשפחה משפחתי ההודעה
נראה נשמע מצוין אהה אממ המ הממ תודה-רבה רבה הרבה לשני לשנינו ומה ואז ולא וכן שזה שיהיה תיקנתי מזכירת מזכירה מרפאה
חברת ממשרד מחברת ממעבדת מהמרפאה מהאולם מטעם משרד פרטים הודעה הפרטים ואני גם-כן דרך באמת זהו סופי בדיוק לאישה לבעלי
i'm im am is are was a an the and or but so to for of at on in it it's its this that my your me you we they he she them
name calling call want need would like i'd book appointment please thanks thank yes no not sorry speaking here hers his
from with about looking have has had can could do does did will just free available good fine ok okay hi hello there's
hey phone number sure interested trying going new customer client urgent really very there under first last what she's
when where who why how afraid late running happy wondering asking checking back again ready done not mm-hm mhm uh-huh
someone somebody person human agent manager anyone only one the-same same number's work working office clinic doctor
told said make get got let put see come coming again yeah yep nope nah bye goodbye great perfect lovely brilliant cool
wait hang hold minute moment second sec erm hmm um uh oh ah whatever anything something nothing speaker spell letter
я ты вы он она мы они это этот эта то так да нет не ну а и или но если что как где когда кто почему зачем сколько вас
меня
мне мой моя мое наш ваш его ее их у к в на по из для с от до за без при о об же бы ли уже еще тоже только просто очень
хочу надо нужно можно могу буду есть был была записать записаться запись запишите прием спасибо пожалуйста здравствуйте
привет алло извините простите минутку секунду подождите хорошо ладно конечно номер телефон перезвоните перезвонит звоню
записывайте говорю говорить девушка женщина человек оператор секретарь врач врачу доктор доктору сейчас потом завтра
зовут
имя фамилия день время час можете скажите слушайте понятно до-свидания всего доброго ничего кто-нибудь какой какая
انا انت انتي هو هي احنا هم شو مين وين كيف ليش متي ايمتي كم قديش لا لأ اه ايوا نعم مش ما في بدي بدنا دور موعد احجز
الدور الموعد مرحبا اهلا السلام عليكم شكرا يعطيكي العافيه لو سمحت سمحتي طيب تمام ماشي يلا خلص بس كمان هاد هاي هسا الان
رقم الرقم تلفون التلفون اسم اسمي الاسم معي معك علي عندكم عند من عن مع هون لحظه ثانيه دقيقه استني الو هاي-هاي اوكي باي
دكتور الدكتور عياده العياده مريض سايق مشغول بالشغل بعدين اول اشي حدا واحد ابني بنتي امي ابوي جوزي مرتي المدام
ملاحظه رساله عندك
"""
NEVER_IN_NAMES = frozenset(_EVERYDAY.split())
