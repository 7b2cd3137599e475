"""The events of Google calendars: ids, ETags, deletions that are remembered, a log of changes for sync tokens."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import rruleset, rrulestr

_ID = re.compile(r"^[a-v0-9]{5,1024}$")
_FAR = timedelta(days=800)


class Refusal(Exception):
    """status and reason as Google tells them."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


@dataclass(slots=True)
class Stored:
    """body: the event's JSON without its ETag. change: where in the log it stands last."""

    body: dict[str, Any]
    change: int

    @property
    def id(self) -> str:
        return str(self.body["id"])

    @property
    def etag(self) -> str:
        return f'"{self.change}"'

    @property
    def is_deleted(self) -> bool:
        return self.body.get("status") == "cancelled"


@dataclass(slots=True)
class GoogleCalendarStore:
    """One calendar. Change it through its methods only: they write the log."""

    id: str
    name: str = "Calendar"
    zone: str = "Asia/Jerusalem"
    is_primary: bool = True
    events: dict[str, Stored] = field(default_factory=dict)
    changes: int = 0
    generation: int = 1  # of sync tokens; older ones are gone

    def insert(self, body: dict[str, Any]) -> Stored:
        event_id = str(body.get("id") or secrets.token_hex(13))
        if not _ID.match(event_id):
            raise Refusal(400, "invalid")
        if event_id in self.events:  # a deleted one is there as well
            raise Refusal(409, "duplicate")
        return self.put({"status": "confirmed", **body, "id": event_id})

    def patch(self, event_id: str, body: dict[str, Any], etag: str) -> Stored:
        stored = self.matching(event_id, etag)
        return self.put(_patched(stored.body, body))

    def update(self, event_id: str, body: dict[str, Any], etag: str) -> Stored:
        self.matching(event_id, etag)
        return self.put({"status": "confirmed", **body, "id": event_id})

    def delete(self, event_id: str, etag: str = "") -> None:
        stored = self.matching(event_id, etag)
        if stored.is_deleted:
            raise Refusal(410, "deleted")
        self.put({**stored.body, "status": "cancelled"})

    def matching(self, event_id: str, etag: str = "") -> Stored:
        """The event, in this version if one is named. Raises Refusal."""
        stored = self.events.get(event_id)
        if stored is None:
            raise Refusal(404, "notFound")
        if etag and etag != stored.etag:
            raise Refusal(412, "conditionNotMet")
        return stored

    def lose(self, event_id: str) -> None:
        """As if it had never been there: no deletion is told."""
        del self.events[event_id]

    def token(self) -> str:
        return f"sync{self.generation}.{self.changes}"

    def forget_tokens(self) -> None:
        self.generation += 1

    def since(self, token: str) -> list[dict[str, Any]]:
        """What has changed since a token, deleted events too. Raises Refusal."""
        generation, _, change = token.removeprefix("sync").partition(".")
        if generation != str(self.generation) or not change.isdigit():
            raise Refusal(410, "fullSyncRequired")
        return self._expanded(after=int(change), window=None)

    def between(self, start: datetime, end: datetime) -> list[dict[str, Any]]:
        """What there is in [start, end), recurring events as their occurrences."""
        return [one for one in self._expanded(after=0, window=(start, end)) if one.get("status") != "cancelled"]

    def put(self, body: dict[str, Any]) -> Stored:
        """Write it as it is, whatever there was before."""
        self.changes += 1
        stored = Stored(body, self.changes)
        self.events[stored.id] = stored
        return stored

    def _expanded(self, *, after: int, window: tuple[datetime, datetime] | None) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for stored in self.events.values():
            if stored.change <= after:
                continue
            each = self._occurrences(stored) if stored.body.get("recurrence") else iter((self.told(stored),))
            found += (one for one in each if window is None or _touches(one, self.zone, *window))
        return found

    def _occurrences(self, master: Stored) -> Iterator[dict[str, Any]]:
        exceptions = {one.body["id"] for one in self.events.values() if one.body.get("recurringEventId") == master.id}
        start, end = (moment_of(master.body[side], self.zone) for side in ("start", "end"))
        local = start.astimezone(ZoneInfo(master.body["start"].get("timeZone") or self.zone)).replace(tzinfo=None)
        rules = rrulestr("\n".join(master.body["recurrence"]), dtstart=local, forceset=True, ignoretz=True)
        assert isinstance(rules, rruleset)
        zone = ZoneInfo(master.body["start"].get("timeZone") or self.zone)
        for at in rules.between(local - timedelta(days=1), local + _FAR):
            begins = at.replace(tzinfo=zone).astimezone(UTC)
            occurrence_id = f"{master.id}_{begins:%Y%m%dT%H%M%SZ}"
            if occurrence_id in exceptions:
                continue  # stands in the list by itself
            body = {key: value for key, value in master.body.items() if key != "recurrence"}
            body |= {"id": occurrence_id, "recurringEventId": master.id, "etag": master.etag}
            body["start"], body["end"] = timed(begins), timed(begins + (end - start))
            yield body

    def told(self, stored: Stored) -> dict[str, Any]:
        """The event as it goes out."""
        return {**deepcopy(stored.body), "etag": stored.etag, "kind": "calendar#event"}


def timed(moment: datetime) -> dict[str, str]:
    """A start or an end."""
    return {"dateTime": moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}


def moment_of(value: dict[str, Any], zone: str) -> datetime:
    if value.get("dateTime"):
        moment = datetime.fromisoformat(value["dateTime"])
        return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(value.get("timeZone") or zone))
    return datetime.fromisoformat(value["date"]).replace(tzinfo=ZoneInfo(zone))


def _touches(body: dict[str, Any], zone: str, start: datetime, end: datetime) -> bool:
    return moment_of(body["start"], zone) < end and moment_of(body["end"], zone) > start


def _patched(before: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """A merge patch: objects are merged, null takes away."""
    after = dict(before)
    for key, value in changes.items():
        if value is None:
            after.pop(key, None)
        elif isinstance(value, dict) and isinstance(after.get(key), dict):
            after[key] = _patched(after[key], value)
        else:
            after[key] = value
    return after
