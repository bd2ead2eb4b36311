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
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from bench import (
    INTERCHANGED_ORDERS,
    compare,
    describe_versions,
    format_table,
    run_brainsleep,
)
from gpu_loops import (
    GRAPH_STEPS,
    DenseLoop,
    FixedSparseLoop,
    Loop,
    SparseLoop,
    most_spikes,
    run_as_graphs,
    run_eagerly,
)
from interleaved import machine
from problem import Problem, Result, compile_kernel, make_problem, run_kernel

HERE = Path(__file__).parent
PACKAGE, LIMIT = "brainsleep cuda", "memory bandwidth"
ON_CPU, KERNEL = "brainsleep cpp, on the CPU", "C++ written by hand, on the CPU"
#: Steps per night by size: enough that the start of a program, which is part of the package's
#: time, counts little. Slow methods, on the CPU and launched eagerly, run a tenth of them.
STEPS, SLOW_SHARE = {1200: 20_000, 4000: 8000, 16000: 2000, 32000: 800}, 10
CHECK_STEPS = 40
#: From this size on, neither the package on the CPU nor loops that are launched step by step: they
#: take minutes, and were far behind at smaller sizes.
LARGE = 8000
#: Rows of loops with a fixed number of rows, relative to the largest number of spikes in a step.
SPARE = 1.25
#: Bytes of a copy that measures bandwidth, far more than any cache, and number of copies.
COPY_BYTES, COPIES = {"cuda": 2**31, "cpu": 2**27}, 20
#: The smallest amount that a GPU reads from its memory.
SECTOR_BYTES = 32

Method = Callable[..., Result]


def torch_methods(capacity: int, device: str) -> dict[str, Method]:
    """Return all PyTorch loops, launched eagerly and as graphs; on a CPU there are no graphs."""

    def eagerly(make: type[Loop], **options: int) -> Method:
        return lambda night: run_eagerly(make, night, device, **options)

    def as_graphs(make: type[Loop], **options: int) -> Method:
        return lambda night: run_as_graphs(make, night, device, **options)

    methods = {"PyTorch dense": eagerly(DenseLoop), "PyTorch dense, graphs": as_graphs(DenseLoop)}
    for how, gather in (("columns", True), ("product", False)):
        name = f"PyTorch row-sparse, {how}"
        methods[name] = eagerly(SparseLoop, gather=gather)
        methods[f"{name}, graphs"] = as_graphs(FixedSparseLoop, gather=gather, capacity=capacity)
    if device == "cpu":
        return {name: method for name, method in methods.items() if "graphs" not in name}
    return methods


def all_methods(problem: Problem, program: Path, capacity: int, device: str) -> dict[str, Method]:
    """Return all methods for a size: the package and PyTorch on the GPU, and two on the CPU."""
    import brainsleep as bs

    own = bs.devices.Cuda() if device == "cuda" else "cpp"
    methods: dict[str, Method] = {
        PACKAGE: lambda night: run_brainsleep(night, own),
        **torch_methods(capacity, device),
        ON_CPU: lambda night: run_brainsleep(night, "cpp"),
        KERNEL: partial(run_kernel, program, order=INTERCHANGED_ORDERS[0]),
    }
    if problem.sizes[1] < LARGE:
        return methods
    return {name: each for name, each in methods.items() if is_fast(name) or name == KERNEL}


def is_fast(method: str) -> bool:
    """Tell whether a method runs whole nights, and networks of all sizes."""
    return method == PACKAGE or method.endswith("graphs")


def bandwidth(device: str) -> float:
    """Measure the memory of a device: bytes read and written per second in a large copy."""
    one = torch.zeros(COPY_BYTES[device], dtype=torch.uint8, device=device)
    other = torch.empty_like(one)
    other.copy_(one)
    wait = torch.cuda.synchronize if device == "cuda" else lambda: None
    wait()
    started = time.perf_counter()
    for _ in range(COPIES):
        other.copy_(one)
    wait()
    return 2 * COPIES * len(one) / (time.perf_counter() - started)


def cache_bytes() -> int:
    """Return the size of the largest cache of the GPU in bytes."""
    return torch.cuda.get_device_properties(0).L2_cache_size


def bytes_per_step(sizes: tuple[int, ...], spikes: list[float]) -> float:
    """Return what an event-driven step has to move between the GPU and its memory.

    A spike of an input reads one number of each row, and with it a whole sector, but no row more
    than once. A neuron's own spike reads and writes its row.
    """
    total = 0.0
    for n_pre, n_post, pre, post in zip(sizes, sizes[1:], spikes, spikes[1:], strict=False):
        total += n_post * min(SECTOR_BYTES * pre, 4 * n_pre) + 8 * post * n_pre
    return total


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
            difference = compare(name, result, expected)
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


def report(results: dict[str, Any]) -> str:
    """Return the results as Markdown."""
    lines = [
        f"# Results on {results['gpu']}",
        "",
        f"GPU: {results['gpu']}, {results['bandwidth'] / 1e9:.0f} GB/s in a copy  ",
        f"Machine: {results['machine']}  ",
        f"Versions: {results['versions']}  ",
        f"Command: `{results['command']}`, medians of {results['repeats']}; how: "
        "[README.md](README.md).",
        "",
    ]
    for size in results["sizes"]:
        mine = size["methods"][PACKAGE]["ms_per_step"]
        spikes = " ".join(f"{rate:.1f}" for rate in size["spikes_per_step"])
        lines += [f"{size['steps']} steps, {spikes} spikes per step (input first).", ""]
        lines += format_table(
            [
                f"H = {size['hidden']} ({size['synapses'] / 1e6:.2g} M synapses)",
                "ms/step",
                "× slower than brainsleep cuda",
                "max \\|Δw\\| to C++ written by hand",
                "remark",
            ],
            [
                [
                    name,
                    f"{row['ms_per_step']:.3g}" if "ms_per_step" in row else "",
                    f"{row['ms_per_step'] / mine:.2f}" if "ms_per_step" in row else "",
                    f"{row['max_weight_difference']:.0e}" if "max_weight_difference" in row else "",
                    row["remark"],
                ]
                for name, row in size["methods"].items()
            ],
        )
    return "\n".join(lines).rstrip() + "\n"


def main(arguments: list[str] | None = None) -> None:
    """Measure and write the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[*STEPS], metavar="H")
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
        "versions": describe_versions(),
        "command": " ".join(["python benchmarks/gpu.py", *(arguments or sys.argv[1:])]),
        "repeats": options.repeats,
        "sizes": [],
    }
    options.output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        program = compile_kernel(Path(scratch))
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
