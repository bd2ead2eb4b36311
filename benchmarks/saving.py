"""Saving a night, and loading it, against the commit before.

python benchmarks/saving.py [--hidden 1200] [--repeats 7] [--quick] [--json FILE]

Both sides make the same night (784-H-H-10, 2.4 million synapses with H = 1200) in processes of
their own, with all spikes recorded, and save it in turns. This script is the worker of both.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from interleaved import Comparison, show, take_turns, timed
from workers import COMMIT_BEFORE, ROOT, Worker, checked_out

OURS, BEFORE = "brainsleep", f"commit {COMMIT_BEFORE}"
WHAT = {"save": "commit before", "load": "commit before, loading"}
N_STEPS = 500


def work(n_hidden: int) -> None:
    """Make a night, then save or load it as often as asked; seconds as JSON."""
    from bench import sleep
    from problem import make_problem

    import brainsleep as bs

    night = sleep(make_problem(n_hidden, N_STEPS), record="all")
    print(json.dumps({"package": bs.__file__}), flush=True)
    for number, line in enumerate(sys.stdin):
        with tempfile.TemporaryDirectory(prefix="saving-") as folder:
            target = Path(folder) / f"night-{number}"
            seconds = timed(partial(night.save, target))
            if line.strip() == "load":
                seconds = timed(partial(bs.Night.load, target))
            n_bytes = sum(file.stat().st_size for file in target.rglob("*") if file.is_file())
        print(json.dumps({"seconds": seconds, "bytes": n_bytes}), flush=True)


def compare(n_hidden: int, repeats: int) -> list[Comparison]:
    """Return both sides' saving and loading."""
    with ExitStack() as stack:
        trees = {OURS: ROOT, BEFORE: stack.enter_context(checked_out())}
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="saving-")))
        workers = {}
        for number, (name, tree) in enumerate(trees.items()):
            environment = {
                "PYTHONPATH": str(tree),
                "BRAINSLEEP_CACHE": str(scratch / f"cache-{number}"),
            }
            command = [sys.executable, str(Path(__file__).resolve()), "--work", str(n_hidden)]
            workers[name] = stack.enter_context(Worker(command, environment))
            package = Path(str(workers[name].answer()["package"]))
            assert package.is_relative_to(tree), package
        sizes: dict[str, int] = {}
        found = []
        for what, name in WHAT.items():
            calls = {who: asking(worker, what, who, sizes) for who, worker in workers.items()}
            times = take_turns(calls, repeats)
            note = ""
            if what == "save":
                note = f"{sizes[OURS] / 1e6:.1f} and {sizes[BEFORE] / 1e6:.1f} MB on disk"
            found.append(Comparison(name, OURS, BEFORE, times, unit="night", note=note))
        return found


def asking(
    worker: Worker, what: str, who: str, sizes: dict[str, int]
) -> Callable[[], tuple[float, float]]:
    """Return a call that lets a worker save or load, and keeps how much lies on disk."""

    def call() -> tuple[float, float]:
        answer = worker.ask(what)
        sizes[who] = answer["bytes"]
        return tuple(answer["seconds"])

    return call


def main() -> None:
    """Measure, print and write; or be a worker."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hidden", type=int, default=1200, metavar="H")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="one round with H = 100, as a check")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--work", type=int, metavar="H", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        work(options.work)
        return
    hidden, repeats = (100, 1) if options.quick else (options.hidden, options.repeats)
    comparisons = compare(hidden, repeats)
    show(comparisons, options.json)


if __name__ == "__main__":
    main()
