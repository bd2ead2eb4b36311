"""The first night of a topology, later ones, and what is imported, against the commit before.

python benchmarks/cold_start.py [--hidden 1200] [--repeats 5] [--quick] [--json FILE]

Each time a fresh process with an empty cache, in turns; then another one with the cache as it is.
torch and Brian2 are imported beforehand. Imports: `import brainsleep` and what the first `bs.sleep`
needs. Night: a whole `bs.sleep` of about ten steps of 784-H-H-10 after that, all spikes recorded.
Later nights differ in weights, seed, learning rates, thresholds and duration, and compile nothing.
"""

from __future__ import annotations

import itertools
import json
import statistics
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from interleaved import Comparison, Times, take_turns, timed
from workers import BEFORE, OURS, ROOT, Worker, check_version, checked_out, main_of_versions

N_STEPS, LATER_NIGHTS = 10, 3

#: Wall-clock and processor time.
Seconds = tuple[float, float]
#: What is measured of one side beside the first night, by name: an entry per round.
Others = dict[str, list[Seconds]]
#: These others: what each is called, and seconds of what they are.
OTHERS = {
    "commit before, imports": "import",
    "commit before, new process": "night",
    "commit before, same process": "night",
}


def work(n_hidden: int) -> None:
    """Import the package and run the nights of this process; seconds of all as JSON."""
    import brian2  # noqa: F401
    import torch  # noqa: F401

    imports = timed(import_package)
    import brainsleep as bs

    every = [one_night(n_hidden, number) for number in range(1 + LATER_NIGHTS)]
    nights, cached = zip(*every, strict=True)
    answer = {
        "imports": imports,
        "first": nights[0],
        "later": [statistics.median(clock) for clock in zip(*nights[1:], strict=True)],
        "cached": cached,
        "package": bs.__file__,
    }
    print(json.dumps(answer), flush=True)


def import_package() -> None:
    """Import what the first night needs."""
    import brainsleep as bs

    _ = bs.sleep


def one_night(n_hidden: int, number: int) -> tuple[Seconds, bool]:
    """Return the seconds of one night of a process, and whether its program was there already."""
    import torch
    from torch import nn

    import brainsleep as bs

    torch.manual_seed(number)
    sizes = (784, n_hidden, n_hidden, 10)
    layers = [nn.Linear(n, m, bias=False) for n, m in itertools.pairwise(sizes)]
    sleep = partial(
        bs.sleep,
        nn.Sequential(layers[0], nn.ReLU(), layers[1], nn.ReLU(), layers[2]),
        torch.rand(784).numpy() * 0.03,
        duration=N_STEPS + number,
        neuron=bs.Heaviside(gain=1.0, threshold=0.1 + 0.01 * number, decay=0.9),
        plasticity=bs.SRC(increase=1e-4 * (1 + number), decrease=1e-5),
        seed=number,
        progress=False,
    )
    nights = []
    seconds = timed(lambda: nights.append(sleep()))
    return seconds, bool(nights[0].timings["build_cached"])


def compare(n_hidden: int, repeats: int) -> list[Comparison]:
    """Return first nights, imports and later nights of both sides."""
    others: dict[str, Others] = {who: {name: [] for name in OTHERS} for who in (OURS, BEFORE)}
    with checked_out() as before:
        trees = {OURS: ROOT, BEFORE: before}
        calls = {who: first_night(n_hidden, tree, others[who]) for who, tree in trees.items()}
        nights = take_turns(calls, repeats)
    found = [Comparison("commit before", OURS, BEFORE, nights, unit="first night")]
    for name, unit in OTHERS.items():
        times = {}
        for who, measured in others.items():  # the first round does not count
            wall, processor = zip(*measured[name][-repeats:], strict=True)
            times[who] = Times(list(wall), list(processor))
        found.append(Comparison(name, OURS, BEFORE, times, unit=unit))
    return found


def first_night(n_hidden: int, tree: Path, others: Others) -> Callable[[], Seconds]:
    """Return a call that runs a first night of a version in a fresh process, and then others."""
    command = [sys.executable, str(Path(__file__).resolve()), "--work", str(n_hidden)]

    def call() -> Seconds:
        with tempfile.TemporaryDirectory(prefix="cold-") as cache:
            environment = {"PYTHONPATH": str(tree), "BRAINSLEEP_CACHE": cache}
            cold, warm = (answer_of(command, environment, tree) for _ in range(2))
        assert not cold["cached"][0]
        assert all(cold["cached"][1:] + warm["cached"])
        measured = (cold["imports"], warm["first"], cold["later"])
        for name, seconds in zip(OTHERS, measured, strict=True):
            others[name].append(tuple(seconds))
        return tuple(cold["first"])

    return call


def answer_of(command: list[str], environment: dict[str, str], tree: Path) -> dict[str, object]:
    """Return what a worker of a version measures."""
    with Worker(command, environment) as worker:
        answer = worker.answer()
    check_version(answer["package"], tree)
    return answer


if __name__ == "__main__":
    main_of_versions(__doc__, compare, work, repeats=5)
