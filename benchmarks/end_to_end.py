"""A whole run, from the shell's prompt to the page of results, against another commit.

    python benchmarks/end_to_end.py [--commit 2a85358] [--repeats 5] [--quick] [--json FILE]

Each round runs `brainsleep run --report` of both sides once, in fresh processes with caches of
their own that are empty: networks are trained, and the program of the nights is compiled. Modules
are compiled to bytecode by a round before. Of each side it says what learning, nights and all else
take: as its run directory tells, or by the seconds of its arms, which a commit without seconds.json
has in metrics.json.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from command_line import parser_of, read
from interleaved import Comparison, take_turns, timed, write_comparisons
from workers import COMMIT_BEFORE, ROOT, checked_out

OURS = "brainsleep"
KINDS = ("learning", "nights", "all else", "whole")
QUICK = ("--set", "data.train_per_class=20", "--set", "training.epochs=1")


@dataclass
class Side:
    """One commit of the package.

    Attributes
    ----------
    tree : Path
        Its files.
    scratch : Path
        Where its runs and caches lie.
    more : tuple of str
        Arguments of the run.
    parts : list of dict
        Seconds by clock and kind, one entry per run.
    """

    tree: Path
    scratch: Path
    more: tuple[str, ...] = ()
    parts: list[dict[str, dict[str, float]]] = field(default_factory=list)

    def run(self) -> tuple[float, float]:
        """Run once; return wall-clock and processor seconds."""
        with tempfile.TemporaryDirectory(dir=self.scratch) as folder:
            out = Path(folder) / "run"
            command = [sys.executable, "-m", "brainsleep", "run", "--report", "--no-progress"]
            environment = {
                **{key: one for key, one in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"},
                "PYTHONPATH": str(self.tree),
                "PYTHONPYCACHEPREFIX": str(self.scratch / "bytecode"),
                "BRAINSLEEP_CACHE": str(Path(folder) / "cache"),
            }

            def call() -> None:
                subprocess.run(
                    [*command, "--out", str(out), *self.more],
                    env=environment,
                    cwd=folder,
                    check=True,
                    stdout=subprocess.DEVNULL,
                )

            wall, processor = timed(call)
            self.parts.append(parts_of(out, wall, processor))
        return wall, processor

    def median(self, clock: str, kind: str) -> float | None:
        """Return the median over all runs; None if the run does not tell."""
        found = [one[clock][kind] for one in self.parts if kind in one.get(clock, {})]
        return statistics.median(found) if found else None


def parts_of(out: Path, wall: float, processor: float) -> dict[str, dict[str, float]]:
    """Return the seconds by clock and kind of a run that took so many."""
    file = out / "seconds.json"
    if not file.exists():
        metrics = json.loads((out / "metrics.json").read_text())
        nights = sum(one["total"] for one in metrics["timings"])
        learning = sum(metrics["seconds"].values()) - nights
        told = {"wall": {"learning": learning, "nights": nights}}
    else:
        content = json.loads(file.read_text())
        told = {
            clock: {kind: content.get(kind, {}).get(clock, 0.0) for kind in ("learning", "nights")}
            for clock in ("wall", "processor")
        }
    for clock, kinds in told.items():
        whole = wall if clock == "wall" else processor
        rest = whole - kinds["learning"] - kinds["nights"]
        told[clock] = {**kinds, "all else": rest, "whole": whole}
    return told


def compare(commit: str, repeats: int, more: tuple[str, ...]) -> tuple[Comparison, list[str]]:
    """Return both sides' whole runs, and the lines that split them."""
    before = f"commit {commit}"
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="end-to-end-")))
        trees = {OURS: ROOT, before: stack.enter_context(checked_out(commit))}
        sides = {}
        for number, (name, tree) in enumerate(trees.items()):
            (own := scratch / str(number)).mkdir()
            sides[name] = Side(tree, own, more)
        calls: dict[str, Callable[[], object]] = {name: side.run for name, side in sides.items()}
        times = take_turns(calls, repeats)
        for side in sides.values():
            del side.parts[:-repeats]  # those of the round that compiled
        lines = [line for name, side in sides.items() for line in split_lines(name, side)]
    comparison = Comparison("whole run", OURS, before, times, unit="run", note="; ".join(lines))
    return comparison, lines


def split_lines(name: str, side: Side) -> list[str]:
    """Return what the parts of one side's runs take, a line per clock."""
    lines = []
    for clock in ("wall", "processor"):
        seconds = {kind: side.median(clock, kind) for kind in KINDS}
        whole = seconds["whole"]
        if whole:
            words = [f"{kind} {one:.1f} s" for kind, one in seconds.items() if one is not None]
            share = (seconds["all else"] or 0.0) / whole
            lines.append(f"{name}, {clock}: {', '.join(words)} ({share:.0%} all else)")
    return lines


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and write."""
    parser = parser_of(__doc__, repeats=5, quick="one round of a tiny run, as a check")
    parser.add_argument("--commit", default=COMMIT_BEFORE)
    options = read(parser, arguments)
    comparison, lines = compare(options.commit, options.repeats, QUICK if options.quick else ())
    print(*comparison.lines()[:-1], *lines, sep="\n")
    write_comparisons(options.json, [comparison])


if __name__ == "__main__":
    main()
