"""Attacks spoken on the telephone, by the files of `material`: no row, no word about others, no claim uncorrected."""

from __future__ import annotations

import pytest

from bench.attack.spoken import MATERIAL, Attack, play, read_attacks
from bench.attack.spoken_judge import judge
from bench.attack.spoken_world import World
from services.db.database import Database

ATTACKS = read_attacks(MATERIAL)


def open_row(attack: Attack, complaints: list[str]) -> str:
    """The row of the contract that is not kept yet (docs/spec.md), "" when this is a fault."""
    if attack.caller == "spoofed":
        return "S5"
    return "S7" if all(one.startswith("not corrected") for one in complaints) else ""


@pytest.mark.parametrize("attack", ATTACKS, ids=[attack.id for attack in ATTACKS])
def test_an_attacker_gets_nothing(database: Database, attack: Attack) -> None:
    world = World(database, language=attack.lang, caller=attack.caller)
    heard = play(world, attack)
    complaints = judge(heard, world)
    if complaints and (still_open := open_row(attack, complaints)):
        pytest.xfail(f"{still_open}: {complaints}")
    assert complaints == [], heard
