"""A call's recording on its page: drawn, played from anywhere, deleted by those who may, heard by nobody else."""

from __future__ import annotations

import random
import re

import pytest

from services.calls.context import SoundChunk
from services.calls.recordings import add_chunk
from tests.app.admin.cast import CLINIC, NOW, OTHER, OWNER, VIEWER
from tests.app.admin.fixtures import Admin

HOME = f"/admin/b/{CLINIC}/"


def record(admin: Admin, seconds: int = 12) -> None:
    """Sound of the clinic's call, the agent a second behind the caller."""
    tone = bytes((0x10, 0x90)) * 4000
    for second in range(seconds):
        chunk = SoundChunk(0, second, 1000 * second, 8000, tone, tone if second else b"")
        admin.database.write_rows(
            CLINIC, lambda rows, chunk=chunk: add_chunk(rows, admin.clinic.call_id, chunk, now=NOW)
        )


def test_a_recording_is_drawn_played_and_entered_by_time(admin: Admin) -> None:
    record(admin)
    visitor = admin.visitor(OWNER)
    page = visitor.get(f"{HOME}calls/{admin.clinic.call_id}").text
    assert "<audio" in page
    assert len(re.findall(r'<path class="(?:caller|agent)" d="M0 ', page)) == 2
    assert 'data-seek="1200"' in page
    sound = visitor.get(f"{HOME}calls/{admin.clinic.call_id}/recording")
    assert (sound.status_code, sound.mimetype, len(sound.data)) == (200, "audio/wav", 44 + 12 * 32_000)
    assert sound.headers["Accept-Ranges"] == "bytes"


@pytest.mark.parametrize(
    ("asked", "status", "span"),
    [
        ("bytes=0-43", 206, (0, 44)),
        ("bytes=100000-", 206, (100_000, 384_044)),
        ("bytes=-10", 206, (384_034, 384_044)),
        ("bytes=384044-", 416, None),
    ],
)
def test_a_browser_may_ask_for_any_part_of_the_sound(
    admin: Admin, asked: str, status: int, span: tuple[int, int] | None
) -> None:
    record(admin)
    visitor, path = admin.visitor(OWNER), f"{HOME}calls/{admin.clinic.call_id}/recording"
    part = visitor.client.get(path, headers={"Range": asked})
    assert part.status_code == status
    if span is not None:
        assert part.data == visitor.get(path).data[slice(*span)]
        assert part.headers["Content-Range"] == f"bytes {span[0]}-{span[1] - 1}/384044"


def test_the_sound_of_a_long_call_does_not_make_its_page_heavy(admin: Admin) -> None:
    noise = random.Random(3).randbytes(40_000)
    for number in range(180):  # a quarter of an hour
        chunk = SoundChunk(0, number, 5000 * number, 40_000, noise, noise)
        admin.database.write_rows(
            CLINIC, lambda rows, chunk=chunk: add_chunk(rows, admin.clinic.call_id, chunk, now=NOW)
        )
    page = admin.visitor(OWNER).get(f"{HOME}calls/{admin.clinic.call_id}")
    assert len(page.data) < 80_000


def test_only_those_who_may_change_delete_the_sound_and_the_call_stays(admin: Admin) -> None:
    record(admin)
    path = f"{HOME}calls/{admin.clinic.call_id}"
    assert admin.visitor(VIEWER).post(f"{path}/recording/delete").status_code == 403
    assert admin.visitor(OTHER).post(f"{path}/recording/delete").status_code == 404
    assert admin.visitor(OTHER).get(f"{path}/recording").status_code == 404
    owner = admin.visitor(OWNER)
    assert owner.get(f"{path}/recording").status_code == 200
    assert (
        "The recording was deleted" in owner.client.get(owner.post(f"{path}/recording/delete").headers["Location"]).text
    )
    assert owner.get(f"{path}/recording").status_code == 404
    assert "hello" in owner.get(path).text
