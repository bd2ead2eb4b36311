"""What a night keeps of neurons' variables and of weights: what was asked for, checked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from brian2.units.fundamentalunits import Dimension
from numpy.typing import NDArray

from ...devices import Device
from ...devices.recorded_spikes import read_neurons
from ...devices.sampling import Sampling
from ...errors import ParameterError, brief, suggest
from ...network.plan import NetworkPlan
from ...network.recordable import state_variables
from ...support.array_values import read_array
from ...support.checks import whole_number
from ...support.memory import available_memory, in_words
from ...support.names import known_names
from .assembly import Assembly
from .night_request import Record

#: Seed of the draw of synapses: the same ones in all nights of a network.
_SEED = 0


@dataclass(frozen=True, eq=False)
class KeptState:
    """What is kept of neurons' variables and of weights.

    Attributes
    ----------
    dimensions : dict of (int, str) to Dimension
        By population and variable.
    weights : dict of int to (str, tuple of int)
        By projection: name and shape of its weights in the state dict.
    sampling : Sampling
        Of which steps, neurons and synapses.
    """

    dimensions: Mapping[tuple[int, str], Dimension]
    weights: Mapping[int, tuple[str, tuple[int, ...]]]
    sampling: Sampling

    @classmethod
    def of(cls, record: Record, assembly: Assembly, plan: NetworkPlan) -> KeptState:
        """Read what is to be recorded of a network.

        Parameters
        ----------
        record : Record
            What the user wrote.
        assembly : Assembly
            The layers, by name.
        plan : NetworkPlan
            Their populations and projections, by number.

        Raises
        ------
        ParameterError, KindError, UnitsError
            Naming what is wrong, and what there is.
        """
        dimensions, neurons = _states(record, dict(assembly.shown), plan)
        weights, synapses = _weights(record, assembly, plan)
        sampling = Sampling(every=int(record.every), neurons=neurons, synapses=synapses)
        return cls(dimensions, weights, sampling)

    def watched_by(self, plan: NetworkPlan) -> NetworkPlan:
        """Return a plan that watches what is kept."""
        return replace(plan, watched=tuple(self.dimensions), watched_weights=tuple(self.weights))

    def neurons(self, population: int, size: int) -> NDArray[np.int64]:
        """Return the neurons of a population of a size of which values are kept."""
        return self.sampling.neurons.get(population, np.arange(size))

    def check(self, device: Device, plan: NetworkPlan, n_steps: int, *, on_disk: bool) -> None:
        """Raise a ParameterError if a device cannot keep all this, or memory does not hold it."""
        if not self.dimensions and not self.weights:
            return
        if not getattr(device, "records_state", False):
            raise ParameterError(
                f"record: device {device.name!r} records no states or weights, only spikes and "
                "rates; use 'cpp'."
            )
        n_values = sum(len(self.neurons(one, plan.sizes[one])) for one, _ in self.dimensions)
        n_values += sum(map(len, self.sampling.synapses.values()))
        n_samples = self.sampling.n_samples(n_steps)
        n_bytes, free = n_values * n_samples * np.dtype(plan.dtype).itemsize, available_memory()
        if n_bytes > free and not on_disk:
            raise ParameterError(
                f"record: {n_values} values of {n_samples} steps take {in_words(n_bytes)} of "
                f"memory, and {in_words(free)} are free; record fewer neurons or synapses, or a "
                "larger every, or write the night to disk by save=."
            )


def _states(
    record: Record, populations: Mapping[str, int], plan: NetworkPlan
) -> tuple[dict[tuple[int, str], Dimension], dict[int, NDArray[np.int64]]]:
    """Read which variables are kept, and of which neurons."""
    dimensions: dict[tuple[int, str], Dimension] = {}
    neurons: dict[int, NDArray[np.int64]] = {}
    for name in known_names(list(record.states), "record: states", populations, "population"):
        number, where = populations[name], f"record: states of {brief(name)}"
        there = state_variables(plan, number)
        if not there:
            raise ParameterError(f"{where}: its neurons have no variables.")
        names = known_names(record.states[name], where, there, "variable")
        if not names:
            raise ParameterError(f"{where}: name a variable; there are {', '.join(there)}.")
        dimensions |= {(number, variable): there[variable] for variable in names}
    for name, chosen in record.neurons.items():
        if name not in record.states:
            hint = suggest(name, record.states)
            raise ParameterError(f"record: neurons: no state of {brief(name)} is recorded.{hint}")
        number, where = populations[name], f"record: neurons of {brief(name)}"
        neurons[number] = read_neurons(chosen, plan.sizes[number], where)
        if neurons[number].size == 0:
            raise ParameterError(f"{where} must name a neuron.")
    return dimensions, neurons


def _weights(
    record: Record, assembly: Assembly, plan: NetworkPlan
) -> tuple[dict[int, tuple[str, tuple[int, ...]]], dict[int, NDArray[np.int64]]]:
    """Read which weights are kept, and of which synapses."""
    there = assembly.weight_names()
    known = [name for name in there if name is not None]
    weights: dict[int, tuple[str, tuple[int, ...]]] = {}
    synapses: dict[int, NDArray[np.int64]] = {}
    for name in known_names(list(record.weights), "record: weights", known, "weight"):
        number, where = there.index(name), f"record: weights of {brief(name)}"
        link = plan.projections[number]
        if not link.is_plastic:
            raise ParameterError(f"{where}: its layer is frozen, so that they do not change.")
        shape = plan.weight_shape(link)
        mask = assembly.links[number][1].mask
        present = np.ones(shape, bool) if mask is None else np.reshape(mask, shape)
        synapses[number] = _chosen(record.weights[name], present, where)
        weights[number] = name, tuple(assembly.translation.graph.state_dict()[name].shape)
    return weights, synapses


def _chosen(wanted: Any, present: NDArray[np.bool_], where: str) -> NDArray[np.int64]:
    """Return the places of some synapses in the raveled weights, in ascending order."""
    if read_array(wanted, where).ndim == 0:
        places = np.flatnonzero(present)
        n_wanted = whole_number(wanted, where, minimum=1)
        if n_wanted > len(places):
            raise ParameterError(f"{where}: there are {len(places)} synapses, not {n_wanted}.")
        drawn = np.random.default_rng(_SEED).choice(places, n_wanted, replace=False)
        return np.sort(drawn)
    rows = read_neurons(wanted, len(present), where)
    row_size = math.prod(present.shape[1:])
    all_of_rows = (rows[:, None] * row_size + np.arange(row_size)).ravel()
    places = all_of_rows[present.ravel()[all_of_rows]]
    if places.size == 0:
        raise ParameterError(f"{where}: these rows have no synapses.")
    return places
