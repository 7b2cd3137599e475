"""Finding somebody's calendars on a CalDAV server from the address, name and password that he knows (RFC 6764)."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from services.calendar_sync.clients.dav_http import DavError, DavHttp
from services.calendar_sync.clients.remote import Choice
from services.calendar_sync.core.dav_xml import DavResponse, NoDav, propfind
from services.calendar_sync.core.failures import BadRequest, CalendarAway, CalendarFailure, GrantLost, Refused

_ABOUT = propfind(
    "d:resourcetype",
    "d:displayname",
    "d:current-user-principal",
    "c:calendar-home-set",
    "c:supported-calendar-component-set",
    "d:current-user-privilege-set",
)
_WELL_KNOWN = "/.well-known/caldav"


def find_calendars(http: DavHttp, address: str) -> list[Choice]:
    """The calendars that we could write into. address: of a server, an account or a calendar.

    Raises GrantLost for a wrong password, Refused when there is no calendar, CalendarAway.
    """
    try:
        return _find(http, address)
    except NoDav as error:
        raise Refused(str(error)) from error
    except (DavError, BadRequest) as error:
        raise Refused(str(error)) from error


def _find(http: DavHttp, address: str) -> list[Choice]:
    url, own = _first_that_answers(http, address)
    if _is_calendar(own):
        return [_choice(url, own)]
    home = own.hrefs.get("calendar-home-set", "")
    if not home:
        principal = own.hrefs.get("current-user-principal", "")
        if not principal:
            raise Refused("no calendars there")
        url = urljoin(url, principal)
        url, found = http.report("PROPFIND", url, _ABOUT, 0)
        home = next((one.hrefs.get("calendar-home-set", "") for one in found.responses), "")
    if not home:
        raise Refused("no calendars there")
    # iCloud keeps them on another host than the one that everybody is told; a server that has our password may say so.
    url = urljoin(url, home)
    if urlsplit(url).scheme != urlsplit(address).scheme:
        raise Refused("it leads to another server")
    url, found = http.report("PROPFIND", url, _ABOUT, 1)
    return [_choice(urljoin(url, one.href), one) for one in found.responses if _is_calendar(one)]


def _first_that_answers(http: DavHttp, address: str) -> tuple[str, DavResponse]:
    """Where it goes on: at the address itself, else where the host says that CalDAV begins."""
    failed: CalendarFailure | NoDav = Refused("no calendars there")
    for url in dict.fromkeys((address, urljoin(address, _WELL_KNOWN))):
        try:
            url, found = http.report("PROPFIND", url, _ABOUT, 0)
        except (GrantLost, CalendarAway):
            raise
        except (CalendarFailure, NoDav) as error:
            failed = error
            continue
        own = next(iter(found.responses), DavResponse(""))
        if _is_calendar(own) or own.hrefs.get("calendar-home-set") or own.hrefs.get("current-user-principal"):
            return url, own
    raise failed


def _is_calendar(one: DavResponse) -> bool:
    """One for events that we may write into, as far as the server says."""
    kinds = one.kinds
    components = kinds.get("supported-calendar-component-set", frozenset({"VEVENT"}))
    may = kinds.get("current-user-privilege-set", frozenset({"write"}))
    is_writable = bool(may & {"write", "write-content", "bind", "all"}) or not may
    return "calendar" in kinds.get("resourcetype", frozenset()) and "VEVENT" in components and is_writable


def _choice(url: str, one: DavResponse) -> Choice:
    return Choice(url, one.texts.get("displayname", "") or urlsplit(url).path.rstrip("/").rpartition("/")[2])
