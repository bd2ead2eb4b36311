"""All-to-all synapses for Brian2's C++ standalone code, without index arrays or spike queues.

An all-to-all projection needs no list of its synapses: synapse ``j * n_pre + i`` leads from
neuron i to neuron j. :class:`DenseSynapses` is a Brian2 ``Synapses`` that is described by the
same equations but keeps only its own variables: 4 bytes a synapse for a float32 weight.
"""

from .blocks import feed_in_rows, go_in_tiles, night_loop, why_not_in_blocks
from .synapses import DenseSynapses, connect_densely, why_not_dense

__all__ = [
    "DenseSynapses",
    "connect_densely",
    "feed_in_rows",
    "go_in_tiles",
    "night_loop",
    "why_not_dense",
    "why_not_in_blocks",
]
