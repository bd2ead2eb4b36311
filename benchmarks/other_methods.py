"""A night run in all other ways: spikes recorded, other devices, PyTorch on one and two threads.

python benchmarks/other_methods.py [--sizes 400 1200 4000] [--repeats 5] [--quick] [--json FILE]

The night of `nights.py`, which has those that are closest: the faster of two kernels written by
hand, and row-sparse PyTorch on one thread. What counts is the loop over steps alone, on one thread
unless stated. Slow methods run the first steps of the same night.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from interleaved import Comparison, Times, take_turns
from night_methods import OURS, Method, calls_of, check, row_sparse, run_brainsleep
from nights import SPARSE_STEPS, STEPS, comparison, main_of_sizes
from problem import Problem, make_problem, run_kernel

#: The runtime device is only timed on small networks, and few steps.
RUNTIME_STEPS, LARGEST_RUNTIME = 100, 400

#: A method, and how many steps of the night it runs.
Timed = tuple[Method, int]


def devices(n_hidden: int, n_steps: int, few: int, quick: bool) -> dict[str, Timed]:
    """Return the package in other ways; a quick run makes do with programs that record."""
    stock = partial(run_brainsleep, device="cpp_stock", record="all" if quick else None)
    found: dict[str, Timed] = {
        "with all spikes recorded": (partial(run_brainsleep, record="all"), n_steps),
        "device cpp_stock": (stock, few),
    }
    if n_hidden <= LARGEST_RUNTIME and not quick:
        found["device runtime"] = (partial(run_brainsleep, device="runtime"), RUNTIME_STEPS)
    return found


def loops(pilot: Problem) -> dict[str, Timed]:
    """Return loops in PyTorch, which run the steps of the pilot."""
    from loops import run_dense

    few = pilot.n_steps
    return {
        "row-sparse PyTorch, 2 threads": (row_sparse(pilot, threads=2), few),
        "dense PyTorch, 1 thread": (run_dense, few),
        "dense PyTorch, 2 threads": (partial(run_dense, threads=2), few),
    }


def compare(n_hidden: int, program: Path, repeats: int, quick: bool) -> list[Comparison]:
    """Return the package against all of them, at one size."""
    n_steps = 60 if quick else STEPS.get(n_hidden, 1000)
    problem = make_problem(n_hidden, n_steps)
    few = min(n_steps, SPARSE_STEPS.get(n_hidden, 100))
    others = devices(n_hidden, n_steps, few, quick) | loops(problem.first_steps(few))
    kernel = partial(run_kernel, program)
    notes = {
        name: f"weights within {check(name, recording(name, method), kernel, problem):.0e}"
        for name, (method, _) in others.items()
    }
    timed = {OURS: (partial(run_brainsleep, record="all" if quick else None), n_steps), **others}
    nights = {name: (method, problem.first_steps(n)) for name, (method, n) in timed.items()}
    found = take_turns(calls_of(nights), repeats)
    times = {name: Times(one.wall, []) for name, one in found.items()}
    return [comparison(f"H = {n_hidden}", name, times, notes[name]) for name in others]


def recording(name: str, method: Method) -> Method:
    """Return a method that also tells its spikes."""
    return partial(method, record="all") if name.startswith("device") else method


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and write."""
    main_of_sizes(__doc__, compare, repeats=5, arguments=arguments)


if __name__ == "__main__":
    main()
