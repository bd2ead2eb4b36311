"""Run one model file with several seeds, and summarise."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from joblib import Parallel, delayed

from ..errors import DirectoryError
from ..measures import summarise
from ..support.files import JsonObject, write_atomically
from .overrides import Overrides
from .run import experiment_name, run_experiment
from .run_request import say_nothing
from .rundirectory import load_run


def run_sweep(
    model: str | Path | None = None,
    *,
    n_seeds: int = 5,
    n_jobs: int = 1,
    out: str | Path | None = None,
    overrides: Overrides | None = None,
    controls: tuple[str, ...] = (),
    resume: bool = False,
    report: Callable[[str], None] = say_nothing,
) -> tuple[Path, JsonObject]:
    """Run a model file with the seeds 0, 1, … n_seeds - 1.

    Parameters
    ----------
    model, overrides, controls, report
        As for `brainsleep.experiments.run.run_experiment`.
    n_seeds : int
        How many seeds.
    n_jobs : int
        How many runs at the same time; each is a process of its own.
    out : path, optional
        ``runs/NAME-sweep`` unless given; each seed has a run directory in it.
    resume : bool
        Keep finished runs that are there, go on with unfinished ones.

    Returns
    -------
    directory : Path
        Where the runs and ``summary.json`` lie.
    summary : dict
        For each accuracy its values, mean and sample standard deviation; and the findings of all
        nights.
    """
    name = experiment_name(model)
    directory = Path(out) if out is not None else Path("runs") / f"{name}-sweep"
    if directory.exists() and any(directory.iterdir()) and not resume:
        raise DirectoryError(
            f"{directory} exists already; choose another, or go on with it by --resume."
        )
    if n_jobs == 1:
        runs = [
            _run_seed(model, directory, seed, overrides, controls, report)
            for seed in range(n_seeds)
        ]
    else:
        runs = Parallel(n_jobs=n_jobs)(
            delayed(_run_seed)(model, directory, seed, overrides, controls)
            for seed in range(n_seeds)
        )
    summary = _summary(runs)
    write_atomically(directory / "summary.json", json.dumps(summary, indent=2))
    return directory, summary


def _run_seed(
    model: str | Path | None,
    directory: Path,
    seed: int,
    overrides: Overrides | None,
    controls: tuple[str, ...],
    report: Callable[[str], None] | None = None,
) -> JsonObject:
    """Run one seed, or read its finished run."""
    folder = directory / f"seed-{seed}"
    if (folder / "metrics.json").exists():
        metrics = load_run(folder).metrics
        if all(name in metrics["accuracy"]["controls"] for name in controls):
            return metrics
    if report is not None:
        report(f"seed {seed}")
    finished = run_experiment(
        model,
        out=folder,
        seed=seed,
        overrides=overrides,
        controls=controls,
        resume=(folder / "run.json").exists(),
        progress=report is not None,
    )
    return finished.metrics


def _summary(runs: list[JsonObject]) -> JsonObject:
    """Collect the accuracies of all seeds."""
    first = runs[0]
    scores = [
        {
            name: value
            for name, value in {**run["accuracy"], **run["accuracy"]["controls"]}.items()
            if isinstance(value, float)
        }
        for run in runs
    ]
    accuracy = {}
    for name in scores[0]:
        values = [score[name] for score in scores if name in score]
        spread = summarise(values)
        sd = spread.sd if len(values) > 1 else None  # JSON knows no NaN
        accuracy[name] = {"values": values, "mean": spread.mean, "sd": sd}
    return {
        "model": first["model"],
        "scenario": first["scenario"],
        "dataset": first["dataset"],
        "evaluated_on": first["evaluated_on"],
        "seeds": [run["seed"] for run in runs],
        "accuracy": accuracy,
        "findings": [night for run in runs for night in run.get("findings", [])],
        "versions": first["versions"],
    }
