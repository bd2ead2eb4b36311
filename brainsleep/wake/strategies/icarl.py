"""iCaRL: exemplars chosen by herding, distillation, and the nearest mean of exemplars."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from ...support.calls import public
from ..datasets import Dataset, concatenate
from ..interface import as_network_input
from ..learner import Learner
from ..tasks import Task
from .features import LAST, features_of, find_layer
from .former_network import forget, former_outputs, remember
from .options import option
from .reservoir import packed, unpacked
from .scored_features import NearestMean
from .strategy import Strategy

_PREFIX = "exemplars "


@public
@dataclass(frozen=True, eq=False)
class ICaRL(Strategy):
    r"""Learn features with exemplars and distillation; classify by the nearest mean of exemplars.

    The loss of an image is the binary cross-entropy of the sigmoid of each output seen so far,
    summed over these: of a new class to whether it is the image's, of an old class to what the
    former network gave (algorithm 3). Exemplars of earlier classes are trained on with the images
    of the task. Then for each class images are chosen, one after the other, such that the mean of
    their features is nearest to that of the class (herding, algorithm 4); there are as many
    exemplars in total as `n_images` says, the same number of each class. Features have length 1.
    The answer is the class the mean of whose exemplars' features is nearest (algorithm 1).

    `Training.loss` is not used. Where a class comes again in a later task it counts as new, and
    its exemplars are chosen anew from these and the new images.

    Parameters
    ----------
    n_images : int, optional
        Exemplars in total.
    layer : str, optional
        Features are what this layer receives: ``"last"`` (the last ``nn.Linear``), ``"second"``
        (the second layer with weights) or a path in the network.
    """

    kind = "icarl"
    label = "iCaRL"
    description = "exemplars by herding, distillation, nearest mean of exemplars"
    source = "Rebuffi et al. 2017 (arXiv 1611.07725), algorithms 1 to 5"

    n_images: int = option(500, "exemplars in total", minimum=1)
    layer: str = option(LAST, "layer whose input the features are")

    def before_task(self, learner: Learner, task: Task) -> None:
        """Remember the network."""
        find_layer(learner.network, self.layer)
        if learner.k:
            remember(learner.network, self.kept)

    def data(self, learner: Learner, task: Task) -> Dataset:
        """Return the images of the task and all exemplars."""
        sets = {label: self.exemplars(label) for label in self.classes}
        if not sets:
            return task.train
        images = np.concatenate(list(sets.values()))
        labels = np.concatenate([np.full(len(one), label) for label, one in sets.items()])
        shape = task.train.image_shape
        return concatenate([task.train, Dataset("exemplars", images, labels, shape)])

    def batch(self, learner: Learner, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Return the loss of classification and distillation."""
        outputs = learner.network(images)
        targets = nn.functional.one_hot(labels, outputs.shape[1]).to(outputs)
        old = [label for label in learner.seen_before if label not in learner.task.classes]
        if old:
            before = former_outputs(learner.network, self.kept, images)
            targets[:, old] = before[:, old].sigmoid()
        seen = learner.seen
        losses = nn.functional.binary_cross_entropy_with_logits(
            outputs[:, seen], targets[:, seen], reduction="none"
        )
        return losses.sum(1).mean()

    def after_task(self, learner: Learner, task: Task) -> None:
        """Choose exemplars of the task's classes; keep fewer of the others."""
        forget(self.kept)
        n_each = max(1, self.n_images // len(learner.seen))
        for label in task.classes:
            images = task.train.images[task.train.labels == label]
            if label in self.classes:
                images = np.concatenate([self.exemplars(label), images])
            shown = as_network_input(learner.network, images)
            features = unit_length(features_of(learner.network, self.layer, shown))
            chosen = images[herded(features, n_each)]
            self.kept[f"{_PREFIX}{label}"] = packed(torch.tensor(chosen, device=learner.device))
        for label in self.classes:
            self.kept[f"{_PREFIX}{label}"] = self.kept[f"{_PREFIX}{label}"][:n_each].clone()
        self.kept["n_outputs"] = torch.tensor(learner.n_outputs, device="cpu")

    def readout(self, network: nn.Module) -> nn.Module:
        """Return the classifier by nearest means of exemplars, as this network sees them."""
        if not self.classes:
            return network
        means = {}
        for label in self.classes:
            shown = as_network_input(network, self.exemplars(label))
            features = unit_length(features_of(network, self.layer, shown))
            means[label] = unit_length(features.mean(0, keepdim=True))[0]
        first = next(iter(means.values()))
        table = first.new_zeros(int(self.kept["n_outputs"]), len(first))
        for label, mean in means.items():
            table[label] = mean
        is_seen = torch.zeros(len(table), dtype=torch.bool, device=table.device)
        is_seen[list(means)] = True
        return NearestMean(network, self.layer, is_seen, table, normalise=True)

    @property
    def classes(self) -> list[int]:
        """The classes that have exemplars."""
        names = [name for name in self.kept if name.startswith(_PREFIX)]
        return [int(name.removeprefix(_PREFIX)) for name in names]

    def exemplars(self, label: int) -> np.ndarray:
        """Return the exemplars of a class, the first chosen first."""
        images: np.ndarray = unpacked(self.kept[f"{_PREFIX}{label}"]).cpu().numpy()
        return images


def unit_length(features: torch.Tensor) -> torch.Tensor:
    """Divide features by their lengths."""
    return nn.functional.normalize(features, dim=1)


def herded(features: torch.Tensor, n_chosen: int) -> list[int]:
    """Choose rows, one after the other, such that the mean of those chosen is that of all.

    Parameters
    ----------
    features : torch.Tensor, shape (n_images, n_features)
        Of one class.
    n_chosen : int
        How many; no more than there are.

    Returns
    -------
    list of int
        Numbers of rows, the first chosen first; none twice.
    """
    mean, total = features.mean(0), torch.zeros_like(features[0])
    chosen: list[int] = []
    is_free = torch.ones(len(features), dtype=torch.bool, device=features.device)
    for number in range(1, min(n_chosen, len(features)) + 1):
        distances = (mean - (total + features) / number).square().sum(1)
        best = int(distances.masked_fill(~is_free, torch.inf).argmin())
        chosen.append(best)
        is_free[best] = False
        total = total + features[best]
    return chosen
