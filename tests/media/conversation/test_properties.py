"""Whatever a caller does, the invariants of the media path hold (hypothesis on the virtual clock)."""

from __future__ import annotations

import itertools

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from media.conversation.state import State
from tests.media.conversation.virtual_call import Plan, VirtualCall, tone

# What a caller, the line and Twilio may do, as (name, argument).
DEEDS = st.one_of(
    st.tuples(st.just("run"), st.integers(20, 2500)),
    st.tuples(st.just("noise"), st.integers(20, 1800)),
    st.tuples(st.just("words"), st.integers(200, 2000)),
    st.tuples(st.just("filler"), st.integers(100, 700)),
    st.tuples(st.just("mumble"), st.integers(100, 1200)),
    st.tuples(st.just("quiet voice"), st.integers(200, 900)),
)
WORLD = st.fixed_dictionaries(
    {
        "latency_ms": st.integers(0, 150),
        "lost_every": st.integers(2, 9),
        "late_every": st.integers(2, 9),
        "late_ms": st.integers(0, 3000),
        "lengths": st.lists(st.integers(0, 6000), min_size=3, max_size=3),
        "think_ms": st.integers(50, 1500),
        "sender_late_ms": st.integers(0, 60),
    }
)


def build(world: dict) -> VirtualCall:
    seen = iter(range(1, 10_000_000))

    def fate(name: str) -> float | None:
        number = next(seen)
        if number % world["lost_every"] == 0:
            return None
        return float(world["late_ms"]) if number % world["late_every"] == 0 else 0.0

    plans = [Plan(length_ms=length, think_ms=world["think_ms"]) for length in world["lengths"]] * 20
    call = VirtualCall(
        latency_ms=world["latency_ms"], mark_fate=fate, plans=plans, sender_late_ms=world["sender_late_ms"]
    )
    call.connect()
    call.run(1600)
    call.say("שלום, אני רוצה תור")
    return call


def do(call: VirtualCall, deed: tuple[str, int]) -> None:
    name, ms = deed
    if name == "run":
        call.run(ms)
    elif name == "noise":
        call.sound(ms)
    elif name == "words":
        call.say("אני רוצה לדעת", ms)
    elif name == "filler":
        call.say("אממ", ms)
    elif name == "mumble":
        call.say(None, ms)
    else:
        call._mic = tone(120)
        call.say("כן", ms)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(WORLD, st.lists(DEEDS, max_size=12))
def test_every_byte_is_heard_once_in_order_and_speaking_always_ends(world: dict, deeds: list) -> None:
    note(f"{world}")
    note(f"{deeds}")
    call = build(world)
    for deed in deeds:
        do(call, deed)
    call.run(14_000)
    assert call.talk.state in (State.LISTENING, State.THINKING, State.SPEAKING, State.CLOSING, State.ENDED)
    call.run_until(lambda: not call.talk.flags.is_ai_speaking.is_set() or bool(call.ended), 30_000)
    for answer in range(1, call.engine.answers + 1):
        heard = call.heard_of(answer)
        repeated = sum(1 for a, b in itertools.pairwise(heard) if b <= a)
        skipped = [b - a - 1 for a, b in itertools.pairwise(heard) if b > a + 1]
        assert not heard or heard[0] == 0
        assert repeated <= call.metrics.barge_in_resumed  # at most once per resume, and then …
        assert all(b >= a - 20 for a, b in itertools.pairwise(heard))  # … a frame at most
        assert all(gap <= 20 for gap in skipped)
    answers = [run[0] for run in call.runs()]
    assert answers == sorted(answers), "sound of an old answer after a newer one"
    assert call.engine.asked_while_active == 0
    assert not call.talk.flags.hold.is_set()
    assert call.buffered_max_ms <= 140
