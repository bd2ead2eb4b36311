"""One arm's way through the tasks: learning, sleeping, measuring."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from torch import nn

from ..measures import calibration_error, per_class_accuracy
from ..night import Night, NightRequest, run_night
from ..translation import write_back
from ..wake import (
    Task,
    Training,
    concatenate,
    learn_task,
    task_accuracies,
    training_seed,
)
from ..wake.checkpoints import Checkpoints
from ..wake.kept_stages import KeptStages
from ..wake.task_answers import TaskAnswers
from .arms import Arm, ArmResult
from .model_files.modelfile import ModelFile
from .run_request import RunRequest
from .run_state import State


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What all arms of an experiment have in common.

    Attributes
    ----------
    model : ModelFile
        Network and training; nights are those of each arm.
    tasks : tuple of Task
        In the order of learning.
    seed : int
        Of everything that is drawn.
    progress : bool
        Whether to show progress bars.
    kept : KeptStages or None
        Where trained networks are read and kept; None: each is trained.
    """

    model: ModelFile
    tasks: tuple[Task, ...]
    seed: int = 0
    progress: bool = True
    kept: KeptStages | None = field(default_factory=KeptStages)

    @classmethod
    def of_request(cls, request: RunRequest, model: ModelFile, tasks: tuple[Task, ...]) -> Self:
        """Return what all arms of a run have in common."""
        kept = None if request.train_anew else KeptStages()
        return cls(
            model=model, tasks=tasks, seed=request.seed, progress=request.progress, kept=kept
        )

    @property
    def training(self) -> Training:
        """How networks learn."""
        return self.model.training.build()

    def new_network(self) -> nn.Module:
        """Return the network before any training."""
        return self.model.network.build(self.seed)

    def night_after(self, network: nn.Module, index: int, model: ModelFile) -> NightRequest:
        """Return the night after a task, with the `[sleep]` of a model.

        Images of the current task are those of all tasks since the night before.
        """
        section = model.sleep
        first = index
        while first > 0 and not section.has_night(first - 1):
            first -= 1
        learned = [task.train for task in self.tasks[: index + 1]]
        images = {"current": concatenate(learned[first:]), "seen": concatenate(learned)}
        return NightRequest(
            ann=network,
            stimulus=section.stimulus.build(images[section.stimulus.images]),
            data=images[section.gain_data].images,
            duration=section.steps.of_task(index),
            neuron=section.neuron.build(),
            plasticity=section.plasticity.build(),
            biases=section.biases,
            device=section.device,
            dtype=section.dtype,
            dt=section.dt,
            stages=section.stages_of_task(index),
            seed=training_seed(self.seed, index, "night"),
        )


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
    stored_bytes : int
        The most that the strategy has kept after a task.
    seconds : float
        Of learning and nights so far.
    """

    setting: Setting
    arm: Arm
    network: nn.Module = field(init=False)
    stored_bytes: int = 0
    seconds: float = 0.0

    def __post_init__(self) -> None:
        """Begin with a new network."""
        self.strategy = self.arm.waking.strategy()
        self.network = self.setting.new_network()

    def learn(self, index: int, checkpoints: Checkpoints | None = None) -> None:
        """Learn a task."""
        setting = self.setting
        what = (self.strategy, self.network, setting.tasks, index, setting.training)
        options: dict[str, Any] = {
            "seed": setting.seed,
            "progress": setting.progress,
            "checkpoints": checkpoints,
        }
        if setting.kept is not None:
            self.seconds += setting.kept.learn(*what, **options).seconds
        else:
            started = time.monotonic()
            learn_task(*what, **options)
            self.seconds += time.monotonic() - started
        self.stored_bytes = max(self.stored_bytes, self.strategy.stored_bytes)

    def sleep(self, index: int) -> Night:
        """Sleep on a task; the network wakes up with other weights."""
        assert self.arm.model is not None
        started = time.monotonic()
        request = self.setting.night_after(self.network, index, self.arm.model)
        night = run_night(request, progress=self.setting.progress)
        if night.stopped:
            raise KeyboardInterrupt  # a night cut short is no result of this experiment
        assert night.ann is not None
        self.network = self._woken(night.ann, index)
        self.seconds += time.monotonic() - started
        return night

    def alter(self, index: int) -> None:
        """Change the weights after a task where a night would be: a control that does not sleep."""
        self.network = self._woken(self.network, index)

    def row(self, n_seen: int | None = None) -> list[float | None]:
        """Return the accuracy on each task; None for those after the first `n_seen`."""
        return task_accuracies(self.readout, self.setting.tasks, n_seen)

    def accuracy_on(self, index: int) -> float | None:
        """Return the accuracy on one task."""
        return task_accuracies(self.readout, self.setting.tasks[index : index + 1])[0]

    @property
    def readout(self) -> nn.Module:
        """What classifies images: the network, or what the strategy makes of it."""
        return self.strategy.readout(self.network)

    def result(self, rows: Sequence[list[float | None]], ahead: list[float | None]) -> ArmResult:
        """Return what came of it, given the accuracies that were measured on the way."""
        tasks, waking = self.setting.tasks, self.arm.waking
        answers = TaskAnswers.of(self.readout, tasks)
        confusion = answers.confusion
        untrained = task_accuracies(waking.strategy().readout(self.setting.new_network()), tasks)
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

    def _woken(self, asleep: nn.Module, index: int) -> nn.Module:
        """Return the network that wakes up, its weights changed if the arm is such a control."""
        if self.arm.alter is None:
            return asleep
        generator = np.random.default_rng(training_seed(self.setting.seed, index, "control"))
        altered = self.arm.alter(state_of(self.network), state_of(asleep), generator)
        return write_back(asleep, altered)


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
        if (arm.model or setting.model).sleep.has_night(index):
            if arm.sleeps:
                course.sleep(index)
            elif arm.alter is not None and arm.model is None:
                course.alter(index)
        rows.append(course.row(index + 1))
    return course.result(rows, ahead)


def state_of(network: nn.Module) -> State:
    """Return a network's parameters and buffers."""
    return {name: tensor.detach().cpu().numpy() for name, tensor in network.state_dict().items()}


def _per_class(confusion: NDArray[np.int64]) -> dict[str, float]:
    """Return the share of images that are right, of each class that has any."""
    shares = per_class_accuracy(confusion)
    return {str(label): float(shares[label]) for label in np.flatnonzero(~np.isnan(shares))}


def _calibration_error(answers: TaskAnswers) -> float | None:
    """Return the calibration error over all tasks; None if there are images without outputs."""
    outputs = np.concatenate(answers.outputs)
    if not np.isfinite(outputs.max(axis=1)).all():
        return None
    return calibration_error(outputs, answers.labels)
