"""Networks of low rank, one per task, that are merged by their mean or joined by their sum."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import nn
from torch.nn.utils import parametrize

from ...errors import ParameterError
from ...support.calls import public
from ..learner import Learner
from ..tasks import Task
from ..training import training_seed
from .former_network import forget, former, remember
from .options import option
from .strategy import Strategy, keepable

#: Layers whose weights are matrices.
Thick: TypeAlias = nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d


class Product(nn.Module):
    """A matrix of weights as the product of two thin ones.

    Parameters
    ----------
    weight : torch.Tensor, shape (n_out, ...)
        Whose place it takes; a convolution's counts as (n_out, everything else).
    rank : int
        The inner size.
    scale : float
        Of the initial numbers of the left one.
    generator : torch.Generator
        Of the initial numbers, which are otherwise those of ``nn.Linear``.
    """

    def __init__(
        self, weight: torch.Tensor, rank: int, scale: float, generator: torch.Generator
    ) -> None:
        super().__init__()
        n_out, n_in = len(weight), weight[0].numel()

        def drawn(rows: int, columns: int) -> nn.Parameter:
            numbers = torch.rand(
                rows, columns, generator=generator, dtype=torch.float32, device="cpu"
            )
            return nn.Parameter(((2 * numbers - 1) / math.sqrt(columns)).to(weight))

        self.left, self.right = drawn(n_out, rank), drawn(rank, n_in)
        self.left.data *= scale

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        """Return the product, in the shape of the weights in whose place it stands."""
        return (self.left @ self.right).reshape(weight.shape)


@public
@dataclass(frozen=True, eq=False)
class LowRankMerging(Strategy):
    """Train a network of low rank on each task, all from the same start; their mean is the network.

    While a task is learned, every matrix of weights is the product of two thin ones, drawn anew;
    the network's own initial weights are not used. Biases and all else start from the same
    numbers in every task, and are averaged as well.

    Parameters
    ----------
    rank : int, optional
        Of each matrix of weights while a task is learned.
    scale : float, optional
        Initial size of the left one of two thin matrices, above 0, relative to that of
        ``nn.Linear``, as which the source begins. It decides how fast the right one learns: the
        step of the product is `scale` squared times n_out / (3 rank) as large as that of weights.
    """

    kind = "low_rank_merging"
    label = "low-rank merging"
    description = "a network of low rank per task, from the same start; the mean of their weights"
    source = "'Low-rank Model Merging' in the Python replica of Tadros et al. 2022"

    rank: int = option(50, "rank of each matrix of weights in a task", minimum=1)
    scale: float = option(1.0, "initial size of left matrices, to that of nn.Linear", above=True)

    def before_task(self, learner: Learner, task: Task) -> None:
        """Put thin matrices in the place of weights."""
        network = learner.network
        layers = {
            path: one for path, one in thick_layers(network).items() if one.weight.requires_grad
        }
        if not layers:
            raise ParameterError("the network has no nn.Linear or convolution that is trained.")
        remember(network, self.kept)
        weights = {f"{path}.weight" for path in layers}
        others = {name: one for name, one in network.state_dict().items() if name not in weights}
        if learner.k == 0:
            self.kept.update({f"start {name}": keepable(one) for name, one in others.items()})
        network.load_state_dict({name: self.kept[f"start {name}"] for name in others}, strict=False)
        generator = self.start(learner)
        for layer in layers.values():
            layer.weight.requires_grad_(False)
            product = Product(layer.weight, self.rank, self.scale, generator)
            parametrize.register_parametrization(layer, "weight", product)

    def start(self, learner: Learner) -> torch.Generator:
        """Return the random numbers of the thin matrices: the same in every task."""
        return torch.Generator().manual_seed(training_seed(learner.seed, 0, "low rank"))

    def joined(self, learner: Learner, before: torch.Tensor, product: torch.Tensor) -> torch.Tensor:
        """Return the weights of the network: here the mean over tasks."""
        return mean_so_far(learner, before, product)

    def after_task(self, learner: Learner, task: Task) -> None:
        """Multiply the thin matrices, and take their products into the network."""
        network = learner.network
        products = {}
        for path, layer in thick_layers(network).items():
            if not parametrize.is_parametrized(layer, "weight"):
                continue
            products[f"{path}.weight"] = layer.weight.detach().clone()
            parametrize.remove_parametrizations(layer, "weight", leave_parametrized=False)
            layer.weight.requires_grad_(True)
            others = {name: layer._parameters.pop(name) for name in [*layer._parameters]}
            layer._parameters.update({"weight": others.pop("weight"), **others})  # first again
        state = network.state_dict()
        for name, value in state.items():
            before = former(self.kept, name)
            if name in products:
                state[name] = self.joined(learner, before, products[name])
            elif value.is_floating_point():
                state[name] = mean_so_far(learner, before, value)
        network.load_state_dict(state)
        forget(self.kept)


@public
@dataclass(frozen=True, eq=False)
class LowRankConcatenation(LowRankMerging):
    """Train a network of low rank on each task, each from its own start; join all thin matrices.

    Side by side, the thin matrices of all tasks multiply to the sum of their products: that is the
    network, whose rank grows by `rank` with each task. Biases and all else are averaged.

    Parameters
    ----------
    rank : int, optional
        Of each matrix of weights while a task is learned.
    scale : float, optional
        Initial size of the left one of two thin matrices, above 0, relative to that of
        ``nn.Linear``, as which the source begins. It decides how fast the right one learns: the
        step of the product is `scale` squared times n_out / (3 rank) as large as that of weights.
    """

    kind = "low_rank_concatenation"
    label = "low-rank concatenation"
    description = "a network of low rank per task; their thin matrices side by side"
    source = "'Low-rank Model Concat' in the Python replica of Tadros et al. 2022"

    def start(self, learner: Learner) -> torch.Generator:
        """Return the random numbers of the thin matrices: others in every task."""
        return learner.generator

    def joined(self, learner: Learner, before: torch.Tensor, product: torch.Tensor) -> torch.Tensor:
        """Return the sum over tasks."""
        return product if learner.k == 0 else before + product


def mean_so_far(learner: Learner, before: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """Return the mean over tasks, given that of the tasks before and the value of this one."""
    return value if learner.k == 0 else before + (value - before) / (learner.k + 1)


def thick_layers(network: nn.Module) -> dict[str, Thick]:
    """Return the layers whose weights are matrices: linear ones and convolutions, by path."""
    return {path: one for path, one in network.named_modules() if isinstance(one, Thick)}
