"""Plasticity rules as data: equations with units, and one parameter a line.

Each is a small frozen dataclass; see :mod:`brainsleep.plasticity.rule` for what a rule of your own
must offer.
"""

from .rule import Plasticity, SynapseEquations, postsynaptic_parameters, resting_parameters
from .src import SRC, WEIGHT_FACTORS, WeightFactor
from .stdp import STDP, DiehlCook, InhibitorySTDP, TripletSTDP

__all__ = [
    "SRC",
    "STDP",
    "WEIGHT_FACTORS",
    "DiehlCook",
    "InhibitorySTDP",
    "Plasticity",
    "SynapseEquations",
    "TripletSTDP",
    "WeightFactor",
    "postsynaptic_parameters",
    "resting_parameters",
]
