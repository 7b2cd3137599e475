"""What goes out of a business, and how it stands. What was set aside can be tried again (S3)."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.admin.auth.access import business_pages, here, required
from app.admin.pages.calls import page_number
from app.admin.text import outbox_words
from app.admin.text.words import t
from services.db.models import OutboxStatus
from services.outbox.outbox import try_again
from services.reports.outbox import outbox_counts, outbox_message, outbox_page


@business_pages.get("/outbox")
def outbox() -> ResponseReturnValue:
    asked, number = request.args.get("status", ""), page_number()
    status = OutboxStatus(asked) if asked in set(OutboxStatus) else None
    page, counts = here().read(lambda s: (outbox_page(s, status, number), outbox_counts(s)))

    def page_url(number: int) -> str:
        return url_for("business.outbox", status=asked or None, page=number)

    return render_template(
        "outbox.html",
        page=page,
        counts=counts,
        status=status,
        statuses=list(OutboxStatus),
        page_url=page_url,
        words=outbox_words,
    )


@business_pages.post("/outbox/<int:message_id>/again")
def send_again(message_id: int) -> ResponseReturnValue:
    now, place = datetime.now(UTC), here()
    required(place.read(lambda s: outbox_message(s, message_id)))
    if place.write(lambda s: try_again(s, message_id, now)):
        flash(t("מנסים שוב.", "It is being tried again."), "good")
    else:
        flash(t("ההודעה כבר אינה בצד.", "The message is not set aside any more."), "warn")
    return redirect(url_for("business.outbox"))
