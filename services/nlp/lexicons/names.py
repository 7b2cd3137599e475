"""Common given names in Israel: evidence that "זה משה" names someone. Pure data, in the form of `tokens.folded`."""

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

_MORE_HEBREW = """
אלירן איתמר אליה אלעד אליאור אלחנן אלמה אמילי אמיתי אפי אריאלה אורנה אסנת אילאיל בתיה ברכה בנימין בצלאל גבי גאיה גפן
גיורא
גלעדי דודי דליה דנית דרור הגר הדסה הראל זיוה חגיה חיה חיית טוביה טובי יהל יואש יולי יונתי יותם ינאי יערה ירדנה ישעיהו
כוכבה
כרמית לביא ליאל ליאם לירון לירז ליבי מאיירה מזל מוטי מוריה מיה מייק מירה מנשה מעיין מתניה נאווה נדב נחמיה נילי ניצה
נירית נפתלי
סמדר סימון סתיו עדיאל עוזי עוזיאל עילאי עינת עמיחי עמרם ענבר עפרה פליציה פרידה צביה ציונה צילה קורל ראומה רונה רוז
רזיאל רחלי
רמה רננה רפי רותם שגב שוקי שולה שחף שיינא שמחה שמעיה שני שפרה שקמה תבור תהל תמרה תרצה
"""
_MORE_LATIN = """
alice amelia arnold aaron barry beth bob brandon brian caroline cathy chloe claudia colin craig daisy darren dave debbie
dennis derek dev diane dominic doris dylan ed edith eileen ellen elsie emma ethel evan evelyn fiona frances fred freddie
gemma gerald gina gladys glen gloria graham greg harold harriet heidi helena henrik hugo ian imogen isabel ivan jake
jade
jamie jeff jenny jeremy jill jo joanna jody joe joel josh joyce jude juliet june kate keith ken kevin kyle kwame leon
leonard lewis lorraine louis louise luke lynn mabel malcolm marcus margaret marion martin maureen max meera michelle
molly
monica morris nadia nathan neil nicole nigel nora norman oliver owen pam patricia pauline penny phil philip phoebe priya
rafi raj ray rhys rick rita rob robin roger rosie roy ruben rupert sally sam sean shane sheila sid silvia simon stan
stella stuart sue suzanne tamara ted teresa tina toby todd tony tracy trevor tyler una valerie vicky vincent violet
virginia wendy will winston yvonne zac zara dina igor tanya natasha oksana yulia svetlana larisa ahmed rana samir
"""
_RUSSIAN = """
александр алексей алексеи алена алина алиса алла анастасия анатолий андрей анна антон антонина аркадий арина артем борис
вадим валентин валентина валерий валерия варвара василий вера вероника виктор виктория виталий владимир владислав
вячеслав галина геннадий георгий григорий даниил данил даниэль даня дарья денис диана дима дмитрий евгений евгения
екатерина елена елизавета жанна зинаида зоя иван игорь илья инна инга ирина катя кирилл клавдия константин кристина
ксения лариса лев леонид лидия лилия любовь людмила майя макс максим маргарита марина мария марк маша миша михаил
надежда наталия наталья наташа никита николай нина оксана олег ольга павел петр полина раиса римма роза роман руслан
самуил светлана семен сергей слава соня софия софья станислав степан стас таня тамара татьяна тимур ульяна федор эдуард
элла эмма юлия юрий яков яна ярослав лена леня костя саша оля света ира люда галя гриша боря женя вова
"""
_ARABIC = """
احمد محمد محمود علي حسن حسين مصطفي ابراهيم اسماعيل خالد خليل سامي سامر سمير سليم عمر عمار عماد عادل امير امين انس ايمن
باسل بسام بلال جمال جميل جهاد جورج حاتم حازم رامي رائد راءد رشيد زياد زيد سعيد شادي صالح طارق عامر عبد فادي فارس فراس
فريد فواد قاسم كريم كمال ماجد ماهر مازن مروان منير نادر ناصر نبيل نزار هاني هشام وائل واءل وسام وسيم وليد ياسر يزن
يوسف ادم الياس ايليا ماريا مريم مي منى مني رنا ريم ريما رانيا رشا رغد روان رولا سحر سلمي سمر سميره سناء سهي سوسن شيرين
عبير غاده فاطمه فاتن فداء لمي لينا ليلي لبني ميساء نادين نادره ناديه نجوي نسرين نهي نور هاله هبه هدي هناء هند وفاء يارا
ياسمين دعاء دانا داليا دينا ديما اسماء اميره امل اماني ايمان ايناس بتول بشري حنين حنان خديجه خلود رحمه زينب زهره عايشه
"""

GIVEN_NAMES = frozenset(f"{_NAMES} {_MORE_HEBREW} {_MORE_LATIN} {_RUSSIAN} {_ARABIC}".split())
