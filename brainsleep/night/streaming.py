"""Nights that write to disk as they run: spikes, snapshots, and how a killed night goes on.

A night's directory holds

- ``request.json`` - what was asked for; only the same request may go on;
- ``stream/`` - spikes of the recorded populations, and snapshots;
- ``weights_before.npz``, ``weights_after.npz``, ``night.json`` - written at the end, the last
  one last: a directory without it holds an unfinished night.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from brian2.units import Quantity

from ..devices.activity import spikes_in_words
from ..devices.recording import SpikeFiles
from ..devices.snapshots import cut_streams, read_snapshot, snapshot_steps
from ..errors import DirectoryError, ParameterError
from ..support.files import JsonObject, require_free, write_atomically

if TYPE_CHECKING:
    from ..devices import Job
    from ..network.plan import NetworkPlan


@dataclass(frozen=True)
class StreamedSpikes:
    """Spikes of one population on disk, in time order; read where they are looked at.

    Attributes
    ----------
    folder : Path
        Where they lie.
    population : int
        Index of the population, 0 for the input.
    n_neurons : int
        Its size.
    dt : Quantity
        Time step.
    """

    folder: Path
    population: int
    n_neurons: int
    dt: Quantity

    @property
    def i(self) -> np.ndarray:
        """Neuron indices (int32), as a memory map."""
        return _memory_map(self.folder / SpikeFiles.of(self.population).indices)

    @property
    def counts(self) -> np.ndarray:
        """Number of spikes in each time step (int32), as a memory map."""
        return streamed_counts(self.folder, self.population)

    @property
    def t(self) -> Quantity:
        """Spike times; an array as long as there are spikes, made when asked for."""
        counts = self.counts
        return np.repeat(np.arange(len(counts), dtype=np.int64), counts) * self.dt

    def __repr__(self) -> str:
        return spikes_in_words(self)

    def __len__(self) -> int:
        return len(self.i)


@dataclass(frozen=True)
class NightDirectory:
    """The directory of a night that is about to run.

    Attributes
    ----------
    path : Path
        The directory.
    first_step : int
        Steps that a snapshot has already behind it.
    finished : bool
        Whether this very night ran to its end before, and only has to be read.
    """

    path: Path
    first_step: int
    finished: bool = False

    @property
    def stream(self) -> Path:
        """Where the night writes as it runs."""
        return self.path / "stream"

    @property
    def snapshot(self) -> Path | None:
        """The snapshot to go on from."""
        if self.first_step == 0:
            return None
        return self.stream / f"snapshot-{self.first_step}.state"


def streamed_counts(folder: Path, population: int) -> np.ndarray:
    """Return a population's number of spikes in each time step (int32), as a memory map."""
    return _memory_map(folder / SpikeFiles.of(population).counts)


def is_finished(path: Path) -> bool:
    """Tell whether a directory holds a night that ran to its end."""
    file = path / "night.json"
    return file.exists() and not json.loads(file.read_text())["settings"].get("stopped", False)


def open_night_directory(
    path: Path, plan: NetworkPlan, job: Job, weight_names: Sequence[str | None], resume: bool
) -> NightDirectory:
    """Make a night's directory, or find the snapshot in it to go on from.

    Raises
    ------
    DirectoryError
        If it is taken, cannot be written, or holds a night that was asked for otherwise.
    """
    request = _request(plan, job, weight_names)
    if resume and (path / "request.json").exists():
        if json.loads((path / "request.json").read_text()) != request:
            raise DirectoryError(
                f"{path} holds a night with another network, stimulus length, weights or "
                "parameters; nothing was changed."
            )
        return NightDirectory(path, 0, finished=True) if is_finished(path) else _go_on(path)
    require_free(path)
    try:
        (path / "stream").mkdir(parents=True)
    except OSError as error:
        raise DirectoryError(f"cannot write to {path}: {error.strerror}.") from None
    write_atomically(path / "request.json", json.dumps(request, indent=2))
    return NightDirectory(path, 0)


def snapshots(path: Path) -> list[int]:
    """Return after how many steps a night's directory has snapshots, in order."""
    return snapshot_steps(path / "stream")


def snapshot_weights(path: Path, n_steps: int) -> dict[str, np.ndarray]:
    """Return the weights that a night in a directory had after some steps.

    Parameters
    ----------
    path : Path
        The night's directory.
    n_steps : int
        One of :func:`snapshots`.

    Returns
    -------
    dict of str to ndarray
        By state-dict name, as in `Night.weights_after`, but with BatchNorm folded in.

    Raises
    ------
    ParameterError
        If there is no such snapshot.
    """
    if n_steps not in snapshots(path):
        raise ParameterError(
            f"{path} has no snapshot after {n_steps} steps; there are {snapshots(path)}."
        )
    state = read_snapshot(path / "stream", n_steps)
    request = json.loads((path / "request.json").read_text())
    return {
        name: state[f"synapses{number}.w"].reshape(request["shapes"][name])
        for number, name in enumerate(request["projections"], start=1)
        if name is not None
    }


def _go_on(path: Path) -> NightDirectory:
    """Bring a directory back to its last snapshot."""
    stream = path / "stream"
    (path / "night.json").unlink(missing_ok=True)
    steps = snapshot_steps(stream)
    if not steps:
        shutil.rmtree(stream)
        stream.mkdir()
        return NightDirectory(path, 0)
    cut_streams(stream, steps[-1])
    return NightDirectory(path, steps[-1])


def _request(plan: NetworkPlan, job: Job, weight_names: Sequence[str | None]) -> JsonObject:
    """Say what identifies a night: its network, weights, parameters and length."""
    weights = hashlib.sha256()
    masks = job.masks or []
    for values in [*job.weights, *job.biases, job.modulation, *masks]:
        if values is not None:
            weights.update(np.ascontiguousarray(values).data)
    return {
        "plan": plan.key(),
        "shapes": {
            name: list(values.shape)
            for name, values in zip(weight_names, job.weights, strict=True)
            if name is not None and values is not None
        },
        "projections": list(weight_names),
        "n_steps": job.n_steps,
        "seed": job.seed,
        "weights": weights.hexdigest(),
        "parameters": [job.population_parameters, job.projection_parameters],
    }


def _memory_map(file: Path) -> np.ndarray:
    """Map a file of int32; an empty one cannot be mapped."""
    if file.stat().st_size == 0:
        return np.zeros(0, dtype=np.int32)
    return np.memmap(file, dtype=np.int32, mode="r")
