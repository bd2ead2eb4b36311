"""Arms of an experiment: ways to go through the same tasks, that results are compared with.

All arms see the same images, in the same order, with the same seeds. They differ in how the network
learns while awake, in whether and how it sleeps, or in what is done with the weights on waking.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from ...support.files import JsonObject
from ..model_files.modelfile import ModelFile
from ..model_files.training_sections import StrategySection
from ..run_directory.run_state import State

#: Takes the weights before and after a night, and random numbers; returns those to wake up with.
Alteration: TypeAlias = Callable[[State, State, np.random.Generator], Mapping[str, np.ndarray]]


@dataclass(frozen=True, kw_only=True)
class Arm:
    """One way to go through all tasks.

    Attributes
    ----------
    name : str
        Of the arm, in ``metrics.json`` and in tables.
    label : str
        What tables call it.
    waking : StrategySection
        How the network learns while awake.
    model : ModelFile or None
        Whose nights it has; None: it does not sleep.
    alter : callable, optional
        Changes the weights on waking: a control. With none they are those of the night. An arm
        that does not sleep changes them where its model would sleep.
    night_first : bool
        Whether there is one night, on the tasks' first images, before anything is learned, and none
        afterwards.
    """

    name: str
    label: str
    waking: StrategySection
    model: ModelFile | None = None
    alter: Alteration | None = None
    night_first: bool = False

    @property
    def sleeps(self) -> bool:
        """Whether nights follow tasks."""
        return self.model is not None and not self.night_first


def compared_arm(waking: StrategySection, model: ModelFile) -> Arm:
    """Return the arm of a strategy that sleep is compared with; it sleeps, too, if it says so."""
    return Arm(
        name=waking.arm_name,
        label=waking.label,
        waking=waking,
        model=model if waking.sleep else None,
    )


@dataclass
class ArmResult:
    """What came of an arm.

    Attributes
    ----------
    kind : str
        Of the waking strategy.
    label : str
        What tables call the arm.
    parameters : dict
        Of the waking strategy, those that were given.
    R : list of list of float or None
        Accuracy on each task (column) after each task was learned, and slept on (row); None for
        tasks not yet seen, and in rows of a strategy that learns everything at the end.
    ahead : list of float or None
        Accuracy on each task right before it was learned.
    untrained : list of float
        Accuracy on each task before anything was learned.
    final : float
        Accuracy at the end; see `brainsleep.wake.final_accuracy_of`.
    per_class : dict of str to float
        Accuracy on each class at the end.
    calibration_error : float
        Of the outputs at the end; see `brainsleep.measures.calibration_error`.
    confusion : list of list of int
        Images by class (row) and by the class that they are taken for (column), at the end.
    stored_bytes : int
        What is kept between tasks beside the network, at most.
    seconds : float
        Learning and nights, without measuring.
    """

    kind: str
    label: str
    parameters: JsonObject
    R: list[list[float | None]]
    ahead: list[float | None]
    untrained: list[float | None]
    final: float
    stored_bytes: int
    seconds: float
    per_class: dict[str, float] = field(default_factory=dict)
    calibration_error: float | None = None
    confusion: list[list[int]] = field(default_factory=list)
