"""States and weights of a night as an xarray Dataset: axes have names, values have units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from brian2.units import second

from ...support.optional_packages import import_optional
from .recorded_parts import RecordedNight, description, unit_name

if TYPE_CHECKING:
    import xarray

    from ..files.recorded_state import RecordedState, RecordedWeights


def night_dataset(night: RecordedNight) -> xarray.Dataset:
    """Return recorded states and weights, and the weights before and after.

    Raises
    ------
    MissingPackageError
        If xarray is not installed.
    DirectoryError
        If values are on disk and were damaged.
    """
    xarray = import_optional("xarray", "Datasets of nights", "neuro")
    variables: dict[str, Any] = {}
    coordinates: dict[str, Any] = {}
    for name, state in night.states.items():
        variables |= _states(name, state)
        coordinates[f"{name}.neuron"] = state.neurons
        coordinates["time"] = _times(state)
    for name, trace in night.weight_traces.items():
        variables[f"{name}.trace"] = (
            (f"{name}.synapse", "time"),
            np.asarray(trace.w),
            {"units": "1", "long_name": f"recorded weights of {name}"},
        )
        for axis, places in enumerate(trace.index.T):
            coordinates[f"{name}.synapse_index_{axis}"] = (f"{name}.synapse", places)
        coordinates["time"] = _times(trace)
    for name, after in night.weights_after.items():
        axes = _axes(name, after.ndim)
        variables[name] = (
            ("when", *axes),
            np.stack([night.weights_before[name], after]),
            {"units": "1", "long_name": f"weights {name} before and after the night"},
        )
        coordinates["when"] = ["before", "after"]
    return xarray.Dataset(variables, coordinates, attrs=description(night))


def _states(name: str, state: RecordedState) -> dict[str, Any]:
    """Return the variables of a population's neurons, in SI units."""
    return {
        f"{name}.{variable}": (
            (f"{name}.neuron", "time"),
            np.asarray(state[variable]),
            {
                "units": unit_name(state.dimensions[variable]),
                "long_name": f"{variable} of population {name}",
            },
        )
        for variable in state.variables
    }


def _times(sampled: RecordedState | RecordedWeights) -> Any:
    """Return the coordinate of samples."""
    text = "start of the step after which values were kept"
    return ("time", np.asarray(sampled.t / second), {"units": "s", "long_name": text})


def _axes(name: str, n_axes: int) -> list[str]:
    """Return what the axes of a weight are called."""
    ends = {1: ["post"], 2: ["post", "pre"]}
    return [f"{name}.{end}" for end in ends.get(n_axes, [f"axis_{axis}" for axis in range(n_axes)])]
