"""Common given names in Israel, in Hebrew and in Latin letters: evidence that "זה משה" names someone. Pure data."""

from __future__ import annotations

_NAMES = """
aaron abigail adam ahmad alan alex alexander ali alice amanda amir amit amy ana andrew angela anna anthony ariel
ashley avi barbara ben benjamin betty brian carol charles chloe chris christina christine christopher claire dan
dana daniel daniela david deborah diana donna dorothy edward elena eli elizabeth ella emily emma eric esther
ethan eva frank gal gary george grace hannah harry heather helen henry ilan irina isaac jack jacob james jane
janet jason jean jennifer jessica joan john jonathan joseph joshua judith julia karen kate katherine kevin kim
larry laura lauren leah lena leo liam lily linda lior lisa lucas lucy maria marie mark martha mary matthew maya
megan melissa michael michal michelle mike miriam mohammed moshe nancy naomi natalie nicholas nick nina noa noah
noam olga olivia omer ori oscar pamela patricia patrick paul peter rachel ralph rebecca richard robert roman ron
ronit rose russell ruth ryan samantha samuel sandra sara sarah sasha scott sean sergei sharon shira shirley
simon sofia sophia sophie stephanie stephen steve steven susan tal tamar teresa thomas tim tom vera victor
victoria vladimir walter william yael yossi yuval zoe אבי אביב אביגיל אבנר אברהם אדיר אדם אהוד אהרון אודיה אוהד
אולגה אופיר אופק אור אורה אורטל אורי אוריאל אוריה אורית אורלי אורן אחמד איברהים איגור איוון אייל איילה איילת
אילן אילנה אילת אימאן אירינה איתי איתן אלה אלון אלונה אלי אליאס אליהו אלינור אליסה אליעזר אלכס אלכסנדר אלמוג
אמיר אמירה אמנון אנה אנטון אסף אסתר אפרים אפרת ארז אריאל אריה אריק אשר בועז בוריס בינה בני ברוך ברק בת-אל ג'וני
ג'ורג' גאולה גבריאל גד גדי גיא גיל גילה גילי גילעד גל גלי גליה גלית גלעד גרגורי דבורה דביר דוד דודו דויד דור
דורון דורית דימיטרי דינה דן דנה דני דניאל דניאלה דפנה דקלה הדס הדסה הדר הילה הלל ויקטור ויקטוריה ולדימיר ורד
ורדה זאב זהבה זוהר זיו חגי חגית חווה חוסיין חיים חן חנה חנן חסן טובה טטיאנה טל טל-אור טלי טליה יאיר יארא יבגני
יגאל יהודה יהודית יהונתן יהושע יואב יואל יובל יוכבד יונה יוני יונתן יוסי יוסף יורי יורם ילנה יעל יעקב יפה יפית
יפעת יצחק ירדן ירון ישי ישראל כפיר כרמית כרמל לאה לאון לב לודמילה ליאור ליאורה ליאת לידיה ליהי ליהיא לילך לימור
לינה לינוי מאור מאיה מאיר מאירה מוחמד מוסטפא מחמוד מיכאיל מיכאל מיכאלה מיכל מיקה מירב מירי מירית מלכה מנחם מקס
מרדכי מרים מרינה משה מתי מתן נאוה נאור נגה נדב נועה נועם נור נורית נחום נחמה נטלי נטליה נטע נילי נינה ניסים ניצן
ניר נעמה נעמי נתן נתנאל סאלח סבטלנה סיגל סיגלית סיוון סיון סימה סמיר סמירה סער סרגיי עדי עדינה עדית עדן עוז עומר
עומרי עופר עופרה עידו עידית עידן עינב עינת עירית עלי עליזה עמוס עמית ענבל ענבר ענת פאדי פאולה פאטמה פליקס פנחס
פנינה צבי צופיה ציון ציפי קארין קובי קרינה קרן ראובן ראומה ראניה רבקה רויטל רוית רומן רון רוני רונית רונן רועי
רות רותי רז רחל רינה רינת רמי רן רעות רפאל שאול שגיא שגית שולמית שוש שושנה שחר שי שיר שיראל שירה שירי שירלי
שלומי שלומית שלמה שמואל שמוליק שמעון שני שקד שרה שרון שרית תאיר תהילה תום תומר תמי תמיר תמר תקווה
"""

GIVEN_NAMES = frozenset(_NAMES.split())
