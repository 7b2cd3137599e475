"""Services that many businesses have, in the four languages callers speak: who says "чистка" to a clinic that has
"ניקוי אבנית" means that. Pure data.

One service a line, those that begin with a space go on with it; phrases are parted by commas, in the form of
`tokens.folded`.
"""

from __future__ import annotations

_TRADES = """
בדיקה, ביקורת, בדיקה תקופתית, צ'ק אפ, check-up, checkup, examination, осмотр, проверка, чек-ап, فحص, كشف,
  كشفيه, تشيك اب
סתימה, חור בשן, filling, cavity, hole in my tooth, hole, пломба, дырка в зубе, кариес, حشوه, حشوة سن, تعبئة سن
טיפול שורש, שורש, עקירת עצב, root canal, nerve, лечение корня, лечение канала, лечение каналов, канал,
  удаление нерва, нерв, عصب, سحب عصب, علاج عصب, علاج جذر, قناة الجذر
ניקוי אבנית, אבנית, שיננית, ניקוי שיניים, cleaning, teeth clean, teeth cleaned, scale and polish, hygienist,
  dental hygienist, чистка, чистка зубов, зубной камень, гигиена, гигиенист, تنظيف, تنظيف اسنان, تنظيف جير, تكلسات,
  شنانيت
הלבנה, הלבנת שיניים, whitening, whiten, bleaching, отбеливание, تبييض, تبييض اسنان
עקירה, עקירת שן, extraction, tooth pulled, удаление, удаление зуба, вырвать зуб, خلع, قلع, خلع سن
כתר, crown, коронка, تاج, تلبيسه
שתל, השתלה, implant, имплант, имплантация, زرعه, زراعه
יישור שיניים, גשר, braces, aligners, брекеты, выравнивание, تقويم
צילום, צילום רנטגן, x-ray, xray, рентген, снимок, صورة اشعه, اشعه
ייעוץ, פגישת ייעוץ, התייעצות, consultation, консультация, استشاره
חיסון, vaccination, vaccine, jab, прививка, вакцинация, تطعيم, لقاح
בדיקת דם, בדיקות דם, blood test, анализ крови, فحص دم, تحليل دم
פיזיותרפיה, physiotherapy, physio, физиотерапия, علاج طبيعي
עיסוי, מסאז', massage, массаж, مساج, تدليك
תספורת, להסתפר, haircut, hair cut, trim, стрижка, подстричься, подстричь, قصة شعر, قص شعر, حلاقه, احلق
תספורת גברים, תספורת גבר, תספורת לגבר, men's haircut, men's cut, gents cut, мужская стрижка, قصة رجالي, حلاقه رجالي
תספורת נשים, תספורת אישה, women's haircut, ladies' cut, ladies cut, женская стрижка, قصة نسائي
תספורת ילדים, תספורת ילד, children's haircut, kid's cut, детская стрижка, قصة ولاد, قصة اطفال
צבע, צביעה, לצבוע, colour, color, dye, hair dye, окрашивание, покраска, покрасить, покраситься, صبغه, صبغ, اصبغ
גוונים, highlights, мелирование, هايلايت, خصل
פן, blow dry, blowdry, blow-out, укладка, سشوار, بروشينغ
החלקה, straightening, выпрямление, تمليس, كيراتين, кератин, keratin
זקן, עיצוב זקן, beard, beard trim, борода, لحيه, ذقن
מניקור, manicure, маникюр, مانيكير, مناكير
פדיקור, pedicure, педикюр, باديكير
לק ג'ל, ג'ל, gel nails, gel polish, гель-лак, гель лак, جل اظافر
גבות, עיצוב גבות, eyebrows, brows, брови, حواجب
שעווה, waxing, wax, эпиляция, воск, واكس, شمع
הסרת שיער, hair removal, laser, лазерная эпиляция, ازاله شعر, ليزر
טיפול פנים, ניקוי פנים, facial, чистка лица, уход за лицом, تنظيف بشره
איפור, make-up, makeup, макияж, مكياج
החלפת שמן, שמן, oil change, замена масла, масло, تغيير زيت, غيار زيت
טסט, רישוי, annual test, mot, техосмотр, тест, تيست, ترخيص
צמיגים, גלגלים, tyres, tires, шины, резина, колеса, عجلات, جنط
בלמים, רפידות, brakes, brake pads, тормоза, колодки, فرامل, بريكات
מזגן, air conditioning, aircon, кондиционер, مكيف
מצבר, battery, аккумулятор, بطاريه
פנצ'ר, תקר, puncture, flat tyre, прокол, بنشر
שטיפה, רחיצה, car wash, мойка, помыть машину, غسيل
דוח שנתי, tax return, annual return, декларация, годовой отчет, تقرير سنوي
הנהלת חשבונות, bookkeeping, бухгалтерия, محاسبه
צוואה, will and testament, завещание, وصيه
שיעור נהיגה, driving lesson, урок вождения, درس سواقه
אימון, אימון אישי, workout, personal training, тренировка, تدريب
יוגה, yoga, йога, يوغا
פילאטיס, pilates, пилатес, بيلاتس
צילומי משפחה, family photos, family shoot, семейная фотосессия, تصوير عائلي
טיפול זוגי, couples therapy, семейная терапия, علاج زوجي
טיפול רגשי, therapy session, psychotherapy, психотерапия, علاج نفسي
בדיקת ראייה, בדיקת עיניים, eye test, sight test, проверка зрения, فحص نظر, فحص عيون
עדשות, עדשות מגע, contact lenses, линзы, контактные линзы, عدسات
טיפוח כלבים, תספורת לכלב, dog grooming, grooming, груминг, قص شعر كلب
"""

TRADES = tuple(
    tuple(phrase.strip() for phrase in line.split(",")) for line in _TRADES.strip().replace("\n  ", " ").splitlines()
)
# Words of a service's name that say nothing of which one it is.
_ORDINARY = """
טיפול תור פגישה ביקור מפגש שירות רגיל רגילה מלא מלאה קצר קצרה ארוך ארוכה ראשון ראשונה חדש חדשה אחד אחת של עם בלי את דקות
דקה שעה חצי כללי כללית כולל קטן קטנה גדול גדולה שיניים שן שיער רכב עד מעל
treatment appointment visit session service meeting full short long first new one of with without the a an for and
minutes minute hour half general small large regular standard teeth tooth hair car
лечение прием визит запись услуга полный полная короткая длинная первый первая новый для с без и минут час зубов зуба
علاج موعد دور زياره خدمه كامل كامله قصير طويل اول جديد مع بدون دقيقه ساعه اسنان سن شعر سياره
"""
ORDINARY = frozenset(_ORDINARY.split())
