"""Circuits: populations and projections put together by hand, rather than translated.

For networks with inhibitory populations and recurrent connections. A circuit runs on the same
devices as a night, with the same neuron models and rules.
"""

from .circuit import Circuit
from .parts import INPUT, Population, Projection
from .prepared import PreparedCircuit
from .result import CircuitRun

__all__ = ["INPUT", "Circuit", "CircuitRun", "Population", "PreparedCircuit", "Projection"]
