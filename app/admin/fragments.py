"""Parts of pages that scripts ask for again and again: sent only when they have changed."""

from __future__ import annotations

from flask import Response, request


def fragment(body: str) -> Response:
    """The HTML, or 304 when the asker has it already."""
    response = Response(body, mimetype="text/html")
    response.headers["Cache-Control"] = "private, no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response
