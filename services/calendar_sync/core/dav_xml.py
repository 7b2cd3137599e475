"""WebDAV's XML: what is asked of a CalDAV server, and its answers taken apart (RFC 4791, 4918, 6578). Pure.

Read with defusedxml: an answer with a document type or entities is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from typing import Any
from urllib.parse import unquote, urlsplit

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

DAV, CALDAV, SERVER = "DAV:", "urn:ietf:params:xml:ns:caldav", "http://calendarserver.org/ns/"
_OPENING = (
    f'<?xml version="1.0" encoding="utf-8"?>\n<{{name}} xmlns:d="{DAV}" xmlns:c="{CALDAV}" xmlns:s="{SERVER}">'
    "{inside}</{name}>"
)
_STAMP = "%Y%m%dT%H%M%SZ"


class NoDav(ValueError):
    """The answer is not what a CalDAV server says."""


@dataclass(frozen=True, slots=True)
class DavResponse:
    """What is said of one resource. status: of the resource itself, 200 where only its properties have one.

    texts: the properties that were found, by their names, as text; hrefs: those that hold an address; kinds: names of
    the elements within a property.
    """

    href: str
    status: int = 200
    texts: Mapping[str, str] = field(default_factory=dict)
    hrefs: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Multistatus:
    """sync_token: "" where there is none. errors: names of preconditions that failed."""

    responses: tuple[DavResponse, ...] = ()
    sync_token: str = ""
    errors: frozenset[str] = frozenset()


def propfind(*names: str) -> bytes:
    """The body of a PROPFIND; names with the prefixes d:, c: and s:."""
    return _document("d:propfind", f"<d:prop>{_empty(names)}</d:prop>")


def sync_collection(token: str) -> bytes:
    """What has changed in a collection since the token."""
    inside = f"<d:sync-token>{escape(token)}</d:sync-token><d:sync-level>1</d:sync-level>"
    return _document("d:sync-collection", f"{inside}<d:prop><d:getetag/></d:prop>")


def calendar_query(start: datetime, end: datetime) -> bytes:
    """ETags of all events that touch [start, end)."""
    span = f'<c:time-range start="{_stamp(start)}" end="{_stamp(end)}"/>'
    event = f'<c:comp-filter name="VEVENT">{span}</c:comp-filter>'
    filtered = f'<c:filter><c:comp-filter name="VCALENDAR">{event}</c:comp-filter></c:filter>'
    return _document("c:calendar-query", f"<d:prop><d:getetag/></d:prop>{filtered}")


def multiget(hrefs: Iterable[str]) -> bytes:
    """The texts of these resources."""
    asked = "".join(f"<d:href>{escape(href)}</d:href>" for href in hrefs)
    return _document("c:calendar-multiget", f"<d:prop><d:getetag/><c:calendar-data/></d:prop>{asked}")


def read_multistatus(body: bytes) -> Multistatus:
    """An answer with status 207, or the error of another. Raises NoDav."""
    try:
        root = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise NoDav("no answer of a CalDAV server") from error
    if root.tag == f"{{{DAV}}}error":
        return Multistatus(errors=frozenset(_name(one.tag) for one in root))
    if root.tag != f"{{{DAV}}}multistatus":
        raise NoDav("no answer of a CalDAV server")
    responses = tuple(_response(one) for one in root.findall(f"{{{DAV}}}response"))
    return Multistatus(responses, (root.findtext(f"{{{DAV}}}sync-token") or "").strip())


def same_place(href: str) -> str:
    """The path of an address as it is compared: servers spell it with or without a host, and escape it as they like."""
    return unquote(urlsplit(href).path)


def _response(element: Any) -> DavResponse:
    texts, hrefs, kinds = dict[str, str](), dict[str, str](), dict[str, frozenset[str]]()
    for propstat in element.findall(f"{{{DAV}}}propstat"):
        if _status(propstat.findtext(f"{{{DAV}}}status")) != 200:
            continue
        for one in propstat.findall(f"{{{DAV}}}prop/*"):
            name = _name(one.tag)
            texts[name] = (one.text or "").strip() if name != "calendar-data" else one.text or ""
            hrefs[name] = (one.findtext(f"{{{DAV}}}href") or "").strip()
            kinds[name] = frozenset(_name(inner.tag) for inner in one.iter() if inner is not one)
            if name == "supported-calendar-component-set":
                kinds[name] = frozenset(str(inner.get("name", "")) for inner in one)
    href = (element.findtext(f"{{{DAV}}}href") or "").strip()
    return DavResponse(href, _status(element.findtext(f"{{{DAV}}}status")), texts, hrefs, kinds)


def _status(line: str | None) -> int:
    """The number in "HTTP/1.1 404 Not Found"; 200 where there is no line."""
    parts = (line or "HTTP/1.1 200").split()
    return int(parts[1]) if len(parts) > 1 and parts[1].isascii() and parts[1].isdigit() else 0


def _name(tag: Any) -> str:
    return str(tag).rpartition("}")[2]


def _document(name: str, inside: str) -> bytes:
    return _OPENING.format(name=name, inside=inside).encode()


def _empty(names: Iterable[str]) -> str:
    return "".join(f"<{name}/>" for name in names)


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime(_STAMP)
