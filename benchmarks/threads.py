"""A night on several threads against the same night on one.

python benchmarks/threads.py [--sizes H ...] [--threads 2] [--repeats 9] [--quick] [--json FILE]

What counts is the wall-clock time of the loop over steps alone, so as many cores must be free. The
processor time beside it is that of the whole program and says what threads cost; it can be read on
a busy machine, too. Weights must be the same, bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from command_line import add_sizes, parser_of, read
from interleaved import (
    Comparison,
    Times,
    processor_seconds,
    ratio_of,
    rounded,
    show,
    take_turns,
)
from night_methods import network_of, sleep
from problem import Problem, make_problem

#: Steps of a night by size.
STEPS = {400: 20000, 1200: 8000, 4000: 2000}


def compare(n_hidden: int, n_threads: int, repeats: int, quick: bool) -> Comparison:
    """Return several threads against one, at one size."""
    problem = make_problem(n_hidden, 300 if quick else STEPS.get(n_hidden, 2000))
    ann = network_of(problem)
    alone, several = (sleep(problem, ann=ann, n_threads=n) for n in (1, n_threads))
    for name, weights in alone.weights_after.items():
        assert np.array_equal(weights, several.weights_after[name]), name
    names = {1: "1 thread", n_threads: f"{n_threads} threads"}
    calls = {name: in_turn(problem, ann, n) for n, name in names.items()}
    times = take_turns(calls, repeats)
    ours, theirs = names[n_threads], names[1]
    more = ratio_of(times[ours].processor, times[theirs].processor)
    return Comparison(
        f"{n_hidden}: one thread",
        ours,
        theirs,
        {name: Times(one.wall, []) for name, one in times.items()},  # the clock that counts
        problem.n_steps,
        "step",
        f"the same weights, and {rounded(more.median)} of the processor time",
    )


def in_turn(problem: Problem, ann: object, n_threads: int) -> Callable[[], tuple[float, float]]:
    """Return a call that gives the seconds of the loop, and the processor time of the program."""

    def call() -> tuple[float, float]:
        before = processor_seconds(children_only=True)
        night = sleep(problem, ann=ann, n_threads=n_threads)
        return night.timings["run"], processor_seconds(children_only=True) - before

    return call


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and write."""
    parser = parser_of(__doc__, repeats=9)
    add_sizes(parser, 400, 1200, 4000)
    parser.add_argument("--threads", type=int, default=2)
    options = read(parser, arguments)
    found = (
        compare(n_hidden, options.threads, options.repeats, options.quick)
        for n_hidden in options.sizes
    )
    show(found, options.json)


if __name__ == "__main__":
    main()
