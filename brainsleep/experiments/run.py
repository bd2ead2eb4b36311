"""Run a model file of any kind from beginning to end."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ..errors import ParameterError
from ..support.calls import public
from ..support.checks import whole_number
from ..support.cores import n_cores
from ..wake import torch_threads
from ..wake.datasets.loading import Source, absolute_name
from .finished_runs.finished import finished_run
from .finished_runs.run_results import Run, save_metrics
from .kinds import kind_of_file
from .model_files.overrides import Overrides
from .model_files.run_request import RunRequest, say_nothing
from .model_files.shipped import find_model
from .result_tables.paper_tables import save_paper_table
from .run_directory.opening import open_run_directory
from .run_directory.provenance import with_origin


@public
def run_experiment(
    model: str | Path | None = None,
    *,
    out: str | Path | None = None,
    seed: int = 0,
    data: Source | None = None,
    overrides: Overrides | None = None,
    baselines: bool = True,
    strategies: tuple[str, ...] | None = None,
    controls: tuple[str, ...] = (),
    train_anew: bool = False,
    resume: bool = False,
    progress: bool = True,
    n_jobs: int | None = None,
    report: Callable[[str], None] = say_nothing,
) -> Run:
    """Run a model file from beginning to end.

    Parameters
    ----------
    model : path or str, optional
        A model file, or the name of one that comes with the package; the default experiment unless
        given.
    out : path, optional
        Run directory; ``runs/NAME`` unless given, with a number when taken. A finished run of the
        very same request is not run again, but read.
    seed : int
        Fixes initial weights, batches, stimuli.
    data : str, path or object, optional
        Data in place of those of the model file, as for `brainsleep.wake.load_split`: a name, a
        path from the working directory, or an object such as a pair of torch Datasets.
    overrides : Overrides, optional
        Changes to the model file.
    baselines : bool
        Also train without sleep: one task after the other, jointly, and so on.
    strategies : tuple of str, optional
        In which ways: names of `brainsleep.wake.STRATEGIES`, or of the model file's ``[compare]``;
        those of the model file unless given.
    controls : tuple of str
        Of `brainsleep.experiments.controls.CONTROLS`: also run these; ``"single_layers"`` is one
        for each layer, of which ``"only_layer_1"`` is the first, and ``"all"`` are all that nights
        of the model's kind have. What the model does not have is left out, and reported.
    train_anew : bool
        Train all networks, also those whose training is kept; the results are the same.
    resume : bool
        Go on with the run in `out`.
    progress : bool
        Show progress bars.
    n_jobs : int, optional
        How many arms (sleep, what it is compared with, controls) are gone through at the same time,
        each in a process of its own; the results are the same, bit for bit. Unless given, as many
        as there are cores. One where processes cannot be forked: elsewhere than on Linux, beside a
        GPU, and in worker processes.
    report : callable
        Told what is going on, line by line.

    Returns
    -------
    Run

    Raises
    ------
    BrainsleepError
        For a model file, data or directories that will not do, before any training.
    """
    changed = overrides or Overrides()
    if data is not None and changed.dataset is not None:
        raise ParameterError("data: is given twice, by data and by overrides.")
    if isinstance(data, str | os.PathLike):
        changed, data = replace(changed, dataset=absolute_name(data)), None
    request = RunRequest(
        model_file=find_model(model),
        out=out,
        seed=seed,
        data=data,
        overrides=changed,
        baselines=baselines,
        strategies=strategies,
        controls=controls,
        train_anew=train_anew,
        resume=resume,
        progress=progress,
        n_jobs=n_cores() if n_jobs is None else whole_number(n_jobs, "n_jobs", minimum=1),
        report=report,
    )
    return run_request(request)


def run_request(request: RunRequest) -> Run:
    """Run what is asked for; see :func:`run_experiment`."""
    run = _finished_or_run(request)
    save_paper_table(run.directory, [run.metrics])
    return run


def _finished_or_run(request: RunRequest) -> Run:
    """Read the run that is asked for, if it is there and finished, or run it."""
    kind = kind_of_file(request.model_file)
    kind.check_request(request)
    prepared = kind.prepare(request)
    request, data = prepared.request, prepared.data_sha256
    finished = finished_run(request, data)
    if finished is not None:
        return finished
    with torch_threads(1):  # as in the run itself
        prepared.check()
    with open_run_directory(request, prepared.name, data) as directory:
        measured = prepared.measure(directory)
        metrics = with_origin(measured, kind, model=prepared.name, seed=request.seed)
        return save_metrics(directory, metrics)


def experiment_name(request: RunRequest) -> str:
    """Return the name of the experiment that is asked for, having checked its model file."""
    kind = kind_of_file(request.model_file)
    kind.check_request(request)
    return str(kind.load(request.model_file, request.overrides).name)
