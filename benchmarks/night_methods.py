"""Ways to run the night of `problem.py`: this package, the kernel by hand, loops in PyTorch.

A `Method` runs a night and returns its `Result`. What counts is the loop over steps alone, as each
method measures it.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from problem import Problem, Result, run_kernel

OURS = "brainsleep"
#: Orders of the loops of the kernel: step by step, and neuron by neuron.
STEPWISE_ORDERS, INTERCHANGED_ORDERS = ("auto", "rows", "blocks", "spikes"), ("over-time",)
PAGES = ("huge", "small")
CHECK_STEPS = 40
#: Rounds in which variants of a method are timed, of which the fastest is taken.
PILOT_REPEATS = 3

Method = Callable[[Problem], Result]


# ------------------------------------------------------------------ this package


def network_of(problem: Problem) -> Any:
    """Return the network of a problem as a PyTorch module."""
    import torch
    from torch import nn

    modules: list[nn.Module] = []
    for weights in problem.weights:
        # do not draw weights first, which takes longer than a night
        linear = nn.utils.skip_init(nn.Linear, weights.shape[1], weights.shape[0], bias=False)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(weights))
        modules += [linear, nn.ReLU()]
    return nn.Sequential(*modules[:-1])


def sleep(
    problem: Problem,
    device: Any = "cpp",
    record: str | None = None,
    ann: Any = None,
    dtype: str = "float32",
    **options: Any,
) -> Any:
    """Run a problem with the package; options are more arguments of its `sleep`."""
    import brainsleep as bs

    return bs.sleep(
        network_of(problem) if ann is None else ann,
        problem.input_spikes,
        neuron=bs.Heaviside(
            gain=problem.gain, threshold=list(problem.thresholds), decay=problem.decay
        ),
        plasticity=bs.SRC(
            increase=problem.increase, decrease=problem.decrease, weight_factor="tadros2022"
        ),
        device=device,
        record=record,
        dtype=dtype,
        progress=False,
        **options,
    )


def run_brainsleep(problem: Problem, device: Any = "cpp", record: str | None = None) -> Result:
    """Run one night of the package on one thread; without a record it tells no spikes."""
    night = sleep(problem, device, record, n_threads=1)
    spikes = tuple(len(train) for train in night.spikes.values())
    weights = list(night.weights_after.values())
    return Result(1e3 * night.timings["run"] / problem.n_steps, spikes, weights)


# ------------------------------------------------------------------ others


def kernels(program: Path, problem: Problem) -> dict[str, Method]:
    """Return the kernel in both orders of its loops, each in the variant that is fastest here."""
    orders = {
        "C++ step by step": STEPWISE_ORDERS,
        "C++ loops interchanged": INTERCHANGED_ORDERS,
    }
    return {
        name: fastest(
            [
                partial(run_kernel, program, order=order, pages=pages)
                for order, pages in itertools.product(those, PAGES)
            ],
            problem,
        )
        for name, those in orders.items()
    }


def row_sparse(problem: Problem, threads: int = 1) -> Method:
    """Return the row-sparse loop in the variant that is faster at this size."""
    from loops import SPARSE_VARIANTS, run_sparse

    variants = [partial(run_sparse, threads=threads, variant=how) for how in SPARSE_VARIANTS]
    return fastest(variants, problem)


def fastest(variants: list[Method], problem: Problem) -> Method:
    """Time variants of a method in turn, and return the one with the smallest median."""
    times: list[list[float]] = [[] for _ in variants]
    for _ in range(PILOT_REPEATS):
        for number, method in enumerate(variants):
            times[number].append(method(problem).ms_per_step)
    return variants[min(range(len(variants)), key=lambda one: statistics.median(times[one]))]


# ------------------------------------------------------------------ measuring


def calls_of(
    methods: Mapping[str, tuple[Method, Problem]],
) -> dict[str, Callable[[], tuple[float, float]]]:
    """Return what `interleaved.take_turns` takes: the seconds per step of each method's night."""

    def timed(method: Method, night: Problem) -> tuple[float, float]:
        seconds = method(night).ms_per_step / 1e3
        return seconds, seconds

    return {name: partial(timed, method, night) for name, (method, night) in methods.items()}


def check(name: str, method: Method, kernel: Method, problem: Problem) -> float:
    """Return the largest difference of a weight from the kernel's, after the first steps."""
    night = problem.first_steps(CHECK_STEPS)
    return largest_difference(name, method(night), kernel(night))


def largest_difference(name: str, result: Result, expected: Result) -> float:
    """Return the largest difference of a weight between the nights of two methods.

    Raises
    ------
    RuntimeError
        If spike counts differ by more than 5 %.
    """
    for mine, theirs in zip(result.spikes, expected.spikes, strict=True):
        if abs(mine - theirs) > 0.05 * theirs + 2:
            raise RuntimeError(
                f"{name} computes another night: {result.spikes} spikes by population, where the "
                f"kernel has {expected.spikes}"
            )
    return max(
        float(np.abs(one - other).max())
        for one, other in zip(result.weights, expected.weights, strict=True)
    )
