"""Recognition messages as Google sends them. Pure: hypotheses in, protobuf out."""

from __future__ import annotations

from typing import Any

from google.cloud.speech_v1.types import cloud_speech

from sandbox.google.ears import Hypothesis, Word

Request: Any = cloud_speech.StreamingRecognizeRequest.pb()
Response: Any = cloud_speech.StreamingRecognizeResponse.pb()

END_OF_SINGLE_UTTERANCE, ACTIVITY_BEGIN, ACTIVITY_END, ACTIVITY_TIMEOUT = 1, 2, 3, 4
_SETTLED, _UNSETTLED = 0.9, 0.01
_UNSETTLED_WORDS = 2
_BILLED_STEP_S = 15


def interim(hypothesis: Hypothesis, end_ms: float, language: str, *, follows: bool) -> Any:
    """What was said so far: the settled words, and behind them the last ones, which may still change.

    The very last word is cut short, as words are that are only half said; the next message corrects it. `follows`: a
    final came before in this stream, then the text begins with a space.
    """
    texts = [word.text for word in hypothesis.words]
    texts[0] = (" " if follows else "") + texts[0]
    if hypothesis.whole:
        return Response(results=[_guess(" ".join(texts), _SETTLED, end_ms, language)])
    settled, tail = texts[:-_UNSETTLED_WORDS], texts[-_UNSETTLED_WORDS:]
    if len(tail[-1]) > 3:
        tail = [*tail[:-1], tail[-1][:-1]]
    results = [_guess(" ".join(settled), _SETTLED, end_ms, language)] if settled else []
    space = " " if settled else ""
    return Response(results=[*results, _guess(space + " ".join(tail), _UNSETTLED, end_ms, language)])


def final(hypothesis: Hypothesis, end_ms: float, language: str, *, follows: bool, words: bool) -> Any:
    """What was said; `words`: with their times."""
    text = (" " if follows else "") + " ".join(word.text for word in hypothesis.words)
    told: dict[str, Any] = {"transcript": text, "confidence": hypothesis.confidence}
    if words:
        told["words"] = [_word(word, hypothesis.confidence) for word in hypothesis.words]
    result = {"alternatives": [told], "is_final": True, "result_end_time": duration(end_ms), "language_code": language}
    return Response(results=[result])


def event(kind: int, at_ms: float) -> Any:
    """A voice activity event."""
    return Response(speech_event_type=kind, speech_event_time=duration(at_ms))


def billed(heard_ms: float) -> Any:
    """The last message of a stream that ended well."""
    steps = -(-heard_ms // (1000 * _BILLED_STEP_S))
    return Response(total_billed_time=duration(steps * _BILLED_STEP_S * 1000))


def without_alternatives(end_ms: float) -> Any:
    """A result that says nothing."""
    return Response(results=[{"stability": _UNSETTLED, "result_end_time": duration(end_ms)}])


def phantom(end_ms: float, language: str) -> Any:
    """A word nobody said, with hardly any confidence."""
    words = (Word("אה" if language.startswith(("he", "iw")) else "uh", end_ms - 100, end_ms),)
    return final(Hypothesis(words, confidence=0.11), end_ms, language, follows=False, words=False)


def with_error(code: int, message: str) -> Any:
    """A message that carries a status instead of results."""
    return Response(error={"code": code, "message": message})


def duration(ms: float) -> dict[str, int]:
    """google.protobuf.Duration."""
    return {"seconds": int(ms // 1000), "nanos": int(ms % 1000) * 1_000_000}


def _guess(text: str, stability: float, end_ms: float, language: str) -> dict[str, Any]:
    return {
        "alternatives": [{"transcript": text}],
        "stability": stability,
        "result_end_time": duration(end_ms),
        "language_code": language,
    }


def _word(word: Word, confidence: float) -> dict[str, Any]:
    return {
        "word": word.text,
        "start_time": duration(word.start_ms),
        "end_time": duration(word.end_ms),
        "confidence": confidence,
    }
