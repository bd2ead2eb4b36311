"""The first night of a new topology, and what it imports, against the commit before.

python benchmarks/cold_start.py [--hidden 1200] [--repeats 5] [--quick] [--json FILE]

Each time a fresh process with an empty cache, in turns. torch and Brian2 are imported beforehand.
Imports: `import brainsleep` and what the first `bs.sleep` needs. Night: a whole `bs.sleep` of ten
steps of 784-H-H-10 after that, all spikes recorded.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from interleaved import Comparison, Times, show, take_turns, timed
from workers import COMMIT_BEFORE, ROOT, Worker, checked_out

OURS, BEFORE = "brainsleep", f"commit {COMMIT_BEFORE}"
N_STEPS = 10


def work(n_hidden: int) -> None:
    """Import the package and run the first night of this process; seconds of both as JSON."""
    import brian2  # noqa: F401
    import torch
    from torch import nn

    imports = timed(import_package)
    import brainsleep as bs

    torch.manual_seed(0)
    sizes = (784, n_hidden, n_hidden, 10)
    layers = [nn.Linear(n, m, bias=False) for n, m in itertools.pairwise(sizes)]
    ann = nn.Sequential(layers[0], nn.ReLU(), layers[1], nn.ReLU(), layers[2])
    sleep = partial(
        bs.sleep,
        ann,
        torch.rand(784).numpy() * 0.03,
        duration=N_STEPS,
        neuron=bs.Heaviside(gain=1.0, threshold=0.1, decay=0.9),
        plasticity=bs.SRC(increase=1e-4, decrease=1e-5),
        progress=False,
    )
    nights = []
    night = timed(lambda: nights.append(sleep()))
    assert not nights[0].timings["build_cached"]
    package = str(Path(bs.__file__).resolve())
    print(json.dumps({"imports": imports, "night": night, "package": package}), flush=True)


def import_package() -> None:
    """Import what the first night needs."""
    import brainsleep as bs

    _ = bs.sleep


def compare(n_hidden: int, repeats: int) -> list[Comparison]:
    """Return imports and first nights of both sides."""
    imports: dict[str, list[tuple[float, float]]] = {OURS: [], BEFORE: []}
    with checked_out() as before:
        trees = {OURS: ROOT, BEFORE: before}
        calls = {name: first_night(n_hidden, tree, imports[name]) for name, tree in trees.items()}
        nights = take_turns(calls, repeats)
    imported = {}
    for name, seconds in imports.items():  # the first round does not count
        wall, processor = zip(*seconds[-repeats:], strict=True)
        imported[name] = Times(list(wall), list(processor))
    return [
        Comparison("commit before", OURS, BEFORE, nights, unit="first night"),
        Comparison("commit before, imports", OURS, BEFORE, imported, unit="import"),
    ]


def first_night(
    n_hidden: int, tree: Path, imports: list[tuple[float, float]]
) -> Callable[[], tuple[float, float]]:
    """Return a call that runs a first night of a version in a fresh process."""

    def call() -> tuple[float, float]:
        command = [sys.executable, str(Path(__file__).resolve()), "--work", str(n_hidden)]
        with tempfile.TemporaryDirectory(prefix="cold-") as cache:
            environment = {"PYTHONPATH": str(tree), "BRAINSLEEP_CACHE": cache}
            with Worker(command, environment) as worker:
                answer = worker.answer()
        assert Path(str(answer["package"])).is_relative_to(tree.resolve()), answer["package"]
        imports.append(tuple(answer["imports"]))
        return tuple(answer["night"])

    return call


def main() -> None:
    """Measure, print and write; or be a worker."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hidden", type=int, default=1200, metavar="H")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="one round with H = 50, as a check")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--work", type=int, metavar="H", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        work(options.work)
        return
    hidden, repeats = (50, 1) if options.quick else (options.hidden, options.repeats)
    comparisons = compare(hidden, repeats)
    show(comparisons, options.json)


if __name__ == "__main__":
    main()
