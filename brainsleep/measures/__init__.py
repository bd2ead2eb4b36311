"""Numbers from nights and from accuracy matrices.

Knows nothing of plotting: `brainsleep.figures` draws what is measured here.
"""

from .continual import MeanSD, final_accuracy, forgetting, recovered, summarise
from .oscillations import bimodality, binned_rate, cv_isi, spectrum, up_states
from .rates import firing_rates, mean_rates, population_rate
from .weights import WeightChange, weight_change, weight_changes

__all__ = [
    "MeanSD",
    "WeightChange",
    "bimodality",
    "binned_rate",
    "cv_isi",
    "final_accuracy",
    "firing_rates",
    "forgetting",
    "mean_rates",
    "population_rate",
    "recovered",
    "spectrum",
    "summarise",
    "up_states",
    "weight_change",
    "weight_changes",
]
