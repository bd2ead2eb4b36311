"""Alternatives measured in turns, in one process: medians, ratios with their range, kept as JSON.

What two programs take is comparable only where both had the same machine at the same time, so each
round runs every alternative once. Wall-clock time and processor time are kept side by side: on a
machine that others use, only the latter says something.

A script of this folder measures with `take_turns`, and prints with `show`, which with `--json FILE`
also writes what `summary.py` and `details.py` read.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

#: Clocks by name: what they read.
CLOCKS = {"wall": "wall-clock time", "processor": "processor time"}


@dataclass(frozen=True)
class Times:
    """What one alternative took, in seconds, one number per round.

    Attributes
    ----------
    wall : list of float
        Wall-clock time.
    processor : list of float
        Processor time, in the system and outside, of this process and of those it started and
        waited for; empty where a script measures none.
    """

    wall: list[float]
    processor: list[float]

    def on(self, clock: str) -> list[float]:
        """Return the seconds on one of `CLOCKS`."""
        return self.wall if clock == "wall" else self.processor

    def median(self, clock: str = "wall") -> float:
        """Return the median of the rounds."""
        return statistics.median(self.on(clock))


@dataclass(frozen=True)
class Ratio:
    """How many times as long one alternative takes as another.

    Attributes
    ----------
    median : float
        Ratio of the medians.
    lowest, highest : float
        Range of the ratios within single rounds.
    rounds : int
        Number of rounds.
    """

    median: float
    lowest: float
    highest: float
    rounds: int

    def __str__(self) -> str:
        """Return the ratio with its range."""
        if self.rounds == 1:
            return f"{rounded(self.median)} (one round)"
        return f"{rounded(self.median)} ({rounded(self.lowest)}–{rounded(self.highest)})"


@dataclass(frozen=True)
class Comparison:
    """Two alternatives that took turns.

    Attributes
    ----------
    name : str
        Which comparison of the script this is; a row of the summary names it.
    ours, theirs : str
        What was measured, in a few words.
    times : dict
        The `Times` of both, by these words.
    amount : float
        By what the seconds are divided where they are shown: images, steps, trials.
    unit : str
        What they are seconds of, as "image".
    note : str
        What a reader has to know beside the ratio, as firing rates.
    """

    name: str
    ours: str
    theirs: str
    times: dict[str, Times]
    amount: float = 1.0
    unit: str = "run"
    note: str = ""

    def ratio(self, clock: str = "wall") -> Ratio:
        """Return by how many times ours is ahead: what theirs takes, divided by what ours takes."""
        return ratio_of(self.times[self.theirs].on(clock), self.times[self.ours].on(clock))

    def lines(self) -> list[str]:
        """Return what a person reads: medians of both, and the ratio on each clock."""
        found = [f"{self.name}:"]
        for who in (self.ours, self.theirs):
            medians = [
                f"{1e3 * self.times[who].median(clock) / self.amount:.4g} ms {text}"
                for clock, text in CLOCKS.items()
                if self.times[who].on(clock)
            ]
            found.append(f"  {who:40} {', '.join(medians)} per {self.unit}")
        clocks = [clock for clock in CLOCKS if self.times[self.ours].on(clock)]
        ratios = ", ".join(f"{self.ratio(clock)} by {CLOCKS[clock]}" for clock in clocks)
        found.append(f"  {self.theirs} / {self.ours}: {ratios}")
        return [*found, f"  {self.note}"] if self.note else found


def ratio_of(these: Sequence[float], to: Sequence[float]) -> Ratio:
    """Return the ratio of the medians, and the range of the ratios round by round.

    Raises
    ------
    ValueError
        If there is no round, or a different number of them.
    """
    if len(these) != len(to) or not to:
        raise ValueError(f"ratios need the same rounds on both sides, not {len(these)}, {len(to)}.")
    each = [one / other for one, other in zip(these, to, strict=True)]
    middle = statistics.median(these) / statistics.median(to)
    return Ratio(middle, min(each), max(each), len(each))


def rounded(value: float) -> str:
    """Return a ratio in three digits, as people write it."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}" if value >= 10 else f"{value:.2f}"


# ------------------------------------------------------------------ measuring


def take_turns(
    alternatives: Mapping[str, Callable[[], object]], repeats: int, *, warm_up: int = 1
) -> dict[str, Times]:
    """Run all alternatives once in each round, and return what each took.

    Parameters
    ----------
    alternatives : dict
        Calls by name. A call may return its own ``(wall, processor)`` seconds, where only a part of
        it counts; otherwise all of it does.
    repeats : int
        Number of rounds. Every other one goes backwards, so that none is always first.
    warm_up : int
        Rounds before these that do not count: they compile, and fill caches.
    """
    found = {name: Times([], []) for name in alternatives}
    for number in range(-warm_up, repeats):
        names = list(alternatives)
        for name in reversed(names) if number % 2 else names:
            wall, processor = timed(alternatives[name])
            if number >= 0:
                found[name].wall.append(wall)
                found[name].processor.append(processor)
    return found


def timed(call: Callable[[], object]) -> tuple[float, float]:
    """Return the wall-clock and the processor seconds of a call, or those that it returns."""
    wall, processor = time.perf_counter(), processor_seconds()
    own = call()
    if isinstance(own, tuple):
        return own
    return time.perf_counter() - wall, processor_seconds() - processor


def processor_seconds(*, children_only: bool = False) -> float:
    """Return the processor time of this process and of those it started and waited for."""
    whose = [resource.RUSAGE_CHILDREN] + ([] if children_only else [resource.RUSAGE_SELF])
    used = map(resource.getrusage, whose)
    return sum(one.ru_utime + one.ru_stime for one in used)


# ------------------------------------------------------------------ where, and what of


def machine() -> str:
    """Return the model of the processor and its number of cores."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return f"{model}, {os.cpu_count()} cores"


def versions(packages: Iterable[str] = ("brian2", "torch", "numpy")) -> dict[str, str]:
    """Return the versions of Python, of packages that are installed, and of the compiler."""
    found = {"python": platform.python_version()}
    for name in packages:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    compiler = subprocess.run(["g++", "--version"], capture_output=True, text=True, check=False)
    return found | {"g++": (compiler.stdout.splitlines() or ["none"])[0].split()[-1]}


# ------------------------------------------------------------------ JSON


def show(comparisons: Iterable[Comparison], path: Path | None) -> list[Comparison]:
    """Print comparisons as they come, and write all that there are so far if there is a path."""
    found: list[Comparison] = []
    for one in comparisons:
        print(*one.lines(), sep="\n", flush=True)
        found.append(one)
        write_comparisons(path, found)
    return found


def write_comparisons(path: Path | None, comparisons: Iterable[Comparison]) -> None:
    """Write comparisons for `summary.py`; nothing without a path."""
    if path is not None:
        content = [asdict(one) for one in comparisons]
        path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def read_comparison(content: Mapping[str, object]) -> Comparison:
    """Return a comparison that was written."""
    times = {name: Times(**one) for name, one in content["times"].items()}  # type: ignore[attr-defined]
    return Comparison(**{**content, "times": times})  # type: ignore[arg-type]
