"""A night against the faster of two kernels written by hand and against row-sparse PyTorch.

python benchmarks/nights.py [--sizes 400 1200 4000] [--repeats 7] [--quick] [--json FILE]

One thread. What counts is the loop over steps alone, as each method measures it (wall-clock time).
Kernels are timed step by step and with their loops interchanged, each in the variant that is
fastest here; the one with the smaller median is taken. `other_methods.py` has all other ways to run
the same night, `growth.py` other sizes and rates.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from command_line import add_sizes, parser_of, read
from interleaved import Comparison, Times, show, take_turns
from night_methods import (
    OURS,
    Method,
    calls_of,
    check,
    kernels,
    row_sparse,
    run_brainsleep,
)
from problem import Problem, compile_kernel, make_problem

SPARSE = "row-sparse PyTorch"
#: Steps of a night by size, and of PyTorch's, which is the same night cut short.
STEPS = {400: 4000, 1200: 2000, 4000: 600}
SPARSE_STEPS = {400: 300, 1200: 200, 4000: 60}


def compare(n_hidden: int, program: Path, repeats: int, quick: bool) -> list[Comparison]:
    """Return the package against the faster kernel and against PyTorch, at one size."""
    n_steps = 60 if quick else STEPS.get(n_hidden, 1000)
    problem = make_problem(n_hidden, n_steps)
    short = problem.first_steps(min(n_steps, SPARSE_STEPS.get(n_hidden, 100)))
    sparse = row_sparse(short)
    kernel, times = against_kernel(problem, program, repeats, quick, {SPARSE: (sparse, short)})
    return [
        comparison(f"{n_hidden}: faster kernel", kernel, times),
        comparison(f"{n_hidden}: row-sparse", SPARSE, times),
    ]


def against_kernel(
    problem: Problem,
    program: Path,
    repeats: int,
    quick: bool,
    others: dict[str, tuple[Method, Problem]] | None = None,
) -> tuple[str, dict[str, Times]]:
    """Time the package, both kernels and others in turns, once all compute the same night.

    Returns
    -------
    faster : str
        Which kernel has the smaller median.
    times : dict of str to Times
        Seconds per step; wall-clock time only.
    """
    recorded = partial(run_brainsleep, record="all")
    by_hand = kernels(program, problem)
    stepwise = next(iter(by_hand.values()))
    check(OURS, recorded, stepwise, problem)
    for name, (method, _) in (others or {}).items():
        check(name, method, stepwise, problem)
    # a quick run makes do with the program of the check
    methods = {OURS: recorded if quick else run_brainsleep, **by_hand}
    pairs = {name: (method, problem) for name, method in methods.items()} | (others or {})
    found = take_turns(calls_of(pairs), repeats)
    times = {name: Times(one.wall, []) for name, one in found.items()}
    return min(by_hand, key=lambda name: times[name].median()), times


def comparison(name: str, other: str, times: dict[str, Times], note: str = "") -> Comparison:
    """Return the package against one other."""
    both = {who: times[who] for who in (OURS, other)}
    return Comparison(name, OURS, other, both, unit="step", note=note)


def main_of_sizes(
    doc: str | None,
    compare_size: Callable[[int, Path, int, bool], list[Comparison]],
    *,
    repeats: int,
    arguments: Sequence[str] | None,
) -> None:
    """Read the command line of a script that compares at several sizes; measure, print, write.

    Parameters
    ----------
    doc : str
        The script's own text.
    compare_size : callable
        What it measures, given neurons in a hidden layer, the kernel, rounds, and whether the run
        is a quick one.
    repeats : int
        Rounds unless given.
    arguments : sequence of str
        The command line; that of the process if None.
    """
    parser = parser_of(doc, repeats=repeats)
    add_sizes(parser, *STEPS)
    options = read(parser, arguments)
    os.environ["OMP_NUM_THREADS"] = "1"
    program = compile_kernel()
    found = (
        one
        for n_hidden in options.sizes
        for one in compare_size(n_hidden, program, options.repeats, options.quick)
    )
    show(found, options.json)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and write."""
    main_of_sizes(__doc__, compare, repeats=7, arguments=arguments)


if __name__ == "__main__":
    main()
