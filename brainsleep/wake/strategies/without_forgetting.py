"""Learning without forgetting: the former network says what to answer for the old classes."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ...support.calls import public
from ..learner import Learner
from ..tasks import Task
from .former_network import forget, former_outputs, remember
from .options import option
from .strategy import Strategy


@public
@dataclass(frozen=True, eq=False)
class LearningWithoutForgetting(Strategy):
    r"""Hold the softmax over old classes, on new images, at what it was before the task.

    .. math:: L = \ell(y, h(x)) - \lambda \sum_{k\,\mathrm{old}} p_k \log q_k

    with p the softmax at temperature T of the former network's outputs of old classes, and q that
    of the present ones. The network has one layer of outputs for all tasks, so the loss of new
    images goes over all outputs, and old classes are those of all earlier tasks together; in the
    paper, and here where tasks have `candidates`, each task has its own.

    Parameters
    ----------
    strength : float, optional
        :math:`\lambda`.
    temperature : float, optional
        T, above 0.
    """

    kind = "lwf"
    label = "learning without forgetting (LwF)"
    description = "on new images, the softmax over old classes is held at what it was"
    source = "Li & Hoiem 2016 (arXiv 1606.09282), equations 2 and 3"
    reads_gradients = False

    strength: float = option(10.0, "weight of the distillation")
    temperature: float = option(2.0, "temperature of the softmax", above=True)

    def before_task(self, learner: Learner, task: Task) -> None:
        """Remember the network."""
        if learner.k:
            remember(learner.network, self.kept)

    def batch(self, learner: Learner, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Return the loss of new images and of the distillation."""
        outputs = learner.network(images)
        loss = learner.loss(outputs, labels)
        if learner.k:
            before = former_outputs(learner.network, self.kept, images)
            for old in learner.heads_before:
                loss = loss + self.strength * distillation(
                    outputs[:, old], before[:, old], self.temperature
                )
        return loss

    def after_task(self, learner: Learner, task: Task) -> None:
        """Let the former network go."""
        forget(self.kept)


def distillation(
    outputs: torch.Tensor, wanted: torch.Tensor, temperature: float = 1.0
) -> torch.Tensor:
    """Return the mean cross-entropy of softmax outputs to wanted ones, at a temperature."""
    targets = (wanted / temperature).softmax(1)
    return -(targets * (outputs / temperature).log_softmax(1)).sum(1).mean()
