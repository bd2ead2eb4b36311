"""What dreams reach, what carries them, and where else they work.

    python benchmarks/dreams.py [--only TEXT ...] [--seeds N] [--other-digits FILE]

Measures the numbers of docs/results/dreams.md: runs each case of `dreams_cases.py` with seeds from
100 on, on test images, keeps accuracies seed by seed in dreams.json, and prints the tables. What is
kept is not run again; with `--seeds 0` nothing is. `--only` takes beginnings of names of cases, as
"dreams:" or "published: digits". `dreams_data.py` says where the data come from.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dreams_cases import CASES, CLASS_MEANS, FIRST_SEED, IMAGES, WITHOUT, Case, data_sets
from markdown_tables import table
from results_table import percent

from brainsleep.experiments.model_files.overrides import Overrides
from brainsleep.experiments.run import run_experiment
from brainsleep.measures import paired_difference
from brainsleep.wake import Split, torch_threads

KEPT = Path(__file__).parent / "dreams.json"
DIGITS, TASKS = "dreams: digits, 1200", "tasks: "


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what is missing, keep it, print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="+", default=[""], help="beginnings of names of cases")
    parser.add_argument("--seeds", type=int, default=99, help="at most so many of each case")
    parser.add_argument("--other-digits", type=Path, default=Path("other_digits.npz"))
    parser.add_argument("--kept", type=Path, default=KEPT, help="where numbers are kept")
    options = parser.parse_args(arguments)
    kept = json.loads(options.kept.read_text()) if options.kept.exists() else {}
    load = data_sets(options.other_digits)
    names = [name for name in CASES if name.startswith(tuple(options.only))]
    most = min(options.seeds, max(CASES[name].n_seeds for name in names))
    for seed in range(FIRST_SEED, FIRST_SEED + most):  # all cases with few seeds first
        for name in names:
            case = CASES[name]
            is_missing = str(seed) not in kept.get(name, {})
            if is_missing and seed < FIRST_SEED + case.n_seeds:
                kept.setdefault(name, {})[str(seed)] = measured(case, load[case.data](), seed)
                write(options.kept, kept)
                print(name, seed, kept[name][str(seed)], flush=True)
    print("\n".join(tables(kept)))


def measured(case: Case, split: Split, seed: int) -> dict[str, float]:
    """Run a case with a seed; return the accuracy of each arm, bytes and seconds."""
    strategies = case.strategies_with(seed)
    with tempfile.TemporaryDirectory() as folder, torch_threads(1):
        metrics = run_experiment(
            case.model,
            out=Path(folder) / "run",
            seed=seed,
            data=split,
            overrides=Overrides(changes=case.changes),
            baselines=bool(strategies),
            strategies=strategies or None,
            progress=False,
        ).metrics
    scores = metrics["accuracy"]
    found = {name: value for name, value in scores.items() if isinstance(value, float)}
    found["stored_bytes"] = metrics["sleep"]["stored_bytes"]
    found["night_seconds"] = round(sum(night["total"] for night in metrics["timings"]), 2)
    return found


def tables(kept: Mapping[str, Any]) -> list[str]:
    """Return all tables, with an empty line between them."""
    return [
        *carried_by(kept),
        "",
        *elsewhere(kept),
        "",
        *with_other_tasks(kept),
    ]


def carried_by(kept: Mapping[str, Any]) -> list[str]:
    """Return what the parts of dreams bring on the digits."""
    runs = kept.get(DIGITS, {})
    dreams = arm_of(runs, "final")
    arms = {
        "dreams": dreams,
        **{name: arm_of(kept.get(name, {}), "final") for name in WITHOUT},
        "nearest class mean in the hidden layer": arm_of(runs, CLASS_MEANS),
        "no sleep": arm_of(runs, "sequential"),
        "all tasks at once": arm_of(runs, "joint"),
    }
    rows = []
    for label, arm in arms.items():
        seeds = [seed for seed in arm if seed in dreams]
        pairs = [[one[seed] for seed in seeds] for one in (arm, dreams)]
        difference = ahead(*pairs) if len(seeds) > 2 and arm is not dreams else "–"
        rows.append((label, str(len(arm)), percent_of(arm), difference))
    return table(("digits, 784-1200-1200-10", "n", "accuracy, %", "dreams minus it"), rows)


def elsewhere(kept: Mapping[str, Any]) -> list[str]:
    """Return dreams and others on five data sets with two networks."""
    head = ("data", "hidden", "n", "no sleep", "weight averaging", "published rule", "dreams")
    head += ("nearest class mean", "joint readout", "joint")
    rows = []
    for data in IMAGES:
        for width in (1200, 400):
            awake, dreams = (
                kept.get(f"{way}: {data}, {width}", {}) for way in ("published", "dreams")
            )
            n_seeds = ", ".join(str(len(arm_of(runs, "final"))) for runs in (awake, dreams))
            cells = [
                percent_of(arm_of(runs, arm))
                for runs, arms in (
                    (awake, ("sequential", "weight_averaging", "final")),
                    (dreams, ("final", CLASS_MEANS, "joint")),
                    (awake, ("joint",)),
                )
                for arm in arms
            ]
            rows.append((data, f"{width}-{width}", n_seeds, *cells))
    return table(head, rows)


def with_other_tasks(kept: Mapping[str, Any]) -> list[str]:
    """Return dreams of the digits with other tasks or nights."""
    names = {DIGITS: "5 tasks, 400 images per class, a night after each"}
    names |= {name: name.removeprefix(TASKS) for name in CASES if name.startswith(TASKS)}
    rows = []
    for name, label in names.items():
        arms = [arm_of(kept.get(name, {}), arm) for arm in ("final", CLASS_MEANS, "joint")]
        rows.append((label, str(len(arms[0])), *map(percent_of, arms)))
    return table(("tasks, nights", "n", "dreams", "nearest class mean", "joint readout"), rows)


def arm_of(runs: Mapping[str, Any], arm: str) -> dict[str, float]:
    """Return the accuracy of an arm by seed, of those that have it."""
    return {seed: run[arm] for seed, run in runs.items() if arm in run}


def percent_of(arm: Mapping[str, float]) -> str:
    """Return the accuracy of an arm in %."""
    return percent(list(arm.values())) if arm else "–"


def ahead(first: Sequence[float], second: Sequence[float]) -> str:
    """Return by how much the second is above the first, seed by seed, with 95 % limits."""
    found = paired_difference(first, second)
    return f"{100 * found.mean:+.1f} ({100 * found.low:+.1f} to {100 * found.high:+.1f})"


def write(file: Path, kept: Mapping[str, Any]) -> None:
    """Keep the numbers, a line for each case and seed."""
    cases = (
        f"{json.dumps(name)}: {{\n"
        + ",\n".join(f" {json.dumps(seed)}: {json.dumps(run)}" for seed, run in runs.items())
        + "\n}"
        for name, runs in kept.items()
    )
    file.write_text("{\n" + ",\n".join(cases) + "\n}\n")


if __name__ == "__main__":
    main()
