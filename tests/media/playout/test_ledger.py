"""The ledger's knowledge of what the caller has heard."""

from __future__ import annotations

from media.playout.ledger import PlaybackLedger
from media.playout.queue import SpeechKind, Utterance

FRAME = 160


def played(ledger: PlaybackLedger, frames: int, *, mark_every: int) -> list[str]:
    """Send so many frames of one utterance, all at once, with marks between; returns the marks' names."""
    utterance = Utterance(SpeechKind.ANSWER)
    names = []
    for n in range(frames):
        ledger.sent(utterance, n * FRAME, (n + 1) * FRAME, 20, 1.0)
        if (n + 1) % mark_every == 0:
            names.append(f"m{n}")
            ledger.mark_sent(names[-1], 1.0)
    return names


def probe(ledger: PlaybackLedger) -> None:
    """A mark on the empty buffer that is back after 100 ms."""
    ledger.mark_sent("probe", 0.0)
    ledger.mark_echoed("probe", 0.1)


def test_the_first_echoes_being_late_say_nothing_about_the_far_end() -> None:
    ledger = PlaybackLedger()
    probe(ledger)
    first, second, *_ = played(ledger, 40, mark_every=10)
    ledger.mark_echoed(first, 1.2 + 0.1 + 0.085)
    ledger.mark_echoed(second, 1.4 + 0.1 + 0.085)
    assert ledger.late_s() == 0.0


def test_a_run_of_late_echoes_is_a_far_end_that_plays_later() -> None:
    ledger = PlaybackLedger()
    probe(ledger)
    for n, name in enumerate(played(ledger, 60, mark_every=10), start=1):
        ledger.mark_echoed(name, 1 + n * 0.2 + 0.1 + 0.06)
    assert abs(ledger.late_s() - 0.06) < 0.001


def test_one_echo_shows_where_the_far_ends_own_frames_begin() -> None:
    ledger = PlaybackLedger()
    probe(ledger)
    [first] = played(ledger, 10, mark_every=10)
    ledger.mark_echoed(first, 1.2 + 0.1 + 0.015)
    assert abs(ledger.late_s() - 0.015) < 0.001


def test_a_round_trip_measured_in_a_busy_moment_is_corrected_by_the_next() -> None:
    ledger = PlaybackLedger()
    ledger.mark_sent("probe", 0.0)
    ledger.mark_echoed("probe", 0.16)
    for n, name in enumerate(played(ledger, 60, mark_every=10), start=1):
        ledger.mark_echoed(name, 1 + n * 0.2 + 0.1 + 0.06)
    assert ledger.late_s() < 0.001
    ledger.mark_sent("next", 9.0)
    ledger.mark_echoed("next", 9.1)
    assert abs(ledger.late_s() - 0.06) < 0.001
