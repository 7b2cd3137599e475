"""How common Hebrew words of a business's telephone sound, in espeak-ng's phoneme letters.

Unpointed Hebrew does not write its vowels and espeak-ng does not guess them ("רגע" comes out as "rg"). S = ש,
X = ח/כ, R = ר, ts = צ, ? = א/ע between vowels; ' stands before the stressed vowel.
"""

from __future__ import annotations

_TABLE = """
שלום Sal'om|היי h'aj|בוקר b'okeR|טוב t'ov|טובה tov'a|ערב '?eRev|צהריים tsohoR'ajim|לילה l'ajla|תודה tod'a
אי '?i|לעשות la?as'ot|לקחת lak'aXat|פרטים pRat'im|שיחזרו SejaXzeR'u|יחזרו jaXzeR'u|אליך el'eXa
רבה Rab'a|בבקשה bevakaS'a|סליחה sliX'a|להתראות lehitRa'ot|ביי b'aj|כן k'en|לא l'o|אולי ul'aj|אני an'i
אתה at'a|את '?at|אתם at'em|אנחנו an'aXnu|הוא h'u|היא h'i|הם h'em|זה z'e|זאת z'ot|זו z'o|לי l'i|לך l'aX
לכם laX'em|שלי Sel'i|שלך SelX'a|שלכם SelaX'em|שלנו Sel'anu|לנו l'anu|אותו ot'o|אליו el'av|אותי ot'i|של S'el|על '?al
אל '?el|עם '?im|מן m'in|גם g'am|או '?o|אם '?im|כי k'i|אבל av'al|רק R'ak|עוד '?od|כל k'ol|יש j'eS|אין '?ejn
היה haj'a|הייתה hajt'a|יהיה jihj'e|להיות lihj'ot|כאן k'an|שם S'em|פה p'o|מה m'a|מי m'i|מתי mat'aj
איפה '?ejfo|איך '?ejX|כמה k'ama|למה l'ama|איזה '?ejze|איזו '?ejzo|לאן le?'an|רוצה Rots'e|רוצים Rots'im
צריך tsaR'iX|צריכה tsRiX'a|יכול jaX'ol|יכולה jeXol'a|אפשר efS'aR|מותר mut'aR|לקבוע likb'o?a|קובעים kov'?im
קבעתי kav'a?ti|נקבע nikb'a|לבטל levat'el|בוטל but'al|להזיז lehaz'iz|הועבר hu?av'aR|לשנות leSan'ot
להעביר leha?av'iR|לדבר ledab'eR|לעזור la?az'oR|לשאול liS'ol|לחזור laXaz'oR|להשאיר lehaS'iR|להקיש lehak'iS
להשתמש lehiStam'eS|לבוא lav'o|להגיע lehag'i?a|לדעת lad'a?at|לשמוע liSm'o?a|ננסה nenas'e|שמעתי Sam'a?ti
הבנתי hev'anti|מצאתי mats'ati|יודעת jod'a?at|יודע jod'e?a|בודקת bod'eket|בודק bod'ek|מדברת medab'eRet
מדבר medab'eR|מתקשרים mitkaSR'im|מתאים mat'im|מתאימה mat'ima|נוח n'oaX|עדיף ad'if|זמין zam'in|תור t'oR
תורים toR'im|פגישה pgiS'a|מועד mo?'ed|יומן jom'an|הודעה hoda?'a|מספר misp'aR|טלפון t'elefon|סולמית sulam'it
השם haS'em|המלא hamal'e|מלא mal'e|קוראים koR'?im|שמי Sm'i|דני d'ani|דנה d'ana|כהן koh'en|יעל ja?'el
לוי lev'i|נועה no?'a|מיכל miX'al|אמיר am'iR|חדאד Xad'ad|יוסי j'osi|רונית Ron'it|אבי '?avi|משה moS'e
שעה Sa?'a|שעות Sa?'ot|פתיחה ptiX'a|הפתיחה haptiX'a|פתוח pat'uaX|פתוחים ptuX'im|סגור sag'uR|סגורים sguR'im
סוגרים sogR'im|יום j'om|ימים jam'im|היום haj'om|מחר maX'aR|מחרתיים moXRot'ajim|אתמול etm'ol|שבוע Sav'ua
הבא hab'a|הבאה haba'a|ראשון RiS'on|שני Sen'i|שלישי SliS'i|רביעי Revi?'i|חמישי XamiS'i|שישי SiS'i|שבת Sab'at
ינואר j'anu?aR|פברואר f'ebRu?aR|מרץ m'eRts|אפריל apR'il|מאי m'aj|יוני j'uni|יולי j'uli|אוגוסט '?ogust
ספטמבר sept'embeR|אוקטובר okt'obeR|נובמבר nov'embeR|דצמבר dets'embeR|בבוקר bab'okeR|בצהריים batsohoR'ajim
בערב ba?'eRev|בלילה bal'ajla|אחר aX'aR|אחרי aXaR'ej|לפני lifn'ej|אחרת aX'eRet|אחת aX'at|שתיים St'ajim
שתים St'ejm|שלוש Sal'oS|ארבע '?aRba|חמש Xam'eS|שש S'eS|שבע S'eva|שמונה Sm'one|תשע t'eSa|עשר '?eseR
עשרה esR'e|עשרים esR'im|שלושים SloS'im|ארבעים aRba?'im|חמישים XamiS'im|שישים SiS'im|שבעים Siv?'im
שמונים Smon'im|תשעים tiS?'im|מאה me'a|מאתיים mat'ajim|מאות me'ot|אלף '?elef|אלפיים alp'ajim|אלפים alaf'im
אפס '?efes|וחצי vaX'etsi|ורבע vaR'eva|חצי X'etsi|רבע R'eva|דקות dak'ot|דקה dak'a|רגע R'ega|קטן kat'an
קטנה ktan'a|קצר kats'aR|קצרה ktsaR'a|מאוחר me?uX'aR|מוקדם mukd'am|מדי mid'aj|עכשיו aXS'av|עדיין ad'ajin
כבר kv'aR|אז '?az|לכן laX'en|ולכן velaX'en|שוב S'uv|הכל hak'ol|משהו m'aSehu|מישהו m'iSehu|בסדר bes'edeR
בשמחה besimX'a|מצוין metsuj'an|בטח b'etaX|סבבה sab'aba|פנוי pan'uj|פנויים pnuj'im|תפוס taf'us|אפשרי efSaR'i
הפרעה hafRa?'a|מרפאת miRpe'at|מרפאה miRpe'a|הגעתם hig'atem|הגעת hig'ata|חיוך Xij'uX|בריא baR'i
שיניים Sin'ajim|בדיקה bdik'a|ראשונה RiSon'a|שיננית Sinan'it|לשיננית leSinan'it|סתימה stim'a|סתימות stim'ot
טיפול tip'ul|טיפולים tipul'im|טיפולי tipul'ej|שורש S'oReS|הלבנה halban'a|יישור jiS'uR|רופא Rof'e
רופאה Rof'?a|הרופאה haRof'?a|ייעוץ je?'uts|כאב ke?'ev|מחיר meX'iR|מחירים meXiR'im|שקל S'ekel|שקלים Skal'im
עולה ol'e|עולים ol'im|חניה Xanaj'a|חניון Xanj'on|ציבורי tsibuR'i|מול m'ul|בניין binj'an|הבניין habinj'an
מעלית ma?al'it|רחוב ReX'ov|הרצל h'eRtsel|רמת Ram'at|גן g'an|כתובת kt'ovet|נמצאים nimts'a?im|קבלה kabal'a
ביטוח bit'uaX|ביטול bit'ul|צוות ts'evet|איש '?iS|נציג nats'ig|אדם ad'am|בן b'en|התקשרת hitkaS'aRta
שהתקשרת Sehitkas'aRta|חסר Xas'eR|שלם Sal'em|קרוב kaR'ov|זמן zm'an|בעיה be?aj'a|קו k'av|בקו bak'av
להתחיל lehatX'il|עזרה ?ezR'a|מידע mejd'a|שאלה Se?el'a|תשובה tSuv'a|ממנו mim'enu|שממנו Semim'enu|אממ 'em
אהה '?a|עד '?ad|סוף s'of|נסיים nesaj'em|שומעת Som'a?at|אותך otX'a|הגענו hig'anu|תקלה takal'a
מעבירה ma?avir'a|הלאה h'al?a|קולית kol'it|כדי kd'ej|יותר jot'eR|ביותר bejot'eR|פרטי pRat'i|חזק Xaz'ak
עובדים ovd'im|נותנים notn'im|נותנת not'enet|רופאים Rof?'im|ד dokt'oR|מתקשר mitkaS'eR|מבקש mevak'eS
בוצע buts'a|מזכירה mazkiR'a|תקופתית tkufat'it|כללית klal'it|מומחה mumX'e|אחרים aXeR'im|קופות kup'ot
חולים Xol'im|באופן be?'ofen|משלים maSl'im|גישה giS'a|כיסא kis'e|גלגלים galgal'im|נפיחות nefiX'ut|מכה mak'a
שן S'en|להציע lehats'i?a|רפואי Refu?'i|אבחנה avXan'a|תרופות tRuf'ot|נשמע niSm'a|מצב mats'av|חירום XeR'um
אצל ets'el|משנה meSan'e|תשלום taSl'um|שיחה siX'a|השיחה hasiX'a|במה bam'e|שקוף Sak'uf
"""

WORDS: dict[str, str] = {
    word: sound
    for entry in _TABLE.replace("\n", "|").split("|")
    if entry.strip()
    for word, sound in [entry.strip().split(" ", 1)]
}
