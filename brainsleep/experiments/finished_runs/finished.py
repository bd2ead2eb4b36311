"""Finished runs are not run again."""

from __future__ import annotations

from pathlib import Path

from ...errors import DirectoryError
from ...support.disk import is_there
from ...support.files import JsonObject
from ..controls import find_controls
from ..kinds import kind_of_results
from ..model_files.materials import compared_strategies, model_of
from ..model_files.run_request import RunRequest
from ..run_directory.opening import check_same_run
from .run_reading import load_run
from .run_results import Run


def finished_run(request: RunRequest, data_sha256: str) -> Run | None:
    """Return the finished run in a directory, if it is the very one that is asked for.

    A run that is resumed is gone through all the same: what is missing is made again.

    Parameters
    ----------
    request : RunRequest
        What is asked for; it is told that nothing is run.
    data_sha256 : str
        Of all images and labels, as of `brainsleep.experiments.run_directory.opening.digest_of`.
    """
    if request.out is None or request.resume:
        return None
    try:
        metrics = finished_metrics(request, data_sha256)
    except DirectoryError:
        return None  # of another run, which stays
    if metrics is None:
        return None
    request.report(f"{request.out} holds this very run, finished; it is not run again")
    return Run(Path(request.out), metrics)


def finished_metrics(request: RunRequest, data_sha256: str | None = None) -> JsonObject | None:
    """Return the results of the run in a directory; None if it has to go on, to write them anew.

    Parameters
    ----------
    request : RunRequest
        What is asked for.
    data_sha256 : str, optional
        As for `brainsleep.experiments.run_directory.opening.check_same_run`.

    Raises
    ------
    DirectoryError
        If there is another run.
    """
    assert request.out is not None
    directory = Path(request.out)
    if not is_there(directory / "metrics.json"):
        return None
    check_same_run(directory, request, data_sha256)
    try:
        metrics = load_run(directory).metrics
    except DirectoryError as error:
        request.report(str(error))
        return None
    return metrics if _holds_all(metrics, request) else None


def _holds_all(metrics: JsonObject, request: RunRequest) -> bool:
    """Tell whether there is an accuracy of every baseline and control that is asked for.

    A baseline that failed is run again only if the run is resumed.
    """
    scores = metrics["accuracy"]
    known = {**scores, **({} if request.resume else metrics.get("failed", {}))}
    if not kind_of_results(metrics).sleeps:
        return True
    model = model_of(request)
    strategies = compared_strategies(request, model)
    weights = metrics.get("sleep", {}).get("weights")
    wanted = list(request.controls)
    if weights is not None:  # those of earlier versions do not know their layers
        wanted = [one.name for one in find_controls(wanted, model, weights)[0]]
    return all(one.arm_name in known for one in strategies) and all(
        name in scores.get("controls", {}) for name in wanted
    )
