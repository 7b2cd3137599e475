"""The notice at the start of a call: before the greeting, not interruptible, and its hearing proved (D2)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from media.conversation.inputs import ModelUnreachable
from media.conversation.settings import ConversationSettings
from media.conversation.state import State
from sandbox import coded_audio
from tests.media.conversation.virtual_call import LOUD, Plan, VirtualCall

NOTICE = ConversationSettings(notice_text="an AI speaks")
GREETS = replace(NOTICE, greet=True, greeting_text="hello")
CLIP, GREETING_CLIP = coded_audio.encode(8, 0, 1500), coded_audio.encode(9, 0, 1000)


def until_listening(call: VirtualCall) -> VirtualCall:
    call.connect()
    call.run_until(lambda: call.talk.state is State.LISTENING)
    return call


@pytest.mark.parametrize(
    ("settings", "heard"),
    [
        (NOTICE, [(1, 0, 1500)]),
        (GREETS, [(1, 0, 1500), (2, 0, 1000)]),
        (replace(NOTICE, notice_clip=CLIP), [(8, 0, 1500)]),
        (replace(GREETS, notice_clip=CLIP), [(8, 0, 1500), (1, 0, 1000)]),
        (replace(GREETS, greeting_clip=GREETING_CLIP), [(1, 0, 1500), (9, 0, 1000)]),
        (replace(GREETS, notice_clip=CLIP, greeting_clip=GREETING_CLIP), [(8, 0, 1500), (9, 0, 1000)]),
    ],
    ids=["notice alone", "both spoken", "recorded alone", "recorded, then spoken", "spoken, then recorded", "recorded"],
)
def test_the_notice_is_heard_whole_before_the_greeting(
    settings: ConversationSettings, heard: list[tuple[int, int, int]]
) -> None:
    lengths = [end for answer, _, end in heard if answer < 8]
    call = until_listening(VirtualCall(settings, plans=[Plan(length_ms=length) for length in lengths]))
    assert call.runs() == heard
    assert call.journal.notices == [(1500, 1500, True)]
    turns = [turn for _, turn in sorted(call.journal.turns.items())]
    assert [turn.heard_ms for turn in turns] == [end for _, _, end in heard], "the notice is a turn of the record"


@pytest.mark.parametrize("clip", [None, CLIP], ids=["spoken", "recorded"])
def test_nobody_interrupts_the_notice(clip: bytes | None) -> None:
    call = VirtualCall(replace(GREETS, notice_clip=clip), plans=[Plan(length_ms=1500), Plan(length_ms=1000)])
    call.connect()
    call.run(900)
    call.say("רגע רגע תקשיבי לי", 1200)
    call.run_until(lambda: call.talk.state is State.LISTENING)
    assert call.journal.notices == [(1500, 1500, True)]
    assert call.engine.count("cancel") == 0
    assert [run[2] for run in call.runs()][:1] == [1500]


@pytest.mark.parametrize("clip", [None, CLIP], ids=["spoken", "recorded"])
def test_who_hangs_up_in_it_heard_so_much_of_it(clip: bytes | None) -> None:
    call = VirtualCall(replace(GREETS, notice_clip=clip), plans=[Plan(length_ms=1500, rate=50)])
    call.connect()
    call.run_until(lambda: len(call.heard_of(8 if clip else 1)) >= 600)
    call.talk.stream_over()
    ((heard_ms, total_ms, ended),) = call.journal.notices
    assert not ended
    assert total_ms == 1500
    assert abs(heard_ms - 600) <= 60
    assert call.journal.turns[1].heard_ms == heard_ms
    call.talk.stream_over()
    assert len(call.journal.notices) == 1


def test_who_hangs_up_before_it_heard_nothing_of_it() -> None:
    call = VirtualCall(GREETS)
    call.run(100)
    call.talk.stream_over()
    assert call.journal.notices == [(0, 0, False)]


def test_a_notice_that_fails_is_not_heard_and_the_greeting_comes() -> None:
    call = until_listening(VirtualCall(GREETS, plans=[Plan(length_ms=0, status="failed"), Plan(length_ms=1000)]))
    assert call.runs() == [(2, 0, 1000)]
    assert call.journal.notices == [(0, 0, False)]


def test_a_notice_that_never_comes_lets_go_by_itself() -> None:
    call = VirtualCall(GREETS, plans=[Plan(think_ms=60_000, ack_ms=100)])
    call.connect()
    call.run(8000)
    assert call.talk.state is State.LISTENING
    assert call.journal.notices == [(0, 0, False)]


def test_without_a_model_the_recorded_notice_is_cut_where_the_apology_begins() -> None:
    call = VirtualCall(replace(GREETS, notice_clip=CLIP, trouble=GREETING_CLIP))
    call.run_until(lambda: len(call.heard_of(8)) >= 500)
    call.talk.post(ModelUnreachable())
    ((heard_ms, total_ms, ended),) = call.journal.notices
    assert (total_ms, ended) == (1500, False)
    assert abs(heard_ms - 500) <= 60


def test_the_model_knows_that_a_recorded_notice_was_said() -> None:
    call = until_listening(VirtualCall(replace(GREETS, notice_clip=CLIP), plans=[Plan(length_ms=1000)]))
    assert ("remember", ("assistant", "an AI speaks")) in call.engine.said


def test_after_the_notice_alone_the_caller_speaks_first() -> None:
    call = until_listening(VirtualCall(NOTICE, plans=[Plan(length_ms=1500)]))
    call.run(3000)
    assert call.engine.count("answer") == 1
    call.run(1200)
    call.say("שלום, אתם פתוחים?")
    call.run(6000)
    assert call.heard_of(2)


def test_a_resumed_call_whose_notice_was_not_heard_hears_it_and_goes_on() -> None:
    resumed = replace(NOTICE, resumed=True, opening_instructions="go on")
    call = until_listening(VirtualCall(resumed, plans=[Plan(length_ms=1500), Plan(length_ms=1000)]))
    call.run(3000)
    assert call.runs() == [(1, 0, 1500), (2, 0, 1000)]
    assert [what for kind, what in call.engine.said if kind == "answer"] == ["an AI speaks", "go on"]


def test_a_long_notice_and_a_long_greeting_are_both_heard_to_their_ends() -> None:
    call = VirtualCall(GREETS, plans=[Plan(length_ms=30_000), Plan(length_ms=30_000)])
    call.connect()
    call.sound(200, LOUD)
    call.run_until(lambda: call.talk.state is State.LISTENING, 70_000)
    assert [run[2] - run[1] for run in call.runs()] == [30_000, 30_000]
