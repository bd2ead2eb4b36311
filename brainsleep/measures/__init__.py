"""Numbers from spike trains, population rates, weights and accuracies.

Each file holds one measure, or a few of one kind, and every measure has a line here; adding one
takes a file and a line. `MEASURES` lists them by name. Nothing here knows of nights or of plotting:
`brainsleep.figures` draws what is measured here.
"""

from collections.abc import Callable, Mapping
from types import FunctionType

from .accuracy_matrix import AccuracyMatrix as AccuracyMatrix
from .binning import binned_rate as binned_rate
from .class_accuracy import per_class_accuracy as per_class_accuracy
from .class_activity import class_correlation as class_correlation
from .class_activity import class_means as class_means
from .class_activity import cosine_differences as cosine_differences
from .confidence import Reliability as Reliability
from .confidence import calibration_error as calibration_error
from .confidence import reliability as reliability
from .continual_summary import continual_measures as continual_measures
from .correlograms import CrossCorrelogram as CrossCorrelogram
from .correlograms import cross_correlation as cross_correlation
from .count_variability import FanoFactor as FanoFactor
from .count_variability import fano_factor as fano_factor
from .definitions import DEFINITIONS as DEFINITIONS
from .definitions import Definition as Definition
from .definitions import definition_lines as definition_lines
from .effort import n_spikes as n_spikes
from .effort import stored_bytes as stored_bytes
from .effort import synaptic_operations as synaptic_operations
from .firing_order import RankOrder as RankOrder
from .firing_order import rank_order as rank_order
from .forgetting import average_incremental_accuracy as average_incremental_accuracy
from .forgetting import final_accuracy as final_accuracy
from .forgetting import forgetting as forgetting
from .forgetting import forgetting_since_learned as forgetting_since_learned
from .forgetting import recovered as recovered
from .intervals import Intervals as Intervals
from .intervals import IntervalVariation as IntervalVariation
from .intervals import cv2 as cv2
from .intervals import cv_isi as cv_isi
from .intervals import interspike_intervals as interspike_intervals
from .intervals import local_variation as local_variation
from .modes import Bimodality as Bimodality
from .modes import bimodality as bimodality
from .paired import PairedDifference as PairedDifference
from .paired import paired_difference as paired_difference
from .projections import ActivationPCA as ActivationPCA
from .projections import activation_pca as activation_pca
from .rates import firing_rates as firing_rates
from .rates import mean_rates as mean_rates
from .rates import population_rate as population_rate
from .rates import spike_counts as spike_counts
from .reactivation import Reactivation as Reactivation
from .reactivation import reactivation as reactivation
from .sequence_replay import SequenceReplay as SequenceReplay
from .sequence_replay import sequence_replay as sequence_replay
from .several_tests import holm as holm
from .spectra import Peak as Peak
from .spectra import Spectrum as Spectrum
from .spectra import spectrum as spectrum
from .spike_sequences import Sequences as Sequences
from .spike_sequences import SpikeSequence as SpikeSequence
from .spike_sequences import sequences as sequences
from .states import UpStates as UpStates
from .states import up_states as up_states
from .summary import MeanSD as MeanSD
from .summary import summarise as summarise
from .synchrony_index import Synchrony as Synchrony
from .synchrony_index import synchrony as synchrony
from .tiling import sttc as sttc
from .trains import SpikeTrain as SpikeTrain
from .transfer import backward_transfer as backward_transfer
from .transfer import forward_transfer as forward_transfer
from .transfer import intransigence as intransigence
from .weight_ranks import stable_rank as stable_rank
from .weight_ranks import stable_ranks as stable_ranks
from .weights import WeightChange as WeightChange
from .weights import WeightChangeBySign as WeightChangeBySign
from .weights import weight_change as weight_change
from .weights import weight_change_by_sign as weight_change_by_sign
from .weights import weight_changes as weight_changes
from .windowed_reactivation import WindowedReactivation as WindowedReactivation
from .windowed_reactivation import windowed_reactivation as windowed_reactivation

#: All measures by name: the functions listed above, but for what only names them.
MEASURES: Mapping[str, Callable[..., object]] = {
    name: one
    for name, one in list(vars().items())
    if isinstance(one, FunctionType) and one is not definition_lines
}
