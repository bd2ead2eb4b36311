"""Nearest class mean: the simplest classifier that forgets nothing."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from ...support.calls import public
from ..interface import as_network_input, device_of
from ..learner import Learner
from ..tasks import Task
from .features import PIXELS, features_of, find_layer
from .options import option
from .scored_features import NearestMean
from .strategy import Strategy

#: What the parameter `metric` may be.
METRICS = ("euclidean", "cosine")

#: What the parameter `layer` means.
LAYER = "layer whose input the features are, or 'pixels'"


@dataclass(frozen=True, eq=False)
class ClassMeans(Strategy):
    """What strategies that keep the mean of each class have in common.

    Parameters
    ----------
    layer : str, optional
        ``"pixels"``: features are the images, and the network is not trained at all. Otherwise
        they are what a layer receives: a path in the network, ``"last"`` (the last ``nn.Linear``)
        or ``"second"`` (the second layer with weights); the network learns the first task, and is
        not trained any more.
    """

    has_chance = False  # with the layer "pixels": no network is drawn or trained

    layer: str = option(PIXELS, LAYER)

    def before_task(self, learner: Learner, task: Task) -> None:
        """Look for the layer."""
        if self.layer != PIXELS:
            find_layer(learner.network, self.layer)

    def trains(self, learner: Learner, task: Task) -> bool:
        """Tell whether the network is trained: on the first task, for the features."""
        return self.layer != PIXELS and learner.k == 0

    def after_task(self, learner: Learner, task: Task) -> None:
        """Add the task's images to what is known of their classes."""
        images = as_network_input(learner.network, task.train.images)
        features = features_of(learner.network, self.layer, images)
        labels = torch.tensor(task.train.labels, device=features.device)
        if "means" not in self.kept:
            shape = (learner.n_outputs, features.shape[1])
            self.kept["means"] = torch.zeros(shape, dtype=torch.float32, device=features.device)
            self.kept["counts"] = torch.zeros(
                learner.n_outputs, dtype=torch.int64, device=features.device
            )
        for label in labels.unique().tolist():
            self.add(label, features[labels == label])

    def add(self, label: int, features: torch.Tensor) -> None:
        """Take more images of a class into its mean."""
        count, mean = self.kept["counts"][label], self.kept["means"][label]
        count += len(features)
        mean += ((features - mean).sum(0) / count).to(mean.dtype)

    @property
    def is_seen(self) -> torch.Tensor:
        """Whether there has been an image of each class."""
        return self.kept["counts"] > 0


@public
@dataclass(frozen=True, eq=False)
class NearestClassMean(ClassMeans):
    """Keep the mean of each class; the answer is the class whose mean is nearest.

    Parameters
    ----------
    layer : str, optional
        As of :class:`ClassMeans`.
    metric : {"euclidean", "cosine"}, optional
        By what means are near: their distance, or the angle between image and mean, which does
        not ask how strong the features are.
    """

    kind = "nearest_class_mean"
    label = "nearest class mean"
    description = "the class whose mean is nearest, of pixels or of a layer's input"
    source = "Mensink et al. 2013 (doi 10.1109/TPAMI.2013.83), with the identity as metric"

    metric: str = option("euclidean", "how far a mean is: distance or angle", choices=METRICS)

    def readout(self, network: nn.Module) -> nn.Module:
        """Return the classifier by nearest means."""
        if not self.kept:
            return network
        self.move(device_of(network))
        means, by_angle = self.kept["means"].double(), self.metric == "cosine"
        if by_angle:
            means = nn.functional.normalize(means, dim=1)
        return NearestMean(network, self.layer, self.is_seen, means, normalise=by_angle)
