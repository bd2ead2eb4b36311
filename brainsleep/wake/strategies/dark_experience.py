"""DER++: images are replayed with the outputs that the network once gave for them."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ...support.calls import public
from ..learner import Learner
from .experience_replay import WithMemory, labelled
from .options import option


@public
@dataclass(frozen=True, eq=False)
class DarkExperienceReplay(WithMemory):
    r"""Hold the outputs of stored images at what they were, and learn stored labels again.

    With two draws (x', z') and (x'', y'') from memory, the loss of a batch is (equation 6)

    .. math:: L = \ell(y, h(x)) + \alpha \| z' - h(x') \|^2 + \beta \, \ell(y'', h(x''))

    where the square is a mean over images and outputs, as in the authors' code. Every image that
    is shown is offered to the memory with the outputs it had just then, in each epoch anew.

    Parameters
    ----------
    alpha : float, optional
        Weight of the outputs.
    beta : float, optional
        Weight of the labels; 0 is DER.
    """

    kind = "derpp"
    label = "dark experience replay (DER++)"
    description = "stored images are replayed with their labels and with their former outputs"
    source = "Buzzega et al. 2020 (arXiv 2004.07211), equation 6"
    reads_gradients = False

    alpha: float = option(0.5, "weight of the stored outputs")
    beta: float = option(1.0, "weight of the stored labels")

    def batch(self, learner: Learner, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Return the loss of new images, of stored outputs, and of stored labels."""
        n_new = len(images)
        if len(self.memory):
            one, other = self.draw(learner, images), self.draw(learner, images)
            outputs = learner.network(torch.cat([images, one["images"], other["images"]]))
            new, as_before, again = outputs.split([n_new, len(one["labels"]), len(other["labels"])])
            former = one["outputs"].to(as_before)
            loss = (
                learner.loss(new, labels)
                + self.alpha * (as_before - former).square().mean()
                + self.beta * learner.loss(again, other["labels"].long(), other["tasks"])
            )
        else:
            new = learner.network(images)
            loss = learner.loss(new, labels)
        rows = {"images": images, "outputs": new.float(), **labelled(learner, labels)}
        self.memory.add(rows, learner.generator)
        return loss
