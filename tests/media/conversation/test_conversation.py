"""The conversation on a virtual clock: what is heard, what the model is told, which state the call is in."""

from __future__ import annotations

from media.conversation.barge_in import BargeInSettings
from media.conversation.settings import ConversationSettings
from media.conversation.state import State
from sandbox import coded_audio
from tests.media.conversation.virtual_call import Plan, VirtualCall

WHOLE = list(range(3000))


def listening(settings: ConversationSettings | None = None, **options: object) -> VirtualCall:
    call = VirtualCall(settings, **options)  # type: ignore[arg-type]
    call.connect()
    call.run(2000)
    return call


def in_talk(**options: object) -> VirtualCall:
    """A call whose caller has said something real and hears answer 1."""
    call = listening(**options)
    call.say("אני רוצה לקבוע תור")
    call.run_until(lambda: call.talk.state is State.SPEAKING)
    return call


def test_nothing_is_asked_before_the_caller_really_spoke() -> None:
    call = listening()
    call.say("אממ")
    call.run(3000)
    assert call.engine.count("answer") == 0
    assert ("delete", "user_1") in call.engine.said
    call.say("שלום")
    call.run(2000)
    assert call.engine.count("answer") == 1


def test_an_answer_is_heard_whole_once_and_in_order() -> None:
    call = in_talk()
    call.run_until(lambda: call.talk.state is State.LISTENING)
    assert call.runs() == [(1, 0, 3000)]
    turns = call.journal.turns
    assert [turns[n].role for n in sorted(turns)] == ["caller", "agent"]
    assert turns[2].heard_ms == 3000
    assert not turns[2].interrupted


def test_a_turn_of_the_caller_is_as_long_as_the_caller_spoke() -> None:
    """Silence that ends a turn does not count; speech is noticed a moment late, so its beginning is an estimate."""
    call = in_talk()
    call.run_until(lambda: call.talk.state is State.LISTENING)
    call.run(1200)
    call.say("ויש לי עוד שאלה", 2400)
    call.run(1500)
    assert abs(call.journal.turns[3].heard_ms - 2400) <= 300


def test_the_answer_is_asked_for_at_the_end_of_the_turn_and_held_until_words_are_known() -> None:
    call = in_talk()
    call.run_until(lambda: call.talk.state is State.LISTENING)
    call.run(1200)
    call.say("ומה עם מחר", words_after_ms=900)
    call.run(600)
    assert call.engine.count("answer") == 2
    call.run(700)
    assert call.heard_of(2) == []
    call.run(4000)
    assert call.heard_of(2) == WHOLE


def test_a_filler_cancels_the_answer_unheard_and_both_items_leave_the_conversation() -> None:
    call = in_talk()
    call.run_until(lambda: call.talk.state is State.LISTENING)
    call.run(1200)
    call.say("אהה", 400, words_after_ms=900)
    call.run(3000)
    assert call.engine.count("answer") == 2
    assert call.heard_of(2) == []
    assert ("delete", "user_2") in call.engine.said
    assert ("delete", "item_2") in call.engine.said
    assert call.talk.state is State.LISTENING


def test_a_word_over_the_agent_interrupts_and_nothing_of_the_old_answer_is_heard_again() -> None:
    call = in_talk(plans=[Plan(length_ms=6000)])
    call.run(1000)
    call.say("רגע, לא", 500)
    call.run_until(lambda: call.metrics.barge_in_events == 1)
    kinds = [kind for kind, _ in call.engine.said]
    assert "truncate" in kinds
    call.run(5000)
    first = call.heard_of(1)
    assert first == list(range(len(first)))
    assert len(first) < 2000
    assert call.heard_of(2) == WHOLE
    [cut] = [value for kind, value in call.engine.said if kind == "truncate"]
    assert abs(cut[1] - len(first)) <= 20
    interrupted = [turn for turn in call.journal.turns.values() if turn.interrupted]
    assert len(interrupted) == 1
    assert interrupted[0].text
    assert interrupted[0].text_unheard


def test_a_cough_holds_the_answer_and_it_goes_on_where_it_stopped() -> None:
    call = in_talk(plans=[Plan(length_ms=4000)])
    call.run(1000)
    call.sound(300)
    assert call.talk.state is State.HELD
    call.run_until(lambda: call.talk.state is State.LISTENING)
    assert call.heard_of(1) == list(range(4000))
    assert len(call.runs()) == 2
    assert call.metrics.barge_in_resumed == 1
    assert call.engine.count("cancel") == 0


def test_a_filler_over_the_agent_resumes_and_is_deleted() -> None:
    call = in_talk(plans=[Plan(length_ms=4000)])
    call.run(1000)
    call.say("אממ", 400)
    call.run_until(lambda: call.talk.state is State.LISTENING, 30_000)
    assert call.heard_of(1) == list(range(4000))
    assert ("delete", "user_2") in call.engine.said
    assert call.engine.count("cancel") == 0


def test_a_cough_in_the_last_moment_of_an_answer_does_not_leave_the_call_held() -> None:
    call = in_talk()
    call.run_until(lambda: len(call.heard_of(1)) >= 2800)
    call.sound(300)
    call.run_until(lambda: call.talk.state is State.LISTENING)
    assert call.heard_of(1) == WHOLE


def test_speech_that_goes_on_interrupts_without_any_transcript() -> None:
    call = in_talk(plans=[Plan(length_ms=8000)])
    call.run(1000)
    call.sound(4600)
    assert call.metrics.barge_in_events == 1
    heard = call.heard_of(1)
    assert heard == list(range(len(heard)))


def test_the_first_quarter_second_of_an_answer_cannot_be_interrupted_by_sound() -> None:
    call = in_talk(plans=[Plan(length_ms=4000)])
    call.sound(200)
    call.run(300)
    assert call.metrics.barge_in_candidates == 0


def test_immediate_strategy_interrupts_on_sound_alone() -> None:
    settings = ConversationSettings(barge_in=BargeInSettings(strategy="immediate"))
    call = in_talk(settings=settings, plans=[Plan(length_ms=6000)])
    call.run(1000)
    call.sound(300)
    assert call.metrics.barge_in_events == 1


def test_barge_in_off_lets_the_answer_end() -> None:
    settings = ConversationSettings(barge_in=BargeInSettings(strategy="off"))
    call = in_talk(settings=settings)
    call.run(500)
    call.say("רגע רגע", 600)
    call.run_until(lambda: call.talk.state is State.LISTENING or bool(call.heard_of(2)))
    assert call.heard_of(1) == WHOLE


def test_the_greeting_is_protected_and_heard_once() -> None:
    settings = ConversationSettings(greet=True, greeting_text="hello")
    call = VirtualCall(settings, plans=[Plan(length_ms=2000)])
    call.connect()
    call.run(800)
    assert call.talk.flags.greeting_playing.is_set()
    call.sound(600)
    call.run_until(lambda: call.talk.state is State.LISTENING)
    assert call.heard_of(1) == list(range(2000))
    assert call.engine.count("answer") == 1
    assert call.journal.greeted


def test_a_greeting_clip_is_on_the_line_before_the_model_is_connected() -> None:
    clip = coded_audio.encode(9, 0, 1000)
    settings = ConversationSettings(greet=True, greeting_text="hello", greeting_clip=clip)
    call = VirtualCall(settings)
    call.run(200)
    assert call.heard_of(9)
    call.connect()
    call.run_until(lambda: call.talk.state is State.LISTENING)
    assert call.heard_of(9) == list(range(1000))
    assert ("remember", ("assistant", "hello")) in call.engine.said


def test_a_greeting_that_never_comes_lets_go_by_itself() -> None:
    settings = ConversationSettings(greet=True, greeting_text="hello")
    call = VirtualCall(settings, plans=[Plan(think_ms=60_000, ack_ms=100)])
    call.connect()
    call.run(8000)
    assert call.talk.state is State.LISTENING


def test_an_answer_whose_end_the_model_never_reports_ends_all_the_same() -> None:
    call = in_talk(plans=[Plan(length_ms=2000, never_done=True)])
    call.run_until(lambda: call.talk.state is State.LISTENING, 10_000)
    assert call.heard_of(1) == list(range(2000))
    call.run(1000)
    call.engine.active = ""
    call.say("ועוד שאלה")
    call.run(6000)
    assert call.heard_of(2) == WHOLE


def test_a_failed_greeting_lets_go_at_once() -> None:
    settings = ConversationSettings(greet=True, greeting_text="hello")
    call = VirtualCall(settings, plans=[Plan(length_ms=0, status="failed")])
    call.connect()
    call.run(600)
    assert call.talk.state is State.LISTENING


def test_a_silent_caller_is_asked_three_times_then_the_call_ends_politely() -> None:
    settings = ConversationSettings(greet=True, greeting_text="hi", silence_prompt="still here", goodbye_silent="bye")
    call = VirtualCall(settings, plans=[Plan(length_ms=1000)] * 9)
    call.connect()
    call.run_until(lambda: bool(call.ended), 60_000)
    assert call.ended == "silence"
    assert [what for kind, what in call.engine.said if kind == "answer"] == [
        "hi",
        "still here",
        "still here",
        "still here",
        "bye",
    ]
    assert call.heard_of(5) == list(range(1000))


def test_two_quick_turns_get_one_answer_that_covers_both() -> None:
    call = in_talk()
    call.run_until(lambda: call.talk.state is State.LISTENING)
    call.run(1200)
    call.engine.plans = [Plan(think_ms=900), Plan()]
    call.say("אני רוצה תור", 600)
    call.run(620)
    call.say("מחר בבוקר", 600)
    call.run(6000)
    assert call.heard_of(2) == []
    assert call.heard_of(3) == WHOLE


def test_an_answer_cut_by_the_token_limit_is_finished_without_a_gap() -> None:
    call = in_talk(plans=[Plan(length_ms=2000, status="incomplete", reason="max_output_tokens"), Plan(length_ms=1000)])
    call.run_until(lambda: call.talk.state is State.LISTENING)
    assert call.heard_of(1) == list(range(2000))
    assert call.heard_of(2) == list(range(1000))


def test_lost_end_marks_do_not_keep_the_agent_speaking() -> None:
    call = in_talk(mark_fate=lambda name: None)
    call.run_until(lambda: call.talk.state is State.LISTENING, 8000)
    assert call.heard_of(1) == WHOLE


def test_a_failed_transcription_with_real_sound_is_answered_once_the_caller_is_known() -> None:
    call = in_talk()
    call.run_until(lambda: call.talk.state is State.LISTENING)
    call.run(1200)
    call.say(None, 900)
    call.run(6000)
    assert call.heard_of(2) == WHOLE


def test_a_first_turn_whose_transcription_fails_is_asked_for_again() -> None:
    call = listening(settings=ConversationSettings(ask_again="say it again"))
    call.say(None, 900)
    call.run(3000)
    assert ("answer", "say it again") in call.engine.said
    assert not call.talk.flags.has_real_user_utterance.is_set()


def test_a_quarter_of_an_hour_of_call_neither_drifts_nor_leaks() -> None:
    call = in_talk(plans=[Plan(length_ms=5000)] * 200)
    asked = 1
    while call.now < 980:
        call.run_until(lambda: call.talk.state is State.LISTENING)
        call.run(1500)
        call.say("ומה עוד", 700)
        call.run_until(lambda: call.talk.state is State.SPEAKING)
        asked += 1
    call.run_until(lambda: call.talk.state is State.LISTENING)
    assert asked > 90
    assert call.runs() == [(answer, 0, 5000) for answer in range(1, asked + 1)]
    assert call.buffered_max_ms <= 120


def test_the_agents_own_words_understood_after_the_answer_are_not_the_callers() -> None:
    call = in_talk(plans=[Plan(length_ms=1500, text="we are open from nine until seven")])
    call.run(1000)
    call.say("open from nine until seven", 600, stop_ms=900, words_after_ms=900)
    call.run(5000)
    assert call.engine.answers == 1


def test_a_sender_that_runs_late_neither_repeats_nor_loses_what_it_resumes() -> None:
    call = in_talk(plans=[Plan(length_ms=4000)], sender_late_ms=60)
    call.run(1000)
    call.sound(300)
    call.run_until(lambda: call.talk.state is State.LISTENING)
    assert call.metrics.barge_in_resumed == 1
    assert call.heard_of(1) == list(range(4000))


def test_words_that_began_before_the_agent_did_interrupt_it_all_the_same() -> None:
    """As when the line was cut in the middle of the caller's sentence (W9)."""
    resumed = ConversationSettings(greet=False, resumed=True, opening_instructions="sorry, a short interruption")
    call = VirtualCall(resumed, plans=[Plan(length_ms=6000), Plan(length_ms=1000)])
    call.connect()
    call.say("on Tuesday at ten, please", 1500)
    call.run(3000)
    assert call.metrics.barge_in_events == 1
    assert call.heard_of(2) == list(range(1000))


def asked_before() -> VirtualCall:
    """A call whose first answer was heard, and whose caller may go on."""
    call = in_talk()
    call.run_until(lambda: call.talk.state is State.LISTENING)
    call.run(1200)
    return call


def test_a_fact_is_not_told_into_the_callers_words_and_their_answer_tells_it() -> None:
    call = asked_before()
    call.at(900, lambda: call.talk.server_fact("[SERVER] a time is free", True))
    call.say("יש לי עוד שאלה, ואני מדבר עליה בלי הפסקה", 2500)
    assert call.engine.count("answer") == 1, "the caller still talks"
    call.run(8000)
    assert call.engine.count("answer") == 2, "one answer covers both"
    assert call.heard_of(2) == WHOLE


def test_a_fact_that_came_during_a_filler_is_told_all_the_same() -> None:
    call = asked_before()
    call.at(300, lambda: call.talk.server_fact("[SERVER] a time is free", True))
    call.say("אממ", 600, words_after_ms=900)
    call.run(8000)
    assert [run for run in call.runs() if run[0] > 1] == [(call.engine.answers, 0, 3000)]
