"""How the time of a step grows with synapses at the same spikes, and with spikes at the same size.

python benchmarks/growth.py [--sizes 200 800 2000 3000] [--rates 3 6 24 48] [--repeats 5]
    [--quick] [--json FILE] [--figure FILE]

The package against the faster of two kernels written by hand, as in `nights.py`, at sizes and rates
that are not measured there. Rates are spikes per step of the input; hidden layers fire five times
as many, with H = 1200. Slopes are those of log time over log amount, by least squares.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from command_line import add_sizes, parser_of, read
from interleaved import Comparison, show
from nights import OURS, against_kernel, comparison
from problem import Problem, compile_kernel, make_problem, run_kernel

SYNAPSES, SPIKES = "synapses", "spikes per step"
#: Hidden neurons where rates are varied, and how often they spike, relative to the input.
RATE_HIDDEN, HIDDEN_TO_INPUT = 1200, 5
#: Synapses that a night goes through, all steps together, so that nights take about as long.
WORK = 3e9
LEAST_STEPS, MOST_STEPS = 300, 3000
KERNEL = "C++ by hand"


def points(options: argparse.Namespace, program: Path) -> Iterator[tuple[str, Problem]]:
    """Yield nights over sizes, then over rates, with the amount that grows."""
    for n_hidden in options.sizes:
        problem = make_problem(n_hidden, steps_of(n_hidden, options.quick))
        yield f"{problem.n_synapses:,} {SYNAPSES}", problem
    n_hidden = options.sizes[0] if options.quick else RATE_HIDDEN
    for rate in options.rates:
        n_steps = steps_of(n_hidden, options.quick)
        hidden_rate = HIDDEN_TO_INPUT * rate
        problem = make_problem(n_hidden, n_steps, input_rate=rate, hidden_rate=hidden_rate)
        spikes = sum(run_kernel(program, problem).spikes) / n_steps
        yield f"{spikes:.0f} {SPIKES}", problem


def steps_of(n_hidden: int, quick: bool) -> int:
    """Return the length of a night: large networks need fewer steps to be timed well."""
    if quick:
        return 30
    n_synapses = n_hidden * (n_hidden + 794)
    return int(np.clip(WORK / n_synapses, LEAST_STEPS, MOST_STEPS))


def compare(options: argparse.Namespace, program: Path) -> Iterator[Comparison]:
    """Yield the package against the faster kernel at each point."""
    for name, problem in points(options, program):
        kernel, times = against_kernel(problem, program, options.repeats, options.quick)
        yield comparison(name, kernel, times)


def slopes(found: Iterable[Comparison]) -> dict[str, dict[str, float]]:
    """Return slopes on logarithmic axes, by what grows and by who is timed."""
    return {
        what: {who: log_slope(amounts, seconds) for who, seconds in curves.items()}
        for what, (amounts, curves) in curves_of(found).items()
    }


def curves_of(
    found: Iterable[Comparison],
) -> dict[str, tuple[list[float], dict[str, list[float]]]]:
    """Return amounts, and seconds per step of both sides, by what grows."""
    curves: dict[str, tuple[list[float], dict[str, list[float]]]] = {}
    for one in found:
        amount, what = one.name.split(" ", 1)
        amounts, seconds = curves.setdefault(what, ([], {OURS: [], KERNEL: []}))
        amounts.append(float(amount.replace(",", "")))
        seconds[OURS].append(one.times[one.ours].median())
        seconds[KERNEL].append(one.times[one.theirs].median())
    return curves


def log_slope(x: Sequence[float], y: Sequence[float]) -> float:
    """Return the slope of log y over log x; NaN for a single point."""
    if len(x) < 2:
        return float("nan")
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])


def slope_line(found: Iterable[Comparison]) -> str:
    """Return the slopes as a sentence."""
    texts = [
        f"over {what} {', '.join(f'{slope:.2f} ({who})' for who, slope in by.items())}"
        for what, by in slopes(found).items()
    ]
    return f"Slopes on logarithmic axes: {'; '.join(texts)}."


def draw(found: Iterable[Comparison], path: Path) -> None:
    """Draw milliseconds per step over synapses and over spikes."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    curves = curves_of(found)
    figure, both = plt.subplots(1, len(curves), figsize=(9, 3.6), layout="constrained")
    for axes, (what, (amounts, seconds)) in zip(np.atleast_1d(both), curves.items(), strict=True):
        for (who, values), color in zip(seconds.items(), ("C0", "black"), strict=True):
            axes.loglog(amounts, [1e3 * one for one in values], "o-", color=color, label=who)
        axes.set(xlabel=what, ylabel="ms per step")
        axes.grid(alpha=0.3, which="both", linewidth=0.5)
        axes.xaxis.set_minor_formatter("")  # their labels would overlap
        axes.legend(fontsize=8)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, write and draw."""
    parser = parser_of(__doc__, repeats=5)
    add_sizes(parser, 200, 800, 2000, 3000)
    parser.add_argument("--rates", type=float, nargs="+", default=[3.0, 6.0, 24.0, 48.0])
    parser.add_argument("--figure", type=Path, metavar="FILE", help="draw it, too")
    options = read(parser, arguments)
    if options.quick:
        options.rates = [2.0, 4.0]
    os.environ["OMP_NUM_THREADS"] = "1"
    found = show(compare(options, compile_kernel()), options.json)
    print(slope_line(found))
    if options.figure:
        draw(found, options.figure)


if __name__ == "__main__":
    main()
