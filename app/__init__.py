"""The web face: Flask factory, settings, webhooks, media route, health, drain, admin pages."""
