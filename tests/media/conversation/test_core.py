"""The core alone: inputs in, commands out, in their order. No playout, no engine, no clock."""

from __future__ import annotations

from collections.abc import Sequence

from media.conversation import commands as do
from media.conversation import inputs as happens
from media.conversation.core import NOTHING, Core
from media.conversation.settings import ConversationSettings
from media.conversation.state import State
from media.detection.input_gate import GateResult
from media.detection.listener import NOTHING as NOTHING_HEARD
from media.metrics import CallMetrics
from media.playout.ledger import EndMark
from media.playout.queue import Utterance
from services.engines import interface as e

QUIET = GateResult(b"", False, 5, False, False, False, (), False, 0)


def connected(**settings: object) -> Core:
    core = Core(ConversationSettings(resumed=True, **settings), CallMetrics())  # type: ignore[arg-type]
    core.receive(happens.StreamUp(), 0.0)
    core.receive(happens.EngineUp(), 0.0)
    return core


def given(core: Core, *events: happens.Input) -> list[do.Command]:
    return [command for event in events for command in core.receive(event, 1.0)]


def kinds(commands: Sequence[do.Command]) -> list[type]:
    return [type(command) for command in commands if not isinstance(command, do.Log | do.RecordEvent)]


def turn(item: str, words: str) -> list[happens.Input]:
    return [e.SpeechStarted(item, 0), e.SpeechStopped(item, 0), e.TurnCommitted(item), e.CallerTranscript(item, words)]


def speaking() -> tuple[Core, Utterance]:
    """The caller hears an answer that the model is still generating."""
    core = connected()
    given(core, *turn("user_1", "what are your hours"), e.ResponseStarted("resp_1"))
    commands = given(core, e.AudioDelta("resp_1", "item_1", "AAAA"))
    (opened,) = (command.utterance for command in commands if isinstance(command, do.Open))
    opened.audio += b"\x00" * 16_000
    return core, opened


def test_a_quiet_frame_makes_no_object() -> None:
    core = connected()
    assert core.frame(QUIET, NOTHING_HEARD, 1.0) is NOTHING
    assert core.frames == 1


def test_an_answer_is_asked_for_once_when_the_turn_ends_and_opened_unheard() -> None:
    core = connected()
    commands = given(core, *turn("user_1", "what are your hours"))
    assert kinds(commands).count(do.Ask) == 1
    held_back = connected()
    before_words = [*turn("user_1", "")[:3], e.ResponseStarted("resp_1"), e.AudioDelta("resp_1", "item_1", "AAAA")]
    (opened,) = (command for command in given(held_back, *before_words) if isinstance(command, do.Open))
    assert not opened.utterance.released


def test_an_interruption_is_cancel_then_truncate_then_the_state() -> None:
    core, utterance = speaking()
    words = [e.SpeechStarted("user_2", 0), e.SpeechStopped("user_2", 0), e.TurnCommitted("user_2")]
    commands = given(core, *words, e.CallerTranscript("user_2", "no wait I meant tomorrow"))
    assert kinds(commands)[-1] is do.Interrupt, "nothing else until it is known what was heard"
    follows = core.receive(happens.Interrupted([(utterance, 700)]), 2.0)
    order = [kind for kind in kinds(follows) if kind in (do.CancelResponse, do.Truncate, do.EnterState)]
    assert order[:3] == [do.CancelResponse, do.Truncate, do.EnterState]
    assert do.Truncate("item_1", 700) in follows
    assert core.situation.state in (State.LISTENING, State.THINKING)


def test_an_interruption_told_twice_changes_nothing_the_second_time() -> None:
    core, utterance = speaking()
    given(core, *turn("user_2", "no wait I meant tomorrow"), happens.Interrupted([(utterance, 700)]))
    state = core.situation.state
    again = core.receive(happens.Interrupted([]), 2.0)
    assert set(kinds(again)) <= {do.CancelResponse}, "harmless; nothing is truncated or recorded again"
    assert core.situation.state is state


def test_no_model_ends_the_call_after_an_apology_and_what_was_cut_is_recorded() -> None:
    core, utterance = speaking()
    core.receive(e.AgentText("resp_1", "item_1", "we are open from nine to five every day of the week"), 1.0)
    core.situation.settings = ConversationSettings(trouble=b"\x01" * 160)
    commands = core.receive(happens.ModelUnreachable(), 2.0)
    assert kinds(commands) == [do.Interrupt, do.EnterState, do.PlayClip]
    follows = core.receive(happens.Interrupted([(utterance, 1000)]), 2.0)
    (recorded,) = (command.turn for command in follows if isinstance(command, do.RecordTurn))
    assert recorded.interrupted
    assert recorded.heard_ms == 1000
    (clip,) = (command for command in commands if isinstance(command, do.PlayClip))
    ended = core.receive(happens.HeardEnd(EndMark(clip.utterance, "f0.1e", 130, 30)), 3.0)
    assert [command.reason for command in ended if isinstance(command, do.EndCall)] == ["model_unreachable"]


def test_facts_wait_for_a_model_and_are_told_in_their_order() -> None:
    core = Core(ConversationSettings(), CallMetrics())
    core.receive(happens.StreamUp(), 0.0)
    assert not [c for c in given(core, happens.ServerFact("one", False), happens.ServerFact("two", False)) if c]
    told = [c.text for c in core.receive(happens.EngineUp(), 1.0) if isinstance(c, do.SayServer)]
    assert told == ["one", "two"]
