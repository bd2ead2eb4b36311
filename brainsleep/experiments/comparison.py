"""Put experiments side by side."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..errors import ModelFileError, ParameterError
from ..support.disk import is_folder, is_there
from .finished_runs.run_results import Run
from .finished_runs.sweep_comparison import by_seed, directory_of, load_runs, plotted
from .kinds import ExperimentKind, kind_of_file, kind_of_results
from .model_files.modelfile import load_model_file
from .model_files.run_request import say_nothing
from .model_files.shipped import find_model
from .result_tables.tables import comparison_table
from .run import run_experiment

#: The default folder names every run, unless that makes a name longer than this.
LONGEST_NAME = 100


def compare_runs(
    *experiments: str | Path,
    seed: int = 0,
    out: str | Path | None = None,
    progress: bool = True,
    report: Callable[[str], None] = say_nothing,
) -> tuple[str, Path]:
    """Compare model files, runs or sweeps, two or more.

    Sweeps are compared as means over their seeds, and with the first experiment seed by seed: the
    mean difference with its 95 % confidence interval, the paired t-test and, from six seeds on,
    Wilcoxon's signed-rank test (`brainsleep.measures.paired_difference`).

    Parameters
    ----------
    *experiments : path
        Each a model file, by its path or the name of one that comes with the package, which is run,
        or the directory of a finished run or of a sweep.
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
        Accuracy, rates, weight change and time; one column per experiment. With a sweep accuracies
        are mean ± SD over its seeds, and comparisons by seed stand below.
    figure : Path
        The same as a picture; of a sweep, means over its seeds.

    Raises
    ------
    BrainsleepError
        If there is only one, or one is neither; before any is run.
    """
    from ..figures import plot_comparison, save_figure

    paths = [_find(path) for path in experiments]
    _check(paths)
    labelled = label_runs([_get_runs(path, seed, progress, report) for path in paths])
    folder = Path(out) if out is not None else Path("runs") / _folder_name(list(labelled))
    picture = folder / "comparison.png"
    metrics = {label: [run.metrics for run in runs] for label, runs in labelled.items()}
    save_figure(plot_comparison({label: plotted(runs) for label, runs in metrics.items()}), picture)
    return "\n".join([comparison_table(metrics), *by_seed(metrics)]), picture


def _find(experiment: str | Path) -> Path:
    """Return a run directory as it is, and a model file by its path or name."""
    path = Path(experiment)
    return path if is_folder(path) else find_model(path)


def _check(paths: list[Path]) -> None:
    """Refuse what cannot be compared, before anything is run."""
    if len(paths) < 2:
        raise ParameterError(
            f"a comparison needs two or more model files, runs or sweeps, but got {len(paths)}."
        )
    for path in paths:
        kind = _kind_of(path)
        if not kind.sleeps:
            raise ModelFileError(f"{path.name} {kind.alone}; run it alone.")
        if is_folder(path):
            continue
        if not is_there(path):
            raise ModelFileError(f"{path} is neither a model file nor a directory.")
        load_model_file(path)


def _kind_of(path: Path) -> ExperimentKind:
    """Return which kind of experiment a run, a sweep, or a model file, is."""
    if is_folder(path):
        return kind_of_results(load_runs(path)[0].metrics)
    return kind_of_file(path)


def _folder_name(labels: list[str]) -> str:
    """Return the name of the figure's folder."""
    name = f"compare-{'-'.join(labels)}"
    return name if len(name) <= LONGEST_NAME else f"compare-{labels[0]}-and-{len(labels) - 1}-more"


def _get_runs(path: Path, seed: int, progress: bool, report: Callable[[str], None]) -> list[Run]:
    """Read a finished run or the runs of a sweep, or run a model file."""
    if is_folder(path):
        return load_runs(path)
    report(f"running {path}")
    return [run_experiment(path, seed=seed, progress=progress, report=report)]


def label_runs(experiments: list[list[Run]]) -> dict[str, list[Run]]:
    """Name each experiment by its model, or by its directory where models are the same."""
    labels = [runs[0].metrics["model"] for runs in experiments]
    if len(set(labels)) < len(labels):
        labels = [directory_of(runs).name for runs in experiments]
    if len(set(labels)) < len(labels):
        labels = [f"{label} ({number})" for number, label in enumerate(labels, start=1)]
    return dict(zip(labels, experiments, strict=True))
