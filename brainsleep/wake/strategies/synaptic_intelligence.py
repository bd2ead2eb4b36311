"""Synaptic intelligence: weights that lowered the loss of earlier tasks are held by springs."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ...support.calls import public
from ..learner import Learner
from ..tasks import Task
from .elastic_weights import Springs, trained
from .former_network import forget, former
from .options import option


@public
@dataclass(frozen=True, eq=False)
class SynapticIntelligence(Springs):
    r"""Penalise changes of weights by how much of the fall of earlier losses is due to them.

    .. math:: L = \ell(y, h(x)) + c \sum_i \Omega_i (\theta_i - \theta_i^*)^2, \quad
              \Omega_i \leftarrow \Omega_i + \frac{\max(\omega_i, 0)}{\Delta_i^2 + \xi}

    with θ* the weights when the task began, Δ how far they moved in a task, and ω the sum over its
    steps of minus the gradient of the loss without the penalty, times the step. Where ω comes out
    below 0, it counts as 0: a spring does not push.

    Parameters
    ----------
    strength : float, optional
        c.
    damping : float, optional
        ξ, above 0, in units of the weights, squared.
    """

    kind = "si"
    label = "synaptic intelligence (SI)"
    description = "changes of weights are penalised by what they did for the loss of earlier tasks"
    source = "Zenke et al. 2017 (arXiv 1703.04200), equations 3 to 5"

    strength: float = option(1.0, "weight of the penalty")
    damping: float = option(0.1, "of the importance of weights that hardly moved", above=True)

    @property
    def factor(self) -> float:
        """The strength."""
        return self.strength

    def before_task(self, learner: Learner, task: Task) -> None:
        """Begin to sum up."""
        super().before_task(learner, task)
        for name, parameter in trained(learner):
            self.kept[f"last {name}"] = former(self.kept, name).clone()
            self.kept[f"path {name}"] = torch.zeros_like(parameter, dtype=torch.float32)

    def after_step(self, learner: Learner) -> None:
        """Add what a step has done for the loss."""
        for name, parameter in trained(learner):
            last, stiffness = self.kept[f"last {name}"], self.stiffness(name)
            if parameter.grad is not None:
                gradient = parameter.grad.float()
                if stiffness is not None:
                    moved = last - former(self.kept, name)
                    gradient = gradient - 2 * self.strength * stiffness * moved
                self.kept[f"path {name}"] -= gradient * (parameter.detach() - last)
            last.copy_(parameter.detach())

    def after_task(self, learner: Learner, task: Task) -> None:
        """Turn the sums into stiffness."""
        for name, parameter in trained(learner):
            moved = (parameter.detach() - former(self.kept, name)).float()
            path = self.kept.pop(f"path {name}").clamp(min=0)
            del self.kept[f"last {name}"]
            stiffness = path / (moved.square() + self.damping)
            before = self.stiffness(name)
            self.kept[f"stiffness {name}"] = stiffness if before is None else before + stiffness
        forget(self.kept)
