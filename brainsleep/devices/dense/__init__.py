"""Synapses for Brian2's C++ standalone code, without index arrays or spike queues.

An all-to-all projection needs no list of its synapses: synapse ``j * n_pre + i`` leads from
neuron i to neuron j. :class:`DenseSynapses` is a Brian2 ``Synapses`` that is described by the
same equations but keeps only its own variables: 4 bytes a synapse for a float32 weight.
:class:`WindowSynapses` are those of a convolution: 4 bytes a number of the kernel.
"""

from .blocks import feed_in_rows, go_in_single_precision, go_in_tiles, night_loop, why_not_in_blocks
from .synapses import (
    ComputedSynapses,
    DenseSynapses,
    OneToOneSynapses,
    WindowSynapses,
    connect_computed,
    why_not_computed,
    why_not_shared,
)

__all__ = [
    "ComputedSynapses",
    "DenseSynapses",
    "OneToOneSynapses",
    "WindowSynapses",
    "connect_computed",
    "feed_in_rows",
    "go_in_single_precision",
    "go_in_tiles",
    "night_loop",
    "why_not_computed",
    "why_not_in_blocks",
    "why_not_shared",
]
