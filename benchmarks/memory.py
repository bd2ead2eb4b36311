"""Memory of a night: of the simulation process per synapse, and copies of the weights in Python.

python benchmarks/memory.py [--sizes 400 1200 4000] [--repeats 1] [--quick] [--json FILE]

Devices `cpp` and `cpp_stock`, each time in a fresh process, which this script starts: the second
night of its kind, as the first one compiles and loads what is no copy of the weights. Linux only.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from command_line import add_sizes, parser_of, read
from markdown_tables import table
from workers import Worker

DEVICES = ("cpp", "cpp_stock")
N_STEPS, FIRST_STEPS = 50, 5
HEAD = ("H", "device", "bytes per synapse, simulation process", "copies of the weights, Python")

#: What is measured at one size on one device, or its median.
Memory = Mapping[str, float]


def work(n_hidden: int, device: str, record: str | None) -> Memory:
    """Measure the memory of the simulation process and of this one during a night."""
    from night_methods import network_of, sleep
    from problem import make_problem

    problem = make_problem(n_hidden, N_STEPS)
    ann = network_of(problem)
    sleep(problem.first_steps(FIRST_STEPS), device, record, ann)
    n_bytes = sum(w.nbytes for w in problem.weights)
    before = status_of("self", "VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # resets the peak
    with ChildMemory() as children:
        night = sleep(problem, device, record, ann)
    peak = status_of("self", "VmHWM")
    assert len(night.weights_after) == len(problem.weights)
    return {
        "bytes_per_synapse": children.peak / problem.n_synapses,
        "copies": (peak - before) / n_bytes,
    }


class ChildMemory:
    """Watch the peak memory of child processes while a block runs.

    `RUSAGE_CHILDREN` is not used: it counts the pages of the parent, which a child has between fork
    and exec. The VmHWM of a process is reset by exec.
    """

    def __init__(self) -> None:
        self.peak = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> ChildMemory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        me, python = os.getpid(), os.readlink("/proc/self/exe")
        while not self._done.is_set():
            for task in Path(f"/proc/{me}/task").iterdir():
                try:
                    children = (task / "children").read_text().split()
                except OSError:
                    continue
                for child in children:
                    try:
                        if os.readlink(f"/proc/{child}/exe") != python:
                            self.peak = max(self.peak, status_of(child, "VmHWM"))
                    except (OSError, LookupError):
                        continue  # the process has just ended
            time.sleep(0.001)


def status_of(process: str, key: str) -> int:
    """Return a line of ``/proc/PROCESS/status`` in bytes."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1]) * 1024
    raise LookupError(key)


def measure(n_hidden: int, device: str, options: argparse.Namespace) -> dict[str, object]:
    """Return the medians of all rounds, each in a process of its own."""
    command = [sys.executable, str(Path(__file__).resolve()), "--work", str(n_hidden), device]
    command += ["all"] if options.quick else []  # the program that other checks compile
    rounds = []
    for _ in range(options.repeats):
        with Worker(command) as worker:
            rounds.append(worker.answer())
    medians = {key: statistics.median(one[key] for one in rounds) for key in rounds[0]}
    return {"hidden": n_hidden, "device": device, **medians}


def lines(found: Iterable[Mapping[str, object]]) -> list[str]:
    """Return the table of the page."""
    rows = [
        (
            str(one["hidden"]),
            f"`{one['device']}`",
            f"{one['bytes_per_synapse']:.2f}",
            f"{one['copies']:.2f}",
        )
        for one in found
    ]
    return table(HEAD, rows, right=(0, 2, 3))


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and write; or be a worker."""
    parser = parser_of(__doc__, repeats=1, quick="one small network on one device, as a check")
    add_sizes(parser, 400, 1200, 4000)
    parser.add_argument("--work", nargs="+", metavar="H", help=argparse.SUPPRESS)
    options = read(parser, arguments)
    if options.work:
        n_hidden, device, *record = options.work
        print(json.dumps(work(int(n_hidden), device, record[0] if record else None)))
        return
    found = []
    devices = DEVICES[:1] if options.quick else DEVICES
    for n_hidden, device in itertools.product(options.sizes, devices):
        found.append(measure(n_hidden, device, options))
        print(found[-1], flush=True)
        if options.json:
            options.json.write_text(json.dumps(found, indent=1) + "\n")
    print(*lines(found), sep="\n")


if __name__ == "__main__":
    main()
