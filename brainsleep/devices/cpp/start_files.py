"""What a program starts from: arrays in files, named on its command line or in its environment."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...network.plan import NetworkPlan
from ...network.weight_layout import flat_weights, stock_weights
from ...support.disk import plain_disk_errors
from ..base import Job
from ..recording import chosen_file
from ..sampling import Sampling
from .manifest import Manifest
from .scratch import TEMPORARY_ADVICE


def start_arguments(
    plan: NetworkPlan, manifest: Manifest, job: Job, folder: Path, computed: bool
) -> list[str]:
    """Write the arrays that a night starts from, and name them on the command line.

    Parameters
    ----------
    plan : NetworkPlan
        What the program runs.
    manifest : Manifest
        The program's names.
    job : Job
        Weights, biases and parameters.
    folder : Path
        Where the arrays are written.
    computed : bool
        Whether weights are laid out as in torch, rather than one per stock synapse.

    Returns
    -------
    list of str
        Arguments of the program.

    Raises
    ------
    ValueError
        If weights have a shape that the plan does not expect.
    DirectoryError
        If a file cannot be written.
    """
    arguments: list[str] = []

    def add_array(name: str, values: np.ndarray) -> None:
        file = folder / f"{name}.initial"
        _write(file, values)
        arguments.append(f"{name}={file}")

    names = manifest.populations + manifest.projections
    for name, parameters in zip(
        names, [*job.population_parameters, *job.projection_parameters], strict=True
    ):
        for key, value in parameters.items():
            if isinstance(value, np.ndarray):
                add_array(f"{name}.{key}", value.astype(plan.dtype))
            else:
                arguments.append(f"{name}.{key}={float(value)!r}")
    lay_out = flat_weights if computed else stock_weights
    for index, projection in enumerate(manifest.projections):
        for key, values in job.synaptic_values(plan, index).items():
            add_array(f"{projection}.{key}", lay_out(plan, index, values))
    for population, bias in zip(manifest.populations[1:], job.biases, strict=True):
        if bias is not None:
            add_array(f"{population}.bias", np.asarray(bias, dtype=plan.dtype))
    return arguments


def presentation_environment(
    plan: NetworkPlan, manifest: Manifest, job: Job, folder: Path
) -> dict[str, str]:
    """Write the biases of all presentations; return what tells the program about them.

    Parameters
    ----------
    plan, manifest, job, folder
        As in :func:`start_arguments`.

    Returns
    -------
    dict of str to str
        Environment variables; none for a job without presentations.

    Raises
    ------
    DirectoryError
        If a file cannot be written.
    """
    if job.presentation_steps == 0:
        return {}
    environment = {"BRAINSLEEP_PRESENTATION_STEPS": str(job.presentation_steps)}
    given = [
        (name, biases)
        for name, biases in zip(
            manifest.populations[1:], job.presentation_biases or [], strict=False
        )
        if biases is not None
    ]
    if given:
        file = folder / "currents"
        rows = [np.asarray(biases, dtype=plan.dtype) for _, biases in given]
        _write(file, np.hstack(rows) if len(rows) > 1 else rows[0])
        environment["BRAINSLEEP_CURRENTS"] = str(file.resolve())
        environment["BRAINSLEEP_CURRENTS_OF"] = ",".join(name for name, _ in given)
    return environment


def write_chosen(plan: NetworkPlan, manifest: Manifest, sampling: Sampling, folder: Path) -> None:
    """Write of which neurons and synapses values are kept; all where there is no file.

    Parameters
    ----------
    plan, manifest, folder
        As in :func:`start_arguments`.
    sampling : Sampling
        What is kept.

    Raises
    ------
    DirectoryError
        If a file cannot be written.
    """
    for index, variable in plan.watched:
        if index in sampling.neurons:
            name = chosen_file(manifest.populations[index], variable)
            _write(folder / name, sampling.neurons[index].astype(np.int64))
    for index in plan.watched_weights:
        if index in sampling.synapses:
            name = chosen_file(manifest.projections[index], "w")
            _write(folder / name, sampling.synapses[index].astype(np.int64))


def _write(file: Path, values: np.ndarray) -> None:
    """Write an array to a file, whole; NumPy's `tofile` tells of no error when it closes."""
    with plain_disk_errors("cannot write", file, TEMPORARY_ADVICE), file.open("wb") as stream:
        stream.write(np.ascontiguousarray(values).data)
