"""What a run of tasks and nights has done so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ...night import Finding
from ...night.describing.findings import grown_over_nights
from ...support.files import JsonObject
from .arm import ArmResult


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
    growth : dict of str to float
        The factor by which the night made the root mean square of each layer's weights larger.
    findings : list of dict
        What is seldom wanted of a night, or of all nights so far, as the fields of
        `brainsleep.night.Finding`.
    network : str
        Digest of the network that woke up; see `brainsleep.experiments.run_directory.run_state`.
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
    growth: dict[str, float] = field(default_factory=dict)
    findings: list[JsonObject] = field(default_factory=list)
    network: str = ""
    ahead: float | None = None
    spikes: dict[str, int] = field(default_factory=dict)
    synaptic_operations: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    stored_bytes: int = 0

    def in_words(self) -> str:
        """Return the accuracy before and after the night, if there was one."""
        before, after = _mean_percent(self.before), _mean_percent(self.after)
        if not self.timings:
            return f"{before} %, no night"
        return f"{before} % before sleep, {after} % after ({self.timings['run']:.2f} s)"


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

    def growth_over_nights(self) -> list[Finding]:
        """Say which layers' weights all nights so far have made much larger."""
        nights = [task.growth for task in self.tasks if task.growth]
        found = []
        for name in nights[-1] if nights else ():
            layer = name.removesuffix(".weight")
            factors = [night[name] for night in nights if name in night]
            found.append(grown_over_nights(layer, factors))
        return [one for one in found if one is not None]


def _mean_percent(row: Sequence[float | None]) -> str:
    """Return the mean of the tasks seen, in percent."""
    return f"{100 * np.mean([value for value in row if value is not None]):.1f}"
