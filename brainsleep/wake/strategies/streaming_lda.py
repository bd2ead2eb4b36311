"""Streaming linear discriminant analysis: class means, and one covariance for all classes."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from ...support.calls import public
from ..interface import device_of
from .features import LAST
from .nearest_class_mean import LAYER, ClassMeans
from .options import option
from .scored_features import LinearScores


@public
@dataclass(frozen=True, eq=False)
class StreamingLDA(ClassMeans):
    r"""Keep the mean of each class and the covariance within classes; classify by both.

    With :math:`\Lambda = [(1 - \varepsilon) \Sigma + \varepsilon I]^{-1}` the scores are
    (equations 3 to 5)

    .. math:: w_k \cdot x + b_k, \quad w_k = \Lambda \mu_k, \quad
              b_k = -\tfrac12 \mu_k \cdot \Lambda \mu_k .

    :math:`\Sigma` is the covariance within classes of all images so far, exactly, whatever their
    order; the paper's update by single images (equation 2) weighs the first images of a class
    otherwise.

    Parameters
    ----------
    layer : str, optional
        Whose input the features are; see :class:`ClassMeans
        <brainsleep.wake.strategies.nearest_class_mean.ClassMeans>`.
    shrinkage : float, optional
        :math:`\varepsilon`, in (0, 1].
    """

    kind = "streaming_lda"
    label = "streaming LDA"
    description = "linear discriminant analysis, updated image by image"
    source = "Hayes & Kanan 2020 (arXiv 1909.01520)"

    layer: str = option(LAST, LAYER)
    shrinkage: float = option(1e-4, "of the covariance to the identity", maximum=1, above=True)

    def add(self, label: int, features: torch.Tensor) -> None:
        """Take more images of a class into its mean, and into the covariance of all."""
        n_before = int(self.kept["counts"].sum())
        shift = self.kept["means"][label].double() - features.mean(0)
        n_old, n_new = int(self.kept["counts"][label]), len(features)
        centred = features - features.mean(0)
        scatter = centred.T @ centred + n_old * n_new / (n_old + n_new) * torch.outer(shift, shift)
        old = self.kept.get("covariance", torch.zeros_like(scatter)).double()
        self.kept["covariance"] = ((n_before * old + scatter) / (n_before + n_new)).float()
        super().add(label, features)

    def readout(self, network: nn.Module) -> nn.Module:
        """Return the linear classifier."""
        if not self.kept:
            return network
        self.move(device_of(network))
        means, covariance = self.kept["means"].double(), self.kept["covariance"].double()
        identity = torch.eye(len(covariance), dtype=covariance.dtype, device=covariance.device)
        shrunk = (1 - self.shrinkage) * covariance + self.shrinkage * identity
        weights = torch.linalg.solve(shrunk, means.T)
        offsets = -0.5 * (means * weights.T).sum(1)
        return LinearScores(network, self.layer, self.is_seen, weights, offsets)
