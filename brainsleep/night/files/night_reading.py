"""Weights and spikes of a night that ended, read from its directory and held against it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
from brian2.units import Quantity, second

from ...devices.activity import Spikes
from ...devices.recorded_spikes import spike_steps
from .night_files import NIGHT, STREAM, NightDescription, read_night_arrays, require_arrays
from .streaming import StreamedSpikes

#: Kind of the array that says when the stages of a night were up.
UP_STEPS = "up_steps"


def read_weights(
    folder: Path, description: NightDescription
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Read the weights before and after a night, which must be alike."""
    read: dict[str, np.ndarray] = {}  # weights after are told of as changes of those before
    before, after = (
        read_night_arrays(folder, name, description, "f", read)
        for name in ("weights_before", "weights_after")
    )
    shapes = {name: array.shape for name, array in before.items()}
    alike = shapes == {name: array.shape for name, array in after.items()}
    file = folder / ("weights_after.npz" if description.format < 3 else NIGHT)
    require_arrays(file, alike, "weights after have not the shapes of those before")
    return before, after


def read_masks(
    folder: Path, description: NightDescription
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Read masks, and what the network keeps under them; nothing where there are none."""
    return (
        read_night_arrays(folder, "masks", description, "b"),
        read_night_arrays(folder, "under_masks", description, "f"),
    )


def read_spikes(
    folder: Path, description: NightDescription, *, verify: bool
) -> tuple[dict[str, Spikes | StreamedSpikes], dict[str, np.ndarray]]:
    """Read the spikes of populations, and the counts of those of which only rates were recorded.

    Parameters
    ----------
    folder : Path
        The night's directory.
    description : NightDescription
        What the night was.
    verify : bool
        Whether spikes that were written while the night ran are compared with their digests.
    """
    if description.streamed is not None:
        return _streamed(folder, description, verify)
    return (
        _saved_as_steps(folder, description)
        if description.format < 3
        else _saved(folder, description)
    )


def _saved(
    folder: Path, description: NightDescription
) -> tuple[dict[str, Spikes | StreamedSpikes], dict[str, np.ndarray]]:
    """Read spikes and counts of a night that was saved when it had ended."""
    file, n_steps = folder / NIGHT, description.n_steps
    dt = Quantity(description.dt_seconds, dim=second.dim)
    neurons = {
        name: values.astype(np.int32)
        for name, values in read_night_arrays(folder, "neurons", description, "u").items()
    }
    counts = {
        name: values.astype(np.int32)
        for name, values in read_night_arrays(folder, "counts", description, "u").items()
    }
    for name in (*description.recorded, *description.counted):
        fits = (
            name in counts and counts[name].shape == (n_steps,) and counts[name].min(initial=0) >= 0
        )
        require_arrays(file, fits, f"its counts of {name!r} are not those of all steps")
    spikes: dict[str, Spikes | StreamedSpikes] = {}
    for name in description.recorded:
        n_neurons, n_spikes = description.sizes[name], counts[name].sum(dtype=np.int64)
        fits = name in neurons and neurons[name].shape == (n_spikes,)
        fits = fits and _are_below(neurons[name], n_neurons)
        require_arrays(file, fits, f"its spikes of {name!r} are none of this night")
        steps = np.repeat(np.arange(n_steps, dtype=np.int64), counts[name])
        spikes[name] = Spikes(neurons[name], steps * dt, n_neurons)
    return spikes, {name: counts[name] for name in description.counted}


def _saved_as_steps(
    folder: Path, description: NightDescription
) -> tuple[dict[str, Spikes | StreamedSpikes], dict[str, np.ndarray]]:
    """Read them of a night of format 1 or 2, which held the step of each spike."""
    file, counts = folder / "spikes.npz", {}
    spikes: dict[str, Spikes | StreamedSpikes] = {}
    arrays = read_night_arrays(folder, "spikes", description, "iu")
    dt = Quantity(description.dt_seconds, dim=second.dim)
    for k, name in enumerate(description.recorded):
        n_neurons = description.sizes[name]
        fits = {f"{k}.i", f"{k}.step"} <= set(arrays)
        require_arrays(file, fits, f"it has no spikes of {name!r}")
        neurons, steps = arrays[f"{k}.i"], arrays[f"{k}.step"]
        fits = neurons.ndim == 1 and neurons.shape == steps.shape
        fits = fits and _are_below(neurons, n_neurons) and _are_below(steps, description.n_steps)
        require_arrays(file, fits, f"its spikes of {name!r} are none of this night")
        spikes[name] = Spikes(neurons, steps * dt, n_neurons)
    for k, name in enumerate(description.counted):
        counts[name] = arrays.get(f"{k}.count", np.zeros(0))
        fits = counts[name].shape == (description.n_steps,)
        require_arrays(file, fits, f"its counts of {name!r} are not those of all steps")
    return spikes, counts


def _streamed(
    folder: Path, description: NightDescription, verify: bool
) -> tuple[dict[str, Spikes | StreamedSpikes], dict[str, np.ndarray]]:
    """Find spikes and counts of a night that was written while it ran."""
    dt = Quantity(description.dt_seconds, dim=second.dim)

    def on_disk(population: int, name: str) -> StreamedSpikes:
        size, n_steps = description.sizes[name], description.n_steps
        return StreamedSpikes(folder / STREAM, population, size, dt, n_steps, verify)

    assert description.streamed is not None
    spikes: dict[str, Spikes | StreamedSpikes] = {}
    for number, name in zip(description.streamed, description.recorded, strict=True):
        train = spikes[name] = on_disk(number, name)
        if verify:
            train.check()
    names = list(description.sizes)
    counts = {name: on_disk(names.index(name), name).counts for name in description.counted}
    return spikes, counts


def read_up_steps(folder: Path, description: NightDescription) -> npt.NDArray[np.int64] | None:
    """Read when the stages of a night were up; None if it had none, or kept no such thing."""
    if UP_STEPS not in description.arrays:
        return None
    found = read_night_arrays(folder, UP_STEPS, description, "iu").get("stages")
    turns = np.zeros(0, np.int64) if found is None else found.astype(np.int64).ravel()
    fits = found is not None and found.ndim == 2 and found.shape[1] == 2
    fits = fits and bool((np.diff(turns) > 0).all()) and _are_below(turns, description.n_steps + 1)
    require_arrays(folder / NIGHT, fits, "its up states are none of this night")
    return turns.reshape(-1, 2)


def compact_spikes(
    spikes: Mapping[str, Spikes | StreamedSpikes],
    counts: Mapping[str, np.ndarray],
    dt: Quantity,
    n_steps: int,
) -> dict[str, dict[str, np.ndarray]]:
    """Return spikes as they are saved: their neurons in time order, and how many each step has."""
    neurons, per_step = {}, dict(counts)
    for name, train in spikes.items():
        steps = spike_steps(train.t, dt)
        in_time = slice(None) if (np.diff(steps) >= 0).all() else np.argsort(steps, kind="stable")
        neurons[name] = np.asarray(train.i)[in_time]
        per_step[name] = np.bincount(steps, minlength=n_steps)
    return {"neurons": _all_compact(neurons), "counts": _all_compact(per_step)}


def counts_per_step(
    spikes: Spikes | StreamedSpikes, dt: Quantity, n_steps: int
) -> npt.NDArray[np.int32]:
    """Count the spikes of each step."""
    if isinstance(spikes, StreamedSpikes):
        return spikes.counts
    return np.bincount(spike_steps(spikes.t, dt), minlength=n_steps).astype(np.int32)


def _all_compact(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return whole numbers in the smallest type that holds the largest of them."""
    return {
        name: array.astype(np.min_scalar_type(int(array.max(initial=0))))
        for name, array in arrays.items()
    }


def _are_below(values: np.ndarray, limit: int) -> bool:
    """Tell whether all values are indices of so many things."""
    return bool(values.min(initial=0) >= 0 and values.max(initial=-1) < limit)
