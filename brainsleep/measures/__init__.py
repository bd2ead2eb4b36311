"""Numbers from spike trains, population rates, weights and accuracies.

Each file holds one measure, or a few of one kind, and every measure has a line here; adding one
takes a file and a line. `MEASURES` lists them by name. Nothing here knows of nights or of plotting:
`brainsleep.figures` draws what is measured here.
"""

from collections.abc import Callable, Mapping
from types import FunctionType

from .accuracy_matrix import AccuracyMatrix as AccuracyMatrix
from .binning import binned_rate as binned_rate
from .forgetting import final_accuracy as final_accuracy
from .forgetting import forgetting as forgetting
from .forgetting import recovered as recovered
from .intervals import IntervalVariation as IntervalVariation
from .intervals import cv_isi as cv_isi
from .modes import Bimodality as Bimodality
from .modes import bimodality as bimodality
from .paired import PairedDifference as PairedDifference
from .paired import paired_difference as paired_difference
from .rates import firing_rates as firing_rates
from .rates import mean_rates as mean_rates
from .rates import population_rate as population_rate
from .spectra import Peak as Peak
from .spectra import Spectrum as Spectrum
from .spectra import spectrum as spectrum
from .states import UpStates as UpStates
from .states import up_states as up_states
from .summary import MeanSD as MeanSD
from .summary import summarise as summarise
from .trains import SpikeTrain as SpikeTrain
from .weights import WeightChange as WeightChange
from .weights import weight_change as weight_change
from .weights import weight_changes as weight_changes

#: All measures by name: the functions listed above.
MEASURES: Mapping[str, Callable[..., object]] = {
    name: one for name, one in list(vars().items()) if isinstance(one, FunctionType)
}
