"""Services, people and whoever is free: one wish over many diaries (K1, K2, K3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.business_policy import Policy, Span, build_policy
from services.policy.catalogue import Catalogue, ResourceRules, ServiceRules, Want
from services.policy.diary import ClassTime, Diary
from services.policy.openings import judge, nearest_openings, openings_on
from services.policy.spans import joined, without

ZONE = ZoneInfo("Asia/Jerusalem")
NOW = datetime(2027, 3, 1, 7, 0, tzinfo=UTC)  # a Monday, 09:00 in Israel
TUESDAY = date(2027, 3, 2)
HOURS = {day: [["09:00", "17:00"]] for day in ("sun", "mon", "tue", "wed", "thu")}
LEVI, HADDAD, BAR = 1, 2, 3
CHECK_UP, ROOT_CANAL, CLEANING, WHITENING, NOBODYS, YOGA = 11, 12, 13, 14, 15, 16


def business() -> Policy:
    return build_policy({"opening_hours_json": HOURS, "slot_size_min": 30, "observe_holidays": False})


def own(**settings: object) -> Policy:
    read = build_policy(settings)
    return replace(business(), weekly=read.weekly if settings.get("opening_hours_json") else business().weekly,
                   days_off=read.days_off)  # fmt: skip


def clinic(**policies: Policy) -> Catalogue:
    people = ((LEVI, 'ד"ר לוי', "levi"), (HADDAD, 'ד"ר חדאד', "haddad"), (BAR, "רותם בר", "bar"))
    services = (
        ServiceRules(CHECK_UP, "בדיקה", 30, given_by=frozenset({LEVI, HADDAD})),
        ServiceRules(ROOT_CANAL, "טיפול שורש", 60, after_min=15, given_by=frozenset({HADDAD})),
        ServiceRules(CLEANING, "ניקוי אבנית", 30, given_by=frozenset({BAR})),
        ServiceRules(WHITENING, "הלבנה", 60, on_request=True, given_by=frozenset({LEVI})),
        ServiceRules(NOBODYS, "יישור", 30),
        ServiceRules(YOGA, "yoga", 60, before_min=10, capacity=8, given_by=frozenset({LEVI, HADDAD})),
    )
    return Catalogue(
        business(),
        services,
        tuple(ResourceRules(number, name, policies.get(key, business())) for number, name, key in people),
    )


def at(hour: int, minute: int = 0, day: date = TUESDAY) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE)


def busy(*spans: tuple[datetime, datetime], **more: object) -> Diary:
    return Diary(spans, begun=[start for start, _ in spans], **more)  # type: ignore[arg-type]


def test_a_business_without_services_or_people_has_one_of_each() -> None:
    plan = Catalogue(business(), resources=(ResourceRules(7, "", business()),)).plan()
    assert (plan.refusal, plan.need.length) == ("", timedelta(minutes=30))
    assert judge(plan, at(10), NOW, {}).resource == 7
    refused = judge(plan, at(10), NOW, {7: busy((at(10), at(10, 30)))})
    assert (refused.rule, refused.resource) == ("busy", 7)
    assert refused.words("en") == "Tuesday, 2 March at 10:00 is already taken."


@pytest.mark.parametrize(
    ("want", "rule", "words"),
    [
        (Want(CLEANING, LEVI), "does_not_give", "ניקוי אבנית is not done by ד״ר לוי."),
        (Want(WHITENING), "on_request", "הלבנה is not booked by telephone, only by arrangement with the business."),
        (Want(NOBODYS), "nobody_gives", "יישור: nobody here does it at present."),
        (Want(99), "no_such_service", "That is not done here."),
        (Want(CHECK_UP, 99), "no_such_person", "takes no appointments here."),
    ],
)
def test_what_the_catalogue_cannot_give_is_refused_with_its_reason(want: Want, rule: str, words: str) -> None:
    plan = clinic().plan(want)
    verdict = judge(plan, at(10), NOW, {})
    assert (verdict.rule, verdict.ok) == (rule, False)
    assert words in verdict.words("en")
    for language in ("he", "ar", "ru"):
        assert verdict.words(language)
        assert "{" not in verdict.words(language)
    assert openings_on(plan, TUESDAY, NOW, {}) == []
    assert nearest_openings(plan, at(10), NOW, {}) == []


def test_who_gives_a_service_and_what_nobody_does() -> None:
    catalogue = clinic()
    assert [each.id for each in catalogue.who_gives(CHECK_UP)] == [LEVI, HADDAD]
    assert [each.id for each in catalogue.who_gives(None)] == [LEVI, HADDAD, BAR]
    assert [each.id for each in catalogue.given_by_nobody] == [NOBODYS]
    gone = replace(catalogue, resources=tuple(replace(each, active=each.id != BAR) for each in catalogue.resources))
    assert [each.id for each in gone.given_by_nobody] == [CLEANING, NOBODYS]
    assert gone.plan(Want(CLEANING)).refusal == "nobody_gives"
    assert gone.plan(Want(CLEANING, BAR)).refusal == "no_such_person"


def test_the_owner_books_without_notice_and_what_is_on_request() -> None:
    catalogue = clinic().for_owner()
    assert judge(catalogue.plan(Want(WHITENING)), at(10), NOW, {}).ok
    assert judge(catalogue.plan(Want(CHECK_UP)), NOW + timedelta(minutes=30), NOW, {}).ok


def test_whoever_is_free_has_the_fewest_appointments_that_day_then_stands_first() -> None:
    plan = clinic().plan(Want(CHECK_UP))
    assert judge(plan, at(10), NOW, {}).resource == LEVI
    diaries = {LEVI: busy((at(15), at(15, 30)))}
    assert judge(plan, at(10), NOW, diaries).resource == HADDAD
    other_day = {LEVI: busy((at(15, day=date(2027, 3, 3)), at(15, 30, day=date(2027, 3, 3))))}
    assert judge(plan, at(10), NOW, other_day).resource == LEVI
    assert judge(replace(plan, prefer=LEVI), at(10), NOW, diaries).resource == LEVI
    full = {LEVI: busy((at(9), at(17)))}
    assert {each.resource_id for each in openings_on(plan, TUESDAY, NOW, full)} == {HADDAD}


def test_only_dr_levi_means_dr_levi_and_the_refusal_names_her() -> None:
    diaries = {LEVI: busy((at(10), at(10, 30)))}
    verdict = judge(clinic().plan(Want(CHECK_UP, LEVI)), at(10), NOW, diaries)
    assert (verdict.rule, verdict.resource) == ("busy", LEVI)
    assert verdict.words("en") == "Tuesday, 2 March at 10:00 is already taken with ד״ר לוי."
    nobody = judge(clinic().plan(Want(CHECK_UP)), at(10), NOW, {**diaries, HADDAD: diaries[LEVI]})
    assert (nobody.rule, nobody.resource) == ("busy", None)
    assert nobody.words("en") == "Tuesday, 2 March at 10:00 is already taken."


def test_the_rule_that_refused_is_the_persons_own() -> None:
    away = own(days_off=[["2027-03-01", "2027-03-02"]])
    part_time = own(opening_hours_json={"tue": [["13:00", "16:00"]]})
    catalogue = clinic(levi=away, haddad=part_time)
    levi = judge(catalogue.plan(Want(CHECK_UP, LEVI)), at(10), NOW, {})
    assert (levi.rule, levi.resource) == ("day_off", LEVI)
    assert levi.words("he") == "אין קבלה אצל ד״ר לוי ביום שלישי, 2 במרץ."
    haddad = judge(catalogue.plan(Want(CHECK_UP, HADDAD)), at(10), NOW, {})
    assert haddad.words("en") == "10:00 is outside the hours of ד״ר חדאד on Tuesday, 2 March: 13:00–16:00."
    monday = judge(catalogue.plan(Want(CHECK_UP, HADDAD)), at(10, day=date(2027, 3, 8)), NOW, {})
    assert monday.words("en") == "ד״ר חדאד does not work on Mondays."
    whoever = judge(catalogue.plan(Want(CHECK_UP)), at(10), NOW, {})
    assert (whoever.rule, whoever.resource) == ("outside_hours", None)
    assert whoever.words("en").endswith("13:00–16:00.")


def test_hours_of_several_are_told_together() -> None:
    early = own(opening_hours_json={"tue": [["09:00", "12:00"]]})
    late = own(opening_hours_json={"tue": [["11:00", "14:00"], ["16:00", "17:00"]]})
    verdict = judge(clinic(levi=early, haddad=late).plan(Want(CHECK_UP)), at(15), NOW, {})
    assert verdict.words("en").endswith("09:00–14:00, 16:00–17:00.")


def test_the_time_after_a_service_is_kept_free_and_may_reach_beyond_the_hours() -> None:
    plan = clinic().plan(Want(ROOT_CANAL))
    last = judge(plan, at(16), NOW, {})
    assert last.ok
    assert last.end == at(17)
    assert last.taken == Span(at(16), at(17, 15))
    starts = [f"{each.start:%H:%M}" for each in openings_on(plan, TUESDAY, NOW, {HADDAD: busy((at(11), at(12)))})]
    assert starts == ["09:00", "09:30", "12:00", "12:30", "13:00", "13:30", "14:00", "14:30", "15:00", "15:30", "16:00"]


def test_a_class_is_filled_first_and_keeps_the_times_it_was_booked_with() -> None:
    plan = clinic().plan(Want(YOGA))
    told, taken = Span(at(10).astimezone(UTC), at(11).astimezone(UTC)), Span(at(9, 50), at(11))

    def with_seats(gone: int, span: Span = told) -> dict[int, Diary]:
        return {HADDAD: Diary([taken], [ClassTime(YOGA, span, taken, gone)], [taken.start])}

    joined_class = judge(plan, at(10), NOW, with_seats(7))
    assert (joined_class.resource, joined_class.taken) == (HADDAD, taken)
    assert judge(plan, at(10), NOW, with_seats(8)).resource == LEVI, "another class begins with somebody else"
    only = clinic().plan(Want(YOGA, HADDAD))
    assert judge(only, at(10), NOW, with_seats(8)).rule == "busy"
    assert judge(clinic().plan(Want(CHECK_UP, HADDAD)), at(10), NOW, with_seats(1)).rule == "busy"
    longer = judge(only, at(10), NOW, with_seats(1, Span(told.start, at(11, 15).astimezone(UTC))))
    assert longer.end == at(11, 15), "booked when the class took longer"
    assert at(10) in [each.start for each in openings_on(only, TUESDAY, NOW, with_seats(7))]
    assert at(10) not in [each.start for each in openings_on(only, TUESDAY, NOW, with_seats(8))]


def test_a_class_with_seats_is_found_behind_one_that_is_full() -> None:
    first = Span(at(10), at(11)), Span(at(9, 50), at(11, 10))
    second = Span(at(11, 30), at(12, 30)), Span(at(11, 10), at(12, 30))
    classes = [
        ClassTime(YOGA, *(Span(each.start.astimezone(UTC), each.end.astimezone(UTC)) for each in spans), gone)
        for spans, gone in ((first, 8), (second, 1))
    ]
    diaries = {LEVI: Diary([first[1], second[1]], classes)}
    starts = [each.start for each in openings_on(clinic().plan(Want(YOGA, LEVI)), TUESDAY, NOW, diaries)]
    assert at(10) not in starts
    assert at(11, 30) in starts


@pytest.mark.parametrize("day", [date(2027, 3, 26), date(2027, 10, 31)])
def test_on_both_days_of_the_clock_everybody_is_offered_each_instant_once(day: date) -> None:
    """An hour that is skipped is nobody's; one that is shown twice is two hours."""
    night = own(opening_hours_json={key: [["00:00", "06:00"]] for key in ("sun", "fri", "mon", "sat")})
    catalogue = clinic(levi=night, haddad=night)
    catalogue = replace(catalogue, policy=replace(catalogue.policy, booking_window_days=400))
    catalogue = replace(
        catalogue,
        resources=tuple(
            replace(each, policy=replace(each.policy, booking_window_days=400)) for each in catalogue.resources
        ),
    )
    plan = catalogue.plan(Want(CHECK_UP))
    found = openings_on(plan, day, NOW, {})
    instants = [each.start.astimezone(UTC) for each in found]
    assert len(set(instants)) == len(instants) == (10 if day.month == 3 else 14)
    assert all(later - earlier == timedelta(minutes=30) for earlier, later in pairwise(instants))
    for each in found:
        assert judge(plan, each.start.astimezone(UTC), NOW, {}).ok


# -- any catalogue ---------------------------------------------------------------------------------------------------

quarter = timedelta(minutes=15)
taken_spans = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 8)), max_size=6)


def placed(relative: list[tuple[int, int]]) -> list[Span]:
    return [Span(at(8) + start * quarter, at(8) + (start + length) * quarter) for start, length in relative]


hours = st.sampled_from([HOURS, {"tue": [["13:00", "16:00"]]}, {"tue": [["08:15", "12:00"], ["12:00", "20:00"]]}, {}])
absences = st.sampled_from([[], [["2027-03-02", "2027-03-02"]], [["2027-02-01", "2027-03-01"]]])
policies = st.builds(lambda h, d: own(opening_hours_json=h, days_off=d) if h else own(days_off=d), hours, absences)
wants = st.builds(
    Want,
    st.sampled_from([None, CHECK_UP, ROOT_CANAL, CLEANING, YOGA]),
    st.sampled_from([None, LEVI, HADDAD, BAR]),
)
diaries_of = st.fixed_dictionaries({number: taken_spans.map(placed) for number in (LEVI, HADDAD, BAR)})


@settings(max_examples=120, deadline=None)
@given(policies, policies, wants, diaries_of)
def test_whoever_is_offered_gives_it_and_is_free_with_the_time_around_it(
    levi: Policy, haddad: Policy, want: Want, taken: dict[int, list[Span]]
) -> None:
    catalogue = clinic(levi=levi, haddad=haddad)
    plan = catalogue.plan(want)
    diaries = {number: Diary(spans, begun=[span.start for span in spans]) for number, spans in taken.items()}
    for each in openings_on(plan, TUESDAY, NOW, diaries):
        assert each.resource_id in {giver.id for giver in catalogue.who_gives(want.service_id)}
        assert want.resource_id in (None, each.resource_id)
        verdict = judge(plan, each.start, NOW, diaries)
        assert (verdict.rule, verdict.resource) == ("ok", each.resource_id), "what is offered is who it will be"
        assert verdict.taken is not None
        assert not any(verdict.taken.overlaps(span) for span in taken[each.resource_id])


@settings(max_examples=120, deadline=None)
@given(policies, policies, wants.filter(lambda want: want.resource_id is None), diaries_of)
def test_a_time_is_free_exactly_when_somebody_is_free_then(
    levi: Policy, haddad: Policy, want: Want, taken: dict[int, list[Span]]
) -> None:
    catalogue = clinic(levi=levi, haddad=haddad)
    diaries = {number: Diary(spans) for number, spans in taken.items()}
    whoever = {each.start for each in openings_on(catalogue.plan(want), TUESDAY, NOW, diaries)}
    each_alone = {
        opening.start
        for giver in catalogue.who_gives(want.service_id)
        for opening in openings_on(catalogue.plan(replace(want, resource_id=giver.id)), TUESDAY, NOW, diaries)
    }
    assert whoever == each_alone


@given(taken_spans.map(placed), taken_spans.map(placed))
def test_spans_without_others_cover_the_rest_and_nothing_else(spans: list[Span], holes: list[Span]) -> None:
    left = without(spans, holes)
    assert left == joined(left)
    for step in range(60):
        moment = at(8) + step * quarter + timedelta(minutes=7)
        inside = any(span.start <= moment < span.end for span in spans)
        hidden = any(span.start <= moment < span.end for span in holes)
        assert any(span.start <= moment < span.end for span in left) == (inside and not hidden)
