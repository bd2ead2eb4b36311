"""Put two experiments side by side."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from .errors import ModelFileError
from .experiment import run_experiment
from .rundirectory import Run, load_run
from .tables import comparison_table


def compare_runs(
    first: str | Path,
    second: str | Path,
    seed: int = 0,
    out: str | Path | None = None,
    progress: bool = True,
    report: Callable[[str], None] = lambda text: None,
) -> tuple[str, Path]:
    """Compare two model files or run directories.

    Parameters
    ----------
    first, second : path
        A model file, which is run, or the directory of a finished run.
    seed : int
        Seed of model files that are run.
    out : path, optional
        Folder of the figure; ``runs/compare-A-B`` unless given.
    progress : bool
        Show progress bars.
    report : callable
        Told what is going on, a line at a time.

    Returns
    -------
    table : str
        Accuracy, rates, weight change and time.
    figure : Path
        The same as a picture.
    """
    from .figures import plot_comparison, save_figure

    runs = [_get_run(Path(path), seed, progress, report) for path in (first, second)]
    labelled = _label(runs)
    folder = Path(out) if out is not None else Path("runs") / f"compare-{'-'.join(labelled)}"
    picture = folder / "comparison.png"
    metrics = {label: run.metrics for label, run in labelled.items()}
    save_figure(plot_comparison({label: _plotted(run) for label, run in metrics.items()}), picture)
    return comparison_table(metrics), picture


def _get_run(path: Path, seed: int, progress: bool, report: Callable[[str], None]) -> Run:
    """Read a finished run, or run a model file."""
    if path.is_dir():
        return load_run(path)
    if not path.exists():
        raise ModelFileError(f"{path} is neither a model file nor a run directory.")
    report(f"running {path}")
    return run_experiment(path, seed=seed, progress=progress, report=report)


def _label(runs: list[Run]) -> dict[str, Run]:
    """Name each run by its model, or by its directory where models are the same."""
    labels = [run.metrics["model"] for run in runs]
    if len(set(labels)) < len(labels):
        labels = [run.directory.name for run in runs]
    if len(set(labels)) < len(labels):
        labels = [f"{label} ({number})" for number, label in enumerate(labels, start=1)]
    return dict(zip(labels, runs, strict=True))


def _plotted(metrics: dict[str, Any]) -> dict[str, Any]:
    """Return the part of a run's metrics that the figure shows."""
    return {
        "before_sleep": metrics["accuracy"]["before_sleep"],
        "after_sleep": metrics["accuracy"]["after_sleep"],
        "rates": metrics["rates"],
        "weight_change": metrics["weight_change"],
        "timings": metrics["timings"],
    }
