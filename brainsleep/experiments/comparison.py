"""Put experiments side by side."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..errors import ModelFileError, ParameterError
from ..support.disk import is_folder, is_there
from ..support.files import JsonObject
from .modelfile import load_model_file
from .run import run_experiment
from .run_request import say_nothing
from .rundirectory import Run, load_run
from .shipped import find_model
from .tables import comparison_table
from .unsupervised_modelfile import is_unsupervised

#: The default folder names every run, unless that makes a name longer than this.
LONGEST_NAME = 100


def compare_runs(
    *experiments: str | Path,
    seed: int = 0,
    out: str | Path | None = None,
    progress: bool = True,
    report: Callable[[str], None] = say_nothing,
) -> tuple[str, Path]:
    """Compare model files or run directories, two or more.

    Parameters
    ----------
    *experiments : path
        Each a model file, by its path or the name of one that comes with the package, which is run,
        or the directory of a finished run.
    seed : int
        Seed of model files that are run.
    out : path, optional
        Folder of the figure; ``runs/compare-A-B-…`` unless given.
    progress : bool
        Show progress bars.
    report : callable
        Told what is going on, line by line.

    Returns
    -------
    table : str
        Accuracy, rates, weight change and time; one column per run.
    figure : Path
        The same as a picture.

    Raises
    ------
    BrainsleepError
        If there is only one, or one is neither; before any is run.
    """
    from ..figures import plot_comparison, save_figure

    paths = [_find(path) for path in experiments]
    _check(paths)
    runs = [_get_run(path, seed, progress, report) for path in paths]
    labelled = _label(runs)
    folder = Path(out) if out is not None else Path("runs") / _folder_name(list(labelled))
    picture = folder / "comparison.png"
    metrics = {label: run.metrics for label, run in labelled.items()}
    save_figure(plot_comparison({label: _plotted(run) for label, run in metrics.items()}), picture)
    return comparison_table(metrics), picture


def _find(experiment: str | Path) -> Path:
    """Return a run directory as it is, and a model file by its path or name."""
    path = Path(experiment)
    return path if is_folder(path) else find_model(path)


def _check(paths: list[Path]) -> None:
    """Refuse what cannot be compared, before anything is run."""
    if len(paths) < 2:
        raise ParameterError(
            f"a comparison needs two or more model files or run directories, but got {len(paths)}."
        )
    for path in paths:
        if _learns_without_labels(path):
            raise ModelFileError(
                f"{path.name} learns without labels and does not sleep; run it alone."
            )
        if is_folder(path):
            continue
        if not is_there(path):
            raise ModelFileError(f"{path} is neither a model file nor a run directory.")
        load_model_file(path)


def _learns_without_labels(path: Path) -> bool:
    """Tell whether a run, or a model file, is one of unsupervised learning."""
    if is_folder(path):
        return bool(load_run(path).metrics["scenario"] == "unsupervised")
    return is_unsupervised(path)


def _folder_name(labels: list[str]) -> str:
    """Return the name of the figure's folder."""
    name = f"compare-{'-'.join(labels)}"
    return name if len(name) <= LONGEST_NAME else f"compare-{labels[0]}-and-{len(labels) - 1}-more"


def _get_run(path: Path, seed: int, progress: bool, report: Callable[[str], None]) -> Run:
    """Read a finished run, or run a model file."""
    if is_folder(path):
        return load_run(path)
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


def _plotted(metrics: JsonObject) -> JsonObject:
    """Return the part of a run's metrics that the figure shows."""
    return {
        "before_sleep": metrics["accuracy"]["before_sleep"],
        "after_sleep": metrics["accuracy"]["after_sleep"],
        "rates": metrics["rates"],
        "weight_change": metrics["weight_change"],
        "timings": metrics["timings"],
    }
