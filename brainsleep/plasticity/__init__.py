"""Plasticity rules as data: equations with units, and one parameter a line.

Each is a small frozen dataclass; see :mod:`brainsleep.plasticity.rule` for what a rule of your own
must offer.
"""

from .lifelong import ASP, RewardSTDP
from .regulation import Downscaling, Homeostasis, SynapticScaling
from .rule import (
    FROZEN,
    Plasticity,
    SynapseEquations,
    asks_for_modulation,
    modulated,
    postsynaptic_parameters,
    resting_parameters,
)
from .src import SRC, WEIGHT_FACTORS, WeightFactor
from .stdp import STDP, DiehlCook, InhibitorySTDP, TripletSTDP

#: All rules that come with the package, but SRC, which has four forms, and those that regulate
#: another.
SPIKE_TIMING_RULES = (STDP, TripletSTDP, DiehlCook, InhibitorySTDP, ASP, RewardSTDP)

__all__ = [
    "ASP",
    "FROZEN",
    "SPIKE_TIMING_RULES",
    "SRC",
    "STDP",
    "WEIGHT_FACTORS",
    "DiehlCook",
    "Downscaling",
    "Homeostasis",
    "InhibitorySTDP",
    "Plasticity",
    "RewardSTDP",
    "SynapseEquations",
    "SynapticScaling",
    "TripletSTDP",
    "WeightFactor",
    "asks_for_modulation",
    "modulated",
    "postsynaptic_parameters",
    "resting_parameters",
]
