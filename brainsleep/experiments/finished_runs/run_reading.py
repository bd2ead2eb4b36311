"""`load_run`: a finished run from its directory."""

from __future__ import annotations

import os
from pathlib import Path

from ...errors import DirectoryError, brief
from ...support.calls import public
from ...support.json_files import read_json
from ...support.names import read_path
from ..run_directory.run_state import require_of_run
from .run_results import Run

#: What every run's results hold.
CONTRACT = ("scenario", "dataset", "model", "seed", "accuracy", "timings", "versions")


@public
def load_run(directory: str | os.PathLike[str]) -> Run:
    """Read a finished run, as `brainsleep run` leaves it.

    Parameters
    ----------
    directory : path
        The run directory.

    Returns
    -------
    Run
        `Run.metrics`, and tables of them; `Run.model`; `Run.nights`, read when looked at.

    Raises
    ------
    DirectoryError
        If there is none, or its results are damaged or of another run.

    Examples
    --------
    >>> run = bs.load_run("runs/split_mnist_heaviside")  # doctest: +SKIP
    >>> run.after_sleep  # accuracy, task by task  # doctest: +SKIP
    >>> run.nights[-1].plot_raster()  # doctest: +SKIP
    """
    folder = read_path(directory, "directory")
    file = folder / "metrics.json"
    if not os.path.lexists(file):
        is_night = os.path.lexists(folder / "night.json")
        raise DirectoryError(
            f"{folder} holds no finished run: metrics.json is missing."
            + (" It is a night: bs.Night.load reads it." if is_night else "")
            + _runs_within(folder)
        )
    advice = "brainsleep run with --resume writes it anew"
    metrics = read_json(file, advice)
    require_of_run(file, metrics, advice)
    missing = [name for name in CONTRACT if name not in metrics]
    if missing or not isinstance(metrics["accuracy"], dict):
        raise DirectoryError(
            f"{file} is damaged (it misses {brief((missing or ['accuracy'])[0])}); {advice}."
        )
    return Run(folder, metrics)


def _runs_within(folder: Path) -> str:
    """Say which runs lie in the directory of a sweep or a study, if it is one."""
    for kind in ("seed-*", "runs/*"):
        try:
            runs = sorted(file.parent for file in folder.glob(f"{kind}/metrics.json"))
        except OSError:
            return ""  # it may not be entered
        if runs:
            return f" It holds {len(runs)} of them: bs.load_run({str(runs[0])!r}) reads the first."
    if os.path.lexists(folder / "study.json"):
        return " It is a study, which keeps results.csv alone; sweep --keep-nights keeps its runs."
    return ""
