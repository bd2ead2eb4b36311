"""Fully connected networks, as in the papers on sleep replay."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import nn

from ...errors import ParameterError, brief
from ...support.array_values import check_memory
from ...support.calls import public
from ...support.checks import known_name, number, whole_number
from ...support.names import items
from ..contexts import seeded
from ..seeds_and_classes import checked_seed
from ..sparse_activity import KWinners


@public
def mlp(
    sizes: Sequence[int],
    *,
    bias: bool = False,
    dropout: float = 0.25,
    init: str | float = "default",
    output_relu: bool = False,
    winners: float | None = None,
    seed: int = 0,
) -> nn.Sequential:
    """Build a fully connected ReLU network with fresh weights.

    Each hidden layer is Linear, ReLU, Dropout, or Linear, ReLU, KWinners; the output layer is
    Linear alone.

    Parameters
    ----------
    sizes : sequence of int
        Number of neurons per layer, inputs first: ``(784, 1200, 1200, 10)`` in Tadros et al. 2022.
    bias : bool, optional
        Give every layer a bias. The sleep papers have none.
    dropout : float, optional
        Probability that a hidden neuron is silenced in training, in [0, 1). With 0 there are
        no Dropout modules at all, which changes the modules' names.
    init : "default" or float, optional
        ``"default"``: torch's own. A number r: weights from U(-r, r), biases 0 (Tadros et al.
        2022, MATLAB: r = 0.01).
    output_relu : bool, optional
        Add a ReLU after the output layer, as the MATLAB code of Tadros et al. 2022 does. It
        belongs with the ``"mse"`` loss.
    winners : float, optional
        Which part of each hidden layer stays active, in training and at test, in place of
        dropout; see :class:`brainsleep.wake.KWinners`.
    seed : int, optional
        Fixes the weights. Torch's global random state is left as it was.

    Returns
    -------
    torch.nn.Sequential
        In training mode, float32, on the CPU.

    Raises
    ------
    ParameterError
        If a value makes no sense; the message names it.

    Examples
    --------
    >>> mlp((784, 100, 10), dropout=0.0)
    Sequential(
      (0): Linear(in_features=784, out_features=100, bias=False)
      (1): ReLU()
      (2): Linear(in_features=100, out_features=10, bias=False)
    )
    """
    sizes = layer_sizes(sizes)
    dropout = number(dropout, "dropout", minimum=0, maximum=1, exclusive_maximum=True)
    reach = _reach(init)
    seed = checked_seed(seed)
    if winners is not None:
        winners = KWinners(winners).fraction

    layers: list[nn.Module] = []
    with seeded(seed):
        for n_in, n_out in pairwise(sizes):
            if layers:
                layers += [nn.ReLU(), *_after_relu(dropout, winners)]
            linear = nn.Linear(n_in, n_out, bias=bias)
            if reach is not None:
                nn.init.uniform_(linear.weight, -reach, reach)
                if bias:
                    nn.init.zeros_(linear.bias)
            layers.append(linear)
    if output_relu:
        layers.append(nn.ReLU())
    return nn.Sequential(*layers)


def _after_relu(dropout: float, winners: float | None) -> list[nn.Module]:
    """Return what follows the ReLU of each hidden layer."""
    if winners is not None:
        return [KWinners(winners)]
    return [nn.Dropout(dropout)] if dropout > 0 else []


def _reach(init: str | float) -> float | None:
    """Return r of U(-r, r), or ``None`` for torch's own initial weights."""
    if isinstance(init, str):
        known_name(init, "init", ["default"])
        return None
    return number(init, "init", minimum=0, exclusive_minimum=True)


def layer_sizes(sizes: object) -> tuple[int, ...]:
    """Read the sizes of layers.

    Raises
    ------
    KindError
        If they are no whole numbers.
    ParameterError
        If there are fewer than two, one is below 1, or the weights would not fit into memory.
    """
    members = items(sizes, "sizes", "two or more layer sizes, inputs first", most=1000)
    if len(members) < 2:
        raise ParameterError(
            f"sizes must be two or more layer sizes, inputs first, not {brief(sizes)}."
        )
    read = tuple(whole_number(size, f"sizes[{k}]", minimum=1) for k, size in enumerate(members))
    check_memory(sum(n_in * n_out for n_in, n_out in pairwise(read)), "sizes", bytes_each=4)
    return read
