"""A calendar over CalDAV: iCloud, Nextcloud, Fastmail and others. Read by sync tokens where the server has them, else
as a whole whenever it changed; written under names that we choose."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from urllib.parse import quote, urljoin

from services.calendar_sync.clients.answers import header
from services.calendar_sync.clients.dav_http import DavError, DavHttp, failure_of
from services.calendar_sync.clients.reader import IcalReader
from services.calendar_sync.clients.remote import Window
from services.calendar_sync.core.dav_xml import (
    DavResponse,
    Multistatus,
    NoDav,
    calendar_query,
    multiget,
    propfind,
    same_place,
    sync_collection,
)
from services.calendar_sync.core.events import Changes, ForeignEvent, Span, Written, event_id
from services.calendar_sync.core.failures import BadRequest, CalendarAway, Changed, Refused, TokenGone
from services.calendar_sync.core.ical_reading import Document, Reading
from services.calendar_sync.core.ical_writing import changed_object, new_object
from services.calendar_sync.core.merging import Seen, Unseen

_AT_ONCE = 20  # texts in one answer
_SLICE = timedelta(days=31)  # of a calendar that is listed: an answer stays small
_MOST_BYTES = 8_000_000  # of all texts of one reading
_MOST_PIECES = 20  # of a list that the server tells in pieces
_OUR_BYTES = 100_000  # an appointment of ours with more than that is written anew
_SYNC, _CTAG = "sync:", "ctag:"
_OBJECT = "text/calendar; charset=utf-8"


class CalDavCalendar:
    """services.calendar_sync.clients.remote.WritableCalendar for one collection. url: of the collection."""

    def __init__(self, http: DavHttp, reader: IcalReader, url: str, zone: str, now: Callable[[], datetime]) -> None:
        self._http = http
        self._reader = reader
        self._url = url if url.endswith("/") else f"{url}/"
        self._zone = zone
        self._now = now
        self._tells_deletions = True

    def changes(self, token: str, window: Window) -> Changes:
        self._tells_deletions = not token.startswith(_CTAG)
        try:
            if token.startswith(_SYNC):
                return self._since(token.removeprefix(_SYNC), window)
            next_token = self._state()
            if token and token == next_token:
                return Changes(token=token)
            self._tells_deletions = next_token.startswith(_SYNC)
            return self._all(next_token, window)
        except NoDav as error:
            raise CalendarAway(str(error)) from error

    def _state(self) -> str:
        """The token of now, by what the server has of it. Raises Refused when it is no calendar."""
        asked = propfind("d:resourcetype", "d:sync-token", "s:getctag")
        _, found = self._http.report("PROPFIND", self._url, asked, 0)
        own = next(iter(found.responses), DavResponse(""))
        if "calendar" not in own.kinds.get("resourcetype", frozenset()):
            raise Refused("it is no calendar")
        if own.texts.get("sync-token"):
            return _SYNC + own.texts["sync-token"]
        return _CTAG + own.texts["getctag"] if own.texts.get("getctag") else ""

    def _all(self, token: str, window: Window) -> Changes:
        hrefs: dict[str, None] = {}
        for start, end in _slices(window.span):
            _, found = self._http.report("REPORT", self._url, calendar_query(start, end), 1)
            hrefs |= dict.fromkeys(one.href for one in found.responses if one.status == 200)
        reading, _ = self._texts(list(hrefs), window)
        return Changes(tuple(reading.events), token=token, is_full=True, unreadable=reading.unreadable)

    def _since(self, token: str, window: Window) -> Changes:
        changed, gone = dict[str, None](), dict[str, None]()
        for _ in range(_MOST_PIECES):
            found = self._changed_since(token)
            token, is_all = found.sync_token, True
            for one in found.responses:
                if same_place(one.href).rstrip("/") == same_place(self._url).rstrip("/"):
                    is_all = one.status != 507
                elif one.status == 404:
                    changed.pop(one.href, None)
                    gone[one.href] = None
                else:
                    gone.pop(one.href, None)
                    changed[one.href] = None
            if is_all:
                reading, missing = self._texts(list(changed), window)
                ids = tuple(id_of(href) for href in [*gone, *missing])
                # A text may hold fewer occurrences than before, or none in the window: what was known of it goes.
                replaced = tuple(id_of(href) for href in changed)
                events = tuple(reading.events)
                return Changes(events, ids, replaced, _SYNC + token, unreadable=reading.unreadable)
        raise CalendarAway("too many changes")

    def _changed_since(self, token: str) -> Multistatus:
        try:
            _, found = self._http.report("REPORT", self._url, sync_collection(token), 0)
        except (DavError, Refused, BadRequest, Changed) as error:  # servers refuse an old token in many ways
            raise TokenGone(str(error)) from error
        if not found.sync_token:
            raise TokenGone("no token came back")
        return found

    def _texts(self, hrefs: Sequence[str], window: Window) -> tuple[Reading, list[str]]:
        """The events in these resources, and which of them are not there any more."""
        documents, missing, size = list[Document](), list[str](), 0
        for some in _batches(hrefs):
            _, found = self._http.report("REPORT", self._url, multiget(some), 1)
            for one in found.responses:
                if one.status == 404:
                    missing.append(one.href)
                elif "calendar-data" in one.texts:
                    text = one.texts["calendar-data"]
                    size += len(text)
                    documents.append(Document(text, id_of(one.href), one.texts.get("getetag", "")))
            if size > _MOST_BYTES:
                raise CalendarAway("too many events")
        return self._reader.read(documents, window.span, window.zone), missing

    def look(self, event_id: str) -> Seen:
        answer = self._http.send("GET", self._address(event_id))
        if answer.status in (404, 410):
            return Unseen.MISSING if self._tells_deletions else Unseen.DELETED
        if answer.status != 200:
            raise failure_of(answer)
        document = Document(_text(answer.body), event_id, header(answer, "ETag"))
        now = self._now()
        found = self._reader.read([document], Span(now, now + _SLICE), self._zone)
        ours = next((one for one in found.events if _is(one, event_id)), None)
        if ours is None:
            raise CalendarAway("the event cannot be read")
        return ours

    def write(self, event_id: str, written: Written, etag: str) -> str:
        if etag:
            text = self._current(event_id, etag)
            body = _brought_up_to_date(text, written, self._now())
            condition = {"If-Match": etag}
        else:
            body, condition = new_object(written, self._now()), {"If-None-Match": "*"}
        headers = {"Content-Type": _OBJECT, **condition}
        answer = self._http.send("PUT", self._address(event_id), body, headers)
        if answer.status in (404, 409, 412):
            raise Changed(f"HTTP {answer.status}")
        if answer.status not in (200, 201, 204):
            raise failure_of(answer)
        return header(answer, "ETag")

    def remove(self, event_id: str, etag: str) -> None:
        condition = {"If-Match": etag} if etag else {}
        answer = self._http.send("DELETE", self._address(event_id), headers=condition)
        if answer.status not in (200, 202, 204, 404, 410):
            raise failure_of(answer)

    def _current(self, event_id: str, etag: str) -> str:
        """The object as it is: what its owner has written into it stays there. Raises Changed."""
        answer = self._http.send("GET", self._address(event_id))
        if answer.status in (404, 410) or (answer.status == 200 and header(answer, "ETag") != etag):
            raise Changed(f"HTTP {answer.status}")
        if answer.status != 200:
            raise failure_of(answer)
        return _text(answer.body) if len(answer.body) <= _OUR_BYTES else ""

    def _address(self, event_id: str) -> str:
        return urljoin(self._url, f"{quote(event_id, safe='')}.ics")


def id_of(href: str) -> str:
    """What a resource is known by: its own name. For one of ours the id that it was written under."""
    name = same_place(href).rstrip("/").rpartition("/")[2].removesuffix(".ics")
    return name if len(name) <= 200 else event_id(name, 0)


def _is(event: ForeignEvent, wanted: str) -> bool:
    mark = event.mark
    return mark is not None and mark.connection_id is not None and event_id(mark.uid, mark.connection_id) == wanted


def _brought_up_to_date(text: str, written: Written, now: datetime) -> bytes:
    try:
        return changed_object(text, written, now)
    except ValueError:  # what somebody else has made of it is no calendar any more
        return new_object(written, now)


def _text(body: bytes) -> str:
    return body.decode("utf-8", "replace")


def _slices(span: Span) -> Iterator[tuple[datetime, datetime]]:
    start = span.start
    while start < span.end:
        yield start, min(start + _SLICE, span.end)
        start += _SLICE


def _batches(hrefs: Sequence[str]) -> Iterable[Sequence[str]]:
    return (hrefs[at : at + _AT_ONCE] for at in range(0, len(hrefs), _AT_ONCE))
