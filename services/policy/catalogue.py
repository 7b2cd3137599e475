"""What can be booked of a business and with whom: its services and its resources as values (K1, K2).

Pure. A resource is a person, a room or a chair: one column of the diary. A business without services has one of
`slot_size_min`, and a business without people has one resource without a name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from services.policy.diary import Need
from services.policy.settings import Policy, owners_policy


@dataclass(frozen=True, slots=True)
class Want:
    """What a caller wishes: None for what is not said. resource_id None: whoever is free, of `among` where it is not
    empty."""

    service_id: int | None = None
    resource_id: int | None = None
    among: tuple[int, ...] = ()


ANYTHING = Want()


@dataclass(frozen=True, slots=True)
class ServiceRules:
    """`called`: what callers call it besides its name. `price`: in words. `on_request`: not booked by telephone.
    `capacity`: callers at once. `given_by`: ids of resources, whether they still work here or not."""

    id: int
    name: str
    length_min: int
    called: tuple[str, ...] = ()
    before_min: int = 0
    after_min: int = 0
    price: str = ""
    on_request: bool = False
    capacity: int = 1
    active: bool = True
    given_by: frozenset[int] = frozenset()

    @property
    def need(self) -> Need:
        minute = timedelta(minutes=1)
        return Need(self.length_min * minute, self.before_min * minute, self.after_min * minute, self.capacity, self.id)


@dataclass(frozen=True, slots=True)
class ResourceRules:
    """`policy`: the business's rules with this resource's own hours and days off. `name`: "" for the one resource of a
    business that has named none. `kind`: "person" or "room"."""

    id: int
    name: str
    policy: Policy
    called: tuple[str, ...] = ()
    kind: str = "person"
    active: bool = True


@dataclass(frozen=True, slots=True)
class Plan:
    """A wish as the calendar can look for it. `givers`: who may have it, in the order of the business. `refusal`: the
    rule that says why nobody can; `who` and `service`: names for its sentence; `prefer`: who is taken if free, whoever
    else is too."""

    policy: Policy
    need: Need
    givers: tuple[ResourceRules, ...] = ()
    refusal: str = ""
    who: str = ""
    service: str = ""
    prefer: int | None = None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Services and resources in the order of the business, those that are no longer offered too. `policy`: of the
    business itself."""

    policy: Policy
    services: tuple[ServiceRules, ...] = ()
    resources: tuple[ResourceRules, ...] = ()
    by_owner: bool = field(default=False, kw_only=True)

    @property
    def offered(self) -> tuple[ServiceRules, ...]:
        return tuple(each for each in self.services if each.active)

    @property
    def bookable(self) -> tuple[ServiceRules, ...]:
        """Services that callers can book: offered by telephone, and somebody here gives them."""
        return tuple(each for each in self.offered if not each.on_request and self.who_gives(each.id))

    @property
    def team(self) -> tuple[ResourceRules, ...]:
        return tuple(each for each in self.resources if each.active)

    @property
    def given_by_nobody(self) -> tuple[ServiceRules, ...]:
        """Services that are offered although nobody here gives them."""
        return tuple(each for each in self.offered if not self.who_gives(each.id))

    def service(self, service_id: int | None) -> ServiceRules | None:
        return next((each for each in self.services if each.id == service_id), None)

    def resource(self, resource_id: int | None) -> ResourceRules | None:
        return next((each for each in self.resources if each.id == resource_id), None)

    def who_gives(self, service_id: int | None) -> tuple[ResourceRules, ...]:
        """Those of the team who give a service; all of them when none is named."""
        service = self.service(service_id)
        return tuple(each for each in self.team if service is None or each.id in service.given_by)

    def for_owner(self) -> Catalogue:
        """The rules for what the owner enters by hand: without notice and window, and what is on request too."""
        owned = tuple(replace(each, policy=owners_policy(each.policy)) for each in self.resources)
        return replace(self, policy=owners_policy(self.policy), resources=owned, by_owner=True)

    def plan(self, want: Want = ANYTHING, duration_min: int | None = None, stands: Want | None = None) -> Plan:
        """The wish as the calendar can look for it; duration_min instead of the service's own length.

        stands: what an appointment that is to be moved was made for. Its service can be had further on, and with the
        same person, whatever has changed since.
        """
        service, wanted = self.service(want.service_id), self.resource(want.resource_id)
        need = service.need if service else Need(timedelta(minutes=self.policy.slot_size_min))
        if duration_min is not None:
            need = replace(need, length=timedelta(minutes=duration_min))
        is_kept = stands is not None and stands.service_id == want.service_id
        givers = self.who_gives(want.service_id)
        if is_kept and stands is not None:
            givers = tuple(each for each in self.team if each in givers or each.id == stands.resource_id)
        refusal = ("" if is_kept else self._service_refusal(want, service)) or self._person_refusal(want, givers)
        if want.resource_id is not None:
            givers = tuple(each for each in givers if each.id == want.resource_id)
        elif want.among:
            givers = tuple(each for each in givers if each.id in want.among)
        who = wanted.name if wanted else ", ".join(each.name for each in self.resources if each.id in want.among)
        name = service.name if service else ""
        return Plan(self.policy, need, () if refusal else givers, refusal, who, name)

    def _service_refusal(self, want: Want, service: ServiceRules | None) -> str:
        if want.service_id is not None and (service is None or not service.active):
            return "no_such_service"
        return "on_request" if service is not None and service.on_request and not self.by_owner else ""

    def _person_refusal(self, want: Want, givers: Sequence[ResourceRules]) -> str:
        wanted = self.resource(want.resource_id)
        if want.resource_id is not None and (wanted is None or not wanted.active):
            return "no_such_person"
        if not givers:
            return "nobody_gives"
        if want.among and not any(each.id in want.among for each in givers):
            return "does_not_give"
        return "" if wanted is None or wanted in givers else "does_not_give"
