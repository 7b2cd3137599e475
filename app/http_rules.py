"""What holds for every request and every answer, whatever its route: sizes, ids, headers, redirects (S1).

Nothing here looks at who asks: a request that breaks a rule is refused before anything is parsed or looked up.
"""

from __future__ import annotations

from io import BytesIO
from typing import IO, Any
from urllib.parse import SplitResult, urlsplit

from flask import Flask, Request, Response, abort, request
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge
from werkzeug.formparser import FormDataParser
from werkzeug.routing import IntegerConverter, RequestRedirect, ValidationError

# Of whoever has not logged in. Twilio's forms are of one or two thousand bytes.
MAX_BODY_BYTES = 16 * 1024
# Reading a form costs by its fields more than by its bytes; a page of hours has four hundred at most.
MAX_FIELDS = 1000
# An id of the database, and what counts something.
_MAX_ID = 2**63 - 1
_MAX_COUNT = 2**31 - 1

_HSTS = "max-age=31536000"
# What is no page of ours loads nothing and stands in nobody's frame. Pages say what theirs may (app/admin).
_NO_CONTENT = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"


def set_http_rules(app: Flask, *, production: bool) -> None:
    """Register them. Call before any route is registered: it replaces what `<int:…>` means."""
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.request_class = SmallRequest
    app.url_map.converters["int"] = DatabaseId
    app.before_request(refuse_nul)

    @app.after_request
    def finish(response: Response) -> Response:
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers.setdefault("Content-Security-Policy", _NO_CONTENT)
        if production:
            response.headers["Strict-Transport-Security"] = _HSTS
        return _stay_on_this_host(response)


class DatabaseId(IntegerConverter):
    """`<int:…>` in an address: what no column can hold is not found."""

    def to_python(self, value: str) -> int:
        if len(value) > len(str(_MAX_ID)) or int(value) > _MAX_ID:
            raise ValidationError
        return int(value)


def small_number(text: str) -> int:
    """For `request.args.get(…, type=small_number)`. Raises ValueError for what is no count of anything."""
    if len(text) > 12 or not 0 <= int(text) <= _MAX_COUNT:
        raise ValueError("not a small number")
    return int(text)


def split_url(text: str) -> SplitResult | None:
    """urllib's parts of a URL; None for what it raises at."""
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018  is looked at only when asked for
    except ValueError:
        return None
    return parts


class _FewFields(FormDataParser):
    def _parse_urlencoded(
        self, stream: IO[bytes], mimetype: str, content_length: int | None, options: dict[str, str]
    ) -> Any:
        body = stream.read()
        if body.count(b"&") >= MAX_FIELDS:
            raise RequestEntityTooLarge
        if b"%00" in body or b"\0" in body:
            raise BadRequest
        return super()._parse_urlencoded(BytesIO(body), mimetype, len(body), options)


class SmallRequest(Request):
    form_data_parser_class = _FewFields


def refuse_nul() -> None:
    """400 for an address with a NUL, which PostgreSQL cannot be asked about."""
    if "\0" in request.path or b"%00" in request.query_string or b"\0" in request.query_string:
        abort(400)


def _stay_on_this_host(response: Response) -> Response:
    """The router's redirect (to the address with its slash) names the host that the request named: leave it out."""
    if isinstance(request.routing_exception, RequestRedirect):
        parts = urlsplit(request.routing_exception.new_url)
        query = f"?{parts.query}" if parts.query else ""
        response.headers["Location"] = f"/{parts.path.lstrip('/')}{query}"
    return response
