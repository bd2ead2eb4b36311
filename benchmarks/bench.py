"""How fast a night is, compared with PyTorch loops and a kernel written by hand.

All methods run on the same weights, spikes and constants and take turns; numbers are medians. See
README.md.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from convolution import measure_convolution
from interleaved import machine
from problem import Problem, Result, compile_kernel, make_problem, run_kernel

HERE = Path(__file__).parent
STEPWISE, INTERCHANGED = "C++, step by step", "C++, loops interchanged"
LIMIT, DENSE, SPARSE = "C++ limit", "PyTorch dense", "PyTorch row-sparse"
DEVICES = ("cpp", "cpp_stock")
#: Orders of the loops of the kernel: step by step, and neuron by neuron.
STEPWISE_ORDERS, INTERCHANGED_ORDERS = ("auto", "rows", "blocks", "spikes"), ("over-time",)
PAGES = ("huge", "small")
CHECK_STEPS = 40
#: Where the part of RESULTS.md begins that this script writes; `summary.py` writes the one before.
NIGHTS = "## Nights in detail"
PARTS = ("speed", "memory", "start", "growth", "convolution")
#: Steps of a night of the convolution.
CONVOLUTION_STEPS = 4000
#: Steps per night by size: fast methods need more of them to be timed well.
FAST_STEPS = {400: 3000, 1200: 1500, 4000: 300}
SLOW_STEPS = {400: 300, 1200: 300, 4000: 60}
#: The runtime device is only timed on small networks.
RUNTIME_STEPS, LARGEST_RUNTIME = 100, 400
PILOT_REPEATS = 3

Method = Callable[[Problem], Result]


@dataclass
class Options:
    """Options of the command line."""

    sizes: list[int]
    growth_sizes: list[int]
    growth_hidden: int
    input_rates: list[float]
    repeats: int
    steps_factor: float
    parts: list[str]
    output: Path
    quick: bool
    command: str = ""
    start_sizes: list[int] = field(default_factory=list)

    def steps(self, table: dict[int, int], n_hidden: int) -> int:
        """Return the length of a night: that of the nearest size in the table, times the factor."""
        nearest = min(table, key=lambda size: abs(size - n_hidden))
        return max(10, round(self.steps_factor * table[nearest]))


# ------------------------------------------------------------------ methods


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
    """Run one night of the package on one thread; only its simulation loop is timed."""
    night = sleep(problem, device, record, n_threads=1)
    spikes = tuple(len(train) for train in night.spikes.values())
    weights = list(night.weights_after.values())
    return Result(1e3 * night.timings["run"] / problem.n_steps, spikes, weights)


def fastest(methods: dict[str, Method], problem: Problem) -> Method:
    """Time variants of a method in turn, and return the one with the smallest median."""
    times: dict[str, list[float]] = {name: [] for name in methods}
    for _ in range(PILOT_REPEATS):
        for name, method in methods.items():
            times[name].append(method(problem).ms_per_step)
    return methods[min(times, key=lambda name: statistics.median(times[name]))]


def kernel_at(program: Path, problem: Problem, orders: tuple[str, ...]) -> Method:
    """Return the kernel with the order of loops and the size of pages that are fastest here."""
    variants = {
        f"{order} {pages}": (
            lambda night, order=order, pages=pages: run_kernel(program, night, order, pages)
        )
        for order, pages in itertools.product(orders, PAGES)
    }
    return fastest(variants, problem)


def torch_loops(pilot: Problem) -> dict[str, Method]:
    """Return both loops with one and two threads, the row-sparse one in its faster variant."""
    from loops import SPARSE_VARIANTS, THREADS, run_dense, run_sparse

    methods: dict[str, Method] = {}
    for n in THREADS:
        variants = {
            how: (lambda night, how=how, n=n: run_sparse(night, n, how)) for how in SPARSE_VARIANTS
        }
        methods[with_threads(SPARSE, n)] = fastest(variants, pilot)
    for n in THREADS:
        methods[with_threads(DENSE, n)] = lambda night, n=n: run_dense(night, n)
    return methods


def with_threads(loop: str, n: int) -> str:
    """Return the name of a loop in the table."""
    return f"{loop}, {n} thread{'s' if n > 1 else ''}"


# ------------------------------------------------------------------ speed


def measure_speed(n_hidden: int, program: Path, options: Options) -> list[dict[str, Any]]:
    """Time all methods at one size in turn, and compare their results with those of the kernel."""
    fast = options.steps(FAST_STEPS, n_hidden)
    slow = min(fast, options.steps(SLOW_STEPS, n_hidden))
    problem = make_problem(n_hidden, fast)
    pilot = problem.first_steps(max(10, slow // 5))
    limit = kernel_at(program, problem, STEPWISE_ORDERS)
    methods: dict[str, tuple[Method, int]] = {
        STEPWISE: (limit, fast),
        INTERCHANGED: (kernel_at(program, problem, INTERCHANGED_ORDERS), fast),
        "brainsleep cpp": (lambda night: run_brainsleep(night, "cpp"), fast),
        "brainsleep cpp, spikes recorded": (
            lambda night: run_brainsleep(night, "cpp", "all"),
            fast,
        ),
        "brainsleep cpp_stock": (lambda night: run_brainsleep(night, "cpp_stock"), fast),
        **{name: (method, slow) for name, method in torch_loops(pilot).items()},
    }
    if options.quick:  # one program per device is enough
        del methods["brainsleep cpp"], methods["brainsleep cpp_stock"]
        methods["brainsleep cpp_stock, spikes recorded"] = (
            lambda night: run_brainsleep(night, "cpp_stock", "all"),
            fast,
        )
    elif n_hidden <= LARGEST_RUNTIME:
        steps = max(10, round(RUNTIME_STEPS * options.steps_factor))
        methods["brainsleep runtime"] = (lambda night: run_brainsleep(night, "runtime"), steps)

    checks = {name: check(name, method, limit, problem) for name, (method, _) in methods.items()}
    times: dict[str, list[float]] = {name: [] for name in methods}
    remarks = {}
    for _ in range(options.repeats):
        for name, (method, n_steps) in methods.items():
            result = method(problem.first_steps(n_steps))
            times[name].append(result.ms_per_step)
            remarks[name] = result.remark
    medians = {name: statistics.median(values) for name, values in times.items()}
    fastest_kernel = min(medians[STEPWISE], medians[INTERCHANGED])
    return [
        {
            "hidden": n_hidden,
            "synapses": problem.n_synapses,
            "method": name,
            "steps": n_steps,
            "ms_per_step": medians[name],
            "all_ms_per_step": times[name],
            "to_stepwise": medians[name] / medians[STEPWISE],
            "to_limit": medians[name] / fastest_kernel,
            "sparse_to_this": [medians[with_threads(SPARSE, n)] / medians[name] for n in (1, 2)],
            "dense_to_this": [medians[with_threads(DENSE, n)] / medians[name] for n in (1, 2)],
            "remark": remarks[name],
            **checks[name],
        }
        for name, (_, n_steps) in methods.items()
    ]


def check(name: str, method: Method, limit: Method, problem: Problem) -> dict[str, Any]:
    """Compare spikes and weights of a method with those of the kernel, for the first steps."""
    night = problem.first_steps(CHECK_STEPS)
    expected = limit(night)
    if name.startswith("brainsleep") and "recorded" not in name:
        device = name.split()[-1]
        result = run_brainsleep(night, device, "all")
    else:
        result = method(night)
    return {
        "spikes_per_step": [count / night.n_steps for count in result.spikes],
        "max_weight_difference": compare(name, result, expected),
    }


def compare(name: str, result: Result, expected: Result) -> float:
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


# ------------------------------------------------------------------ growth


def measure_growth(program: Path, options: Options) -> dict[str, Any]:
    """Time package and kernel over sizes at fixed rates, and over rates at a fixed size."""
    problems = {
        "synapses": [
            make_problem(size, options.steps(FAST_STEPS, size)) for size in options.growth_sizes
        ],
        "spikes": [
            make_problem(
                options.growth_hidden,
                options.steps(FAST_STEPS, options.growth_hidden),
                input_rate=rate,
                hidden_rate=5 * rate,
            )
            for rate in options.input_rates
        ],
    }
    record = "all" if options.quick else None
    growth = {}
    for what, nights in problems.items():
        methods = [
            {
                LIMIT: kernel_at(program, night, STEPWISE_ORDERS + INTERCHANGED_ORDERS),
                "brainsleep cpp": _recording(record),
            }
            for night in nights
        ]
        times: dict[str, list[list[float]]] = {}
        for _ in range(options.repeats):
            for number, night in enumerate(nights):
                for name, method in methods[number].items():
                    columns = times.setdefault(name, [[] for _ in nights])
                    columns[number].append(method(night).ms_per_step)
        if what == "synapses":
            amounts = [float(night.n_synapses) for night in nights]
        else:
            amounts = [sum(run_kernel(program, night).spikes) / night.n_steps for night in nights]
        medians = {
            name: [statistics.median(values) for values in columns]
            for name, columns in times.items()
        }
        growth[what] = {
            "hidden": [night.sizes[1] for night in nights],
            "amounts": amounts,
            "ms_per_step": medians,
            "slopes": {name: log_slope(amounts, values) for name, values in medians.items()},
        }
    return growth


def _recording(record: str | None) -> Method:
    """Return the package as a method that records these spikes."""
    return lambda night: run_brainsleep(night, "cpp", record)


def log_slope(x: list[float], y: list[float]) -> float:
    """Return the slope of log y over log x; NaN for a single point."""
    if len(x) < 2:
        return float("nan")
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])


# ------------------------------------------------------------------ memory and start


def ask_child(module: str, *arguments: str, cache: Path | None = None) -> dict[str, Any]:
    """Run one of the measurements of `children.py` in a fresh process; return its report."""
    environment = dict(os.environ)
    if cache is not None:
        environment["BRAINSLEEP_CACHE"] = str(cache)
    finished = subprocess.run(
        [sys.executable, str(HERE / "children.py"), module, *arguments],
        env=environment,
        capture_output=True,
        text=True,
    )
    if finished.returncode != 0:
        raise RuntimeError(
            f"children.py {module} {' '.join(arguments)} failed: {finished.stderr[-2000:]}"
        )
    return json.loads(finished.stdout.splitlines()[-1])


def measure_memory(options: Options) -> list[dict[str, Any]]:
    """Return bytes per synapse in the simulation process, and copies of W in Python."""
    rows = []
    for n_hidden, device in itertools.product(options.sizes, DEVICES):
        record = ["all"] if options.quick else []
        rows.append(ask_child("memory", str(n_hidden), device, *record))
    return rows


def measure_start(options: Options) -> dict[str, Any]:
    """Time cold starts, warm starts and imports."""
    imports = [ask_child("import") for _ in range(options.repeats)]
    rows = []
    for n_hidden in options.start_sizes:
        cold, warm, fresh, cached = [], [], [], []
        for _ in range(options.repeats):
            with tempfile.TemporaryDirectory(prefix="bench-cache-") as cache:
                first = ask_child("start", str(n_hidden), cache=Path(cache))
                second = ask_child("start", str(n_hidden), "1000", cache=Path(cache))
            cold.append(first["first"])
            warm += first["later"]
            fresh.append(second["first"])
            cached.append(not first["cached"][0] and all(first["cached"][1:] + second["cached"]))
        rows.append(
            {
                "hidden": n_hidden,
                "cold": statistics.median(cold),
                "warm": statistics.median(warm),
                "warm_new_process": statistics.median(fresh),
                "build_cached": all(cached),
            }
        )
    return {
        "import": statistics.median(one["seconds"] for one in imports),
        "import_with_sleep": statistics.median(one["with_sleep"] for one in imports),
        "sizes": rows,
    }


# ------------------------------------------------------------------ report


def describe_versions() -> str:
    """Return the versions of Python, packages and compiler."""
    from importlib.metadata import version

    compiler = subprocess.run(["g++", "--version"], capture_output=True, text=True, check=False)
    packages = ", ".join(f"{name} {version(name)}" for name in ("brian2", "torch", "numpy"))
    first_line = (compiler.stdout.splitlines() or ["no g++"])[0]
    return f"Python {platform.python_version()}, {packages}, {first_line}"


def format_table(header: list[str], rows: list[list[str]]) -> list[str]:
    """Return a Markdown table with numbers aligned to the right."""
    lines = ["| " + " | ".join(header) + " |", "|---" + "|---:" * (len(header) - 1) + "|"]
    return lines + ["| " + " | ".join(row) + " |" for row in rows] + [""]


def report(results: dict[str, Any]) -> str:
    """Return RESULTS.md from its heading on nights on."""
    lines = [
        NIGHTS,
        "",
        f"Machine: {results['machine']}  ",
        f"Versions: {results['versions']}  ",
        f"Command: `{results['command']}`, medians of {results['repeats']}; how: "
        "[README.md](README.md).",
        "",
    ]
    if "speed" in results:
        lines += _report_speed(results["speed"])
    if "memory" in results:
        lines += _report_memory(results["memory"])
    if "start" in results:
        lines += _report_start(results["start"])
    if "growth" in results:
        lines += _report_growth(results["growth"])
    if "convolution" in results:
        lines += _report_convolution(results["convolution"])
    return "\n".join(lines).rstrip() + "\n"


def write_report(page: Path, text: str) -> None:
    """Write a page; what stands before the heading on nights is another script's, and stays."""
    before = page.read_text().split(NIGHTS)[0] if page.exists() else "# Results\n\n"
    page.write_text(before + text)


def _report_speed(rows: list[dict[str, Any]]) -> list[str]:
    lines = ["## Steady state", "", "× faster than PyTorch: with one thread / with two.", ""]
    for n_hidden, group in itertools.groupby(rows, key=lambda row: row["hidden"]):
        cells = list(group)
        header = [
            f"H = {n_hidden} ({cells[0]['synapses'] / 1e6:.2g} M synapses)",
            "ms/step",
            "× step by step",
            "× faster kernel",
            "× faster than row-sparse",
            "× faster than dense",
            "spikes per step",
            "max \\|Δw\\| to kernel",
            "steps",
            "variant",
        ]
        lines += format_table(
            header,
            [
                [
                    row["method"],
                    f"{row['ms_per_step']:.3g}",
                    f"{row['to_stepwise']:.2f}",
                    f"{row['to_limit']:.2f}",
                    " / ".join(f"{ratio:.2f}" for ratio in row["sparse_to_this"]),
                    " / ".join(f"{ratio:.1f}" for ratio in row["dense_to_this"]),
                    " ".join(f"{rate:.1f}" for rate in row["spikes_per_step"]),
                    f"{row['max_weight_difference']:.0e}",
                    str(row["steps"]),
                    row["remark"],
                ]
                for row in cells
            ],
        )
    return lines


def _report_memory(rows: list[dict[str, Any]]) -> list[str]:
    header = ["H", "device", "bytes/synapse, simulation process", "extra copies of W in Python"]
    return [
        "## Memory",
        "",
        *format_table(
            header,
            [
                [
                    str(row["hidden"]),
                    row["device"],
                    f"{row['bytes_per_synapse']:.2f}",
                    f"{row['copies']:.2f}",
                ]
                for row in rows
            ],
        ),
    ]


def _report_start(start: dict[str, Any]) -> list[str]:
    header = ["H (10 steps)", "cold, s", "warm, s", "warm, new process, s", "`build_cached`"]
    return [
        "## Start",
        "",
        f"`import brainsleep`: {start['import']:.2f} s; with what `bs.sleep` imports on first "
        f"use: {start['import_with_sleep']:.2f} s",
        "",
        *format_table(
            header,
            [
                [
                    str(row["hidden"]),
                    f"{row['cold']:.2f}",
                    f"{row['warm']:.2f}",
                    f"{row['warm_new_process']:.2f}",
                    "true" if row["build_cached"] else "**false**",
                ]
                for row in start["sizes"]
            ],
        ),
    ]


def _report_growth(growth: dict[str, Any]) -> list[str]:
    lines = ["## Growth", ""]
    titles = {
        "synapses": "by synapses (same spikes per step)",
        "spikes": f"by spikes per step (H = {growth['spikes']['hidden'][0]})",
    }
    for what, title in titles.items():
        part = growth[what]
        amounts = [
            f"{x / 1e6:.2g} M" if what == "synapses" else f"{x:.0f}" for x in part["amounts"]
        ]
        header = [f"ms/step {title}", *amounts, "log-log slope"]
        lines += format_table(
            header,
            [
                [name, *(f"{value:.3g}" for value in values), f"{part['slopes'][name]:.2f}"]
                for name, values in part["ms_per_step"].items()
            ],
        )
    return lines + ["![growth](results.png)", ""]


def _report_convolution(rows: list[dict[str, Any]]) -> list[str]:
    header = ["28 × 28 × 16 → 28 × 28 × 16, 3 × 3: spikes per step, in and out"]
    header += ["C++ written by hand, ms/step", "brainsleep cpp, ms/step", "ratio", "max \\|Δw\\|"]
    return [
        "## A convolution",
        "",
        *format_table(
            header,
            [
                [
                    " ".join(f"{rate:.0f}" for rate in row["spikes_per_step"]),
                    f"{row['kernel_ms_per_step']:.3g}",
                    f"{row['ms_per_step']:.3g}",
                    f"{row['to_kernel']:.2f}",
                    f"{row['max_weight_difference']:.0e}",
                ]
                for row in rows
            ],
        ),
    ]


def plot(results: dict[str, Any], path: Path) -> None:
    """Draw milliseconds per step over synapses for all methods, and over spikes."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 5.6), layout="constrained")
    speed = sorted(results.get("speed", []), key=lambda row: row["method"])
    for name, group in itertools.groupby(speed, key=lambda row: row["method"]):
        rows = sorted(group, key=lambda row: row["synapses"])
        marker = "s" if name == STEPWISE else "o"
        color = "black" if name == STEPWISE else None
        x, y = zip(*((row["synapses"], row["ms_per_step"]) for row in rows), strict=True)
        left.loglog(x, y, marker=marker, color=color, label=name)
    left.set(xlabel="synapses", ylabel="ms per step", title="Same network, same spikes")
    if speed:
        left.legend(fontsize=8, ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.12))
    if "growth" in results:
        part = results["growth"]["spikes"]
        for name, values in part["ms_per_step"].items():
            label = f"{name} (slope {part['slopes'][name]:.2f})"
            color = "black" if name == LIMIT else None
            right.loglog(part["amounts"], values, marker="o", color=color, label=label)
        right.set(
            xlabel="spikes per step, all layers",
            ylabel="ms per step",
            title=f"H = {part['hidden'][0]}",
        )
        right.legend(fontsize=8)
    for axes in (left, right):
        axes.grid(alpha=0.3, which="both", linewidth=0.5)
        axes.xaxis.set_minor_formatter("")  # their labels would overlap
    figure.savefig(path, dpi=150)
    plt.close(figure)


# ------------------------------------------------------------------ command line


def parse_options(arguments: list[str] | None = None) -> Options:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[400, 1200, 4000], metavar="H")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument(
        "--steps-factor", type=float, default=1.0, help="factor on the length of nights"
    )
    parser.add_argument(
        "--parts",
        nargs="+",
        choices=PARTS,
        default=list(PARTS),
    )
    parser.add_argument("--output", type=Path, default=HERE, help="folder for the results")
    parser.add_argument("--quick", action="store_true", help="a small network, as a check")
    given = parser.parse_args(arguments)
    if given.quick:
        given.sizes, given.repeats, given.steps_factor = [100], 1, 0.01
    largest = max(given.sizes)
    return Options(
        sizes=sorted(given.sizes),
        growth_sizes=[100] if given.quick else [400, 800, 1200, 2000, 4000],
        growth_hidden=100 if given.quick else 1200,
        input_rates=[2.0, 4.0] if given.quick else [3.0, 6.0, 12.0, 24.0, 48.0],
        repeats=given.repeats,
        steps_factor=given.steps_factor,
        parts=given.parts,
        output=given.output,
        quick=given.quick,
        command=" ".join(["python benchmarks/bench.py", *(arguments or sys.argv[1:])]),
        start_sizes=[largest] if given.quick else [s for s in given.sizes if s > 400],
    )


def main(arguments: list[str] | None = None) -> None:
    """Measure and write the results."""
    options = parse_options(arguments)
    results: dict[str, Any] = {
        "machine": machine(),
        "versions": describe_versions(),
        "command": options.command,
        "repeats": options.repeats,
    }
    options.output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        program = compile_kernel(Path(scratch))
        if "start" in options.parts:
            say("start")
            results["start"] = measure_start(options)
        if "memory" in options.parts:
            say("memory")
            results["memory"] = measure_memory(options)
        if "speed" in options.parts:
            results["speed"] = []
            for n_hidden in options.sizes:
                say(f"speed, H = {n_hidden}")
                results["speed"] += measure_speed(n_hidden, program, options)
        if "growth" in options.parts:
            say("growth")
            results["growth"] = measure_growth(program, options)
        if "convolution" in options.parts:
            say("convolution")
            n_steps = max(10, round(options.steps_factor * CONVOLUTION_STEPS))
            results["convolution"] = measure_convolution(n_steps, options.repeats)
    (options.output / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    write_report(options.output / "RESULTS.md", report(results))
    plot(results, options.output / "results.png")
    say((options.output / "RESULTS.md").read_text())


def say(text: str) -> None:
    """Print at once."""
    print(text, flush=True)


if __name__ == "__main__":
    main()
