"""Neuron models as data: Brian2 equations with units, one parameter a line.

Each is a small frozen dataclass; see :mod:`brainsleep.neurons.model` for what a model of your own
must offer.
"""

from .biophysical import AdaptiveLIF, AdaptiveThreshold, AdEx, Izhikevich
from .conductance import ConductanceAdEx, ConductanceLIF, CurrentLIF
from .lif import LIF
from .model import Neuron, NeuronEquations
from .reading import (
    fixed_parameters,
    given_bias_gains,
    given_gains,
    given_target_rates,
    given_thresholds,
    is_neuron,
)
from .simple import Heaviside, IntegrateAndFire

#: All models that come with the package.
NEURON_MODELS = (
    Heaviside,
    LIF,
    IntegrateAndFire,
    AdaptiveThreshold,
    AdaptiveLIF,
    AdEx,
    Izhikevich,
    CurrentLIF,
    ConductanceLIF,
    ConductanceAdEx,
)

__all__ = [
    "LIF",
    "NEURON_MODELS",
    "AdEx",
    "AdaptiveLIF",
    "AdaptiveThreshold",
    "ConductanceAdEx",
    "ConductanceLIF",
    "CurrentLIF",
    "Heaviside",
    "IntegrateAndFire",
    "Izhikevich",
    "Neuron",
    "NeuronEquations",
    "fixed_parameters",
    "given_bias_gains",
    "given_gains",
    "given_target_rates",
    "given_thresholds",
    "is_neuron",
]
