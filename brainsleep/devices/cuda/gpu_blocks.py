"""The loop in blocks of steps: layers take turns, and a neuron keeps its weights in shared memory.

Imports Brian2CUDA.

In a feed-forward network nothing flows back: what a layer does in many steps depends on the spikes
of the layer before it in these steps, and on nothing later. So one kernel leads a layer through all
steps of a block. A block of threads belongs to each neuron: it fetches the neuron's rows of weights
once, goes through the steps, and writes the rows back. Weights come from the GPU's memory once per
block of steps instead of once per step, and a block takes two launches per layer instead of eight
per layer and step.

The code of neurons and synapses is what Brian2CUDA generates; it becomes functions instead of
kernels (``templates/block_*.cu``), which the kernel of a layer calls in their order
(``templates/blocks.cu``). The first thread does what concerns the neuron; all threads share the
spikes that arrive, and the synapses that change.
"""

from __future__ import annotations

import numpy as np
from brian2 import NeuronGroup, Synapses, prefs
from brian2.core.variables import DynamicArrayVariable

from ...network.build import BuiltNetwork
from ...network.plan import ProjectionPlan, assigned
from ..dense.synapses import ComputedPathway
from .coverage import only_sums
from .dense import GpuDenseSynapses, GpuOneToOneSynapses, RowCodeObject

#: Templates for neurons: Brian2's name, and ours.
TEMPLATES = {"stateupdate": "block_update", "threshold": "block_threshold", "reset": "block_reset"}


class BlockDenseSynapses(GpuDenseSynapses):
    """All-to-all synapses whose code is called for one neuron at a time."""

    kind = "block_dense"

    def _keywords(self, pathway: ComputedPathway) -> dict[str, object]:
        sums = sorted(assigned(pathway.code) - self._own_variables())
        exact = prefs.core.default_float_dtype == np.float64
        return {
            **super()._keywords(pathway),
            "sums": sums,
            # in double precision, sums have the order of the spikes, as in C++
            "in_parallel": not sums or (not exact and only_sums(pathway.code, sums)),
        }

    def _own_variables(self) -> set[str]:
        """Return the variables of which each synapse has its own."""
        own = self.variables.items()
        return {name for name, variable in own if isinstance(variable, DynamicArrayVariable)}


class BlockOneToOneSynapses(GpuOneToOneSynapses):
    """Synapses from neuron i to neuron i whose code is called for one neuron at a time."""

    kind = "block_one_to_one"


def connect_in_blocks(
    source: NeuronGroup, target: NeuronGroup, projection: ProjectionPlan, **arguments: object
) -> Synapses:
    """Join two groups; see `connect_on_gpu`, from which it differs by the code that is made."""
    if projection.kind == "one_to_one":
        return BlockOneToOneSynapses(source, target, **arguments)
    return BlockDenseSynapses(source, target, **arguments)


def use_functions(built: BuiltNetwork) -> None:
    """Let the code of neurons become functions; call before code is made."""
    for group in built.populations:
        for runner in group.contained_objects:
            if runner.template in TEMPLATES:
                runner.template = TEMPLATES[runner.template]
                runner.codeobj_class = RowCodeObject
