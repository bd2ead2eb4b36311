"""What a program writes to disk while it runs: spikes, values of variables, and snapshots.

So none of them stay in the program's memory. All classes here are for C++ standalone code only.
`streams` and `snapshots` say what the files are.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from brian2 import NeuronGroup, Synapses
from brian2.codegen.generators.cpp_generator import c_data_type
from brian2.devices.cpp_standalone.codeobject import CPPStandaloneCodeObject
from brian2.groups.group import CodeRunner
from numpy.typing import NDArray

from ..errors import NightError
from ..network.plan import NetworkPlan, population_name, projection_name
from .code_templates import CODE_TEMPLATES

#: What follows the name of a variable: in that of the file of its values, and in that of the file
#: that says of which elements they are kept.
STATE_SUFFIX, CHOSEN_SUFFIX = ".state", ".chosen"


class OwnCode(CPPStandaloneCodeObject):
    """A code object that finds our own templates besides Brian2's."""

    templater = CODE_TEMPLATES


@dataclass(frozen=True)
class SpikeFiles:
    """The files of a population's spikes, in the folder of a night's results.

    Attributes
    ----------
    indices : str
        Neuron indices, int32, in time order.
    counts : str
        Number of spikes in each time step, int32.
    tallies : str
        Number of spikes of each neuron, int32, one presentation after the other.
    """

    indices: str
    counts: str
    tallies: str

    @classmethod
    def of(cls, population: int) -> SpikeFiles:
        """Return the names for a population, by its number."""
        name = f"spikes{population}"
        return cls(f"{name}.i", f"{name}.n", f"{name}.tally")

    def read_counts(self, folder: Path, n_steps: int) -> NDArray[np.int32]:
        """Return the number of spikes in each of so many time steps; raises as `read_result`."""
        return read_result(folder / self.counts, np.int32, n_steps)

    def read_tallies(self, folder: Path, n_presentations: int, n_neurons: int) -> NDArray[np.int32]:
        """Return the spikes of each neuron in so many presentations; raises as `read_result`."""
        values = read_result(folder / self.tallies, np.int32, n_presentations * n_neurons)
        return values.reshape(n_presentations, n_neurons)

    def read(self, folder: Path, n_steps: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Return neuron indices (int32) and time steps (int64), in time order.

        Parameters
        ----------
        folder : Path
            Where the results are.
        n_steps : int
            Number of steps made.

        Raises
        ------
        NightError
            Unless there are counts of all steps, and as many spikes as were counted.
        """
        counts = self.read_counts(folder, n_steps)
        steps = np.repeat(np.arange(n_steps, dtype=np.int64), counts)
        return read_result(folder / self.indices, np.int32, len(steps)), steps


def stream_names(plan: NetworkPlan) -> list[str]:
    """Return the names of the files of spikes and of values that a night on a plan writes."""
    names = [SpikeFiles.of(index).counts for index in sorted({*plan.recorded, *plan.counted})]
    names += [SpikeFiles.of(index).indices for index in plan.recorded]
    names += [SpikeFiles.of(index).tallies for index in plan.tallied]
    names += [state_file(population_name(index), variable) for index, variable in plan.watched]
    return names + [state_file(projection_name(index), "w") for index in plan.watched_weights]


def read_result(file: Path, dtype: npt.DTypeLike, size: int) -> np.ndarray:
    """Read a file of numbers that a program has written.

    Parameters
    ----------
    file : Path
        The file.
    dtype : numpy dtype
        Type of its numbers.
    size : int
        How many there must be.

    Raises
    ------
    NightError
        If there are fewer, or more.
    """
    try:
        values = np.fromfile(file, dtype=dtype)
    except OSError as error:
        raise NightError(f"cannot read {file}, a result of the night: {error.strerror}.") from None
    if values.size != size:
        raise NightError(
            f"the night's program left {values.size} of {size} values in {file}; is its disk full?"
        )
    return values


class _Stream(CodeRunner):
    """Writes to files, in every step, what a population did.

    Parameters
    ----------
    group : NeuronGroup
        The population.
    population : int
        Its number, which names the files.
    """

    template_name: str

    def __init__(self, group: NeuronGroup, population: int) -> None:
        files = SpikeFiles.of(population)
        super().__init__(
            group,
            self.template_name,
            when="end",
            clock=group.clock,
            name=f"{self.template_name}{population}",
            check_units=False,
            needed_variables=["_spikespace"],
            template_kwds={
                "eventspace_variable": group.variables["_spikespace"],
                "n_neurons": len(group),
                "index_file": files.indices,
                "count_file": files.counts,
                "tally_file": files.tallies,
            },
            codeobj_class=OwnCode,
        )


class SpikeStream(_Stream):
    """Writes a population's spikes, and their number, to files in every step.

    Stands in for Brian2's `SpikeMonitor`, which keeps all spikes in memory until the end.

    Parameters
    ----------
    group : NeuronGroup
        The population.
    population : int
        Its number, which names the files.
    """

    template_name = "spike_stream"


class CountStream(_Stream):
    """Writes the number of a population's spikes to a file in every step.

    Parameters
    ----------
    group, population
        As in :class:`SpikeStream`.
    """

    template_name = "count_stream"


class TallyStream(_Stream):
    """Writes the number of spikes of each neuron to a file at the end of every presentation.

    Parameters
    ----------
    group, population
        As in :class:`SpikeStream`.
    """

    template_name = "tally_stream"


def state_file(group: str, variable: str) -> str:
    """Return the name of the file of a variable's values, which has one row per sample."""
    return f"{group}.{variable}{STATE_SUFFIX}"


def chosen_file(group: str, variable: str) -> str:
    """Return the name of the file that tells a program of which elements values are kept."""
    return f"{group}.{variable}{CHOSEN_SUFFIX}"


class StateStream(CodeRunner):
    """Writes values of a variable to a file, after the steps of which they are kept.

    Parameters
    ----------
    group : NeuronGroup or Synapses
        Whose variable it is.
    variable : str
        Name of the variable.
    size : int
        Number of its elements.
    """

    def __init__(self, group: NeuronGroup | Synapses, variable: str, size: int) -> None:
        self.variable = group.variables[variable]
        super().__init__(
            group,
            "state_stream",
            when="end",
            clock=group.clock,
            name=f"{group.name}_{variable}_stream",
            check_units=False,
            needed_variables=[variable],
            template_kwds={
                "variable": self.variable,
                "c_type": c_data_type(self.variable.dtype),
                "name": f"{group.name}.{variable}",
                "size": size,
            },
            codeobj_class=OwnCode,
        )


class PresentationStarter(CodeRunner):
    """Begins presentations when they are due, at the very start of a step.

    Parameters
    ----------
    group : NeuronGroup
        The input population, which gives the clock.
    """

    def __init__(self, group: NeuronGroup) -> None:
        super().__init__(
            group,
            "presentation",
            when="before_start",
            clock=group.clock,
            name="presentations",
            check_units=False,
            codeobj_class=OwnCode,
        )


class SnapshotWriter(CodeRunner):
    """Writes snapshots when they are due, at the very end of a step.

    Parameters
    ----------
    group : NeuronGroup
        The input population, which gives the clock.
    """

    def __init__(self, group: NeuronGroup) -> None:
        super().__init__(
            group,
            "snapshot",
            when="after_end",
            clock=group.clock,
            name="snapshots",
            check_units=False,
            codeobj_class=OwnCode,
        )
