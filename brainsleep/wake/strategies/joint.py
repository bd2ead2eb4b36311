"""All tasks at once: the upper bound."""

from dataclasses import dataclass

import torch

from ...support.calls import public
from ..datasets import Dataset, concatenate
from ..learner import Learner
from ..tasks import Task
from .strategy import Strategy


@public
@dataclass(frozen=True, eq=False)
class Joint(Strategy):
    """Train on the images of all tasks together, for as many epochs as on each task otherwise."""

    kind = "joint"
    label = "joint training (upper bound)"
    description = "all tasks at once, each image as often as in 'sequential': the upper bound"
    source = "Tadros et al. 2022"
    once = True

    def data(self, learner: Learner, task: Task) -> Dataset:
        """Return the images of all tasks."""
        return concatenate([one.train for one in learner.tasks])

    def batch(self, learner: Learner, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Return the loss of a batch; each image may have the outputs of its own task."""
        tasks = learner.first_task_of(labels)
        return learner.loss(learner.network(images), labels, tasks=tasks)
