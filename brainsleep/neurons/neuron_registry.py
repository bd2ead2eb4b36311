"""Every neuron model that comes with the package: a line per model, and nothing else to do.

Model files call a model by its `kind`; `brainsleep.LIF` and the others are read from here, too.
"""

from .adaptive_lif import AdaptiveLIF as AdaptiveLIF
from .adaptive_threshold import AdaptiveThreshold as AdaptiveThreshold
from .adex import AdEx as AdEx
from .conductance_adex import ConductanceAdEx as ConductanceAdEx
from .conductance_lif import ConductanceLIF as ConductanceLIF
from .current_lif import CurrentLIF as CurrentLIF
from .dendritic_lif import DendriticLIF as DendriticLIF
from .heaviside import Heaviside as Heaviside
from .integrate_and_fire import IntegrateAndFire as IntegrateAndFire
from .izhikevich import Izhikevich as Izhikevich
from .lif import LIF as LIF

#: All models, by what model files call them.
NEURONS = {model.kind: model for model in list(vars().values()) if getattr(model, "kind", "")}
