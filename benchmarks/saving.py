"""Saving a night, and loading it, against the commit before.

python benchmarks/saving.py [--hidden 1200] [--repeats 7] [--quick] [--json FILE]

Both sides make the same night (784-H-H-10, 2.4 million synapses with H = 1200) in processes of
their own, with all spikes recorded, and save it in turns. This script is the worker of both.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from interleaved import Comparison, take_turns, timed
from workers import BEFORE, OURS, ROOT, Worker, check_version, checked_out, main_of_versions

WHAT = {"save": "commit before", "load": "commit before, loading"}
N_STEPS = 500


def work(n_hidden: int) -> None:
    """Make a night, then save or load it as often as asked; seconds as JSON."""
    from night_methods import sleep
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
            check_version(workers[name].answer()["package"], tree)
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


if __name__ == "__main__":
    main_of_versions(__doc__, compare, work, repeats=7)
