"""What the assistant may do and may not, in the model's words (L9), and how a transfer is asked for (L3). Pure.

The sentences in quotes are those by which the server knows a promise and an offer to transfer
(media/conversation/cues.py).
"""

from __future__ import annotations

from typing import Final

from services.policy.permissions import Instead, Permissions, Refused

# What is offered to a caller who cannot have what was asked for.
INSTEAD: Final[dict[str, dict[Instead, str]]] = {
    "he": {
        "message": "להציע לקחת הודעה: שם, טלפון ובמה מדובר, ויחזרו אל המתקשר.",
        "details": "להציע לקחת שם, טלפון ומה מבוקש, ויחזרו אל המתקשר.",
        "transfer": "להציע להעביר את השיחה לאדם עכשיו, ולחכות לכן.",
        "book": "להציע לקבוע תור.",
        "hours": "להציע לענות על שאלות, ולומר באילו שעות אפשר לפנות שוב.",
    },
    "en": {
        "message": "Offer to take a message: name, number and what it is about, and somebody calls back.",
        "details": "Offer to take name, number and what is wished, and somebody calls back.",
        "transfer": "Offer to put the caller through to a person now, and wait for a yes.",
        "book": "Offer to book an appointment.",
        "hours": "Offer to answer questions, and say at what hours to call again.",
    },
    "ar": {
        "message": "اقتراح أخذ رسالة: الاسم والرقم والموضوع، وسيعاود أحدهم الاتصال.",
        "details": "اقتراح أخذ الاسم والرقم والمطلوب، وسيعاود أحدهم الاتصال.",
        "transfer": "اقتراح تحويل المكالمة إلى شخص الآن، وانتظار الموافقة.",
        "book": "اقتراح حجز موعد.",
        "hours": "اقتراح الإجابة عن أسئلة، وذكر الساعات التي يمكن الاتصال فيها من جديد.",
    },
    "ru": {
        "message": "Предложить принять сообщение: имя, номер и о чём речь, и звонящему перезвонят.",
        "details": "Предложить записать имя, номер и что нужно, и звонящему перезвонят.",
        "transfer": "Предложить соединить с сотрудником сейчас и дождаться согласия.",
        "book": "Предложить записаться на приём.",
        "hours": "Предложить ответить на вопросы и сказать, в какие часы перезвонить.",
    },
}
_LINES: Final = {
    "he": {
        "book": "- לקביעת תור: קודם לאסוף (מה, מתי, שם, טלפון), אחר כך להציע 2–3 מועדים מדויקים, ואז לאשר בקצרה.",
        "no_book": "- תורים לא נקבעים כאן בטלפון: לא לשאול על יום או שעה, לא להציע מועדים ולא להבטיח תור. {instead}",
        "change": "- תור קיים אפשר להזיז או לבטל: השרת עושה זאת אחרי שהמתקשר אישר.",
        "no_change": "- תור קיים לא מזיזים ולא מבטלים כאן בטלפון. {instead}",
        "offer_only": "- להציע רק מועדים שהשרת אמר שהם פנויים. מועד תפוס: להציע את החלופות מהשרת.",
        "sms": "- אחרי שתור נקבע או הוזז נשלח למתקשר אישור ב-SMS.",
        "no_sms": "- לא נשלח מכאן SMS: לא להבטיח הודעת טקסט.",
        "message": "- אפשר לקחת הודעה, או פרטים כדי שיחזרו: שם, טלפון ובמה מדובר.",
        "details": "- אפשר לקחת פרטים כדי שיחזרו: שם, טלפון ומה מבוקש.",
        "no_message": "- לא לוקחים כאן הודעות או פרטים: לא להציע זאת. {instead}",
        "transfer": (
            "- העברה לאדם: כשהמתקשר מבקש אדם, או אומר כן להצעה שלך, השרת מעביר בעצמו. כדי להציע: "
            '"רוצה שאעביר אותך?". כדי להעביר כשברור שהמתקשר רוצה: "מיד אעביר אותך", והשרת מעביר בסוף המשפט; '
            "לא לומר אותו אחרת. "
        ),
        "in_hours": "מחוץ לשעות הפעילות אין מי שיענה, וההעברה מובילה להשארת הודעה מוקלטת.",
        "hours_only": "מחוץ לשעות הפעילות אין העברה: לומר באילו שעות יש מי שיענה.",
        "transfer_to_message": (
            "- אין מספר להעברה לאדם: מי שמבקש אדם יכול להשאיר הודעה מוקלטת, והשרת עובר לזה בעצמו. "
            "לא להבטיח שמישהו יענה."
        ),
        "no_transfer": "- אין כאן העברה לאדם: לא להציע ולא להבטיח העברה. {instead}",
        "stuck": "- כעס או תקיעות: {instead}",
        "stuck_transfer": "- כעס או תקיעות: להציע העברה לאדם. מי שלא רוצה בה: {instead}",
    },
    "en": {
        "book": "- For an appointment: first collect (what, when, name, phone), then offer 2-3 concrete times, "
        "then confirm shortly.",
        "no_book": "- Appointments are not made by telephone here: ask for no day or time, offer no times, promise no "
        "appointment. {instead}",
        "change": "- An existing appointment can be moved or cancelled: the server does it once the caller confirmed.",
        "no_change": "- An existing appointment is neither moved nor cancelled by telephone here. {instead}",
        "offer_only": "- Offer only times the server said are free. If one is taken, offer the server's alternatives.",
        "sms": "- After a booking or a move the caller gets a confirmation by SMS.",
        "no_sms": "- No SMS is sent from here: promise no text message.",
        "message": "- You can take a message, or details for a call back: name, number and what it is about.",
        "details": "- You can take details for a call back: name, number and what is wished.",
        "no_message": "- Neither messages nor details are taken here: do not offer it. {instead}",
        "transfer": (
            "- Transfer to a person: when the caller asks for one, or says yes to your offer, the server transfers by "
            'itself. To offer: "Would you like me to transfer you?". To transfer when the caller clearly wants it: '
            '"I\'ll transfer you now", and the server does so when the sentence is over; never say it otherwise. '
        ),
        "in_hours": "Outside opening hours nobody is there to answer, and a transfer leads to a recorded message.",
        "hours_only": "Outside opening hours there is no transfer: say at what hours somebody answers.",
        "transfer_to_message": (
            "- There is no number to transfer to: who asks for a person can leave a recorded message, and the server "
            "goes on to that by itself. Never promise that somebody will answer."
        ),
        "no_transfer": "- There is no transfer to a person here: neither offer nor promise one. {instead}",
        "stuck": "- Anger, or getting stuck: {instead}",
        "stuck_transfer": "- Anger, or getting stuck: offer a transfer. Who wants none: {instead}",
    },
}


def ability_lines(language: str, may: Permissions, *, can_dial: bool, confirms_by_sms: bool) -> list[str]:
    """One line for each thing that is done, or not done and what is offered instead. `language`: "he" or "en"."""
    words = _LINES[language]
    reachable = may.transfer and can_dial

    def instead(name: str, refused: Refused) -> str:
        return words[name].format(instead=INSTEAD[language][may.instead_of(refused, reachable=reachable)])

    lines = [
        words["book"] if may.book else instead("no_book", "book"),
        words["change"] if may.change else instead("no_change", "change"),
    ]
    appointments = may.book or may.change
    if appointments:
        lines.append(words["offer_only"])
    lines.append(words["sms" if appointments and may.send_sms and confirms_by_sms else "no_sms"])
    if may.take_details:
        lines.append(words["message" if may.take_messages else "details"])
    else:
        lines.append(instead("no_message", "message"))
    if reachable:
        lines.append(words["transfer"] + words["in_hours" if may.take_messages else "hours_only"])
    elif may.transfer and may.take_messages:
        lines.append(words["transfer_to_message"])
    else:
        lines.append(instead("no_transfer", "transfer"))
    return [*lines, instead("stuck_transfer" if reachable and may.take_details else "stuck", "time")]
