"""Where a compiled program keeps what, so that a launch needs no Brian2."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from brian2.core.variables import ArrayVariable
from brian2.devices.cpp_standalone.device import CPPStandaloneDevice

from ...network.build import BuiltNetwork
from ...network.plan import NetworkPlan
from ..cache import MANIFEST


@dataclass
class Manifest:
    """The names and files of a program's variables.

    Attributes
    ----------
    populations, projections : list of str
        Brian2's names, to address their variables on the command line.
    weight_files : list of str or None
        Result file of each projection's weights; None if it has none that change.
    population_files : list of dict of str to str
        Result files of each population's variables, by their names.
    """

    populations: list[str]
    projections: list[str]
    weight_files: list[str | None]
    population_files: list[dict[str, str]]

    @classmethod
    def of(
        cls,
        device: CPPStandaloneDevice,
        built: BuiltNetwork,
        plan: NetworkPlan,
    ) -> Manifest:
        """Note where a program keeps weights and the variables of neurons.

        Parameters
        ----------
        device : CPPStandaloneDevice
            After the network's code has been generated.
        built : BuiltNetwork
            The network.
        plan : NetworkPlan
            The plan of which it was built.
        """
        return cls(
            populations=[group.name for group in built.populations],
            projections=[synapses.name for synapses in built.projections],
            weight_files=[
                device.get_array_filename(synapses.variables["w"]) if link.is_plastic else None
                for synapses, link in zip(built.projections, plan.projections, strict=True)
            ],
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
        found = cls(**json.loads((directory / MANIFEST).read_text()))
        for name in (*found.populations, *found.projections, *found.files):
            if not re.fullmatch(r"\w+", name):
                raise ValueError(f"{name!r} is no name of a group or of a file")
        return found

    @property
    def files(self) -> set[str]:
        """Names of all files that are read from a folder of results."""
        files = {file for files in self.population_files for file in files.values()}
        return files | {file for file in self.weight_files if file is not None}

    def write(self, directory: Path) -> None:
        """Write the manifest to a program's folder."""
        (directory / MANIFEST).write_text(json.dumps(asdict(self)))
