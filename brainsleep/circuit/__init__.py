"""Circuits: populations and projections put together by hand, rather than translated.

For networks with inhibitory populations and recurrent connections. A circuit runs on the same
devices as a night, with the same neuron models and plasticity rules.

`WinnerNetwork` is such a circuit, after Diehl and Cook 2015: competing neurons that learn images
without labels. `ClassReadout` then uses labels to say which class each neuron stands for.
"""

from .circuit import Circuit
from .circuit_run import CircuitRun
from .description import CircuitDescription
from .image_sequence import ImageSequence
from .parts import INPUT, Population, Projection
from .prepared import PreparedCircuit
from .readout import ClassReadout
from .winners import PreparedWinners, WinnerNetwork, WinnerState

__all__ = [
    "INPUT",
    "Circuit",
    "CircuitDescription",
    "CircuitRun",
    "ClassReadout",
    "ImageSequence",
    "Population",
    "PreparedCircuit",
    "PreparedWinners",
    "Projection",
    "WinnerNetwork",
    "WinnerState",
]
