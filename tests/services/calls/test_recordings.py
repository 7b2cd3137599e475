"""Recordings in both databases: kept once, read back in any piece, gone in time, never seen by another business."""

from __future__ import annotations

import audioop
import io
import random
import wave
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.calls.context import SoundChunk
from services.calls.recordings import Recording, add_chunk, delete_recording, peaks, recording_of, sound_of
from services.calls.wav import HEADER_BYTES, RecordingWav
from services.db.database import Database
from services.db.models import BusinessSettings, Call, RecordingChunk
from services.db.tenancy import bind_business, unscoped
from tests.services.db.fixtures import NOW, Cast
from tests.services.outbox.rounds import tidy

SECOND = 8000


def tone(level: int, samples: int) -> bytes:
    pcm = b"".join((level if n % 16 < 8 else -level).to_bytes(2, "little", signed=True) for n in range(samples))
    return audioop.lin2ulaw(pcm, 2)


def keep(database: Database, call: Call, *chunks: SoundChunk) -> None:
    for chunk in chunks:
        database.write_rows(call.business_id, lambda rows, chunk=chunk: add_chunk(rows, call.id, chunk, now=NOW))


def kept(database: Database, call: Call, business_id: int | None = None) -> Recording | None:
    return database.read(lambda s: recording_of(bind_business(s, business_id or call.business_id), call.id))


def rows(database: Database) -> int:
    def count(s: Session) -> int:
        with unscoped(s, "test"):
            return s.scalar(select(func.count(RecordingChunk.id))) or 0

    return database.read(count)


def wav_of(cast: Cast, call: Call) -> RecordingWav:
    found = kept(cast.database, call)
    assert found is not None
    return RecordingWav(
        found, lambda key: cast.database.read(lambda s: sound_of(bind_business(s, call.business_id), key))
    )


def test_a_piece_written_again_is_there_once(cast: Cast) -> None:
    piece = SoundChunk(0, 1, 0, SECOND, tone(9000, SECOND), b"")
    keep(cast.database, cast.clinic_call, piece, piece)
    assert rows(cast.database) == 1


def test_streams_of_one_call_stand_on_one_line_of_time(cast: Cast) -> None:
    """A pause between two streams is silence; where they overlap, nothing is heard twice."""
    first, late, early = tone(9000, SECOND), tone(4000, SECOND), tone(2000, SECOND)
    keep(
        cast.database,
        cast.clinic_call,
        SoundChunk(1, 1, 3000, SECOND, late, b""),
        SoundChunk(0, 1, 0, SECOND, first, first[:400]),
        SoundChunk(2, 1, 3750, SECOND, b"", early),
    )
    wav = wav_of(cast, cast.clinic_call)
    with wave.open(io.BytesIO(io.BufferedReader(wav).read())) as sound:
        assert (sound.getnchannels(), sound.getframerate(), sound.getsampwidth()) == (2, 8000, 2)
        assert sound.getnframes() == 4750 * 8
        pcm = sound.readframes(sound.getnframes())
    caller, agent = audioop.tomono(pcm, 2, 1, 0), audioop.tomono(pcm, 2, 0, 1)
    nothing = b"\xff"
    assert audioop.lin2ulaw(caller, 2) == first + nothing * 2 * SECOND + late + nothing * 6000
    assert audioop.lin2ulaw(agent, 2) == first[:400] + nothing * (4 * SECOND - 400) + early[2000:]


def test_any_part_of_the_file_is_the_same_part_of_the_whole(cast: Cast) -> None:
    dice = random.Random(5)
    chunks = [
        SoundChunk(0, n, n * 1300, SECOND, dice.randbytes(SECOND), dice.randbytes(dice.randrange(SECOND)))
        for n in range(4)
    ]
    keep(cast.database, cast.clinic_call, *chunks)
    wav = wav_of(cast, cast.clinic_call)
    whole = io.BufferedReader(wav).read()
    assert len(whole) == wav.length
    for _ in range(60):
        part = io.BufferedReader(wav_of(cast, cast.clinic_call), 1 << dice.randrange(4, 17))
        start, length = dice.randrange(wav.length), dice.choice((1, 3, HEADER_BYTES, 70_000))
        part.seek(start)
        assert part.read(length) == whole[start : start + length]


def test_peaks_say_how_loud_each_tenth_of_a_second_is() -> None:
    found = peaks(tone(32000, 800) + tone(1000, 800) + b"\xff" * 100)
    assert len(found) == 3
    assert found[0] > 240
    assert 5 < found[1] < 10
    assert found[2] == 0


def test_another_business_hears_nothing(cast: Cast) -> None:
    keep(cast.database, cast.clinic_call, SoundChunk(0, 1, 0, SECOND, b"", b""))
    found = kept(cast.database, cast.clinic_call)
    assert found is not None
    assert kept(cast.database, cast.clinic_call, cast.office.id) is None
    key = found.pieces[0].chunk_id
    assert cast.database.read(lambda s: sound_of(bind_business(s, cast.office.id), key)) is None
    cast.database.write(lambda s: delete_recording(bind_business(s, cast.office.id), cast.clinic_call.id))
    assert rows(cast.database) == 1


def test_the_sound_goes_with_its_call_or_alone(cast: Cast) -> None:
    for call in (cast.clinic_call, cast.office_call):
        keep(cast.database, call, SoundChunk(0, 1, 0, SECOND, b"", b""))
    cast.database.write(lambda s: delete_recording(bind_business(s, cast.clinic.id), cast.clinic_call.id))
    assert kept(cast.database, cast.clinic_call) is None
    cast.database.write(
        lambda s: bind_business(s, cast.office.id).delete(s.get_one(Call, cast.office_call.id)),
    )
    assert rows(cast.database) == 0


@pytest.mark.parametrize(("days", "is_left"), [(29, True), (31, False)])
def test_sound_is_deleted_after_the_days_its_business_chose(cast: Cast, days: int, is_left: bool) -> None:
    def choose(s: Session, business_id: int, keep_days: int) -> None:
        bind_business(s, business_id).scalars(select(BusinessSettings)).one().recording_retention_days = keep_days

    cast.database.write(lambda s: choose(s, cast.clinic.id, 30))
    cast.database.write(lambda s: choose(s, cast.office.id, 365))
    pieces = [SoundChunk(0, n, n * 1000, SECOND, b"", b"") for n in range(130)]
    keep(cast.database, cast.clinic_call, *pieces)
    keep(cast.database, cast.office_call, pieces[0])
    done = tidy(cast.database, NOW + timedelta(days=days))
    assert done["delete what is too old"] == (0 if is_left else 130)
    assert rows(cast.database) == (131 if is_left else 1)
