"""What a run of tasks and nights has done so far."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..support.files import JsonObject


@dataclass
class LearnedTask:
    """One task learned and slept on.

    Attributes
    ----------
    before, after : list of float or None
        Accuracy on each task before and after the night; None for tasks not yet seen.
    timings : dict
        The night's.
    rates : dict of str to float
        Mean firing rate of each population in Hz.
    weight_change : dict of str to float
        Mean absolute change of each layer's weights.
    findings : list of dict
        What is seldom wanted of a night, as the fields of `brainsleep.night.Finding`.
    network : str
        Digest of the network that woke up; see `brainsleep.experiments.run_state`.
    """

    before: list[float | None]
    after: list[float | None]
    timings: JsonObject
    rates: dict[str, float]
    weight_change: dict[str, float]
    findings: list[JsonObject] = field(default_factory=list)
    network: str = ""


@dataclass
class Progress:
    """What a run has done so far; kept in ``progress.json``."""

    baselines: dict[str, float] = field(default_factory=dict)
    tasks: list[LearnedTask] = field(default_factory=list)
    controls: dict[str, float] = field(default_factory=dict)
