"""Short attacks on what is left on disk; ``make faults`` runs long ones.

A case that fails says how it is run again.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from attack import ATTACKS, ON_DISK, attack
from disks import why_no_disk
from laboratory import Laboratory

pytestmark = pytest.mark.filterwarnings("ignore")  # these nights are not good ones

#: Cases of each attack here; on disks, that many numbers of free pages up to another.
FEW = {
    "kill: streamed night": 6,
    "kill: run": 0,  # as the next, which trains for longer
    "kill: training": 1,
    "kill: run without labels": 1,
    "kill: sweep": 0,  # as long as two runs
    "kill: compilation": 1,
    "damage: finished night": 30,
    "damage: killed night": 10,
    "damage: night saved from memory": 30,
    "damage: finished run": 6,
    "damage: killed run": 2,
    "damage: sweep": 0,
    "damage: compiled program": 2,
    "damage: NIR graph": 10,
    "full disk: streamed night": (6, 400),
    "full disk: night in memory": (6, 300),
    "full disk: save": (4, 150),
    "full disk: run": (2, 250),
    "other request": 8,
    "pair: same night": 3,
    "pair: other night": 1,
    "pair: save": 1,
    "pair: run or sweep": 1,
    "pair: compilation": 1,
}


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    return Laboratory(tmp_path_factory.mktemp("laboratory"))


@pytest.mark.parametrize("name", [name for name in FEW if FEW[name]])
def test_attack(name: str, laboratory: Laboratory) -> None:
    numbers = cases_of(name)
    if name.startswith(ON_DISK) and (reason := why_no_disk()):
        pytest.skip(reason)
    tally = attack(name, numbers, 0, laboratory)
    assert not tally.failures, "\n".join(tally.failures)
    assert tally.tried == len(numbers)


def cases_of(name: str) -> list[int]:
    few = FEW[name]
    if isinstance(few, int):
        return list(range(few))
    return np.random.default_rng(0).choice(few[1], few[0], replace=False).tolist()


def test_all_attacks_are_here() -> None:
    assert list(FEW) == list(ATTACKS)
