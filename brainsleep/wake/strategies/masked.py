"""One task after another, each with its own outputs alone."""

from dataclasses import dataclass

import torch

from ...support.calls import public
from ..learner import Learner
from .strategy import Strategy


@public
@dataclass(frozen=True, eq=False)
class SequentialMasked(Strategy):
    """Train on one task after another, told which classes the current task has.

    Only their outputs enter the loss, so the outputs of earlier tasks are not pushed down. In
    *evaluation* nothing is masked: all classes compete, as for every other strategy.
    """

    kind = "sequential_masked"
    label = "no sleep, other tasks' outputs masked"
    description = (
        "one task after another; only the outputs of the current task's classes enter the loss"
    )
    source = "'Sequential (Cheat)' in the Python replica of Tadros et al. 2022"
    reads_gradients = False

    def batch(self, learner: Learner, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Return the loss over the outputs of the task's classes."""
        return learner.loss(learner.network(images), labels, classes=learner.task.classes)
