"""All tasks at once: the upper bound."""

from dataclasses import dataclass

import torch

from ...support.calls import public
from ..datasets import Dataset, concatenate
from ..learner import Learner
from ..tasks import Task
from .reservoir import packed
from .strategy import Strategy

#: Name of the number of bytes.
_STORED = "stored bytes"

#: As the labels of stored images elsewhere, in int32.
_BYTES_PER_LABEL = 4


@public
@dataclass(frozen=True, eq=False)
class Joint(Strategy):
    """Train on the images of all tasks together, for as many epochs as on each task otherwise."""

    kind = "joint"
    label = "joint training (upper bound)"
    description = "all tasks at once, each image as often as in 'sequential': the upper bound"
    source = "Tadros et al. 2022"
    reads_gradients = False
    once = True

    def before_task(self, learner: Learner, task: Task) -> None:
        """Note how many bytes the images and labels of the tasks before the last one take."""
        n_bytes = 0
        for earlier in learner.tasks[:-1]:
            images = packed(torch.tensor(earlier.train.images, device="cpu"))
            n_bytes += images.nbytes + _BYTES_PER_LABEL * len(images)
        self.kept[_STORED] = torch.tensor(n_bytes, device="cpu")

    @property
    def stored_bytes(self) -> int:
        """Bytes of images and labels that had to be kept until the last task came."""
        return int(self.kept.get(_STORED, 0))

    def data(self, learner: Learner, task: Task) -> Dataset:
        """Return the images of all tasks."""
        return concatenate([one.train for one in learner.tasks])

    def batch(self, learner: Learner, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Return the loss of a batch; each image may have the outputs of its own task."""
        tasks = learner.first_task_of(labels)
        return learner.loss(learner.network(images), labels, tasks=tasks)
