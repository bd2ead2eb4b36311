"""What a page shows of one night, of whatever kind."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...night.describing.up_down_states import StageInterval
from ...support.files import JsonMapping, JsonObject
from .weight_charts import WeightRow


@dataclass(frozen=True)
class LayerConstants:
    """What one layer had in a night.

    Attributes
    ----------
    layer : str
        What the page calls it.
    gain, threshold : float
        In the neuron model's unit.
    """

    layer: str
    gain: float
    threshold: float


@dataclass(frozen=True)
class NightSection:
    """One night on a page.

    Attributes
    ----------
    title : str
        As in ``"after task 1"``.
    problem : str
        Why it cannot be shown; else empty.
    steps : int
        Its length.
    drawn : dict
        What scripts draw; see `brainsleep.experiments.report.spike_panels`.
    weights : list of WeightRow
        What it did to weights.
    constants : list of LayerConstants
        Gains and thresholds.
    segments : list of StageInterval
        Its stages of sleep; none if it has none.
    timings : dict
        As of `Night.timings`.
    """

    title: str
    problem: str = ""
    steps: int = 0
    drawn: JsonObject = field(default_factory=dict)
    weights: list[WeightRow] = field(default_factory=list)
    constants: list[LayerConstants] = field(default_factory=list)
    segments: list[StageInterval] = field(default_factory=list)
    timings: JsonMapping = field(default_factory=dict)
