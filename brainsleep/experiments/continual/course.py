"""One arm's way through the tasks: learning, sleeping, measuring."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from ...measures import calibration_error, per_class_accuracy
from ...translation import write_back
from ...wake import learn_task, training_seed
from ...wake.checkpoints import Checkpoints
from ...wake.task_answers import TaskAnswers
from ..arms.arm import Arm, ArmResult
from ..arms.setting import Setting
from ..nights.arm_nights import ArmNights, SleptNight
from ..nights.night_kinds import nights_of
from ..nights.waking import Waking
from ..run_directory.run_clock import LEARNING, MEASURING, NIGHTS
from ..run_directory.run_state import State, joined_state, split_state, state_of


@dataclass
class Course:
    """One arm's way through the tasks.

    Attributes
    ----------
    setting : Setting
        What all arms have in common.
    arm : Arm
        Which way.
    network : torch.nn.Module
        As it is by now.
    strategy : Strategy
        How it learns while awake; also what it keeps between tasks.
    nights : ArmNights or None
        How it sleeps; also what nights keep for later ones. None: it does not sleep.
    waking : Waking
        How it wakes up.
    stored_bytes : int
        The most that strategy, nights and waking have kept after a task.
    seconds : float
        Of learning and nights so far.
    """

    setting: Setting
    arm: Arm
    network: nn.Module = field(init=False)
    nights: ArmNights[Any, Any] | None = field(init=False)
    waking: Waking = field(init=False)
    stored_bytes: int = 0
    seconds: float = 0.0
    _answers: TaskAnswers | None = field(init=False, default=None)  # of the network as it is
    _untrained: TaskAnswers | None = field(init=False, default=None)  # if all arms have the same

    def __post_init__(self) -> None:
        """Begin with a new network."""
        self.strategy = self.arm.waking.strategy()
        self.network = self.setting.new_network(self.arm.model)
        model = self.arm.model
        self.nights = None if model is None else nights_of(self.setting, model)
        self.waking = Waking((model or self.setting.model).nights.averaging)
        is_like_others = model is None or model.network == self.setting.model.network
        if is_like_others and self.readout is self.network:
            self._untrained = self._answers = self.setting.untrained

    def learn(self, index: int, checkpoints: Checkpoints | None = None) -> None:
        """Learn a task."""
        setting, self._answers = self.setting, None
        what = (self.strategy, self.network, setting.tasks, index, setting.training)
        options: dict[str, Any] = {
            "seed": setting.seed,
            "progress": setting.progress,
            "checkpoints": checkpoints,
        }
        with setting.clock.part(LEARNING):
            if setting.kept is not None:
                self.seconds += setting.kept.learn(*what, **options).seconds
            else:
                started = time.monotonic()
                learn_task(*what, **options)
                self.seconds += time.monotonic() - started
        self.stored_bytes = max(self.stored_bytes, self.kept_bytes)

    def sleep(self, index: int) -> SleptNight:
        """Sleep on a task; the network wakes up with other weights."""
        assert self.nights is not None
        started = time.monotonic()
        with self.setting.clock.part(NIGHTS):
            night: SleptNight = self.nights.sleep(self.network, index)
            assert night.ann is not None
            self.network = self._woken(night.ann, index)
        self.seconds += time.monotonic() - started
        self.stored_bytes = max(self.stored_bytes, self.kept_bytes)
        return night

    @property
    def kept_bytes(self) -> int:
        """What strategy, nights and waking keep by now, beside the network."""
        of_nights = 0 if self.nights is None else self.nights.stored_bytes
        return self.strategy.stored_bytes + of_nights + self.waking.stored_bytes

    def state(self) -> State:
        """Return all that decides how the way goes on: network, and what is kept beside it."""
        nights = {} if self.nights is None else self.nights.state()
        kept = (self.strategy.state(), nights, self.waking.state())
        return joined_state(state_of(self.network), *kept)

    def restore(self, state: State) -> None:
        """Go back to what :meth:`state` returned."""
        self._answers = None
        network, strategy, nights, last = split_state(state)
        self.network = write_back(self.network, network)
        self.strategy.restore(strategy)
        self.waking.restore(last, self.network)
        if self.nights is not None:
            self.nights.restore(nights)

    def alter(self, index: int) -> None:
        """Change the weights after a task where a night would be: a control that does not sleep."""
        self.network = self._woken(self.network, index)

    def row(self, n_seen: int | None = None) -> list[float | None]:
        """Return the accuracy on each task; None for those after the first `n_seen`."""
        with self.setting.clock.part(MEASURING):
            return self._said().row(len(self.setting.tasks) if n_seen is None else n_seen)

    def accuracy_on(self, index: int) -> float:
        """Return the accuracy on one task."""
        with self.setting.clock.part(MEASURING):
            return self._said().accuracy_on(index)

    @property
    def readout(self) -> nn.Module:
        """What classifies images: the network, or what the strategy makes of it."""
        return self.strategy.readout(self.network)

    def result(self, rows: Sequence[list[float | None]], ahead: list[float | None]) -> ArmResult:
        """Return what came of it, given the accuracies that were measured on the way."""
        waking = self.arm.waking
        with self.setting.clock.part(MEASURING):
            answers = self._said()
            confusion = answers.confusion
            untrained = list[float | None](self._said_untrained().accuracies)
        return ArmResult(
            kind=waking.kind,
            label=self.arm.label,
            parameters=dict(self.strategy.parameters()),
            R=list(rows),
            ahead=ahead,
            untrained=untrained,
            final=answers.final_accuracy,
            stored_bytes=self.stored_bytes,
            seconds=self.seconds,
            per_class=_per_class(confusion),
            calibration_error=_calibration_error(answers),
            confusion=confusion.tolist(),
        )

    def _said_untrained(self) -> TaskAnswers:
        """Return what the network said before any training."""
        if self._untrained is None:
            new = self.setting.new_network(self.arm.model)
            readout = self.arm.waking.strategy().readout(new)
            self._untrained = TaskAnswers(readout, self.setting.tasks)
        return self._untrained

    def _said(self) -> TaskAnswers:
        """Return what the network says as it is, which sees each image once for all numbers."""
        if self._answers is None:
            self._answers = TaskAnswers(self.readout, self.setting.tasks)
        return self._answers

    def _woken(self, asleep: nn.Module, index: int) -> nn.Module:
        """Return the network that wakes up, its weights changed if the arm is such a control."""
        self._answers = None
        if self.arm.alter is not None:
            generator = np.random.default_rng(training_seed(self.setting.seed, index, "control"))
            altered = self.arm.alter(state_of(self.network), state_of(asleep), generator)
            asleep = write_back(asleep, altered)
        return self.waking.wake(asleep)


def run_arm(arm: Arm, setting: Setting, checkpoints: Checkpoints | None = None) -> ArmResult:
    """Go through all tasks in one way.

    Parameters
    ----------
    arm : Arm
        Which way.
    setting : Setting
        What all arms have in common.
    checkpoints : Checkpoints, optional
        Where training that is cut off goes on.
    """
    course = Course(setting, arm)
    if arm.night_first:
        course.sleep(0)
    rows: list[list[float | None]] = []
    ahead: list[float | None] = []
    for index in range(len(setting.tasks)):
        ahead.append(course.accuracy_on(index))
        if course.strategy.once and index + 1 < len(setting.tasks):
            rows.append([None] * len(setting.tasks))
            continue
        course.learn(index, checkpoints)
        if (arm.model or setting.model).nights.has_night(index):
            if arm.sleeps:
                course.sleep(index)
            elif arm.alter is not None and arm.model is None:
                course.alter(index)
        rows.append(course.row(index + 1))
    return course.result(rows, ahead)


def _per_class(confusion: NDArray[np.int64]) -> dict[str, float]:
    """Return the share of images that are right, of each class that has any."""
    shares = per_class_accuracy(confusion)
    return {str(label): float(shares[label]) for label in np.flatnonzero(~np.isnan(shares))}


def _calibration_error(answers: TaskAnswers) -> float | None:
    """Return the calibration error over all tasks; None if there are images without outputs."""
    outputs = answers.outputs
    if not np.isfinite(outputs.max(axis=1)).all():
        return None
    return calibration_error(outputs, answers.labels)
