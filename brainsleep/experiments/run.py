"""Run a model file of any kind from beginning to end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..support.calls import public
from .continual import run_continual
from .modelfile import ModelFile, load_model_file
from .overrides import Overrides
from .run_request import RunRequest, say_nothing
from .rundirectory import Run
from .shipped import find_model
from .unsupervised import run_unsupervised
from .unsupervised_modelfile import UnsupervisedModel, is_unsupervised, load_unsupervised


@dataclass(frozen=True)
class Experiment:
    """One kind of experiment: how its model files are read, and how it is run."""

    load: Callable[[Path], ModelFile | UnsupervisedModel]
    run: Callable[[RunRequest], Run]


#: The kinds of experiments there are.
EXPERIMENTS = {
    "continual": Experiment(load_model_file, run_continual),
    "unsupervised": Experiment(load_unsupervised, run_unsupervised),
}


@public
def run_experiment(
    model: str | Path | None = None,
    *,
    out: str | Path | None = None,
    seed: int = 0,
    overrides: Overrides | None = None,
    controls: tuple[str, ...] = (),
    resume: bool = False,
    progress: bool = True,
    report: Callable[[str], None] = say_nothing,
) -> Run:
    """Run a model file from beginning to end.

    Parameters
    ----------
    model : path or str, optional
        A model file, or the name of one that comes with the package; the default experiment unless
        given.
    out : path, optional
        Run directory; ``runs/NAME`` unless given, with a number when taken.
    seed : int
        Fixes initial weights, batches, stimuli.
    overrides : Overrides, optional
        Changes to the model file.
    controls : tuple of str
        Of `brainsleep.experiments.controls.CONTROLS`: also run these. ``"decrease_only"`` sets the
        rule's `increase` to 0; it is left out, and reported, where a rule has no such parameter.
    resume : bool
        Go on with the run in `out`.
    progress : bool
        Show progress bars.
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
    request = RunRequest(
        model_file=find_model(model),
        out=out,
        seed=seed,
        overrides=overrides or Overrides(),
        controls=controls,
        resume=resume,
        progress=progress,
        report=report,
    )
    return run_request(request)


def run_request(request: RunRequest) -> Run:
    """Run what is asked for; see :func:`run_experiment`."""
    return EXPERIMENTS[kind_of(request.model_file)].run(request)


def kind_of(model_file: Path) -> str:
    """Return which of the :data:`EXPERIMENTS` a model file describes; a broken one is continual."""
    return "unsupervised" if is_unsupervised(model_file) else "continual"


def experiment_name(model: str | Path | None = None) -> str:
    """Return the name that a model file gives its experiment, having checked the file."""
    model_file = find_model(model)
    return EXPERIMENTS[kind_of(model_file)].load(model_file).name
