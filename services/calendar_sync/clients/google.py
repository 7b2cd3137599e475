"""A Google calendar over its REST API v3: read by sync tokens, written under ids that we choose."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from services.calendar_sync.clients.google_http import GoogleHttp, NotThere
from services.calendar_sync.clients.remote import Choice, Window
from services.calendar_sync.core.events import Changes, ForeignEvent, Written
from services.calendar_sync.core.failures import CalendarAway, Changed, Refused
from services.calendar_sync.core.google_events import FIELDS as EVENT_FIELDS
from services.calendar_sync.core.google_events import (
    LIST_FIELDS,
    BadEvent,
    changed_event,
    new_event,
    read_event,
)
from services.calendar_sync.core.merging import Seen, Unseen

_PAGE_EVENTS = 250
_MOST_PAGES = 40  # ten thousand events in a little more than a year
CHANNEL_LIFE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Channel:
    """Where Google posts to when something changes, until it ends."""

    resource_id: str
    expires_at: datetime


class GoogleCalendar:
    """services.calendar_sync.clients.remote.WritableCalendar for one calendar of one account."""

    def __init__(self, http: GoogleHttp, calendar_id: str) -> None:
        self._http = http
        self._events = f"/calendars/{quote(calendar_id, safe='')}/events"

    def changes(self, token: str, window: Window) -> Changes:
        events: list[ForeignEvent] = []
        unreadable, page = 0, ""
        for _ in range(_MOST_PAGES):
            found = self._page(token, window, page)
            zone = str(found.get("timeZone") or window.zone)
            for one in found.get("items", ()):
                try:
                    events.append(read_event(one, zone))
                except BadEvent:
                    unreadable += 1
            page = str(found.get("nextPageToken", ""))
            if not page:
                next_token = str(found.get("nextSyncToken", ""))
                return Changes(tuple(events), token=next_token, is_full=not token, unreadable=unreadable)
        raise CalendarAway("too many events")

    def _page(self, token: str, window: Window, page: str) -> dict[str, Any]:
        query = {"singleEvents": "true", "maxResults": str(_PAGE_EVENTS), "fields": LIST_FIELDS}
        if token:
            query["syncToken"] = token
        else:
            query |= {"timeMin": _stamp(window.span.start), "timeMax": _stamp(window.span.end)}
        if page:
            query["pageToken"] = page
        try:
            return self._http.ask("GET", self._events, query=query)
        except NotThere as error:
            raise Refused("the calendar is not there any more") from error

    def look(self, event_id: str) -> Seen:
        try:
            found = self._http.ask("GET", self._event(event_id), query={"fields": EVENT_FIELDS})
            return read_event(found, "UTC")
        except NotThere as error:
            return Unseen.DELETED if error.was_there else Unseen.MISSING
        except BadEvent as error:
            raise CalendarAway("the event cannot be read") from error

    def write(self, event_id: str, written: Written, etag: str) -> str:
        fields = {"fields": "etag"}
        try:
            if etag:
                body = changed_event(written)
                found = self._http.ask("PATCH", self._event(event_id), query=fields, body=body, etag=etag)
            else:
                found = self._http.ask("POST", self._events, query=fields, body=new_event(event_id, written))
        except NotThere as error:
            raise Changed("the event is not there") from error
        return str(found.get("etag", ""))

    def remove(self, event_id: str, etag: str) -> None:
        try:
            self._http.ask("DELETE", self._event(event_id), etag=etag)
        except NotThere:
            pass  # as it should be

    def watch(self, channel_id: str, secret: str, address: str) -> Channel:
        """Have every change told to `address`; `secret` comes with each message."""
        body = {
            "id": channel_id,
            "type": "web_hook",
            "address": address,
            "token": secret,
            "params": {"ttl": str(int(CHANNEL_LIFE.total_seconds()))},
        }
        try:
            found = self._http.ask("POST", f"{self._events}/watch", body=body)
        except NotThere as error:
            raise Refused("the calendar is not there any more") from error
        until = int(found.get("expiration", 0)) / 1000
        return Channel(str(found.get("resourceId", "")), datetime.fromtimestamp(until, UTC))

    def _event(self, event_id: str) -> str:
        return f"{self._events}/{quote(event_id, safe='')}"


def stop_channel(http: GoogleHttp, channel_id: str, resource_id: str) -> None:
    """No more messages of this channel; one that has ended is fine."""
    try:
        http.ask("POST", "/channels/stop", body={"id": channel_id, "resourceId": resource_id})
    except NotThere:
        pass


def calendars(http: GoogleHttp) -> list[Choice]:
    """The calendars of the account that we could write into, its own first."""
    query = {"minAccessRole": "writer", "maxResults": "250", "fields": "items(id,summary,summaryOverride,primary)"}
    try:
        found = http.ask("GET", "/users/me/calendarList", query=query)
    except NotThere as error:
        raise Refused("the account has no calendars") from error
    choices = [
        Choice(str(one["id"]), str(one.get("summaryOverride") or one.get("summary", "")), bool(one.get("primary")))
        for one in found.get("items", ())
    ]
    return sorted(choices, key=lambda one: (not one.is_usual, one.name))


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
