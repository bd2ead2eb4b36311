"""Plasticity rules as data: equations with units, and one parameter per line.

Each is a small frozen dataclass in a file of its own; `rule_registry` lists them. See
:mod:`brainsleep.plasticity.rule` for what a rule of your own must offer.
"""

from .absent import EXISTS as EXISTS
from .absent import PUT_BACK as PUT_BACK
from .absent import needs_mask as needs_mask
from .absent import with_absent as with_absent
from .given_rule import GivenRule as GivenRule
from .layered_rule import LayeredRule as LayeredRule
from .rule import FROZEN as FROZEN
from .rule import Plasticity as Plasticity
from .rule import SynapseEquations as SynapseEquations
from .rule import asks_for_modulation as asks_for_modulation
from .rule import at_scale as at_scale
from .rule import is_rule as is_rule
from .rule import learning_rates as learning_rates
from .rule import learns as learns
from .rule import learns_from_spikes as learns_from_spikes
from .rule import modulated as modulated
from .rule import postsynaptic_parameters as postsynaptic_parameters
from .rule import resting_parameters as resting_parameters
from .rule_registry import *
from .rule_registry import RULES as RULES
from .src import WEIGHT_FACTORS as WEIGHT_FACTORS
from .src import WeightFactor as WeightFactor
