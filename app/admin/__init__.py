"""The pages owners work with: calls, prompt, hours, appointments, a telephone in the browser. Server-rendered."""

from __future__ import annotations

from flask import Flask

from app.admin.auth import forgotten, invited, login
from app.admin.auth.access import admin_pages, business_pages, login_manager
from app.admin.auth.security import protect
from app.admin.errors import set_up_errors
from app.admin.pages import (
    accounts,
    audit,
    busy,
    calendar,
    calls,
    connections,
    diary,
    exports,
    home,
    hours,
    imports,
    installation,
    live,
    my_security,
    numbers,
    outbox,
    people,
    person,
    phone,
    prompt,
    reminders,
    setup,
    team,
    users,
    voice_sample,
    why,
)
from app.admin.pages import settings as settings_pages
from app.admin.templating import set_up_templates
from app.settings import Settings
from services.db.database import Database

# Importing a file of pages registers its views.
PAGES = (
    accounts,
    audit,
    busy,
    calendar,
    calls,
    connections,
    diary,
    exports,
    forgotten,
    home,
    hours,
    imports,
    installation,
    invited,
    live,
    login,
    my_security,
    numbers,
    outbox,
    people,
    person,
    phone,
    prompt,
    reminders,
    settings_pages,
    setup,
    team,
    users,
    voice_sample,
    why,
)


def register_admin(app: Flask, settings: Settings, database: Database) -> None:
    """Serve everything under /admin/, and the calendar feeds."""
    protect(app, settings, database)
    login_manager.init_app(app)
    set_up_templates(app)
    set_up_errors(app)
    for blueprint in (admin_pages, business_pages):
        app.register_blueprint(blueprint)
    app.register_blueprint(exports.calendar_feed)
