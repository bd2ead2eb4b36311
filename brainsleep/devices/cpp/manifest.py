"""Where a compiled program keeps what, so that a launch needs no Brian2."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from brian2.core.variables import ArrayVariable
from brian2.devices.cpp_standalone.device import CPPStandaloneDevice

from ...network.build import BuiltNetwork
from ...network.plan import NetworkPlan
from ..cache import MANIFEST
from .state import StateVariable


@dataclass
class Manifest:
    """The names and files of a program's variables.

    Attributes
    ----------
    populations, projections : list of str
        Brian2's names, to address their variables on the command line.
    weight_files : list of str or None
        Result file of each projection's weights; None if it has none that change.
    state : list of (str, str, int)
        What a snapshot holds, in order: ``group.variable``, NumPy type, number of values.
    population_files : list of dict of str to str
        Result files of each population's variables, by their names.
    """

    populations: list[str]
    projections: list[str]
    weight_files: list[str | None]
    state: list[tuple[str, str, int]]
    population_files: list[dict[str, str]]

    @classmethod
    def of(
        cls,
        device: CPPStandaloneDevice,
        built: BuiltNetwork,
        plan: NetworkPlan,
        state: Sequence[StateVariable] = (),
    ) -> Manifest:
        """Note where a program keeps weights and the variables of neurons.

        Parameters
        ----------
        device : CPPStandaloneDevice
            After the program has been generated.
        built : BuiltNetwork
            The network.
        plan : NetworkPlan
            The plan of which it was built.
        state : sequence of StateVariable
            What a snapshot holds, if the program writes snapshots.
        """
        return cls(
            populations=[group.name for group in built.populations],
            projections=[synapses.name for synapses in built.projections],
            weight_files=[
                device.get_array_filename(synapses.variables["w"]) if link.is_plastic else None
                for synapses, link in zip(built.projections, plan.projections, strict=True)
            ],
            state=[(variable.name, variable.dtype, variable.size) for variable in state],
            population_files=[
                {
                    name: device.get_array_filename(variable)
                    for name, variable in group.variables.items()
                    if isinstance(variable, ArrayVariable)
                    and variable.owner.name == group.name
                    and variable.dtype == np.dtype(plan.dtype)
                    and not variable.scalar
                }
                for group in built.populations
            ],
        )

    @classmethod
    def read(cls, directory: Path) -> Manifest:
        """Read the manifest of a program from its folder.

        Raises
        ------
        OSError, ValueError, TypeError
            If the file is missing or is not what was written.
        """
        return cls(**json.loads((directory / MANIFEST).read_text()))

    def write(self, directory: Path) -> None:
        """Write the manifest to a program's folder."""
        (directory / MANIFEST).write_text(json.dumps(asdict(self)))
