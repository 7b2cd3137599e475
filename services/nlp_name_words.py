"""Words that end a name, and particles inside one. Pure data."""

from __future__ import annotations

_PARTICLES = "בן בר בת אבו אל דה אבן van de der da ben bar abu al el bin st"
NAME_PARTICLES = frozenset(_PARTICLES.split())

TITLES = frozenset(("dr", "mr", "mrs", "ms", "prof", "doctor", 'ד"ר', "דוקטור", "פרופסור", "פרופ", "הרב", 'עו"ד'))

# What may stand before a bare name when it was asked for.
_OPENERS = (
    "כן אה אהה אמ אממ בטח ברור בשמחה תרשום תרשמי תכתבי תכתוב זה זאת אני בבקשה אז השם אוקיי אוקי טוב הי שלום "
    "yes um uh sure it's its i'm ok okay the name is this well hi hello"
)
OPENERS = frozenset(_OPENERS.split())

_EVERYDAY = """
אמא אבא אחי אחותי אשתי בעלי הבן הבת אחיי סבא סבתא איתך mother father wife husband son daughter brother sister mom dad
אני אתה את אתם הוא היא אנחנו הם לי לך לכם שלי שלך לו לה זה זאת זו יש אין לא כן אז גם רק עוד אבל או כי אם של על
עם אל מה מי איך למה כמה מתי איפה איזה רוצה רוצים צריך צריכה צריכים אפשר מבקש מבקשת מעוניין מעוניינת רציתי אשמח
תור פגישה לקבוע להזמין לתאם לבטל להזיז תודה בבקשה שלום היי הי ביי להתראות בסדר טוב סבבה אוקיי אוקי מעולה יופי
בטח ברור סליחה רגע שנייה דקה שוב ועכשיו עכשיו פה כאן שם הטלפון טלפון מספר המספר והטלפון והמספר ואני ורוצה ורציתי
וצריך וצריכה ואפשר מתקשר מתקשרת התקשרתי מדבר מדברת בקשר לגבי בנוגע מחפש מחפשת פנוי פנויה זמין זמינה יכול יכולה
לקוח לקוחה חדש חדשה דחוף חשוב נכון מאוד ממש קצת יותר הכי כבר היה הייתי יהיה בא באה מגיע מגיעה עובד עובדת גר גרה
אליכם אליך אתכם איתך איתכם אדם נציג מנהל קוראים השם שמי בשם להגיד לדעת לשאול לברר לבדוק בודק בודקת חושב חושבת
יודע יודעת שומע שומעת מבין מבינה חוזר חוזרת מוכן מוכנה שכחתי מבטל מבטלת מעדיף מעדיפה אמרתי התכוונתי בעצם i i'm
im am is are was a an the and or but so to for of at on in it it's its this that my your me you we they he she
name calling call want need would like i'd book appointment please thanks thank yes no not sorry speaking here
from with about looking have has had can could do does did will just free available good fine ok okay hi hello
hey phone number sure interested trying going new customer client urgent really very there under first last what
when where who why how afraid late running happy wondering asking checking back again ready done not
"""
NEVER_IN_NAMES = frozenset(_EVERYDAY.split())
