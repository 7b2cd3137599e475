"""A business's services and resources, read as values (K1, K2)."""

from __future__ import annotations

import logging
from collections import defaultdict
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.accounts.businesses import policy_of
from services.db.models import BusinessSettings, Resource, Service, ServiceResource
from services.policy.catalogue import Catalogue, ResourceRules, ServiceRules
from services.policy.settings import Policy, PolicyError, build_policy

log = logging.getLogger(__name__)


def catalogue_of(session: Session) -> Catalogue:
    """Of the session's business, as it is now."""
    return catalogue_with(session, policy_of(session.scalars(select(BusinessSettings)).one()))


def catalogue_with(session: Session, policy: Policy) -> Catalogue:
    """The same where the business's own rules are known already."""
    resources = session.scalars(select(Resource).order_by(Resource.position, Resource.id))
    services = session.scalars(select(Service).order_by(Service.position, Service.id)).all()
    givers: defaultdict[int, set[int]] = defaultdict(set)
    if services:
        for service_id, resource_id in session.execute(select(ServiceResource.service_id, ServiceResource.resource_id)):
            givers[service_id].add(resource_id)
    return Catalogue(
        policy,
        tuple(_service(row, frozenset(givers[row.id])) for row in services),
        tuple(_resource(row, policy) for row in resources),
    )


def _service(row: Service, given_by: frozenset[int]) -> ServiceRules:
    return ServiceRules(
        id=row.id,
        name=row.name,
        called=tuple(row.called),
        length_min=row.length_min,
        before_min=row.before_min,
        after_min=row.after_min,
        price=row.price,
        on_request=row.on_request,
        capacity=row.capacity,
        active=row.active,
        given_by=given_by,
    )


def _resource(row: Resource, rules: Policy) -> ResourceRules:
    return ResourceRules(
        id=row.id,
        name=row.name,
        policy=_policy_of(row, rules),
        called=tuple(row.called),
        kind=row.kind.value,
        active=row.active,
    )


def _policy_of(row: Resource, rules: Policy) -> Policy:
    """The business's rules with the resource's own hours and days off. Hours that cannot be read are none: nothing is
    booked by a guess."""
    if row.opening_hours_json is None and not row.days_off:
        return rules
    try:
        own = build_policy({"opening_hours_json": row.opening_hours_json, "days_off": row.days_off})
    except PolicyError as error:
        log.warning("[POLICY] resource %d of business %d cannot be booked: %s", row.id, row.business_id, error)
        return replace(rules, weekly=((),) * 7)
    weekly = rules.weekly if row.opening_hours_json is None else own.weekly
    return replace(rules, weekly=weekly, days_off=own.days_off)
