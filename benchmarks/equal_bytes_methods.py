"""For `equal_bytes.py`: classifiers with little memory, and the layers that they classify by."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import nn

from brainsleep.wake import Dataset, Split, Task, centre_rows, mlp
from brainsleep.wake.learner import Learner
from brainsleep.wake.strategies.nearest_class_mean import ClassMeans
from brainsleep.wake.strategies.scored_features import LinearScores

N_HIDDEN = 1200


@dataclass(frozen=True, eq=False)
class LowRankLDA(ClassMeans):
    """Linear discriminant analysis whose covariance is kept as `rank` directions, and the rest.

    Variance in other directions is the same in each of them, or that of each feature (`diagonal`).
    After a task the directions are those of most variance in what was kept and the task together.
    """

    kind = "low_rank_lda"
    rank: int = 0
    diagonal: bool = False
    shrinkage: float = 0.1

    def after_task(self, learner: Learner, task: Task) -> None:
        """Add the scatter of a task within its classes."""
        super().after_task(learner, task)
        scatter = 0.0
        for label in task.classes:
            rows = torch.from_numpy(task.train.images[task.train.labels == label]).double()
            centred = rows - rows.mean(0)
            scatter = scatter + centred.T @ centred
        assert isinstance(scatter, torch.Tensor)
        old = self.kept.get("directions", torch.zeros(self.rank, len(scatter))).double()
        rest = self.kept.get("rest", torch.zeros(len(scatter) if self.diagonal else 1)).double()
        values, vectors = torch.linalg.eigh(scatter + old.T @ old)
        kept = (vectors * values.clamp(min=0).sqrt()).T[len(scatter) - self.rank :]
        left = (scatter + old.T @ old - kept.T @ kept).diagonal()
        self.kept["directions"] = kept.float()
        self.kept["rest"] = (rest + (left if self.diagonal else left.mean())).float()

    def readout(self, network: nn.Module) -> nn.Module:
        """Return the linear classifier."""
        means, directions = self.kept["means"].double(), self.kept["directions"].double()
        n_images = self.kept["counts"].sum()
        rest = self.kept["rest"].double().expand(means.shape[1])
        covariance = (directions.T @ directions + rest.diag()) / n_images
        level = covariance.diagonal().mean()
        shrunk = (1 - self.shrinkage) * covariance + self.shrinkage * level * torch.eye(len(rest))
        weights = torch.linalg.solve(shrunk, means.T)
        return LinearScores(
            network, self.layer, self.is_seen, weights, -0.5 * (means * weights.T).sum(1)
        )


class Scale(nn.Module):
    """Multiplies its input by a number."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """Return the product."""
        return self.factor * rows


@lru_cache(maxsize=2)
def hidden(split: Split, seed: int, layer: int = 2) -> Split:
    """Return what a fixed random hidden layer gives for images, as data, divided by its largest."""
    network = centre_rows(mlp((784, N_HIDDEN, N_HIDDEN, 10), dropout=0.0, seed=seed))
    below = [one for one in network if isinstance(one, nn.Linear)][:layer]

    def of(images: np.ndarray) -> np.ndarray:
        rows = torch.tensor(images)
        with torch.no_grad():
            for linear in below:
                rows = linear(rows).relu()
        return rows.numpy()

    train, test = of(split.train.images), of(split.test.images)
    return rescaled(split, train, test)


def projected(split: Split, n_features: int, seed: int) -> Split:
    """Return random projections of features; the projection is as fixed as the layers are."""
    n_inputs = split.train.images.shape[1]
    matrix = np.random.default_rng(seed).normal(size=(n_inputs, n_features)).astype(np.float32)
    return rescaled(split, split.train.images @ matrix, split.test.images @ matrix)


def rescaled(split: Split, train: np.ndarray, test: np.ndarray) -> Split:
    """Return features as data; the range of the training part becomes [0, 1], 0 stays 0."""
    low, high = min(0.0, float(train.min())), float(train.max())
    parts = [np.clip((part - low) / (high - low), 0, 1) for part in (train, test)]
    labels = (split.train.labels, split.test.labels)
    return Split(
        *(Dataset("features", x, y, x.shape[1:]) for x, y in zip(parts, labels, strict=True))
    )
