"""What a program keeps of a network: the variables in a snapshot, and biases that may change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from brian2 import NeuronGroup
from brian2.core.variables import DynamicArrayVariable
from brian2.devices.cpp_standalone.device import CPPStandaloneDevice
from brian2.groups.group import Group

from ...plasticity import EXISTS

#: Variables that never change, or that the program makes anew when it starts.
NOT_STATE = {"i", "N", "dt", "t", "timestep", "delay", "N_incoming", "N_outgoing"}
NOT_STATE |= {"_synaptic_pre", "_synaptic_post", EXISTS}


@dataclass(frozen=True)
class StateVariable:
    """One variable in a snapshot.

    Attributes
    ----------
    name : str
        ``group.variable``, in Brian2's names.
    dtype : str
        NumPy's type string.
    size : int
        Number of values.
    pointer, length : str
        C++ expressions: the address of the first value, and the number of values.
    """

    name: str
    dtype: str
    size: int
    pointer: str
    length: str


@dataclass(frozen=True)
class BiasArray:
    """Where a program keeps the biases of a population.

    Attributes
    ----------
    population : str
        Brian2's name.
    array : str
        The C++ array.
    size : int
        Number of neurons.
    """

    population: str
    array: str
    size: int


def state_variables(
    device: CPPStandaloneDevice, groups: Sequence[Group], n_synaptic_values: Mapping[str, int]
) -> list[StateVariable]:
    """List what a snapshot of these groups holds, in the order of the file.

    Parameters
    ----------
    device : CPPStandaloneDevice
        After the network's code has been generated.
    groups : sequence of brian2 Group
        Populations and projections.
    n_synaptic_values : mapping of str to int
        Number of values that the variables of a projection hold, by the projection's name.

    Returns
    -------
    list of StateVariable
    """
    found = []
    for group in groups:
        for name, variable in sorted(group.variables.items()):
            if variable not in device.arrays or variable.owner != group:
                continue
            if variable.name in NOT_STATE:  # whatever the group calls it
                continue
            if isinstance(variable, DynamicArrayVariable):
                array = device.dynamic_arrays[variable]
                pointer, length = f"&{array}[0]", f"{array}.size()"
                size = n_synaptic_values[group.name]
            else:
                pointer, length = device.arrays[variable], str(variable.size)
                size = variable.size
            dtype = np.dtype(variable.dtype).str
            found.append(StateVariable(f"{group.name}.{name}", dtype, size, pointer, length))
    return found


def presentation_biases(
    device: CPPStandaloneDevice, populations: Sequence[NeuronGroup]
) -> list[BiasArray]:
    """List the biases of all populations but the input, which is the first."""
    biases = [(group.name, group.variables["bias"]) for group in populations[1:]]
    return [BiasArray(name, device.get_array_name(bias), bias.size) for name, bias in biases]
