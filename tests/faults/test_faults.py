"""Short attacks on what is left on disk; ``make faults`` runs long ones.

A case that fails says how it is run again.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from attack import ATTACKS, ON_DISK, attack
from disks import enough_pages, why_no_disk
from laboratory import Laboratory

#: Cases of each attack here; on disks, numbers of free pages.
FEW = {
    "kill: streamed night": 8,
    "kill: run": 2,
    "kill: run without labels": 1,
    "kill: sweep": 0,  # as long as two runs
    "kill: compilation": 1,
    "damage: finished night": 40,
    "damage: killed night": 15,
    "damage: night saved from memory": 40,
    "damage: finished run": 8,
    "damage: killed run": 2,
    "damage: sweep": 1,
    "damage: compiled program": 3,
    "damage: NIR graph": 15,
    "full disk: streamed night": 8,
    "full disk: night in memory": 8,
    "full disk: save": 6,
    "full disk: run": 2,
    "pair: same night": 3,
    "pair: other night": 1,
    "pair: save": 2,
    "pair: run or sweep": 1,
    "pair: compilation": 1,
}


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    return Laboratory(tmp_path_factory.mktemp("laboratory"))


@pytest.mark.parametrize("name", ATTACKS)
def test_attack(name: str, laboratory: Laboratory) -> None:
    numbers = list(range(FEW[name]))
    if name.startswith(ON_DISK):
        reason = why_no_disk()
        if reason is not None:
            pytest.skip(reason)
        enough = enough_pages(laboratory, name.removeprefix(ON_DISK))
        numbers = np.random.default_rng(0).choice(enough, FEW[name], replace=False).tolist()
    tally = attack(name, numbers, 0, laboratory)
    assert not tally.failures, "\n".join(tally.failures)
    assert tally.tried == FEW[name]


def test_all_that_is_attacked_is_attacked_here() -> None:
    assert list(FEW) == list(ATTACKS)
