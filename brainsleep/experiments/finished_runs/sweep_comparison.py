"""Sweeps in comparisons: their runs, their means, and tests seed by seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ...errors import DirectoryError, brief
from ...measures import paired_difference
from ...support.disk import is_there
from ...support.files import JsonMapping, JsonObject
from ...support.json_files import read_json
from .run_reading import load_run
from .run_results import Run

#: What runs must have in common to be compared seed by seed.
_SAME = ("scenario", "dataset", "evaluated_on")


def load_runs(directory: Path) -> list[Run]:
    """Read a finished run, or all runs of a finished sweep.

    Raises
    ------
    DirectoryError
        If there is neither, or something is damaged.
    """
    file = directory / "summary.json"
    if not is_there(file) or is_there(directory / "metrics.json"):
        return [load_run(directory)]
    advice = "brainsleep sweep with --resume writes it anew"
    seeds = read_json(file, advice).get("seeds")
    if not isinstance(seeds, list) or not seeds:
        raise DirectoryError(f"{file} is damaged (it names no seeds); {advice}.")
    return [load_run(directory / f"seed-{seed}") for seed in seeds]


def directory_of(runs: Sequence[Run]) -> Path:
    """Return the directory of a run, or that of the sweep that several runs are of."""
    return runs[0].directory if len(runs) == 1 else runs[0].directory.parent


def plotted(runs: Sequence[JsonMapping]) -> JsonObject:
    """Return what the figure shows of a run, or of several, as means over them.

    Parameters
    ----------
    runs : sequence of mapping
        Contents of ``metrics.json``.
    """
    return {
        "before_sleep": _mean_accuracies([run["accuracy"]["before_sleep"] for run in runs]),
        "after_sleep": _mean_accuracies([run["accuracy"]["after_sleep"] for run in runs]),
        **{
            key: [_mean_night(nights) for nights in zip(*(run[key] for run in runs), strict=True)]
            for key in ("rates", "weight_change", "timings")
        },
    }


def by_seed(experiments: Mapping[str, Sequence[JsonMapping]]) -> list[str]:
    """Compare accuracies after sleep with those of the first experiment, seed by seed.

    Parameters
    ----------
    experiments : mapping of str to sequence of mapping
        By label, the contents of ``metrics.json`` of their runs.

    Returns
    -------
    list of str
        Lines for under a table; none if no experiment has several runs.
    """
    (label, first), *others = experiments.items()
    if not any(len(runs) > 1 for runs in experiments.values()):
        return []
    lines = ["", f"sleep, in percentage points, by seed, minus {label}:"]
    lines += [f"  {other}: {_difference(first, runs)}" for other, runs in others]
    if len(others) > 1:
        lines.append("p values are not corrected for the number of comparisons")
    return lines


def _difference(first: Sequence[JsonMapping], second: Sequence[JsonMapping]) -> str:
    """Return how the second experiment differs from the first, or why they are not compared."""
    for key in _SAME:
        one, other = (runs[0].get(key) for runs in (first, second))
        if one != other:
            return f"not compared by seed, as {key} is {brief(other)} and not {brief(one)}"
    one, other = ({run["seed"]: run for run in runs} for runs in (first, second))
    seeds = [seed for seed in one if seed in other]
    if len(seeds) < 2:
        return f"not compared by seed, as {len(seeds)} of their seeds are the same"
    if not all(_same_tasks(one[seed], other[seed]) for seed in seeds):
        return "not compared by seed, as their tasks differ"
    found = paired_difference(
        *([runs[seed]["accuracy"]["final"] for seed in seeds] for runs in (one, other))
    )
    same = len(seeds) == len(one) == len(other)
    which = f"n = {found.n}" if same else f"n = {found.n}, of {len(other)} and {len(one)} seeds"
    return f"{found.text(100, digits=1)} ({which})"


def _same_tasks(one: JsonMapping, other: JsonMapping) -> bool:
    """Tell whether two runs learned the same tasks; those of earlier versions do not say."""
    return "tasks" not in one or "tasks" not in other or bool(one["tasks"] == other["tasks"])


def _mean_accuracies(matrices: Sequence[Sequence[Sequence[float | None]]]) -> list[list[float]]:
    """Return the mean of accuracy matrices; NaN for tasks not yet seen."""
    return np.mean(np.array(matrices, dtype=float), axis=0).tolist()


def _mean_night(nights: Sequence[Mapping[str, object]]) -> dict[str, float]:
    """Return the mean of what the nights after the same task have."""
    return {
        name: float(np.mean([night[name] for night in nights if name in night]))
        for name, value in nights[0].items()
        if isinstance(value, int | float)
    }
