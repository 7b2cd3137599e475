"""What the load bench concludes from its measurements, and the sound it sends to servers that resample."""

import audioop
from base64 import b64decode, b64encode
from pathlib import Path

import pytest

from bench.load import compared, keeps_the_limits, middle_round, search_capacity
from bench.load_sounds import LEVELS, write_sounds
from bench.load_world import LOUD, Ear, audible, is_loud, to_pcm

GOOD = {
    **dict.fromkeys(("lost_calls", "refused_calls", "silent_turns", "lost_bytes", "doubled_bytes"), 0),
    "to_model": {"p99": 2.0},
    "gaps": {"p99": 21.0},
}


@pytest.mark.parametrize("most", [0, 24, 25, 140, 150, 151, 249, 260, 400, 600])
def test_the_capacity_search_ends_within_a_step_of_the_truth(most: int) -> None:
    asked: list[int] = []

    def keeps(calls: int) -> bool:
        asked.append(calls)
        return calls <= most

    found = search_capacity(keeps, start=150, step=25)
    assert found <= most < found + 25
    assert len(asked) == len(set(asked)) <= 9


@pytest.mark.parametrize(
    "worse",
    [{"lost_calls": 1}, {"silent_turns": 1}, {"lost_bytes": 8}, {"to_model": {"p99": 61.0}}, {"gaps": {"p99": 41.0}}],
)
def test_one_broken_limit_is_enough(worse: dict[str, object]) -> None:
    assert keeps_the_limits(GOOD)
    assert not keeps_the_limits({**GOOD, **worse})


def test_what_cannot_be_measured_is_not_held_against_a_server() -> None:
    assert keeps_the_limits({**GOOD, "gaps": None, "lost_bytes": None, "doubled_bytes": None})


def test_of_several_rounds_the_table_has_the_median_and_every_ratio_is_of_one_round() -> None:
    costs = {"relay": (1.0, 2.0, 1.5), "ours": (4.0, 5.0, 3.3)}
    results = [
        {"server": server, "calls": 50, "cpu_ms_per_call_s": costs[server][number]}
        for number in range(3)
        for server in ("relay", "ours")
    ]
    assert [(result["server"], result["cpu_ms_per_call_s"]) for result in middle_round(results)] == [
        ("relay", 1.5),
        ("ours", 4.0),
    ]
    assert compared(results) == ["ours at 50 calls against relay, round by round: 4.00 x, 2.50 x, 2.20 x."]
    assert compared(results[:2]) == []


def test_pcm_for_the_servers_that_ask_for_it_is_the_same_sound_three_samples_for_one() -> None:
    codes = bytes(range(256))
    samples = [audioop.ulaw2lin(codes[at : at + 1], 2) for at in range(256)]
    assert to_pcm(codes) == b"".join(sample * 3 for sample in samples)


def test_a_loud_frame_stands_out_and_a_quiet_line_and_an_answer_do_not() -> None:
    def heard(mulaw: bytes) -> bool:
        return is_loud(b64encode(to_pcm(mulaw)).decode())

    assert heard(b64decode(LOUD.payload(caller=0, number=0)))
    assert not heard(audible(160))
    assert not heard(b"\xfe\x7e" * 80)


def test_a_clear_takes_back_what_was_not_played_but_for_the_packet_that_plays() -> None:
    ear, sound = Ear(lossy=False), audible(800)
    assert ear.hear(sound, now=10.0)
    assert ear.hear(sound[:160], now=10.0)
    ear.clear(now=10.05)  # in the middle of the third packet
    assert bytes(ear.heard) == sound[:480]
    assert ear.plays_until == pytest.approx(10.06)
    assert ear.hear(sound, now=11.0)
    ear.clear(now=11.1)
    assert bytes(ear.heard) == sound[:480] + sound


def test_silence_is_played_but_not_counted_as_heard() -> None:
    ear, sound = Ear(lossy=False), audible(160)
    assert ear.hear(sound, now=10.0)
    assert not ear.hear(b"\xff" * 1600, now=10.0)
    assert ear.plays_until == pytest.approx(10.22)
    ear.clear(now=10.03)
    assert bytes(ear.heard) == sound


def test_the_callers_say_1_2_and_1_5_seconds_and_no_line_is_ever_quiet(tmp_path: Path) -> None:
    write_sounds(tmp_path)
    for level in LEVELS:
        question, interruption = (tmp_path / f"{what}-{level}.ulaw" for what in ("question", "interruption"))
        assert (len(question.read_bytes()), len(interruption.read_bytes())) == (9600, 12000)
        assert level * 0.7 < audioop.rms(audioop.ulaw2lin(interruption.read_bytes(), 2), 2) < level * 1.2
    line = (tmp_path / "noise.ulaw").read_bytes()
    frames = [audioop.rms(audioop.ulaw2lin(line[at : at + 160], 2), 2) for at in range(0, len(line), 160)]
    assert 58 < sum(frames) / len(frames) < 62
    assert min(frames) > 40
