"""Classifiers on the features of a network, in place of its outputs."""

from __future__ import annotations

import math

import torch
from torch import nn

from .features import Features


class ScoredFeatures(nn.Module):
    """A network whose features are scored, class by class.

    Parameters
    ----------
    network : torch.nn.Module
        Shared, not copied.
    layer : str
        Whose input the features are; see :class:`brainsleep.wake.strategies.features.Features`.
    is_seen : torch.Tensor of bool, shape (n_classes,)
        The classes that may be the answer. The scores of others are -inf; if none has been seen,
        all are 0.
    """

    is_seen: torch.Tensor

    def __init__(self, network: nn.Module, layer: str, is_seen: torch.Tensor) -> None:
        super().__init__()
        self.features = Features(network, layer)
        self.register_buffer("is_seen", is_seen)

    def score(self, features: torch.Tensor) -> torch.Tensor:
        """Return the score of each class, shape (n_images, n_classes)."""
        raise NotImplementedError

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return the scores of images, shape (n_images, n_classes)."""
        features = self.features(images)
        if not self.is_seen.any():
            return features.new_zeros(len(features), len(self.is_seen))
        scores = self.score(features.double()).to(features.dtype)
        return scores.masked_fill(~self.is_seen, -math.inf)


class NearestMean(ScoredFeatures):
    """The class whose mean is nearest: the score is minus the Euclidean distance.

    Parameters
    ----------
    network, layer, is_seen
        As of :class:`ScoredFeatures`.
    means : torch.Tensor of float64, shape (n_classes, n_features)
        One per class.
    normalise : bool, optional
        Divide features by their length first.
    """

    means: torch.Tensor

    def __init__(
        self,
        network: nn.Module,
        layer: str,
        is_seen: torch.Tensor,
        means: torch.Tensor,
        *,
        normalise: bool = False,
    ) -> None:
        super().__init__(network, layer, is_seen)
        self.register_buffer("means", means)
        self.normalise = normalise

    def score(self, features: torch.Tensor) -> torch.Tensor:
        """Return minus the distances."""
        if self.normalise:
            features = nn.functional.normalize(features, dim=1)
        exact = "donot_use_mm_for_euclid_dist"
        return -torch.cdist(features, self.means, compute_mode=exact)


class LinearScores(ScoredFeatures):
    """Linear scores.

    Parameters
    ----------
    network, layer, is_seen
        As of :class:`ScoredFeatures`.
    weights : torch.Tensor of float64, shape (n_features, n_classes)
        A column per class.
    offsets : torch.Tensor of float64, shape (n_classes,)
        What is added.
    """

    weights: torch.Tensor
    offsets: torch.Tensor

    def __init__(
        self,
        network: nn.Module,
        layer: str,
        is_seen: torch.Tensor,
        weights: torch.Tensor,
        offsets: torch.Tensor,
    ) -> None:
        super().__init__(network, layer, is_seen)
        self.register_buffer("weights", weights)
        self.register_buffer("offsets", offsets)

    def score(self, features: torch.Tensor) -> torch.Tensor:
        """Return the linear scores."""
        return features @ self.weights + self.offsets
