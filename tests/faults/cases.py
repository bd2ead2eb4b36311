"""One case of an attack, its verdict, and the table of many."""

from __future__ import annotations

import shutil
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from forked import Ended

#: What can come of a case. The last four are failures.
VERDICTS = ("held", "refused", "wrong", "stuck", "raw", "left")
FAILURES = VERDICTS[2:]

#: Most characters of a message that is plain.
PLAIN = 600


@dataclass(frozen=True)
class Verdict:
    """What came of a case: one of `VERDICTS`, and for failures what exactly."""

    what: str
    note: str = ""

    @property
    def is_failure(self) -> bool:
        """Whether it must not be."""
        return self.what in FAILURES


@dataclass(frozen=True)
class Case:
    """One case; the same attack, seed and number make the same case again.

    Attributes
    ----------
    attack : str
        Name of the attack.
    seed, number : int
        Of which everything is drawn.
    folder : Path
        Empty, and removed afterwards.
    """

    attack: str
    seed: int
    number: int
    folder: Path

    def random(self) -> np.random.Generator:
        """Return the generator of this case, from its beginning."""
        return np.random.default_rng([self.seed, zlib.crc32(self.attack.encode()), self.number])

    @property
    def again(self) -> str:
        """The command that runs this case again."""
        return (
            f'BRAINSLEEP_FAULTS="{self.attack}" BRAINSLEEP_FAULTS_SEED={self.seed} '
            f"BRAINSLEEP_FAULTS_CASE={self.number} make faults"
        )


@dataclass
class Tally:
    """How many cases of an attack came to what."""

    attack: str
    counts: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def tried(self) -> int:
        """Number of cases."""
        return sum(self.counts.values())

    def add(self, case: Case, verdict: Verdict) -> None:
        """Count a case."""
        self.counts[verdict.what] += 1
        if verdict.is_failure:
            text = " ".join(verdict.note.split())
            self.failures.append(f"{verdict.what}: {text}\n  again: {case.again}")


def run_cases(
    attack: str,
    judge: Callable[[Case], Verdict],
    numbers: Sequence[int],
    *,
    seed: int,
    folder: Path,
    report: Callable[[str], None] = lambda line: None,
) -> Tally:
    """Run cases of an attack one after the other."""
    tally, started = Tally(attack), time.monotonic()
    for number in numbers:
        with own_folder(folder / f"case-{number}") as place:
            case = Case(attack, seed, number, place)
            verdict = judge(case)
        tally.add(case, verdict)
        if verdict.is_failure:
            report(f"{attack}, case {number}: {tally.failures[-1]}")
    tally.seconds = time.monotonic() - started
    return tally


@contextmanager
def own_folder(folder: Path) -> Iterator[Path]:
    """Make a folder, and remove it with all that is in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def is_plain(message: str, *names: str) -> bool:
    """Tell whether an error is one short line that names one of some files or folders."""
    short = "\n" not in message and 0 < len(message) <= PLAIN
    return short and (not names or any(name in message for name in names))


def badly(ended: Ended, *names: str) -> Verdict | None:
    """Return the verdict on a call that crashed, hung or refused in a way that helps nobody."""
    if ended.how in ("raw", "stuck"):
        return Verdict(ended.how, ended.message)
    if ended.how == "refused" and not is_plain(ended.message, *names):
        return Verdict("raw", f"no plain line: {ended.message}")
    return None


def table(tallies: list[Tally]) -> str:
    """Return the counts as a Markdown table."""
    lines = [
        f"| attack | tried | {' | '.join(VERDICTS)} |",
        f"|---|{'---|' * (len(VERDICTS) + 1)}",
    ]
    for tally in tallies:
        counts = " | ".join(str(tally.counts[what]) for what in VERDICTS)
        lines.append(f"| {tally.attack} | {tally.tried} | {counts} |")
    return "\n".join(lines)
