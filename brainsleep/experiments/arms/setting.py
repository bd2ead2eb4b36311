"""What all arms of an experiment have in common."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Self

from torch import nn

from ...wake import Task, Training
from ...wake.kept_stages import KeptStages
from ...wake.task_answers import TaskAnswers
from ..model_files.modelfile import ModelFile
from ..model_files.run_request import RunRequest
from ..run_directory.run_clock import RunClock


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
    clock : RunClock
        Told how long the parts take.
    """

    model: ModelFile
    tasks: tuple[Task, ...]
    seed: int = 0
    progress: bool = True
    kept: KeptStages | None = field(default_factory=KeptStages)
    clock: RunClock = field(default_factory=RunClock, compare=False)

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

    @cached_property
    def untrained(self) -> TaskAnswers:
        """What the network says of the test images before any training."""
        return TaskAnswers(self.new_network(), self.tasks)

    def new_network(self, model: ModelFile | None = None) -> nn.Module:
        """Return the network before any training; layers that do not learn want no gradient.

        Parameters
        ----------
        model : ModelFile, optional
            Of an arm that has another network than the others.
        """
        network = (model or self.model).network
        return self.model.training.freeze(network.build(self.seed))
