"""Every strategy that comes with the package: a line per strategy, and nothing else to do."""

from __future__ import annotations

from ...support.calls import public
from ...support.checks import known_name
from .centred import SequentialCentred
from .dark_experience import DarkExperienceReplay
from .elastic_weights import ElasticWeightConsolidation
from .energy_based import EnergyBased
from .experience_replay import ExperienceReplay
from .icarl import ICaRL
from .joint import Joint
from .latent_replay import LatentReplay
from .low_rank import LowRankConcatenation, LowRankMerging
from .masked import SequentialMasked
from .nearest_class_mean import NearestClassMean
from .sequential import Sequential
from .strategy import Strategy
from .streaming_lda import StreamingLDA
from .synaptic_intelligence import SynapticIntelligence
from .weight_averaging import WeightAveraging
from .without_forgetting import LearningWithoutForgetting

#: Strategies by name. For one seed, all but ``"joint"`` see the same batches in the same order, so
#: that they differ in method alone.
STRATEGIES: dict[str, type[Strategy]] = {
    strategy.kind: strategy
    for strategy in (
        Sequential,
        Joint,
        SequentialMasked,
        WeightAveraging,
        LowRankMerging,
        LowRankConcatenation,
        ExperienceReplay,
        DarkExperienceReplay,
        ICaRL,
        LatentReplay,
        ElasticWeightConsolidation,
        SynapticIntelligence,
        LearningWithoutForgetting,
        EnergyBased,
        NearestClassMean,
        StreamingLDA,
        SequentialCentred,
    )
}


@public
def build_strategy(name: str, **parameters: object) -> Strategy:
    """Make a strategy by its name.

    Parameters
    ----------
    name : str
        A key of :data:`STRATEGIES`, where each strategy has a description.
    **parameters
        Its parameters, where they are not to be the defaults.

    Returns
    -------
    Strategy
        One that has learned nothing yet.

    Raises
    ------
    CallError
        If the strategy has no such parameter.
    ParameterError
        If there is no such strategy, or a parameter makes no sense.

    Examples
    --------
    >>> build_strategy("sequential")
    Sequential()
    """
    return STRATEGIES[known_name(name, "strategy", STRATEGIES)](**parameters)
