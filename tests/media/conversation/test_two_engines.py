"""An engine that leaves the turn to us and knows only words: the same conversation (C1, C4, C5)."""

from __future__ import annotations

import itertools

from media.conversation.settings import ConversationSettings
from media.conversation.state import State
from services.engines import interface as e
from tests.media.conversation.virtual_call import LOUD, Plan, VirtualCall

WORDS_ONLY = e.Abilities(ends_turns=False, hears_sound=False, partial_words=True)
SETTINGS = ConversationSettings(ask_again="say it again")


class CascadeCall(VirtualCall):
    """`say_and_wait`: the engine answers a commit with its item, and with the words a moment later."""

    def __init__(self, *plans: Plan) -> None:
        super().__init__(SETTINGS, plans=list(plans))
        self.engine.abilities = WORDS_ONLY
        self._committed = itertools.count(1)
        self._seen = 0
        self.connect()
        self.run(1000)

    def says(self, text: str, ms: int = 1200, confidence: float | None = None) -> None:
        """A turn, until its words are known."""
        self.sound(ms, LOUD)
        self.event(e.CallerPartial(text, True))
        self.run_until(lambda: self.engine.count("commit") > self._seen, 3000)
        self.words_of(text, confidence)

    def words_of(self, text: str, confidence: float | None = None) -> None:
        self._seen += 1
        item = f"turn_{next(self._committed)}"
        self.event(e.TurnCommitted(item))
        self.run(200)
        self.event(e.CallerTranscript(item, text, confidence=confidence))

    def prompts(self) -> int:
        return sum(1 for said in self.engine.said if said == ("answer", "say it again"))


def test_our_own_listening_ends_the_turn_and_the_answer_is_heard() -> None:
    call = CascadeCall()
    call.says("I want an appointment tomorrow")
    call.run_until(lambda: call.talk.state is State.SPEAKING)
    call.run_until(lambda: call.talk.state is State.LISTENING)
    assert call.engine.count("commit") == 1
    assert call.heard_of(1)[-1] == 2999


def test_a_turn_that_is_plainly_unfinished_is_left_open_longer_and_is_one_turn() -> None:
    call = CascadeCall()
    call.sound(1200)
    call.event(e.CallerPartial("I want an appointment on", True))
    call.run(800)
    assert call.engine.count("commit") == 0
    call.says("I want an appointment on Monday")
    call.run(2000)
    assert call.engine.count("commit") == 1


def test_words_confirm_a_candidate_before_the_turn_is_over() -> None:
    call = CascadeCall(Plan(length_ms=9000, text="well let me think about what there is on that day"))
    call.says("I want an appointment tomorrow")
    call.run_until(lambda: call.talk.state is State.SPEAKING)
    call.run(1500)
    call.sound(400)
    assert call.talk.state is State.HELD
    call.event(e.CallerPartial("uh", True))
    assert call.talk.state is State.HELD, "no word yet"
    call.event(e.CallerPartial("uh no wait", False))
    assert call.talk.state is State.HELD, "they may be other words yet"
    call.event(e.CallerPartial("uh no wait", True))
    assert call.talk.state is State.LISTENING
    assert call.engine.count("cancel") + call.engine.count("truncate") >= 1


def test_words_over_the_agent_without_a_candidate_stop_nothing() -> None:
    call = CascadeCall(Plan(length_ms=9000))
    call.says("I want an appointment tomorrow")
    call.run_until(lambda: call.talk.state is State.SPEAKING)
    call.run(1500)
    call.event(e.CallerPartial("words from the radio", True))
    assert call.talk.state is State.SPEAKING


def test_a_turn_without_words_is_asked_for_again_since_this_engine_heard_nothing() -> None:
    call = CascadeCall()
    call.says("I want an appointment tomorrow")
    call.run_until(lambda: call.talk.state is State.SPEAKING)
    call.run_until(lambda: call.talk.state is State.LISTENING)
    call.run(1500)
    call.says("")
    call.run(5000)
    assert call.prompts() == 1
    assert call.metrics.stt_empty_count == 1


def test_words_the_recogniser_doubts_are_asked_for_again_once() -> None:
    call = CascadeCall()
    call.says("I want an appointment tomorrow", confidence=0.9)
    call.run_until(lambda: call.talk.state is State.SPEAKING)
    call.run_until(lambda: call.talk.state is State.LISTENING)
    call.run(1500)
    for _ in range(2):
        call.says("wand a pointed two borrow", confidence=0.2)
        call.run(7000)
        assert call.prompts() == 1
    assert call.metrics.stt_unclear_count == 1
    assert call.heard_of(4), "the second time it is answered"


def test_a_short_yes_is_taken_however_unsure_the_recogniser_is() -> None:
    call = CascadeCall()
    call.says("I want an appointment tomorrow")
    call.run_until(lambda: call.talk.state is State.SPEAKING)
    call.run_until(lambda: call.talk.state is State.LISTENING)
    call.run(1500)
    call.says("כן", ms=400, confidence=0.1)
    call.run_until(lambda: call.talk.state is State.SPEAKING)
    assert call.prompts() == 0


def test_what_an_answers_time_was_spent_on_stands_with_its_turn() -> None:
    call = CascadeCall(Plan(think_ms=500, ack_ms=100))
    call.says("I want an appointment tomorrow")
    call.run_until(lambda: call.talk.state is State.THINKING)
    call.run(150)
    call.event(e.AnswerParts("resp_1", {"chat": 250.0}))
    call.run_until(lambda: bool(call.metrics.latencies))
    assert call.metrics.latencies[0]["chat"] == 250.0


def test_answers_that_fail_slowly_do_not_make_the_caller_wait_longer() -> None:
    """(W8)"""
    slow = [Plan(length_ms=0, think_ms=2000, ack_ms=50, status="failed") for _ in range(4)]
    call = CascadeCall(*slow)
    call.says("I want an appointment tomorrow")
    began = call.now
    call.run_until(lambda: bool(call.ended))
    assert call.ended == "model_unreachable"
    assert call.now - began < 6.0


def lost(call: CascadeCall) -> None:
    """The session is gone; the next one is the test's to connect."""
    call.talk.engine_down()


def after_one_turn(*plans: Plan) -> CascadeCall:
    """Listening again, the pause after the answer over."""
    call = CascadeCall(*plans)
    call.says("I want an appointment tomorrow")
    call.run_until(lambda: call.talk.state is State.SPEAKING)
    call.run_until(lambda: call.talk.state is State.LISTENING)
    call.run(1500)
    return call


def test_a_turn_that_ends_while_no_engine_is_up_is_committed_to_the_next_one_and_answered() -> None:
    """(R4, C9)"""
    call = after_one_turn()
    lost(call)
    call.sound(1200)
    call.run(1000)
    assert call.engine.count("commit") == 1, "nobody was there to be told"
    call.connect()
    call.run_until(lambda: call.engine.count("commit") == 2, 100)
    call.words_of("on Monday please")
    call.run_until(lambda: call.talk.state is State.SPEAKING)
    assert call.prompts() == 0


def test_the_next_engine_hears_a_turn_from_its_beginning() -> None:
    """(R4) Half of it went with the session before."""
    call = after_one_turn()
    began = call.talk.frames
    call.sound(600)
    lost(call)
    since = call.talk.unheard_since
    assert since is not None
    assert began - 10 <= since <= began + 5
    call.sound(600)
    call.run(1000)
    call.connect()
    call.run_until(lambda: call.engine.count("commit") == 2, 100)
    assert call.talk.unheard_since is None


def test_what_no_session_has_heard_is_kept_for_the_next_one_that_stays() -> None:
    """(R4)"""
    call = after_one_turn()
    lost(call)
    since = call.talk.unheard_since
    call.run(400)
    call.talk.engine_up(call.engine)
    call.talk.engine_down()
    assert call.talk.unheard_since == since


def test_a_turn_that_still_goes_on_when_an_engine_is_back_is_one_turn() -> None:
    """(R4)"""
    call = after_one_turn()
    call.sound(600)
    lost(call)
    call.sound(400)
    call.connect()
    call.sound(800)
    assert call.engine.count("commit") == 1
    call.run(1000)
    assert call.engine.count("commit") == 2


def test_a_turn_that_was_over_and_no_item_yet_is_one_of_the_next_session() -> None:
    """(R4)"""
    call = after_one_turn()
    call.sound(1200)
    call.run_until(lambda: call.engine.count("commit") == 2)
    lost(call)
    call.run(300)
    call.connect()
    call.run_until(lambda: call.engine.count("commit") == 3, 100)


def test_what_is_said_between_an_engine_that_ends_turns_and_one_that_does_not_is_answered() -> None:
    """(C9) The model's own detector went with it."""
    call = CascadeCall()
    call.engine.abilities = e.Abilities()
    call.talk.engine_down()
    call.connect()
    call.run(100)
    call.say("I want an appointment tomorrow")
    call.run_until(lambda: call.talk.state is State.SPEAKING)
    call.run_until(lambda: call.talk.state is State.LISTENING)
    call.run(1500)
    call.sound(200)
    call.event(e.SpeechStarted("item", 0))
    call.sound(600)
    lost(call)
    call.sound(400)
    call.run(1000)
    assert call.engine.count("commit") == 0
    call.engine.abilities = WORDS_ONLY
    call.connect()
    call.run_until(lambda: call.engine.count("commit") == 1, 100)
    call.words_of("on Monday please")
    call.run_until(lambda: call.talk.state is State.SPEAKING)


def test_an_engine_that_ends_turns_is_told_of_none_that_ended_without_it() -> None:
    """(R4) It hears the same sound, and finds the end itself."""
    call = CascadeCall()
    call.engine.abilities = e.Abilities()
    call.talk.engine_down()
    call.sound(1200)
    call.run(1000)
    call.connect()
    call.run(2000)
    assert call.engine.count("commit") == 0
