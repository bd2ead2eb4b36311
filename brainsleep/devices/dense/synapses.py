"""`Synapses` that join two groups all to all, and need no memory but their own variables."""

from __future__ import annotations

import weakref
from typing import Any

from brian2 import Equations, Synapses
from brian2.core.variables import DynamicArrayVariable
from brian2.devices.device import get_device
from brian2.groups.subgroup import Subgroup
from brian2.synapses.synapses import SynapticPathway
from brian2.utils.stringtools import get_identifiers

from ...network import no_delays
from ...plasticity import SynapseEquations
from .code import DenseCodeObject

#: Rows that are summed at once where they are in the cache; a tile has a multiple of them.
TILE_MULTIPLE = 16


class DensePathway(SynapticPathway):
    """A pathway that reads the spikes of this very step, and computes its synapses' indices."""

    def become_dense(self) -> None:
        """Let another template, and another kind of code, stand for this pathway."""
        self.template = f"dense_{self.prepost}"
        self.codeobj_class = DenseCodeObject
        self.template_kwds = {
            "synaptic_arrays": self._synaptic_arrays(),
            "eventspace_variable": self.source.variables[self.eventspace_name],
            "n_pre": len(self.synapses.source),
            "n_post": len(self.synapses.target),
            "rows_at_once": 8,
            "rows_ahead": 16,
        }
        self.needed_variables = [self.eventspace_name]

    def find_rows_in_cache(self) -> None:
        """Expect rows in the cache: sum more of them at once, and fetch none ahead."""
        self.template_kwds.update(rows_at_once=TILE_MULTIPLE, rows_ahead=0)

    def _synaptic_arrays(self) -> list[tuple[str, DynamicArrayVariable]]:
        """Return the synaptic variables that the pathway's code names."""
        named = get_identifiers(self.code)
        return [
            (name, variable)
            for name, variable in sorted(self.synapses.variables.items())
            if name in named and isinstance(variable, DynamicArrayVariable)
        ]

    def create_code_objects(self, run_namespace: dict[str, Any]) -> None:
        """Make the code object of the pathway; there is no queue to push spikes into."""
        self.code_objects[:] = [weakref.proxy(self.create_default_code_object(run_namespace))]


class DenseSynapses(Synapses):
    """All-to-all synapses, post-major: synapse ``j * n_pre + i`` leads from i to j.

    Takes the arguments of Brian2's `Synapses`; ``connect`` is never called. Spikes act in the
    slot of their pathway, without delay. C++ standalone only.

    Raises
    ------
    NotImplementedError
        For subgroups, delays and event-driven equations, which stock `Synapses` cover.
    """

    def __init__(self, source: Any, target: Any, *models: Any, **arguments: Any) -> None:
        if "delay" in arguments:
            raise NotImplementedError("dense synapses have no delays")
        super().__init__(source, target, *models, delay=no_delays(arguments), **arguments)
        if self.event_driven is not None:
            raise NotImplementedError("dense synapses have no event-driven equations")
        for group in (source, target):
            if isinstance(group, Subgroup):
                raise NotImplementedError("dense synapses join whole groups, not subgroups")
        for pathway in self._pathways:
            # Synapses makes its pathways itself and offers no way to say of which class
            pathway.__class__ = DensePathway
            pathway.become_dense()
        self._make_room(len(source) * len(target))

    def _make_room(self, n_synapses: int) -> None:
        """Give every synaptic variable its size, and leave the index arrays empty."""
        device = get_device()
        indices = (self.variables["_synaptic_pre"], self.variables["_synaptic_post"])
        for variable in self._registered_variables:
            if isinstance(variable, DynamicArrayVariable) and variable not in indices:
                device.resize(variable, n_synapses)
        count = device.get_array_name(self.variables["N"])
        device.insert_code("main", f"{count}[0] = {n_synapses};")
        self._connect_called = True


def connect_densely(source: Any, target: Any, **arguments: Any) -> DenseSynapses:
    """Join two groups all to all; for `brainsleep.network.build_network`."""
    return DenseSynapses(source, target, **arguments)


def why_not_dense(equations: SynapseEquations) -> str | None:
    """Say why a rule needs Brian2's stock synapses, or None if dense ones will do.

    Dense synapses act when a spike arrives, and at no other time: a rule may have synaptic
    parameters, variables and subexpressions, but no synaptic differential equations.
    """
    differential = Equations(equations.model).diff_eq_names
    if differential:
        return f"the rule integrates {', '.join(sorted(differential))} at every synapse"
    return None
