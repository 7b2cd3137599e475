"""How a booking is claimed, asked, planned and denied, in four languages (A5). Data for `honesty_guard`."""

from __future__ import annotations

import re

_B, _E = r"(?<![\w'])", r"(?![\w'])"


def _any(*alternatives: str) -> re.Pattern[str]:
    return re.compile(_B + "(?:" + "|".join(alternatives) + ")" + _E)


_HE_THING = r"[ושהל]{0,3}(?:תור|פגישה|שעה|מועד|מקום|ביקור|טיפול|הזמנה|שולחן|בדיקה|ייעוץ)"
_HE_TO_YOU = r"(?:לך|לכם|לכן|עבורך|עבורכם|בשבילך|אותך|אתכם|אתכן)"
_HE_MADE = r"ו?ש?(?:קבעתי|קבענו|שריינתי|שריינו|שיבצתי|שיבצנו|הזמנתי|הזמנו|תיאמתי|תיאמנו|סידרתי|סידרנו)"
_HE_WROTE = (
    r"ו?ש?(?:רשמתי|רשמנו|שמרתי|שמרנו|אישרתי|אישרנו|סגרתי|סגרנו|הכנסתי|הכנסנו|תפסתי|תפסנו|עדכנתי|יצרתי|השלמתי|סיימתי)"
)
_HE_STATE = (
    r"(?:נקבע|נקבעה|שוריין|שוריינה|אושר|אושרה|נרשם|נרשמה|נשמר|נשמרה|הוזמן|הוזמנה|תואם|תואמה|סודר|"
    r"סודרה|נסגר|נסגרה|נוצר|נוצרה|"
    r"נקלט|נקלטה|הושלם|הושלמה|בוצע|בוצעה)"
)
_HE_ADJECTIVE = (
    r"(?:מאושר|מאושרת|קבוע|קבועה|סגור|סגורה|שמור|שמורה|משוריין|משוריינת|מוזמן|מוזמנת|רשום|רשומה|"
    r"בפנים|ביומן|מחכה|מסודר|מתואם)"
)

_EN_THING = (
    r"(?:appointment|booking|slot|reservation|meeting|visit|spot|session|consultation|time slot|table|place|time)"
)
# "The slot is booked" says that it is taken; "the appointment is booked" that it was made.
_EN_MEETING = r"(?:appointment|booking|reservation|meeting|visit|session|consultation)"
_EN_DONE = (
    r"(?:booked|scheduled|reserved|arranged|confirmed|secured|made|set up|fixed|created|completed|"
    r"finali[sz]ed|locked in)"
)
_EN_SOON = r"(?:just |already |now |gone ahead and |successfully |also |officially |all |finally )*"
_EN_HAVE = r"(?:i|we)(?:'ve| have|)"

# Someone did it: "קבעתי לך תור", "I've booked you in".
DONE = _any(
    rf"{_HE_MADE} (?:\S+ ){{0,2}}?(?:{_HE_TO_YOU}|{_HE_THING}|למחר|ליום|ביומן|אצלנו|הכל|הכול)",
    rf"{_HE_MADE}(?=\W*$)",
    rf"{_HE_MADE} (?:את זה|ל-?\S+|ב-?\S+)",
    rf"{_HE_WROTE} (?:\S+ ){{0,3}}?{_HE_THING}",
    rf"{_HE_WROTE} (?:אותך|אתכם|אתכן)",
    rf"{_HE_WROTE} {_HE_TO_YOU} (?:ל|ב)\S+",
    r"ו?(?:סגרנו|קבענו)(?: (?:ל|ב|על)\S*| אז)?",
    rf"{_EN_HAVE} {_EN_SOON}(?:booked|scheduled|penciled|pencilled|slotted|squeezed|signed) (?:you|"
    rf"your|that|it|an?|the|this)",
    rf"{_EN_HAVE} {_EN_SOON}{_EN_DONE} (?:\S+ ){{0,4}}?{_EN_THING}",
    rf"{_EN_HAVE} {_EN_SOON}(?:put|got|have|had|added|entered|placed|confirmed|registered|fit|"
    rf"fitted) you (?:\S+ )?(?:down|in|for|on|to|at)",
    rf"{_EN_HAVE} {_EN_SOON}(?:reserved|saved|held|secured) (?:\S+ ){{0,3}}?for you",
    rf"{_EN_HAVE} {_EN_SOON}(?:made|completed|placed) (?:\S+ ){{0,2}}?(?:booking|reservation|appointment)",
    rf"{_EN_HAVE} {_EN_SOON}(?:booked|scheduled|arranged) (?:for |on |at )?(?:\w+day|tomorrow|today|everything|it)",
    rf"{_EN_HAVE} (?:got|have) you (?:all )?(?:booked|scheduled|set|confirmed|down)",
    rf"{_EN_HAVE} you (?:all |now )?(?:booked|scheduled|set up|set|confirmed|down)",
    rf"(?:booked|scheduled|confirmed|reserved) (?:you|your {_EN_THING}|it)",
    r"(?:я |мы )?(?:уже )?(?:записала?|записали|забронировала?|забронировали|назначила?|назначили|оформила?|оформили|"
    r"зарезервировала?|зарезервировали|внесла?|внес|внёс|поставила?)(?: уже)? (?:вас|вам|для вас|"
    r"визит|при[её]м|запись|встречу|время|"
    r"вашу запись|ваш визит|ваш при[её]м|на \S+)",
    r"вас записали",
    r"و?(?:حجزت|حجزنا|حددت|حددنا|سجلت|سجلنا|رتبت|رتبنا|ثبت|ثبتت|ثبتنا|أكدت|أكدنا|اكدت)(?: \S+){0,2}? "
    r"(?:لك|لكم|لكي|موعد|موعدا|موعدك|موعدكم|الموعد|الحجز|حجزك|مكان)",
    r"و?(?:حجزتلك|حجزنالك|سجلتك|حجزتك|سجلناك)",
    r"و?قم(?:ت|نا) ب(?:حجز|تحديد|تأكيد|تسجيل)",
)  # fmt: skip

# It is so: "התור נקבע", "your appointment is confirmed", "you're all set".
STATE = _any(
    rf"{_HE_THING}(?: (?:שלך|שלכם|שלכן|הזה|הזאת|עבורך))? (?:כבר |עכשיו |סופית )?(?:{_HE_STATE}|{_HE_ADJECTIVE})",
    rf"ו?ש?{_HE_STATE} (?:{_HE_TO_YOU} )?{_HE_THING}",
    rf"{_HE_STATE} (?:לך|לכם) (?:ל|ב)\S+",
    rf"ו?יש (?:לך|לכם) (?:כבר )?{_HE_THING} (?:ל|ב|מחר|היום)\S*",
    r"(?:אתה|את|אתם|אתן|הנך|הינך) (?:כבר |עכשיו )?(?:רשום|רשומה|רשומים|משובץ|משובצת|מוזמן|מוזמנת|"
    r"ביומן|בפנים|מסודר|מסודרת|קבוע)"
    r"(?: (?:ל|ב|אצלנו)\S*)?",
    r"ה(?:קביעה|הזמנה|רישום|שריון|בקשה לתור) (?:שלך )?(?:בוצעה|בוצע|הושלמה|הושלם|אושרה|אושר|נקלטה|נקלט)",
    r"(?:הכל|הכול) (?:סגור|מסודר|קבוע|נקבע|רשום|מאושר)",
    r"סגור (?:ל|על )\S+",
    rf"(?:your(?: \w+){{0,2}}? {_EN_THING}|(?:the|an)(?: \w+){{0,2}}? {_EN_MEETING}|it|everything|all)"
    rf"(?:'s| is| has| was| are| have| got)"
    r" (?:now |all |already |officially |successfully |fully |been )*"
    r"(?:booked|scheduled|reserved|confirmed|secured|arranged|locked in|in the (?:calendar|system|"
    r"book|books|diary)|good to go)",
    rf"(?:your|the) {_EN_THING}(?: \w+){{0,3}}? (?:is|was|has been|'s) (?:now |all |already |successfully |been )*"
    rf"(?:set|made|fixed|done|created|complete)",
    r"(?:that's|that is|it's|it is|consider it|consider yourself) (?:all |now |"
    r"officially )*(?:booked|scheduled|reserved|confirmed|set up|booked in)",
    r"you(?:'re| are|'ve been| have been) (?:now |all |already |officially )*"
    r"(?:booked|scheduled|confirmed|set|in the (?:calendar|system|book|books|diary)|"
    r"on the (?:calendar|schedule|list)|down for|good to go|registered|locked in|penciled in)",
    rf"you(?:'ve got| have| got|'ve) (?:an?|your) (?:confirmed )?{_EN_THING} (?:on|for|at|tomorrow|"
    rf"today|this|next|with|booked)",
    rf"{_EN_THING} (?:booked|confirmed|scheduled|created|reserved|made)",
    r"appointment[_ ]?created",
    r"all (?:booked|set|confirmed)(?: for| on| at|$)",
    r"вы (?:уже )?(?:записаны|забронированы|внесены)",
    r"(?:ваш[аеу]? |эта )?(?:запись|встреча|бронь|визит|при[её]м|время)(?: \S+){0,2}? "
    r"(?:подтвержд[её]н[аоы]?|назначен[аоы]?|оформлен[аоы]?|создан[аоы]?|забронирован[аоы]?|"
    r"зарезервирован[аоы]?|готова|сделана)",
    r"(?:подтвержд[её]н[аоы]?|назначен[аоы]?|оформлен[аоы]?|"
    r"забронирован[аоы]?) (?:ваш[аеу]? )?(?:запись|встреча|бронь|визит|при[её]м)",
    r"у вас (?:есть )?(?:запись|при[её]м|визит|встреча) на",
    r"(?:لقد |و)?تم (?:\S+ )?(?:حجز|تأكيد|تحديد|تسجيل|تثبيت|جدولة)(?: \S+)?",
    r"(?:موعدك|موعدكم|الموعد|حجزك|الحجز)(?: \S+)? (?:محجوز|مؤكد|محدد|تأكد|تم|ثابت|مسجل|جاهز)",
    r"(?:لديك|عندك|لك) موعد",
    r"(?:أنت|انت) (?:مسجل|مسجلة|محجوز)",
)  # fmt: skip

# Anything before the claim in its clause that makes it no claim.
UNDONE = _any(
    # denied
    r"לא", r"טרם", r"אין", r"אינו", r"אינה", r"בלי", r"אי אפשר", r"מבלי",
    r"not", r"n't", r"no", r"never", r"cannot", r"\w+n't", r"without", r"nothing",
    r"не", r"нет", r"ещ[её] не", r"без", r"لم", r"لا", r"لن", r"ما", r"ليس", r"ليست", r"غير", r"بدون", r"لسه ما",
    # planned, offered or wished
    r"אפשר", r"יכול", r"יכולה", r"נוכל", r"אוכל", r"רוצה ש?\S*", r"תרצה", r"תרצי", r"בוא", r"בואי", r"בואו",
    r"כדי ש?\S*", r"צריך", r"צריכה",
    r"לפני ש\S*", r"עד ש\S*", r"האם", r"מתי", r"איך", r"אבדוק", r"לבדוק אם", r"אבקש ש?\S*", r"מקווה ש?\S*",
    r"אולי", r"כאילו",
    r"will", r"i'll", r"we'll", r"would", r"can", r"could", r"(?<!\d )(?<!of )may(?! \d)", r"might",
    r"should", r"shall", r"to be", r"want", r"let me", r"let's",
    r"need", r"needs", r"going to", r"whether", r"gets?", r"be", r"hope", r"until",
    r"before (?:i|we|you|your|the|an|a)",
    r"могу", r"можем", r"хотите", r"чтобы", r"давайте", r"буд[еу]т?", r"нужно", r"можно", r"пока",
    r"سوف", r"سأ\S*", r"سن\S*", r"أستطيع", r"يمكن\S*", r"ممكن", r"أريد", r"حتى", r"سيتم", r"هل",
    # under a condition
    r"אם", r"ברגע ש\S*", r"כש\S+", r"כאשר", r"לאחר ש\S*", r"אחרי ש\S*", r"רק אחרי\S*", r"במידה ו\S*", r"ואז",
    r"if", r"(?:once|when|after) (?:i|we|you|your|the|that|it)", r"as soon as", r"unless", r"in case",
    r"если", r"когда", r"как только", r"после того", r"إذا", r"اذا", r"عندما", r"بعد أن", r"بعد ما", r"بمجرد",
    r"حالما", r"لما",
)  # fmt: skip

# A clause that opens a condition for the clause after it.
CONDITION = re.compile(
    r"(?:ו?רק )?(?:אם|ברגע ש|כש|כאשר|לאחר ש|אחרי ש|במידה ו|ברגע|if |once |when |after |as soon as |"
    r"unless |only when |"
    r"если |когда |как только |после того|إذا |اذا |عندما |بعد أن |بعد ما |بمجرد |حالما |لما )"
)

# Politeness and reporting words that say nothing about whether it was done: "no problem", "I can confirm that".
EMPTY = re.compile(
    r"אין (?:שום )?בעיה|לא בעיה|no problem|no worries|not a problem|без проблем|لا مشكلة|ما في مشكلة|"
    r"(?:אני )?(?:יכולה?|רוצה|שמחה?|אוכל|אפשר|נשמח) (?:לאשר|לומר|להגיד|לבשר|לעדכן|להודיע)(?: לך| לכם)?|"
    r"(?:i can|i'd like to|i want to|let me|i'm happy to|i am happy to|i'm pleased to|allow me to|happy to|glad to) "
    r"(?:confirm|say|tell you|inform you|let you know|report|assure you)(?: that)?|"
    r"(?:я )?(?:могу|рада?|хочу) (?:подтвердить|сообщить|сказать)(?: вам)?(?: что)?|(?:أستطيع|يمكنني|"
    r"أريد|يسعدني) (?:أن )?(?:أؤكد|أقول|أخبرك)(?: لك)?(?: أن)?"
)

QUESTION = re.compile(
    r"(?:ו?אז |אוקיי |so |and |ok )?(?:האם|תרצה|תרצי|תרצו|מתי|איך|מה|איזה|באיזה|למה|shall|should|"
    r"would you|do you|can i|could i|may i|"
    r"is (?:your|the|it|that)|are you|was|were|did|have you|has|what|when|which|how|хотите|когда|"
    r"какое|можно ли|هل|متى|كيف)(?!\w)"
)
TAG = re.compile(
    r"(?:זה )?(?:בסדר|טוב|נכון|מתאים|סבבה|אוקיי|אוקי|יופי|נוח)(?: לך)?|ok|okay|right|alright|"
    r"all right|yes|good|хорошо|да|верно|تمام|ماشي|صح|طيب"
)
