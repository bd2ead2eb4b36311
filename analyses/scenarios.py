"""The default night in every scenario, not retuned: the table of docs/explanation/scenarios.md.

    python analyses/scenarios.py --seeds 3

Runs are kept in runs/scenarios and not made twice. Tasks that show all 4,000 digits are learned for
one epoch in place of four, so that all tasks take about as many steps.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from brainsleep.experiments.model_files.overrides import Overrides
from brainsleep.experiments.run import run_experiment
from brainsleep.measures import summarise

ONE_EPOCH = {"training.epochs": 1}
TWENTY = {"network.sizes": [784, 1200, 1200, 20]}
CLOTHES = {"scenario": "cross-modal", "then": "fashion_mnist", "train_per_class": 320}

#: What each row changes in the default model file: `[tasks]`, and the rest.
ROWS: dict[str, tuple[dict, dict]] = {
    "class-incremental": ({}, {}),
    "task-incremental": ({"scenario": "task-incremental"}, {}),
    "domain-incremental": ({"scenario": "domain-incremental"}, {}),
    "permuted, 5 tasks": ({"scenario": "permuted"}, ONE_EPOCH),
    "rotated, 0 to 180°": ({"scenario": "rotated"}, ONE_EPOCH),
    "clean, Gaussian noise, clean": ({"scenario": "noise", "noise": "gaussian"}, ONE_EPOCH),
    "digits then clothes, 20 outputs": (CLOTHES, {**ONE_EPOCH, **TWENTY}),
    "digits then clothes, shared outputs": ({**CLOTHES, "shared_outputs": True}, ONE_EPOCH),
    "class-incremental, 10 % of training images": ({"train_share": 0.1}, {}),
    "class-incremental, tasks 2 and 4 with 10 %": ({"train_share": [1, 0.1, 1, 0.1, 1]}, {}),
    "class-incremental, 5 + 1 + 1 + 1 + 2 classes": (
        {"classes": [[0, 1, 2, 3, 4], [5], [6], [7], [8, 9]]},
        {},
    ),
    "class-incremental, order by seed": ({"class_order": "seed"}, {}),
}


def accuracies(name: str, seed: int) -> dict[str, float]:
    """Run one row with one seed; return its accuracies."""
    tasks, others = ROWS[name]
    words = "".join(letter if letter.isalnum() else "_" for letter in name)
    folder = Path("runs") / "scenarios" / words / str(seed)
    run = run_experiment(
        out=folder,
        seed=seed,
        overrides=Overrides(changes={"tasks": tasks, **others}),
        strategies=("sequential", "joint"),
        progress=False,
        resume=(folder / "run.json").exists(),
    )
    return run.metrics["accuracy"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=3)
    n_seeds = parser.parse_args().seeds
    print("| tasks | no sleep | sleep | joint |\n|---|---|---|---|", flush=True)
    for name in ROWS:
        runs = [accuracies(name, seed) for seed in range(n_seeds)]
        spreads = [
            summarise([100 * run[arm] for run in runs]) for arm in ("sequential", "final", "joint")
        ]
        cells = [f"{spread.mean:.1f} ± {spread.sd:.1f}" for spread in spreads]
        print(f"| {' | '.join([name, *cells])} |", flush=True)


if __name__ == "__main__":
    main()
