"""Experience replay: some images of earlier tasks are learned again with every batch."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ...support.calls import public
from ..learner import Learner
from ..tasks import Task
from .options import option
from .reservoir import Reservoir, Rows
from .strategy import Strategy


@dataclass(frozen=True, eq=False)
class WithMemory(Strategy):
    """What strategies with a reservoir of images have in common.

    Parameters
    ----------
    n_images : int, optional
        Images in memory, in total.
    per_batch : int, optional
        Images of memory that are drawn for every batch; 0: as many as it has new ones.
    """

    n_images: int = option(500, "images in memory, in total", minimum=1)
    per_batch: int = option(0, "images of memory drawn for every batch; 0: as many as new ones")

    @property
    def memory(self) -> Reservoir:
        """The images in memory."""
        return Reservoir(self.kept, self.n_images)

    def draw(self, learner: Learner, images: torch.Tensor) -> Rows:
        """Draw rows of memory to go with a batch of images, in its type."""
        rows = self.memory.draw(self.per_batch or len(images), learner.generator)
        return {**rows, "images": rows["images"].to(images)}


@public
@dataclass(frozen=True, eq=False)
class ExperienceReplay(WithMemory):
    """Join images of earlier tasks, drawn from memory, to every batch; the loss is over both.

    When a task has been learned, its images are offered to the memory once: it is a uniform sample
    of all images of all tasks so far, as large as it can be.
    """

    kind = "replay"
    label = "experience replay"
    description = "a batch of stored images of earlier tasks joins every batch"
    source = "Chaudhry et al. 2019 (arXiv 1902.10486): ER with a reservoir"
    reads_gradients = False

    def batch(self, learner: Learner, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Return the loss over new and old images together."""
        if not len(self.memory):
            return super().batch(learner, images, labels)
        old = self.draw(learner, images)
        outputs = learner.network(torch.cat([images, old["images"]]))
        tasks = torch.full_like(labels, learner.k)
        return learner.loss(
            outputs, torch.cat([labels, old["labels"]]), torch.cat([tasks, old["tasks"]])
        )

    def after_task(self, learner: Learner, task: Task) -> None:
        """Offer the task's images to the memory."""
        device = learner.device
        images = torch.tensor(task.train.images, device=device)
        labels = torch.tensor(task.train.labels, device=device)
        self.memory.add({"images": images, **labelled(learner, labels)}, learner.generator)


def labelled(learner: Learner, labels: torch.Tensor) -> Rows:
    """Return what is stored of images beside themselves: their classes and their task."""
    tasks = torch.full_like(labels, learner.k, dtype=torch.int16)
    return {"labels": labels.to(torch.int32), "tasks": tasks}
