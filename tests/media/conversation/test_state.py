"""The state table: every pair is either in it or refused, and the flags always say what the state says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.conversation.state import TABLE, CallState, Flags, IllegalTransition, State, StateEvent, mermaid
from tests.places import ROOT


@given(st.lists(st.sampled_from(list(StateEvent))))
def test_flags_mirror_the_state_whatever_happens(events: list[StateEvent]) -> None:
    call, flags = CallState(), Flags()
    for event in events:
        before = call.state
        if (before, event) in TABLE:
            assert call.apply(event) is TABLE[(before, event)]
        else:
            with pytest.raises(IllegalTransition):
                call.apply(event)
            assert call.state is before
        flags.enter(call.state)
        assert flags.hold.is_set() == (call.state is State.HELD)
        assert flags.greeting_playing.is_set() == (call.state is State.GREETING)
        assert flags.closing.is_set() == (call.state in (State.CLOSING, State.ENDED))
        speaking = call.state in (State.GREETING, State.SPEAKING, State.HELD, State.CLOSING)
        assert flags.is_ai_speaking.is_set() == speaking


def test_every_state_can_end_and_nothing_leaves_the_end() -> None:
    assert all((state, StateEvent.END) in TABLE for state in State)
    assert {event for state, event in TABLE if state is State.ENDED} == {StateEvent.END}


def test_every_live_state_leads_back_to_listening_or_closing() -> None:
    reachable = {State.LISTENING}
    while True:
        more = {state for (state, _), target in TABLE.items() if target in reachable} - reachable
        if not more:
            break
        reachable |= more
    assert reachable >= set(State) - {State.CLOSING, State.ENDED}


def test_the_diagram_names_every_transition() -> None:
    drawn = mermaid()
    for (source, event), target in TABLE.items():
        if event not in (StateEvent.CLOSE, StateEvent.END):
            assert f"{source} --> {target}: {event}" in drawn


def test_the_documented_diagram_is_drawn_from_the_table() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    assert mermaid() in page
