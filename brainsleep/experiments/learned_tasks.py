"""What a run of tasks and nights has done so far."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..support.files import JsonObject
from .arms import ArmResult


@dataclass
class LearnedTask:
    """One task learned and slept on.

    Attributes
    ----------
    before, after : list of float or None
        Accuracy on each task before and after the night; None for tasks not yet seen.
    timings : dict
        The night's; empty where there was none, as are the following.
    rates : dict of str to float
        Mean firing rate of each population in Hz.
    weight_change : dict of str to float
        Mean absolute change of each layer's weights.
    findings : list of dict
        What is seldom wanted of a night, as the fields of `brainsleep.night.Finding`.
    network : str
        Digest of the network that woke up; see `brainsleep.experiments.run_state`.
    ahead : float or None
        Accuracy on the task right before it was learned.
    spikes : dict of str to int
        Spikes of each population in the night.
    synaptic_operations : dict of str to int
        Spikes that arrived at synapses, by layer.
    seconds : float
        Learning and sleeping, without measuring.
    stored_bytes : int
        What the waking strategy keeps beside the network.
    """

    before: list[float | None]
    after: list[float | None]
    timings: JsonObject = field(default_factory=dict)
    rates: dict[str, float] = field(default_factory=dict)
    weight_change: dict[str, float] = field(default_factory=dict)
    findings: list[JsonObject] = field(default_factory=list)
    network: str = ""
    ahead: float | None = None
    spikes: dict[str, int] = field(default_factory=dict)
    synaptic_operations: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    stored_bytes: int = 0


@dataclass
class Progress:
    """What a run has done so far; kept in ``progress.json``.

    Attributes
    ----------
    baselines, controls : dict of str to ArmResult
        By name; of runs of earlier versions, the accuracy alone.
    tasks : list of LearnedTask
        Of the arm that sleeps.
    """

    baselines: dict[str, float | ArmResult] = field(default_factory=dict)
    tasks: list[LearnedTask] = field(default_factory=list)
    controls: dict[str, float | ArmResult] = field(default_factory=dict)
