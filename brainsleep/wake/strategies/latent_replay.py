"""Latent replay: what a layer receives is stored and replayed, and layers below are frozen."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ...support.calls import public
from ..interface import as_network_input
from ..learner import Learner
from ..tasks import Task
from .experience_replay import labelled
from .features import SECOND
from .lower_layers import Below
from .options import option
from .reservoir import Reservoir
from .strategy import Strategy


@public
@dataclass(frozen=True, eq=False)
class LatentReplay(Strategy):
    """Replay what a layer received for images of earlier tasks, at 8 bits per number.

    The first task trains the whole network. From then on all layers below `layer` are frozen, so
    that stored activations stay true, and run as in evaluation (without dropout); stored
    activations join those of every batch, and the loss is over both.

    What is simpler than in REMIND: numbers are rounded to 256 levels between the least and the
    largest of the first task's, rather than product-quantised (8 bits for each number, rather than
    for groups of them); images come in batches and epochs as for every strategy here, not one at
    a time; the memory is a reservoir rather than full.

    The network must pass from `layer` to its outputs without a way around it.

    Parameters
    ----------
    n_images : int, optional
        Images in memory, in total.
    per_batch : int, optional
        Images of memory that are drawn for every batch; 0: as many as it has new ones.
    layer : str, optional
        Whose input is stored: a path in the network, ``"second"`` (the second layer with weights)
        or ``"last"`` (the last ``nn.Linear``).
    """

    kind = "latent_replay"
    label = "latent replay"
    description = "stored activations of a layer are replayed; layers below are frozen"
    source = (
        "Hayes et al. 2020 (arXiv 1910.02509): REMIND; Pellegrini et al. 2020 (arXiv 1912.01100)"
    )

    n_images: int = option(500, "images in memory, in total", minimum=1)
    per_batch: int = option(0, "images of memory drawn for every batch; 0: as many as new ones")
    layer: str = option(SECOND, "layer whose input is stored")

    @property
    def memory(self) -> Reservoir:
        """The activations in memory."""
        return Reservoir(self.kept, self.n_images)

    def before_task(self, learner: Learner, task: Task) -> None:
        """Freeze what lies below the layer."""
        below = Below(
            learner.network, self.layer, as_network_input(learner.network, task.train.images[:1])
        )
        learner.notes["below"] = below
        for parameter in below.parameters if learner.k else ():
            parameter.requires_grad_(False)

    def batch(self, learner: Learner, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Return the loss over new images and stored activations together."""
        if learner.k == 0:
            return super().batch(learner, images, labels)
        below: Below = learner.notes["below"]
        old = self.memory.draw(self.per_batch or len(images), learner.generator)
        outputs = below.joined(images, self.decoded(old["codes"]))
        tasks = torch.full_like(labels, learner.k)
        return learner.loss(
            outputs, torch.cat([labels, old["labels"]]), torch.cat([tasks, old["tasks"]])
        )

    def after_task(self, learner: Learner, task: Task) -> None:
        """Thaw the network, and offer what the layer received to the memory."""
        below: Below = learner.notes["below"]
        for parameter in below.parameters if learner.k else ():
            parameter.requires_grad_(True)
        activations = below.received(as_network_input(learner.network, task.train.images))
        if learner.k == 0:
            self.kept["range"] = torch.stack([activations.min(), activations.max()])
        labels = torch.tensor(task.train.labels, device=activations.device)
        rows = {"codes": self.encoded(activations), **labelled(learner, labels)}
        self.memory.add(rows, learner.generator)

    def encoded(self, activations: torch.Tensor) -> torch.Tensor:
        """Round activations to 256 levels."""
        low, high = self.kept["range"]
        levels = 255 * (activations - low) / (high - low).clamp(min=1e-12)
        return levels.round().clamp(0, 255).to(torch.uint8)

    def decoded(self, codes: torch.Tensor) -> torch.Tensor:
        """Return the activations of the levels."""
        low, high = self.kept["range"]
        return low + (high - low) * codes.float() / 255
