"""How fast a night is on a GPU: against PyTorch on it, C++ on the CPU, and the GPU's memory.

python benchmarks/gpu.py [--sizes 1200 4000 16000 32000] [--spikes 60 5%] [--repeats 5]
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import statistics
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from command_line import add_sizes
from gpu_loops import GRAPH_STEPS, most_spikes
from gpu_memory import bandwidth, bytes_per_step, cache_bytes
from gpu_methods import KERNEL, ON_CPU, PACKAGE, all_methods, is_fast
from gpu_page import report
from interleaved import machine, versions
from night_methods import CHECK_STEPS, largest_difference
from problem import Problem, compile_kernel, make_problem

HERE = Path(__file__).parent
LIMIT = "memory bandwidth"
#: Steps per night by size: enough that the start of a program, which is part of the package's
#: time, counts little. Slow methods, on the CPU and launched eagerly, run a tenth of them.
STEPS, SLOW_SHARE = {1200: 20_000, 4000: 8000, 16000: 2000, 32000: 800}, 10
#: Rows of loops with a fixed number of rows, relative to the largest number of spikes in a step.
SPARE = 1.25


@dataclass(frozen=True)
class Case:
    """A night to measure.

    Attributes
    ----------
    problem : Problem
        The whole night.
    spikes : str
        Spikes of a hidden layer per step, as on the command line.
    """

    problem: Problem
    spikes: str

    @property
    def check(self) -> Problem:
        """Its first steps, on which methods are compared."""
        return self.problem.first_steps(min(CHECK_STEPS, self.problem.n_steps))

    def part_for(self, method: str) -> Problem:
        """Return what a method runs: all of it, or as much as there is time for."""
        if is_fast(method):
            return self.problem
        n_steps = max(self.problem.n_steps // SLOW_SHARE, self.check.n_steps)
        return self.problem.first_steps(n_steps)


def make_case(n_hidden: int, spikes: str, steps_factor: float) -> Case:
    """Make a night of a size; `spikes` is a number, or a percentage of the neurons."""
    nearest = min(STEPS, key=lambda size: abs(size - n_hidden))
    n_steps = max(round(steps_factor * STEPS[nearest]) // GRAPH_STEPS, 1) * GRAPH_STEPS
    rate = float(spikes[:-1]) / 100 * n_hidden if spikes.endswith("%") else float(spikes)
    return Case(make_problem(n_hidden, n_steps, hidden_rate=rate), spikes)


def compile_all(cases: list[Case], device: str) -> None:
    """Compile the package's programs for networks of all sizes, at the same time."""
    cases = list({case.problem.sizes: case for case in cases}.values())
    with ThreadPoolExecutor() as pool:
        nights = [
            pool.submit(method, case.check)
            for case in cases
            for name, method in all_methods(case.problem, Path(), 0, device).items()
            if name in (PACKAGE, ON_CPU)
        ]
        for night in nights:
            night.result()


def measure(case: Case, program: Path, repeats: int, device: str) -> dict[str, Any]:
    """Time all methods on a night in turn, after comparing each with the kernel."""
    problem = case.problem
    largest = math.ceil(SPARE * most_spikes(problem, device))
    methods = all_methods(problem, program, min(largest, problem.sizes[1]), device)
    rows = {}
    expected = methods[KERNEL](case.check)
    for name, method in list(methods.items()):
        try:
            result = method(case.check)
            if not result.spikes:  # the package records none here
                result = replace(result, spikes=expected.spikes)
            difference = largest_difference(name, result, expected)
            rows[name] = {"max_weight_difference": difference, "remark": result.remark}
        except torch.OutOfMemoryError:
            del methods[name]
            rows[name] = {"remark": "does not fit into the memory of the GPU"}
        torch.cuda.empty_cache()
    times: dict[str, list[float]] = {name: [] for name in methods}
    counts: tuple[int, ...] = ()
    for _ in range(repeats):
        for name, method in methods.items():
            result = method(case.part_for(name))
            times[name].append(result.ms_per_step)
            counts = result.spikes if name == KERNEL else counts
            torch.cuda.empty_cache()
    for name, values in times.items():
        rows[name] |= {"ms_per_step": statistics.median(values), "all_ms_per_step": values}
    rates = [count / case.part_for(KERNEL).n_steps for count in counts]
    limit = 1e3 * bytes_per_step(problem.sizes, rates) / bandwidth(device)
    cached = device == "cuda" and 4 * problem.n_synapses < cache_bytes()
    remark = "calculated; but all weights fit into the cache of the GPU" if cached else "calculated"
    rows[LIMIT] = {"ms_per_step": limit, "remark": remark}
    return {
        "hidden": problem.sizes[1],
        "synapses": problem.n_synapses,
        "steps": problem.n_steps,
        "spikes_per_step": rates,
        "methods": rows,
    }


def main(arguments: list[str] | None = None) -> None:
    """Measure and write the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_sizes(parser, *STEPS)
    parser.add_argument(
        "--spikes",
        nargs="+",
        default=["60", "5%"],
        help="spikes of a hidden layer per step: a number, or a percentage of its neurons",
    )
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument(
        "--steps-factor", type=float, default=1.0, help="factor on the length of nights"
    )
    parser.add_argument("--output", type=Path, default=HERE, help="folder for the results")
    parser.add_argument(
        "--dry-run", action="store_true", help="all on the CPU, to check that this program works"
    )
    options = parser.parse_args(arguments)
    device = "cpu" if options.dry_run else "cuda"
    if device == "cuda" and not torch.cuda.is_available():
        parser.exit(2, "benchmarks/gpu.py: PyTorch finds no GPU on this machine.\n")
    results: dict[str, Any] = {
        "gpu": torch.cuda.get_device_name() if device == "cuda" else "no GPU (dry run)",
        "bandwidth": bandwidth(device),
        "machine": machine(),
        "versions": ", ".join(f"{name} {one}" for name, one in versions().items()),
        "command": " ".join(["python benchmarks/gpu.py", *(arguments or sys.argv[1:])]),
        "repeats": options.repeats,
        "sizes": [],
    }
    options.output.mkdir(parents=True, exist_ok=True)
    program = compile_kernel()
    cases = [
        make_case(n_hidden, spikes, options.steps_factor)
        for n_hidden, spikes in itertools.product(options.sizes, options.spikes)
    ]
    compile_all(cases, device)
    for case in cases:
        print(f"H = {case.problem.sizes[1]}, {case.spikes} spikes", file=sys.stderr)
        results["sizes"].append(measure(case, program, options.repeats, device))
        # written after each size, in case a larger one fails
        (options.output / "RESULTS_GPU.md").write_text(report(results))
        (options.output / "results_gpu.json").write_text(json.dumps(results, indent=1))
    print(report(results))


if __name__ == "__main__":
    main()
