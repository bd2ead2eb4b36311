"""A night as monitors of Brian2, for what takes these and nothing else, such as `brian_plot`."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from brian2 import NeuronGroup, PopulationRateMonitor, SpikeMonitor, StateMonitor
from brian2.devices.device import RuntimeDevice
from brian2.units import Hz, second

from ...devices.isolation import isolated_brian2
from ..files.recorded_state import RecordedState
from .recorded_parts import RecordedNight


class BrianMonitors(NamedTuple):
    """Monitors that hold what a night recorded.

    Attributes
    ----------
    spikes : dict of str to SpikeMonitor
        By population.
    rates : dict of str to PopulationRateMonitor
        By population.
    states : dict of str to dict of str to StateMonitor
        By population and variable.
    """

    spikes: dict[str, SpikeMonitor]
    rates: dict[str, PopulationRateMonitor]
    states: dict[str, dict[str, StateMonitor]]


def brian_monitors(night: RecordedNight) -> BrianMonitors:
    """Return monitors that are filled with what a night recorded; see `Night.to_brian`.

    Raises
    ------
    DirectoryError
        If values are on disk and were damaged.
    """
    found = BrianMonitors({}, {}, {})
    with isolated_brian2(RuntimeDevice(), {"codegen.target": "numpy"}):
        for name, n_neurons in night.sizes.items():
            group = _set_apart(NeuronGroup(n_neurons, "", threshold="False", reset="", dt=night.dt))
            if name in night.spikes:
                found.spikes[name] = _spikes(group, night, name)
            if name in night.rates:
                found.rates[name] = _rates(group, night, name)
            if name in night.states:
                found.states[name] = _states(group, night.states[name])
    return found


def _spikes(group: NeuronGroup, night: RecordedNight, name: str) -> SpikeMonitor:
    """Return the spikes of a population."""
    train, made = night.spikes[name], SpikeMonitor(group)
    neurons = np.asarray(train.i)
    values = {"i": neurons, "t": np.asarray(train.t / second)}
    values["count"] = np.bincount(neurons, minlength=train.n_neurons).astype(np.int32)
    return _filled(made, len(neurons), values)


def _rates(group: NeuronGroup, night: RecordedNight, name: str) -> PopulationRateMonitor:
    """Return the rate of a population in each step."""
    one = night.rates[name]
    values = {"rate": np.asarray(one.rate / Hz), "t": np.asarray(one.t / second)}
    return _filled(PopulationRateMonitor(group), len(one), values)


def _states(group: NeuronGroup, state: RecordedState) -> dict[str, StateMonitor]:
    """Return the variables of a population's neurons, in a monitor each, as `brian_plot` asks."""
    found = {}
    for name in state.variables:
        group.variables.add_array(name, size=len(group), dimensions=state.dimensions[name])
        made = StateMonitor(group, name, record=state.neurons, dt=state.every * state.dt)
        values = {"t": np.asarray(state.t / second), name: np.asarray(state[name]).T}
        found[name] = _filled(made, len(state), values)
    return found


def _filled(monitor: Any, n_values: int, values: dict[str, np.ndarray]) -> Any:
    """Give a monitor so many values of its variables, in SI units."""
    _set_apart(monitor)
    monitor.resize(n_values)
    monitor.variables["N"].set_value(n_values)
    for name, each in values.items():
        monitor.variables[name].set_value(each)
    return monitor


def _set_apart(made: Any) -> Any:
    """Keep an object out of the user's networks: for Brian2 it belongs to one that has been run."""
    made.add_to_magic_network = False
    made._network = "a night of brainsleep"
    return made
