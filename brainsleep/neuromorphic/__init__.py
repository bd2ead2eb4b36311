"""Converted networks in the integers of neuromorphic chips.

A NIR file of a spiking network is run as a chip of the kind of Loihi would: weights of few bits,
integer potentials of limited width, decays in 4096ths. What that costs in accuracy is measured in
docs/results/neuromorphic.md, which says what is emulated and what is not.
"""

from .chip_graph import refuse_max_pooling
from .chip_layers import ChipLayer
from .emulation import Emulation
from .emulator import emulate
from .fixed_point import FixedPoint

__all__ = ["ChipLayer", "Emulation", "FixedPoint", "emulate", "refuse_max_pooling"]
