"""The measured side of docs/results/published.md: finished sweeps, as rows of its tables.

    brainsleep sweep MODEL --seeds 5
    python benchmarks/results_table.py runs/MODEL-sweep [...]

Prints a row for each sweep, and keeps its numbers, seed by seed, in published.json. Without a
sweep, prints all rows that are kept there.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from markdown_tables import table

from brainsleep.experiments.finished_runs.sweep_comparison import load_runs
from brainsleep.measures import summarise

KEPT = Path(__file__).parent / "published.json"

#: A row of a table.
Cells = Sequence[str]
#: What the columns are called, and what it is called in metrics.json.
COLUMNS = {
    "no sleep": "sequential",
    "sleep": "final",
    "joint": "joint",
    "centred": "sequential_centred",
}
HEAD = ("sweep", "n", *COLUMNS, "each task, at the end")
#: Of sweeps with noise: without sleep, with it, and with centred weights in its place.
ARMS = {"no sleep": "sequential", "sleep": "final", "centred": "sequential_centred"}
HEAD_AHEAD = ("sweep", "n", *(f"{part}, {arm}" for part in ("clean", "noise") for arm in ARMS))


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line, print the rows."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sweeps", nargs="*", type=Path, help="directories of finished sweeps")
    parser.add_argument("--kept", type=Path, default=KEPT, help="where numbers are kept")
    options = parser.parse_args(arguments)
    kept = json.loads(options.kept.read_text()) if options.kept.exists() else {}
    new = dict(map(read_sweep, options.sweeps))
    if new:
        kept.update(new)
        lines = [f"{json.dumps(name)}: {json.dumps(kept[name])}" for name in sorted(kept)]
        options.kept.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print("\n".join(tables(new or kept)))


def read_sweep(directory: Path) -> tuple[str, dict[str, Any]]:
    """Return the name of a sweep, changed keys included, and its accuracies, seed by seed."""
    runs = load_runs(directory)
    request = json.loads((runs[0].directory / "run.json").read_text())
    changes = [f"{key}={value}" for key, value in request["changes"].items()]
    metrics = [run.metrics for run in runs]
    first = metrics[0]
    entry = {
        "scenario": first["scenario"],
        "dataset": first["dataset"],
        "evaluated_on": first["evaluated_on"],
        "seeds": [run["seed"] for run in metrics],
        "accuracy": {
            name: [run["accuracy"][name] for run in metrics]
            for name, value in first["accuracy"].items()
            if isinstance(value, float)
        },
        "R": [run["accuracy"]["after_sleep"] for run in metrics],
        "versions": first["versions"],
    }
    if first["scenario"] == "noise":
        arms = [{"final": run["sleep"], **run["strategies"]} for run in metrics]
        entry["clean"] = {name: [arm[name]["R"][0][0] for arm in arms] for name in arms[0]}
        entry["ahead"] = {name: [arm[name]["ahead"][1] for arm in arms] for name in arms[0]}
    return ", ".join([first["model"], *changes]), entry


def tables(entries: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the lines of one Markdown table, and of another of sweeps with noise."""
    plain = [row(name, entry) for name, entry in entries.items() if "ahead" not in entry]
    noisy = [row_ahead(name, entry) for name, entry in entries.items() if "ahead" in entry]
    return [*table(HEAD, plain), *table(HEAD_AHEAD, noisy)]


def row(name: str, entry: Mapping[str, Any]) -> Cells:
    """Return one sweep as cells: accuracies in %, mean ± SD over seeds; tasks as means."""
    accuracy, last = entry["accuracy"], [R[-1] for R in entry["R"]]
    cells = [percent(accuracy[key]) if key in accuracy else "–" for key in COLUMNS.values()]
    tasks = [f"{100 * fmean(task):.0f}" for task in zip(*last, strict=True)]
    return (name, str(len(last)), *cells, ", ".join(tasks))


def row_ahead(name: str, entry: Mapping[str, Any]) -> Cells:
    """Return one sweep with noise as cells: accuracy on clean, and on noise never seen, in %."""
    cells = [percent(entry[part][arm]) for part in ("clean", "ahead") for arm in ARMS.values()]
    return (name, str(len(entry["seeds"])), *cells)


def percent(values: Sequence[float]) -> str:
    """Return mean ± sample SD in %; of a single value, the value."""
    spread = summarise([100 * value for value in values])
    return f"{spread.mean:.1f}" + (f" ± {spread.sd:.1f}" if spread.n > 1 else "")


if __name__ == "__main__":
    main()
