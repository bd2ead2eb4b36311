"""Energy-based learning: only the classes of a batch compete."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn.functional import softplus

from ...support.calls import public
from ..learner import Learner
from .options import option
from .strategy import Strategy


@public
@dataclass(frozen=True, eq=False)
class EnergyBased(Strategy):
    r"""Lower the energy of the right class against that of others that the batch has images of.

    .. math:: L = \log \Big( 1 + e^{E(x, y) - E(x, y^-)} \Big)

    with y⁻ drawn for each image from the other classes of its batch. Classes that are absent are
    not pushed away, so those of earlier tasks are not. The answer is the class of least energy.

    What is simpler than in the paper: the energy of a class is minus its output, in the network
    as it is; the paper's networks take the class as an input, which gates hidden layers.
    `Training.loss` is not used. Images of a batch with only one class teach nothing.

    Parameters
    ----------
    negatives : {"one", "all"}, optional
        ``"one"`` other class of the batch, drawn for each image; or ``"all"``, a softmax over the
        classes of the batch.
    """

    kind = "energy_based"
    label = "energy-based (contrastive)"
    description = "only the classes of a batch compete, by a contrastive loss of energies"
    source = "Li et al. 2020 (arXiv 2011.12216), section 4.2; energies simplified"

    negatives: str = option("one", "classes that compete", choices=("one", "all"))

    def batch(self, learner: Learner, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Return the contrastive loss."""
        outputs = learner.network(images)
        classes, places = labels.unique(return_inverse=True)
        if len(classes) == 1:
            return 0 * outputs.sum()
        energies = -outputs[:, classes]
        if self.negatives == "all":
            return torch.nn.functional.cross_entropy(-energies, places)
        drawn = torch.randint(
            len(classes) - 1, (len(labels),), generator=learner.generator, device="cpu"
        )
        others = drawn.to(places) + (drawn.to(places) >= places)
        rows = torch.arange(len(labels), device=labels.device)
        return softplus(energies[rows, places] - energies[rows, others]).mean()
