"""A night against the faster of two kernels written by hand and against row-sparse PyTorch.

python benchmarks/nights.py [--sizes 400 1200 4000] [--repeats 7] [--quick] [--json FILE]

One thread. What counts is the loop over steps alone, as each method measures it (wall-clock time).
Kernels are timed step by step and with their loops interchanged, each in the variant that is
fastest here; the one with the smaller median is taken. `bench.py` measures the same in more detail.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench import (
    INTERCHANGED_ORDERS,
    STEPWISE_ORDERS,
    check,
    fastest,
    kernel_at,
    run_brainsleep,
)
from interleaved import Comparison, Times, take_turns, write_comparisons
from problem import Problem, Result, compile_kernel, make_problem

OURS, SPARSE = "brainsleep", "row-sparse PyTorch"
#: Steps of a night by size, and of PyTorch's, which is the same night cut short.
STEPS = {400: 4000, 1200: 2000, 4000: 600}
SPARSE_STEPS = {400: 300, 1200: 200, 4000: 60}

Method = Callable[[Problem], Result]


def compare(n_hidden: int, program: Path, repeats: int, quick: bool) -> list[Comparison]:
    """Return the package against the faster kernel and against PyTorch, at one size."""
    n_steps = 60 if quick else STEPS.get(n_hidden, 1000)
    problem = make_problem(n_hidden, n_steps)
    short = problem.first_steps(min(n_steps, SPARSE_STEPS.get(n_hidden, 100)))
    kernels = {
        "C++ step by step": kernel_at(program, problem, STEPWISE_ORDERS),
        "C++ loops interchanged": kernel_at(program, problem, INTERCHANGED_ORDERS),
    }
    methods: dict[str, tuple[Method, Problem]] = {
        OURS: (run_brainsleep, problem),
        **{name: (kernel, problem) for name, kernel in kernels.items()},
        SPARSE: (row_sparse(short), short),
    }
    # errors, unless all compute the same night
    check(f"{OURS} cpp", run_brainsleep, kernels["C++ step by step"], problem)
    check(SPARSE, methods[SPARSE][0], kernels["C++ step by step"], problem)
    calls = {name: in_turn(method, night) for name, (method, night) in methods.items()}
    times = take_turns(calls, 1 if quick else repeats)
    times = {name: Times(one.wall, []) for name, one in times.items()}
    kernel = min(kernels, key=lambda name: statistics.median(times[name].wall))
    return [
        comparison(f"{n_hidden}: faster kernel", kernel, times),
        comparison(f"{n_hidden}: row-sparse", SPARSE, times),
    ]


def in_turn(method: Method, night: Problem) -> Callable[[], tuple[float, float]]:
    """Return a call that runs a night and gives the seconds per step of its loop."""

    def call() -> tuple[float, float]:
        seconds = method(night).ms_per_step / 1e3
        return seconds, seconds

    return call


def row_sparse(night: Problem) -> Method:
    """Return the row-sparse loop on one thread, in the variant that is faster at this size."""
    from loops import SPARSE_VARIANTS, run_sparse

    variants = {how: (lambda one, how=how: run_sparse(one, 1, how)) for how in SPARSE_VARIANTS}
    return fastest(variants, night)


def comparison(name: str, other: str, times: dict[str, Times]) -> Comparison:
    """Return the package against one other."""
    both = {who: times[who] for who in (OURS, other)}
    return Comparison(name, OURS, other, both, unit="step")


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[400, 1200, 4000], metavar="H")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="one short round, as a check")
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    found = []
    with tempfile.TemporaryDirectory(prefix="nights-") as scratch:
        program = compile_kernel(Path(scratch))
        for n_hidden in options.sizes:
            new = compare(n_hidden, program, options.repeats, options.quick)
            for one in new:
                print(*one.lines(), sep="\n", flush=True)
            found += new
            write_comparisons(options.json, found)


if __name__ == "__main__":
    main()
