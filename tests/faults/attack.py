"""Attack what the package leaves on disk, and print how often it held; ``make faults`` runs this.

Variables of the environment: BRAINSLEEP_FAULTS (names of attacks, or parts of them, separated by
commas; all unless given), BRAINSLEEP_FAULTS_SCALE (1: some 3,500 cases and an hour or two),
BRAINSLEEP_FAULTS_SEED, and BRAINSLEEP_FAULTS_CASE (only the case of this number).
"""

from __future__ import annotations

import os
import sys
import tempfile
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

os.environ.setdefault("MPLBACKEND", "Agg")

import torch
from cases import Case, Tally, Verdict, run_cases, table
from damaged import (
    damage_copied_nights,
    damage_finished_nights,
    damage_finished_runs,
    damage_graphs,
    damage_killed_nights,
    damage_killed_runs,
    damage_programs,
    damage_sweeps,
)
from disks import (
    fill_under_memory,
    fill_under_night,
    fill_under_run,
    fill_under_save,
    pages,
    why_no_disk,
)
from kills import (
    kill_compiles,
    kill_nights,
    kill_runs,
    kill_sweeps,
    kill_training,
    kill_unsupervised_runs,
)
from laboratory import Laboratory
from other_requests import ask_for_another_night
from pairs import (
    pair_of_compilations,
    pair_of_nights,
    pair_of_other_nights,
    pair_of_runs,
    pair_of_saves,
)

Judge = Callable[[Case, Laboratory], Verdict]

#: By name: what judges a case, and how many cases there are of it; on disks, one for each page.
ATTACKS: dict[str, tuple[Judge, int]] = {
    "kill: streamed night": (kill_nights, 750),
    "kill: run": (kill_runs, 60),
    "kill: training": (kill_training, 60),
    "kill: run without labels": (kill_unsupervised_runs, 50),
    "kill: sweep": (kill_sweeps, 20),
    "kill: compilation": (kill_compiles, 120),
    "damage: finished night": (damage_finished_nights, 500),
    "damage: killed night": (damage_killed_nights, 500),
    "damage: night saved from memory": (damage_copied_nights, 300),
    "damage: finished run": (damage_finished_runs, 200),
    "damage: killed run": (damage_killed_runs, 150),
    "damage: sweep": (damage_sweeps, 50),
    "damage: compiled program": (damage_programs, 150),
    "damage: NIR graph": (damage_graphs, 150),
    "full disk: streamed night": (fill_under_night, 0),
    "full disk: night in memory": (fill_under_memory, 0),
    "full disk: save": (fill_under_save, 0),
    "full disk: run": (fill_under_run, 0),
    "other request": (ask_for_another_night, 300),
    "pair: same night": (pair_of_nights, 60),
    "pair: other night": (pair_of_other_nights, 20),
    "pair: save": (pair_of_saves, 20),
    "pair: run or sweep": (pair_of_runs, 20),
    "pair: compilation": (pair_of_compilations, 20),
}


#: Attacks whose cases are numbers of free pages.
ON_DISK = "full disk: "


def main() -> int:
    """Run the attacks that are asked for; the exit status is 1 if one succeeded."""
    wanted = os.environ.get("BRAINSLEEP_FAULTS", "").split(",")
    scale = float(os.environ.get("BRAINSLEEP_FAULTS_SCALE", "1"))
    seed = int(os.environ.get("BRAINSLEEP_FAULTS_SEED", "0"))
    only = os.environ.get("BRAINSLEEP_FAULTS_CASE")
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    tallies = []
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        laboratory = Laboratory(Path(folder))
        os.environ.setdefault("BRAINSLEEP_CACHE", f"{folder}/programs")
        parts = [name for name in ATTACKS if any(part in name for part in wanted)]
        for name in [name for name in ATTACKS if name in wanted] or parts:
            if name.startswith(ON_DISK) and (reason := why_no_disk()):
                show(f"{name}: left out, {reason}")
                continue
            numbers = [int(only)] if only is not None else numbers_of(name, scale, laboratory)
            tallies.append(attack(name, numbers, seed, laboratory, show))
            show(f"{name}: {tallies[-1].tried} cases in {tallies[-1].seconds:.0f} s")
    print(f"\n{table(tallies)}")
    return int(any(tally.failures for tally in tallies))


def numbers_of(name: str, scale: float, laboratory: Laboratory) -> Sequence[int]:
    """Return the numbers of the cases of an attack."""
    _, count = ATTACKS[name]
    if name.startswith(ON_DISK):
        return pages(laboratory, name.removeprefix(ON_DISK), scale)
    return range(max(1, round(scale * count)))


def attack(
    name: str,
    numbers: Sequence[int],
    seed: int,
    laboratory: Laboratory,
    report: Callable[[str], None] = lambda line: None,
) -> Tally:
    """Run cases of an attack."""
    judge, _ = ATTACKS[name]
    return run_cases(
        name,
        lambda case: judge(case, laboratory),
        numbers,
        seed=seed,
        folder=laboratory.folder,
        report=report,
    )


def show(line: str) -> None:
    """Print a line at once, beside the table."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
