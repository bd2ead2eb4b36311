"""A night as a Neo block, which Elephant's functions and Neo's files take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from brian2.units import Hz, ms
from brian2.units.fundamentalunits import Dimension

from ...support.optional_packages import import_optional
from ..describing.up_down_states import intervals_by_table
from .recorded_parts import NeuronSpikes, RecordedNight, chosen_populations, description, unit_name

if TYPE_CHECKING:
    import neo

    from ..files.recorded_state import RecordedState

#: What needs the packages.
_USE = "Neo blocks"


def neo_block(night: RecordedNight, populations: str | Sequence[str] | None = None) -> neo.Block:
    """Return a night as a block of one segment; see `Night.to_neo`.

    Raises
    ------
    MissingPackageError
        If neo is not installed.
    KindError, ParameterError
        If there are no spikes of a population that is asked for.
    DirectoryError
        If values are on disk and were damaged.
    """
    neo = import_optional("neo", _USE, "neuro")
    names = chosen_populations(populations, list(night.spikes))
    block = neo.Block(name="night", **description(night))
    segment = neo.Segment(name="night", index=0)
    block.segments.append(segment)
    for name in names:
        trains = _trains(night, name)
        segment.spiketrains.extend(trains)
        block.groups.append(
            neo.Group(objects=trains, name=name, population=name, n_neurons=len(trains))
        )
    segment.analogsignals.extend(_rates(night, populations))
    for name, state in night.states.items():
        if populations is None or name in names:
            segment.analogsignals.extend(_states(name, state))
    segment.epochs.extend(_epochs(night))
    return block


def _trains(night: RecordedNight, name: str) -> list[Any]:
    """Return a spike train for each neuron of a population, silent ones included."""
    neo, dt = import_optional("neo", _USE, "neuro"), float(night.dt / ms)
    spikes = NeuronSpikes.of(night.spikes[name], dt / 1000)
    return [
        neo.SpikeTrain(
            steps * dt,
            units="ms",
            t_start=0.0,
            t_stop=night.n_steps * dt,
            name=f"{name}[{neuron}]",
            population=name,
            neuron=neuron,
        )
        for neuron, steps in enumerate(spikes.split())
    ]


def _rates(night: RecordedNight, populations: str | Sequence[str] | None) -> list[Any]:
    """Return the rates of populations as one signal, if any were recorded."""
    neo, pq = (import_optional(name, _USE, "neuro") for name in ("neo", "quantities"))
    rates = night.rates
    names = chosen_populations(populations, list(rates))
    if not names:
        return []
    return [
        neo.AnalogSignal(
            np.stack([np.asarray(rates[name].rate / Hz) for name in names], axis=1),
            units="Hz",
            t_start=0 * pq.ms,
            sampling_period=float(night.dt / ms) * pq.ms,
            name="rates",
            array_annotations={"population": np.array(names)},
        )
    ]


def _states(name: str, state: RecordedState) -> list[Any]:
    """Return the variables of a population as signals of one channel for each neuron."""
    neo, pq = (import_optional(name, _USE, "neuro") for name in ("neo", "quantities"))
    return [
        neo.AnalogSignal(
            np.asarray(state[variable]).T,
            units=_unit(state.dimensions[variable]),
            t_start=0 * pq.ms,
            sampling_period=state.every * float(state.dt / ms) * pq.ms,
            name=f"{name}.{variable}",
            population=name,
            array_annotations={"neuron": state.neurons},
        )
        for variable in state.variables
    ]


def _epochs(night: RecordedNight) -> list[Any]:
    """Return stages of sleep, and up and down states, where there are any."""
    neo, pq = (import_optional(name, _USE, "neuro") for name in ("neo", "quantities"))
    return [
        neo.Epoch(
            times=np.array([one.start for one in intervals]) * pq.s,
            durations=np.array([one.stop - one.start for one in intervals]) * pq.s,
            labels=np.array([one.name for one in intervals]),
            name=name,
        )
        for name, intervals in intervals_by_table(night).items()
        if intervals
    ]


def _unit(dimension: Dimension) -> Any:
    """Return the unit as quantities has it, which writes powers and products as Python does."""
    pq, name = import_optional("quantities", _USE, "neuro"), unit_name(dimension)
    if name == "1":
        return pq.dimensionless
    return pq.Quantity(1.0, name.replace("^", "**").replace(" ", "*")).units
