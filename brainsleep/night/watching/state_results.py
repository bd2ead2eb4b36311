"""From what a device kept of variables and weights to what users see of it, by name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from brian2.units import Quantity, second

from ...devices import Outcome
from ...devices.recording import state_file
from ...network.plan import population_name, projection_name
from ..files.recorded_state import (
    RecordedState,
    RecordedWeights,
    Values,
    ValuesInMemory,
    ValuesOnDisk,
)

if TYPE_CHECKING:
    from ..preparing.preparation import PreparedNight


def kept_states(
    prepared: PreparedNight, outcome: Outcome, stream: Path | None
) -> dict[str, RecordedState]:
    """Return what was kept of the variables of neurons, by population.

    Parameters
    ----------
    prepared : PreparedNight
        What was asked for.
    outcome : Outcome
        What came back from the device.
    stream : Path or None
        Where the night wrote it, if it did.
    """
    found = {}
    for number in dict.fromkeys(index for index, _ in prepared.kept.dimensions):
        neurons = prepared.kept.neurons(number, prepared.plan.sizes[number])
        variables = {
            name: dimension
            for (index, name), dimension in prepared.kept.dimensions.items()
            if index == number
        }
        values: dict[str, Values] = {}
        for name in variables:
            if stream is None:
                values[name] = ValuesInMemory(outcome.states[number, name])
            else:
                file = stream / state_file(population_name(number), name)
                values[name] = _on_disk(prepared, outcome, file, len(neurons))
        found[prepared.populations[number]] = RecordedState(
            neurons=neurons, dimensions=variables, values=values, **_times(prepared, outcome)
        )
    return found


def kept_weights(
    prepared: PreparedNight, outcome: Outcome, stream: Path | None
) -> dict[str, RecordedWeights]:
    """Return what was kept of weights, by name; the parameters are those of `kept_states`."""
    found = {}
    for number, (name, shape) in prepared.kept.weights.items():
        places = prepared.kept.sampling.synapses[number]
        values: Values
        if stream is None:
            values = ValuesInMemory(outcome.weight_samples[number])
        else:
            file = stream / state_file(projection_name(number), "w")
            values = _on_disk(prepared, outcome, file, len(places))
        index = np.stack(np.unravel_index(places, shape), axis=1)
        found[name] = RecordedWeights(index=index, values=values, **_times(prepared, outcome))
    return found


def _times(prepared: PreparedNight, outcome: Outcome) -> dict[str, Any]:
    """Return when samples were taken: the fields that states and weights have in common."""
    sampling = prepared.kept.sampling
    return {
        "every": sampling.every,
        "dt": Quantity(prepared.plan.dt, dim=second.dim),
        "n_samples": sampling.n_samples(outcome.n_steps),
    }


def _on_disk(
    prepared: PreparedNight, outcome: Outcome, file: Path, n_elements: int
) -> ValuesOnDisk:
    """Return values that the night wrote; a DirectoryError unless there are as many as must be."""
    n_samples = prepared.kept.sampling.n_samples(outcome.n_steps)
    values = ValuesOnDisk(file, np.dtype(prepared.plan.dtype), n_samples, n_elements)
    values.check()
    return values
