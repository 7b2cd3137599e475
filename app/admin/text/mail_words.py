"""What e-mails about accounts say. `{link}` is filled in when they are sent. Pure."""

from __future__ import annotations


def invitation_mail(language: str, business: str, days: int) -> tuple[str, str]:
    """Subject and body for somebody who is asked to join a business."""
    if language == "he":
        return f"הזמנה אל {business}", (
            f"הוזמנתם לעבוד עם העוזר הטלפוני של {business}.\n\n"
            f"כדי להצטרף ולבחור סיסמה משלכם, היכנסו לקישור:\n{{link}}\n\n"
            f"הקישור תקף {days} ימים ופועל פעם אחת. אם לא ציפיתם לו, אפשר להתעלם.\n"
        )
    return f"Invitation to {business}", (
        f"You are invited to work with the call assistant of {business}.\n\n"
        f"To join, and to choose a password of your own, open this link:\n{{link}}\n\n"
        f"It works once, within {days} days. If you did not expect it, ignore it.\n"
    )


def reset_mail(language: str, minutes: int) -> tuple[str, str]:
    """Subject and body for somebody who asked for a new password."""
    if language == "he":
        return "סיסמה חדשה לעוזר הטלפוני", (
            f"ביקשתם סיסמה חדשה לעוזר הטלפוני.\n\nכדי לבחור אותה, היכנסו לקישור:\n{{link}}\n\n"
            f"הקישור תקף {minutes} דקות ופועל פעם אחת. אם לא ביקשתם, אפשר להתעלם: דבר לא השתנה.\n"
        )
    return "A new password for the call assistant", (
        f"You asked for a new password for the call assistant.\n\nTo choose it, open this link:\n{{link}}\n\n"
        f"It works once, within {minutes} minutes. If you did not ask, ignore it: nothing has changed.\n"
    )
