"""Synapses for Brian2's C++ standalone code, without index arrays or spike queues.

An all-to-all projection needs no list of its synapses: synapse ``j * n_pre + i`` leads from
neuron i to neuron j. :class:`DenseSynapses` is a Brian2 ``Synapses`` that is described by the
same equations but keeps only its own variables: 4 bytes per synapse for a float32 weight.
:class:`FrozenSynapses` are all-to-all, too, and nothing changes them: a copy of their values lies
in rows by presynaptic neuron. :class:`WindowSynapses` are those of a convolution: 4 bytes per
weight of the kernel; of :class:`FrozenWindowSynapses` a copy is read, with the weights to some
target channels side by side.

`suitability` says which plans these synapses can run; `synapses`, `window_synapses` and `code`
hook into Brian2; `joining` chooses among them; `tiles` and `blocks` let layers take turns in
blocks of time steps.
"""

from .blocks import block_loop, default_threads
from .joining import connect_computed
from .loop import BlockLoop
from .suitability import (
    is_frozen,
    reason_for_single_steps,
    unsupported_by_computed,
    unsupported_by_shared_kernel,
)
from .synapses import (
    ComputedSynapses,
    DenseSynapses,
    FrozenSynapses,
    OneToOneSynapses,
)
from .tiles import take_spikes_from_row, use_single_precision, use_tiles
from .window_synapses import FrozenWindowSynapses, WindowSynapses

__all__ = [
    "BlockLoop",
    "ComputedSynapses",
    "DenseSynapses",
    "FrozenSynapses",
    "FrozenWindowSynapses",
    "OneToOneSynapses",
    "WindowSynapses",
    "block_loop",
    "connect_computed",
    "default_threads",
    "is_frozen",
    "reason_for_single_steps",
    "take_spikes_from_row",
    "unsupported_by_computed",
    "unsupported_by_shared_kernel",
    "use_single_precision",
    "use_tiles",
]
