"""Run a model file of any kind from beginning to end."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from ..errors import ParameterError, suggest
from ..support.files import write_atomically
from ..wake import torch_threads
from .continual import CONTROLS, _Experiment, _tasks
from .modelfile import load_model_file
from .overrides import Overrides
from .rundirectory import Run, open_run_directory
from .shipped import find_model
from .unsupervised import run_unsupervised
from .unsupervised_modelfile import is_unsupervised, load_unsupervised


def run_experiment(
    model_path: str | Path | None = None,
    out: str | Path | None = None,
    seed: int = 0,
    overrides: Overrides | None = None,
    controls: tuple[str, ...] = (),
    resume: bool = False,
    progress: bool = True,
    report: Callable[[str], None] = lambda text: None,
) -> Run:
    """Run a model file from beginning to end.

    Parameters
    ----------
    model_path : path, optional
        The default experiment unless given.
    out : path, optional
        Run directory; ``runs/NAME`` unless given, with a number when taken.
    seed : int
        Fixes initial weights, batches, stimuli.
    overrides : Overrides, optional
        Changes to the model file.
    controls : tuple of str
        Of :data:`CONTROLS`: also run these. ``"decrease_only"`` sets the rule's `increase` to 0;
        with a rule that has no such parameter it is left out, which is reported.
    resume : bool
        Go on with the run in `out`.
    progress : bool
        Show progress bars.
    report : callable
        Told what is going on, a line at a time.

    Returns
    -------
    Run

    Raises
    ------
    BrainsleepError
        For a model file, data or directories that will not do, before any training.
    """
    model_file = find_model(model_path)
    changes = overrides or Overrides()
    if is_unsupervised(model_file):
        if controls:
            raise ParameterError("controls: there are none for unsupervised learning.")
        return run_unsupervised(model_file, out, seed, changes, resume, progress, report)
    model = changes.apply(load_model_file(model_file))
    for control in controls:
        if control not in CONTROLS:
            raise ParameterError(f"unknown control {control!r}.{suggest(control, CONTROLS)}")
    tasks = _tasks(model, changes.data_dir)
    settings = {"seed": seed, **asdict(changes)}
    experiment = _Experiment(model, tasks, seed, progress, report)
    experiment.check_nights()
    directory = open_run_directory(model.name, model_file, out, settings, resume)
    experiment.open(directory)
    with torch_threads(1):  # equal seeds, equal results, on any machine
        experiment.run_baselines()
        experiment.run_stages()
        experiment.run_controls(controls)
        metrics = experiment.metrics()
    write_atomically(directory / "metrics.json", json.dumps(metrics, indent=2))
    experiment.draw_figures(metrics)
    return Run(directory, metrics)


def experiment_name(model_path: str | Path | None = None) -> str:
    """Return the name that a model file gives its experiment, having checked the file."""
    model_file = find_model(model_path)
    if is_unsupervised(model_file):
        return load_unsupervised(model_file).name
    return load_model_file(model_file).name
