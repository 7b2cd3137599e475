"""The pages owners work with: calls, prompt, hours, appointments, a telephone in the browser. Server-rendered."""

from __future__ import annotations

from flask import Flask

from app.admin import (
    accounts,
    calendar,
    calls,
    exports,
    home,
    hours,
    live,
    login,
    numbers,
    people,
    phone,
    prompt,
    settings_pages,
    setup,
    users,
    why,
)
from app.admin.access import admin_pages, business_pages
from app.admin.account import login_manager
from app.admin.errors import set_up_errors
from app.admin.security import protect
from app.admin.templating import set_up_templates
from app.settings import Settings
from services.database import Database

# Importing a file of pages registers its views.
PAGES = (
    accounts,
    calendar,
    calls,
    exports,
    home,
    hours,
    live,
    login,
    numbers,
    people,
    phone,
    prompt,
    settings_pages,
    setup,
    users,
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
