"""Every plasticity rule that comes with the package: a line per rule, and nothing else to do.

Model files call a rule by its `kind`; `brainsleep.SRC` and the others are read from here, too.
"""

from .asp import ASP as ASP
from .diehl_cook import DiehlCook as DiehlCook
from .downscaling import Downscaling as Downscaling
from .error_driven import ErrorDriven as ErrorDriven
from .homeostasis import Homeostasis as Homeostasis
from .inhibitory_stdp import InhibitorySTDP as InhibitorySTDP
from .reward_stdp import RewardSTDP as RewardSTDP
from .soft_bound_hebb import SoftBoundHebb as SoftBoundHebb
from .src import SRC as SRC
from .stdp import STDP as STDP
from .synaptic_scaling import SynapticScaling as SynapticScaling
from .triplet_stdp import TripletSTDP as TripletSTDP

#: All rules, by what model files call them. Those that regulate another rule have it in a table of
#: its own, ``[sleep.plasticity.rule]``.
RULES = {rule.kind: rule for rule in list(vars().values()) if getattr(rule, "kind", "")}
