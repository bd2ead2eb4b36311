"""How many trials a study does in the time of separate runs, and whether the numbers are the same.

A grid over two parameters of sleep, against `brainsleep run` of an earlier commit with some of its
settings. Separate runs go two at a time (`--n-jobs`), one half before the study and one after it.
Each side has its own caches, and its programs compiled beforehand; the study begins without any
trained network.

    python benchmarks/sweep_throughput.py --side 8 --runs 6

`--json FILE` writes the comparison for `summary.py`, `--output FILE` all that was found.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from interleaved import Comparison, Times, write_comparisons
from workers import COMMIT_BEFORE

ROOT = Path(__file__).resolve().parents[1]

#: What of a run must be the same, bit for bit.
COMPARED = ("before_sleep", "after_sleep", "final", "sequential", "joint")


def main() -> None:
    """Measure, compare, print and write."""
    options = parse()
    with tempfile.TemporaryDirectory(prefix="throughput-") as folder:
        result = measure(Path(folder), options)
    print(json.dumps(result, indent=2))
    found = comparison(result)
    print(*found.lines(), sep="\n")
    write_comparisons(options.json, [found])
    if options.output:
        options.output.write_text(json.dumps(result, indent=2) + "\n")


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--commit", default=COMMIT_BEFORE, help="of the separate runs")
    parser.add_argument("--model", default="split_mnist_heaviside")
    parser.add_argument("--side", type=int, default=8, help="values of each of the two parameters")
    parser.add_argument("--runs", type=int, default=6, help="separate runs that are measured")
    parser.add_argument("--n-jobs", type=int, default=os.cpu_count())
    parser.add_argument("--output", type=Path)
    parser.add_argument("--quick", action="store_true", help="small networks, as a check")
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    if options.quick:
        options.side, options.runs = 2, 2
    return options


def comparison(result: dict[str, object]) -> Comparison:
    """Return the study against separate runs: seconds per trial, in one round."""
    ours, theirs = "brainsleep", f"separate runs of commit {result['commit']}"
    seconds = {ours: result["seconds_per_trial"], theirs: result["seconds_per_separate_run"]}
    times = {name: Times([value], []) for name, value in seconds.items()}
    hourly = [f"{3600 / seconds[name]:.0f}" for name in (ours, theirs)]
    note = f"{hourly[0]} and {hourly[1]} trials per hour, {result['trials']} trials"
    return Comparison("separate runs", ours, theirs, times, unit="trial", note=note)


def measure(folder: Path, options: argparse.Namespace) -> dict[str, object]:
    """Return what both sides took, and whether their numbers are the same."""
    old = folder / "old"
    git("worktree", "add", "--quiet", "--detach", str(old), options.commit)
    try:
        model = folder / "model.toml"
        text = next(old.rglob(f"models/{options.model}.toml")).read_text()
        model.write_text(made_small(text) if options.quick else text)
        increases, decreases = values(1e-4, options.side), values(5e-5, options.side)
        settings = [(one, other) for one in increases for other in decreases]
        step = max(1, len(settings) // options.runs)
        chosen = [number * step for number in range(min(options.runs, len(settings)))]

        def separate(numbers: Sequence[int]) -> float:
            return run_separately(folder, old, model, [(n, settings[n]) for n in numbers], options)

        warm(folder, old, model)
        half = len(chosen) // 2
        seconds = separate(chosen[:half])
        study, busy = run_study(folder, model, increases, decreases, options)
        seconds += separate(chosen[half:])
        return {
            "commit": options.commit,
            "model": options.model,
            "trials": len(settings),
            "separate_runs": len(chosen),
            "seconds_per_separate_run": round(seconds / len(chosen), 3),
            "seconds_per_trial": round(study / len(settings), 3),
            "times_the_throughput": round(seconds / len(chosen) / (study / len(settings)), 2),
            "cores": os.cpu_count(),
            "busy": [round(one, 3) for one in busy],
            "differences": differences(folder, chosen),
        }
    finally:
        git("worktree", "remove", "--force", str(old))


def made_small(model: str) -> str:
    """Return a model file with a small network that trains for one epoch."""
    return model.replace("1200, 1200", "40, 40").replace("epochs = 4", "epochs = 1")


def values(middle: float, n: int) -> list[float]:
    """Return numbers around one, each 1.2 times the one before."""
    return [float(f"{middle * 1.2 ** (place - n // 2):.4g}") for place in range(n)]


def warm(folder: Path, old: Path, model: Path) -> None:
    """Compile the programs of both sides, which no result is taken of."""
    for name, package in (("old", old), ("new", ROOT)):
        out = str(folder / f"warm-{name}")
        anew = ["--no-baselines", "--train-anew"] if name == "new" else []
        brainsleep(folder, name, package, ["run", str(model), "--out", out, *anew])


def run_separately(
    folder: Path,
    old: Path,
    model: Path,
    settings: Sequence[tuple[int, tuple[float, float]]],
    options: argparse.Namespace,
) -> float:
    """Run some settings, several at a time; return the seconds that all took together."""

    def run(numbered: tuple[int, tuple[float, float]]) -> None:
        number, (increase, decrease) = numbered
        file = folder / f"model-{number}.toml"  # the first versions have no --set
        file.write_text(with_rates(model.read_text(), increase=increase, decrease=decrease))
        brainsleep(folder, "old", old, ["run", str(file), "--out", str(folder / f"run-{number}")])

    started = time.monotonic()
    with ThreadPoolExecutor(options.n_jobs) as pool:
        list(pool.map(run, settings))
    return time.monotonic() - started


def with_rates(model: str, **rates: float) -> str:
    """Return a model file with other learning rates, the same in all layers."""
    for name, value in rates.items():
        model, n_changed = re.subn(rf"^{name} = .*$", f"{name} = {value}", model, flags=re.M)
        if n_changed != 1:
            sys.exit(f"the model has {n_changed} lines {name} = ...; it needs one.")
    return model


def run_study(
    folder: Path,
    model: Path,
    increases: Sequence[float],
    decreases: Sequence[float],
    options: argparse.Namespace,
) -> tuple[float, list[float]]:
    """Run the study; return its seconds, and which part of them each core was busy."""
    words = ["sweep", str(model), "--seeds=1", f"--n-jobs={options.n_jobs}", "--no-progress"]
    words += [f"--set=sleep.plasticity.increase={','.join(map(str, increases))}"]
    words += [f"--set=sleep.plasticity.decrease={','.join(map(str, decreases))}"]
    before, started = ticks(), time.monotonic()
    brainsleep(folder, "new", ROOT, [*words, f"--out={folder / 'study'}"], one_thread=False)
    seconds, after = time.monotonic() - started, ticks()
    return seconds, [
        1 - (idle - idle_before) / (total - total_before)
        for (idle, total), (idle_before, total_before) in zip(after, before, strict=True)
    ]


def ticks() -> list[tuple[int, int]]:
    """Return for each core how long it was idle so far, and how long it was there."""
    lines = [line.split() for line in Path("/proc/stat").read_text().splitlines()]
    cores = [list(map(int, line[1:9])) for line in lines if line[0][:3] == "cpu" != line[0]]
    return [(core[3] + core[4], sum(core)) for core in cores]


def brainsleep(
    folder: Path, name: str, package: Path, words: Sequence[str], one_thread: bool = True
) -> None:
    """Run a command of a version of the package, with the caches of its side."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(package),
        "BRAINSLEEP_CACHE": str(folder / f"programs-{name}"),
        **({"OMP_NUM_THREADS": "1"} if one_thread else {}),
    }
    command = [sys.executable, "-m", "brainsleep", *words]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run(command, cwd=folder, env=environment, check=True, **quiet)


def differences(folder: Path, chosen: Sequence[int]) -> list[str]:
    """Say in which accuracies a trial is not its separate run."""
    found = []
    for number in chosen:
        run = json.loads((folder / f"run-{number}" / "metrics.json").read_text())["accuracy"]
        trial = json.loads((folder / "study" / "trials" / f"{number}-seed-0.json").read_text())
        told = trial["metrics"]["accuracy"]
        found += [f"{number}: {name}" for name in COMPARED if run[name] != told[name]]
    return found


def git(*words: str) -> None:
    """Run a command of git in the repository."""
    subprocess.run(["git", "-C", str(ROOT), *words], check=True)


if __name__ == "__main__":
    main()
