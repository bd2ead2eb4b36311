"""What a strategy works with while one task is learned."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from torch import nn

from .checkpoints import Checkpoints
from .interface import count_outputs, device_of
from .objective import loss_of, open_outputs
from .tasks import Task
from .training import Training, training_seed


@dataclass
class Learner:
    """A network that learns the tasks of an experiment, one of them now.

    Parameters
    ----------
    network : torch.nn.Module
        Changed in place.
    tasks : sequence of Task
        All of the experiment; a strategy looks at those up to the k-th alone.
    k : int
        Which of them is learned, from 0.
    training : Training
        How.
    seed : int
        Seed of the experiment.
    progress : bool
        Whether to show a progress bar.
    checkpoints : Checkpoints or None
        Where the state after epochs is kept.

    Attributes
    ----------
    generator : torch.Generator
        The random numbers of the strategy, on the CPU; each task has its own.
    notes : dict
        What a strategy finds out before the task and needs while it is learned. (What it
        remembers from task to task is in its `kept`.)
    """

    network: nn.Module
    tasks: Sequence[Task]
    k: int
    training: Training
    seed: int
    progress: bool = True
    checkpoints: Checkpoints | None = None
    generator: torch.Generator = field(init=False)
    notes: dict[str, Any] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        """Seed the strategy's random numbers."""
        seed = training_seed(self.seed, self.task.index, "strategy")
        self.generator = torch.Generator().manual_seed(seed)

    @property
    def task(self) -> Task:
        """The task that is learned."""
        return self.tasks[self.k]

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return device_of(self.network)

    @cached_property
    def n_outputs(self) -> int:
        """How many outputs the network has."""
        return count_outputs(self.network, self.task.train)

    @property
    def seen(self) -> list[int]:
        """The classes of this task and of those before it, ascending."""
        return sorted({label for task in self.tasks[: self.k + 1] for label in task.classes})

    @property
    def seen_before(self) -> list[int]:
        """The classes of the tasks before this one, ascending."""
        return sorted({label for task in self.tasks[: self.k] for label in task.classes})

    @property
    def heads_before(self) -> list[list[int]]:
        """The outputs among which images of earlier tasks are classified: one list, or several.

        Where earlier tasks have `candidates`, these; otherwise all classes of earlier tasks.
        """
        heads = [
            self.seen_before if task.candidates is None else list(task.candidates)
            for task in self.tasks[: self.k]
        ]
        return [head for number, head in enumerate(heads) if head not in heads[:number]]

    def loss(
        self,
        outputs: torch.Tensor,
        labels: torch.Tensor,
        tasks: torch.Tensor | None = None,
        classes: Collection[int] | None = None,
    ) -> torch.Tensor:
        """Return the mean of the loss that `training` names.

        Where tasks have `candidates`, only the outputs of these enter the loss of an image.

        Parameters
        ----------
        outputs : torch.Tensor, shape (n_images, n_outputs)
            What the network gave.
        labels : torch.Tensor of int64, shape (n_images,)
            The class of each image.
        tasks : torch.Tensor of int, shape (n_images,), optional
            The number of the task that each image comes from. Default: this one.
        classes : collection of int, optional
            The outputs that enter the loss, of those that would.

        Returns
        -------
        torch.Tensor, shape ()
        """
        is_open = self._candidates
        if is_open is not None:
            is_open = is_open[self.k] if tasks is None else is_open[tasks.long()]
        if classes is not None:
            chosen = self.mask(classes)
            is_open = chosen if is_open is None else is_open & chosen
        return loss_of(outputs, labels, self.training.loss, is_open)

    def first_task_of(self, labels: torch.Tensor) -> torch.Tensor:
        """Return for each label the number of the first task that has it."""
        numbers = torch.zeros(self.n_outputs, dtype=torch.int64, device="cpu")
        for k in reversed(range(self.k + 1)):
            numbers[list(self.tasks[k].classes)] = k
        return numbers.to(labels.device)[labels]

    def masked(self, outputs: torch.Tensor) -> torch.Tensor:
        """Return outputs of this task's images, at -inf where they cannot be the answer."""
        if self._candidates is None:
            return outputs
        return outputs.masked_fill(~self._candidates[self.k], -math.inf)

    def mask(self, classes: Collection[int]) -> torch.Tensor:
        """Return for each output whether it is that of one of some classes."""
        is_open = torch.zeros(self.n_outputs, dtype=torch.bool, device=self.device)
        is_open[list(classes)] = True
        return is_open

    @cached_property
    def _candidates(self) -> torch.Tensor | None:
        """For each task and output: whether it may be the answer; None if all may, always."""
        tasks = self.tasks[: self.k + 1]
        if all(task.candidates is None for task in tasks):
            return None
        rows = []
        for task in tasks:
            shown, name = task.train.classes, task.train.name
            row = open_outputs(task.candidates, self.n_outputs, shown, name)
            every = torch.ones(self.n_outputs, dtype=torch.bool, device="cpu")
            rows.append(every if row is None else row)
        return torch.stack(rows).to(self.device)
