"""Networks to begin with: the multilayer perceptrons of the sleep-replay papers.

Any ``torch.nn.Module`` may be trained and put to sleep; these are the ones the papers used.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise

import torch
from torch import nn

from brainsleep.errors import ParameterError, suggest
from brainsleep.wake.checks import checked_seed, real_number, whole_number


def mlp(
    sizes: Sequence[int],
    *,
    bias: bool = False,
    dropout: float = 0.25,
    init: str | float = "default",
    output_relu: bool = False,
    seed: int = 0,
) -> nn.Sequential:
    """Build a fully connected ReLU network with fresh weights.

    Each hidden layer is Linear, ReLU, Dropout; the output layer is Linear alone.

    Parameters
    ----------
    sizes : sequence of int
        Neurons a layer, inputs first: ``(784, 1200, 1200, 10)`` in Tadros et al. 2022.
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
    sizes = _layer_sizes(sizes)
    expected = "a probability in [0, 1)"
    dropout = real_number(dropout, "dropout", expected)
    if not 0 <= dropout < 1:
        raise ParameterError(f"dropout={dropout!r}: expected {expected}")
    reach = _reach(init)
    seed = checked_seed(seed)

    layers: list[nn.Module] = []
    with seeded(seed):
        for n_in, n_out in pairwise(sizes):
            if layers:
                layers.append(nn.ReLU())
                if dropout > 0:
                    layers.append(nn.Dropout(dropout))
            linear = nn.Linear(n_in, n_out, bias=bias)
            if reach is not None:
                nn.init.uniform_(linear.weight, -reach, reach)
                if bias:
                    nn.init.zeros_(linear.bias)
            layers.append(linear)
    if output_relu:
        layers.append(nn.ReLU())
    return nn.Sequential(*layers)


@contextmanager
def seeded(seed: int, network: nn.Module | None = None) -> Iterator[None]:
    """Seed torch's random numbers for a while; afterwards they go on as if nothing had been.

    Parameters
    ----------
    seed : int
        What to seed with.
    network : torch.nn.Module, optional
        Its GPUs, if it lives on any, are seeded as well.

    Yields
    ------
    None
    """
    parameters = [] if network is None else list(network.parameters())
    gpus = sorted({p.device.index for p in parameters if p.device.type == "cuda"})
    with torch.random.fork_rng(devices=gpus):
        # Not torch.manual_seed: it would seed every GPU, those of others included.
        torch.default_generator.manual_seed(int(seed))
        for gpu in gpus:
            torch.cuda.default_generators[gpu].manual_seed(int(seed))
        yield


@contextmanager
def mode_of(network: nn.Module, *, training: bool) -> Iterator[None]:
    """Put a network into training or evaluation mode for a while.

    Afterwards every module has its own mode again, mixed ones included.

    Parameters
    ----------
    network : torch.nn.Module
        The network.
    training : bool
        ``True`` for training mode, in which Dropout is active.

    Yields
    ------
    None
    """
    modes = [(module, module.training) for module in network.modules()]
    network.train(training)
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


def _reach(init: str | float) -> float | None:
    """Return r of U(-r, r), or ``None`` for torch's own initial weights."""
    expected = "'default' or a number above 0"
    if isinstance(init, str):
        if init != "default":
            raise ParameterError(f"init={init!r}: expected {expected}.{suggest(init, ['default'])}")
        return None
    reach = real_number(init, "init", expected)
    if reach <= 0:
        raise ParameterError(f"init={init!r}: expected {expected}")
    return reach


def _layer_sizes(sizes: Sequence[int]) -> tuple[int, ...]:
    """Return layer sizes as plain integers."""
    try:
        members = list(sizes)
    except TypeError:
        members = []
    if len(members) < 2:
        raise ParameterError(f"sizes={sizes!r}: expected two or more layer sizes, inputs first")
    return tuple(whole_number(size, f"sizes[{k}]", 1) for k, size in enumerate(members))
