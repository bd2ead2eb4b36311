"""`Synapses` between chosen pairs of neurons, without queues: a spike goes to its own synapses."""

from __future__ import annotations

import weakref
from collections.abc import Mapping

from brian2 import NeuronGroup, Synapses
from brian2.codegen.generators.cpp_generator import CPPCodeGenerator
from brian2.core.variables import DynamicArrayVariable
from brian2.devices.cpp_standalone.codeobject import CPPStandaloneCodeObject
from brian2.synapses.synapses import SynapticPathway
from brian2.utils.stringtools import get_identifiers

from ...network.plan import ProjectionPlan, assigned
from ...network.stock import connect_stock
from ..code_templates import CODE_TEMPLATES


class WiredCodeGenerator(CPPCodeGenerator):
    """Brian2's C++ generator, which need not warn of orders: spikes act in that of neurons."""

    class_name = "brainsleep_wired"

    def has_repeated_indices(self, statements: object) -> bool:
        """Say that no order of synapses has to be warned of."""
        return False


class WiredCodeObject(CPPStandaloneCodeObject):
    """A code object that finds our own templates besides Brian2's."""

    templater = CODE_TEMPLATES
    generator_class = WiredCodeGenerator


class WiredPathway(SynapticPathway):
    """A pathway without delays, which reads the spikes of this very step and keeps no queue."""

    def become_wired(self, copied: bool) -> None:
        """Let another template stand for this pathway.

        Parameters
        ----------
        copied : bool
            Whether nothing changes the synapses, so that a copy in another order will do.
        """
        variables = self.synapses.variables
        named = get_identifiers(self.code)
        indices = {"_synaptic_pre", "_synaptic_post"}
        read = [
            (name, variable)
            for name, variable in sorted(variables.items())
            if isinstance(variable, DynamicArrayVariable) and name in named | indices
        ]
        self.template = "wired"
        self.codeobj_class = WiredCodeObject
        self.template_kwds = {
            "eventspace_variable": self.source.variables[self.eventspace_name],
            "n_neurons": len(self.source),
            "own_index": variables[f"_synaptic_{self.prepost}"],
            "copied": read if copied else [],
        }
        self.needed_variables = [self.eventspace_name]

    def create_code_objects(self, run_namespace: Mapping[str, object]) -> None:
        """Make the code object of the pathway; there is no queue to push spikes into."""
        self.code_objects[:] = [weakref.proxy(self.create_default_code_object(run_namespace))]


def connect_wired(
    source: NeuronGroup, target: NeuronGroup, projection: ProjectionPlan, **arguments: object
) -> Synapses:
    """Join chosen pairs of neurons as `connect_stock` does, with the same values in its order."""
    synapses = connect_stock(source, target, projection, **arguments)
    rule = projection.synapse
    acts_at_postsynaptic = bool(rule.on_post.strip()) or bool(rule.on_event)
    writes_to_neurons = all(name.endswith("_post") for name in assigned(rule.on_pre))
    for pathway in synapses._pathways:
        # Synapses makes its pathways itself, and of a fixed class
        pathway.__class__ = WiredPathway
        pathway.become_wired(copied=writes_to_neurons and not acts_at_postsynaptic)
    return synapses
