"""Customers and leads: what calls collected about people."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.admin.auth.access import business_pages, here, required
from app.admin.auth.trail import changes_of, note
from app.admin.forms.fields import LongText, PageForm, Text, at_most
from app.admin.pages.calls import page_number
from app.admin.text.words import t
from services.appointments.customers import CITY_LIMIT, NAME_LIMIT, NOTES_LIMIT
from services.db.models import AuditKind, Customer, Lead, LeadStatus
from services.reports.people import customer_detail, customer_page, lead_counts, lead_page


class CustomerForm(PageForm):
    name = Text(validators=[at_most(NAME_LIMIT)])
    city = Text(validators=[at_most(CITY_LIMIT)])
    notes = LongText(validators=[at_most(NOTES_LIMIT)])


@business_pages.get("/customers")
def customers() -> ResponseReturnValue:
    text, number = request.args.get("q", "").strip()[:80], page_number()
    page = here().read(lambda s: customer_page(s, text, number))

    def page_url(number: int) -> str:
        return url_for("business.customers", q=text or None, page=number)

    return render_template("customers.html", page=page, text=text, page_url=page_url)


@business_pages.route("/customers/<int:customer_id>", methods=["GET", "POST"])
def customer(customer_id: int) -> ResponseReturnValue:
    found = required(here().read(lambda s: customer_detail(s, customer_id)))
    if request.method == "GET":
        return render_template("customer.html", found=found, form=CustomerForm(obj=found.customer))
    form, now = CustomerForm(request.form), datetime.now(UTC)
    if not form.validate():
        return render_template("customer.html", found=found, form=form), 422

    def save(s: Session) -> None:
        row = required(s.get(Customer, customer_id))
        form.populate_obj(row)
        # Which fields, not what is in them: what is kept about a person stands in one place only.
        note(s, AuditKind.CUSTOMER_SAVED, customer_id, detail={"fields": ", ".join(changes_of(row))})
        row.updated_at = now

    here().write(save)
    flash(t("נשמר.", "Saved."), "good")
    return redirect(url_for("business.customer", customer_id=customer_id))


@business_pages.get("/leads")
def leads() -> ResponseReturnValue:
    asked, number = request.args.get("status", ""), page_number()
    status = LeadStatus(asked) if asked in set(LeadStatus) else None
    page, counts = here().read(lambda s: (lead_page(s, status, number), lead_counts(s)))

    def page_url(number: int) -> str:
        return url_for("business.leads", status=asked or None, page=number)

    return render_template(
        "leads.html", page=page, counts=counts, status=status, statuses=list(LeadStatus), page_url=page_url
    )


@business_pages.post("/leads/<int:lead_id>/status")
def lead_status(lead_id: int) -> ResponseReturnValue:
    wanted, now = request.form.get("status", ""), datetime.now(UTC)
    status = required(LeadStatus(wanted) if wanted in set(LeadStatus) else None)

    def save(s: Session) -> None:
        row = required(s.get(Lead, lead_id))
        note(s, AuditKind.LEAD_SAVED, lead_id, detail={"status": [row.status.value, status.value]})
        row.status, row.updated_at = status, now

    here().write(save)
    flash(t("עודכן.", "Updated."), "good")
    shown = request.form.get("shown", "")
    return redirect(url_for("business.leads", status=shown if shown in set(LeadStatus) else None))
