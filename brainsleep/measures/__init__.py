"""Numbers from nights and from accuracy matrices.

Knows nothing of plotting: `brainsleep.figures` draws what is measured here.
"""

from .continual import MeanSD, final_accuracy, forgetting, recovered, summarise
from .rates import firing_rates, mean_rates, population_rate
from .weights import WeightChange, weight_change, weight_changes

__all__ = [
    "MeanSD",
    "WeightChange",
    "final_accuracy",
    "firing_rates",
    "forgetting",
    "mean_rates",
    "population_rate",
    "recovered",
    "summarise",
    "weight_change",
    "weight_changes",
]
