"""Elastic weight consolidation: weights that mattered for earlier tasks are held by springs."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ...errors import ParameterError
from ...support.calls import public
from ..contexts import mode_of
from ..interface import as_network_input
from ..learner import Learner
from ..tasks import Task
from .former_network import forget, former, remember
from .options import option
from .strategy import Strategy


@dataclass(frozen=True, eq=False)
class Springs(Strategy):
    """What strategies have in common that hold each weight by a spring to where it was.

    Attributes
    ----------
    factor : float
        What the sum over weights of stiffness times squared distance is multiplied with.
    """

    @property
    def factor(self) -> float:
        """The factor of the penalty."""
        raise NotImplementedError

    def stiffness(self, name: str) -> torch.Tensor | None:
        """Return how stiff the springs of a parameter are; None before the first task."""
        return self.kept.get(f"stiffness {name}")

    def before_task(self, learner: Learner, task: Task) -> None:
        """Remember where weights are: springs pull to where they are when a task begins."""
        remember(learner.network, self.kept)

    def batch(self, learner: Learner, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Return the loss of a batch and the penalty."""
        loss = super().batch(learner, images, labels)
        for name, parameter in trained(learner):
            stiffness = self.stiffness(name)
            if stiffness is not None:
                moved = parameter - former(self.kept, name)
                loss = loss + self.factor * (stiffness * moved.square()).sum()
        return loss


@public
@dataclass(frozen=True, eq=False)
class ElasticWeightConsolidation(Springs):
    r"""Penalise changes of weights that the outputs for earlier tasks depend on (online EWC).

    .. math:: L = \ell(y, h(x)) + \frac{\lambda}{2} \sum_i F_i (\theta_i - \theta_i^*)^2,
              \quad F \leftarrow \gamma F + F_\mathrm{task}

    with θ* the weights when the task began, and F the diagonal of the Fisher information: the mean
    over images of the squared gradient of the log-likelihood of a label.

    Parameters
    ----------
    strength : float, optional
        :math:`\lambda`. Learning is unstable where it times the learning rate times F reaches 2.
    gamma : float, optional
        How much of F remains after a task, in [0, 1].
    n_samples : int, optional
        Images of the task, drawn at random, for F.
    labels : {"network", "data"}, optional
        Labels are drawn from the network's softmax (the Fisher information), or are the true ones
        (the "empirical Fisher", as in many implementations).
    """

    kind = "ewc"
    label = "elastic weight consolidation (EWC)"
    description = "changes of weights are penalised by their Fisher information for earlier tasks"
    source = (
        "Kirkpatrick et al. 2017 (arXiv 1612.00796), equation 3; online: Schwarz et al. 2018 "
        "(arXiv 1805.06370), section 4"
    )

    strength: float = option(100.0, "weight of the penalty")
    gamma: float = option(1.0, "part of the information that remains after a task", maximum=1)
    n_samples: int = option(200, "images for the Fisher information", minimum=1)
    labels: str = option("network", "where its labels come from", choices=("network", "data"))

    @property
    def factor(self) -> float:
        """Half the strength."""
        return self.strength / 2

    def after_task(self, learner: Learner, task: Task) -> None:
        """Add the task's Fisher information."""
        forget(self.kept)
        for name, fisher in self.fisher_information(learner, task).items():
            before = self.kept.get(f"stiffness {name}")
            self.kept[f"stiffness {name}"] = (
                fisher if before is None else self.gamma * before + fisher
            )

    def fisher_information(self, learner: Learner, task: Task) -> dict[str, torch.Tensor]:
        """Return the diagonal of the Fisher information of a task, by parameter, in float32."""
        n_images, generator = len(task.train), learner.generator
        order = torch.randperm(n_images, generator=generator, device="cpu")[: self.n_samples]
        images = as_network_input(learner.network, task.train.images[order.numpy()])
        labels = torch.tensor(task.train.labels[order.numpy()], device=learner.device)
        names, parameters = zip(*trained(learner), strict=True)
        sums = [torch.zeros_like(one, dtype=torch.float32) for one in parameters]
        with torch.enable_grad(), mode_of(learner.network, training=False):
            for image, label in zip(images.split(1), labels, strict=True):
                log_p = learner.masked(learner.network(image))[0].float().log_softmax(0)
                if log_p.isnan().any():
                    raise ParameterError("training diverged: the network's outputs are NaN.")
                if self.labels == "network":
                    chances = log_p.detach().exp().cpu()
                    label = torch.multinomial(chances, 1, generator=generator)[0]
                gradients = torch.autograd.grad(log_p[label], parameters, allow_unused=True)
                for total, gradient in zip(sums, gradients, strict=True):
                    if gradient is not None:
                        total += gradient.float().square()
        return {name: total / len(images) for name, total in zip(names, sums, strict=True)}


def trained(learner: Learner) -> list[tuple[str, torch.nn.Parameter]]:
    """Return the parameters that are trained, with their names."""
    return [one for one in learner.network.named_parameters() if one[1].requires_grad]
