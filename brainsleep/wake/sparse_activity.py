"""Sparse activity awake: only the neurons of a layer that respond most stay active."""

from __future__ import annotations

import torch
from torch import nn
from torch.overrides import wrap_torch_function

from ..support.calls import public
from ..support.checks import number


@wrap_torch_function(lambda activity, k: (activity,))
def k_winners(activity: torch.Tensor, k: int) -> torch.Tensor:
    """Return activity with all but the largest values of each sample set to 0.

    Parameters
    ----------
    activity : Tensor, shape (n, ...)
        One sample in each row; of equal values the first is taken.
    k : int
        How many values of a sample stay.

    Returns
    -------
    Tensor, shape of `activity`
        Gradients flow through the winners alone.
    """
    flat = activity.flatten(1)
    first = flat.argsort(dim=1, descending=True, stable=True)[:, :k]
    wins = torch.zeros_like(flat, dtype=torch.bool).scatter_(1, first, True)
    return torch.where(wins.reshape(activity.shape), activity, 0)


@public
class KWinners(nn.Module):
    """Let the neurons of a layer that respond most to a sample stay active; silence the others.

    It follows a ReLU, and acts in training and at test alike. A network with it sleeps as it is
    awake: in each step of a night, at most as many neurons of the layer spike.

    Parameters
    ----------
    fraction : float
        Which part of a layer's neurons, channels and pixels of images together, stays active; in
        (0, 1]. At least one neuron does.

    Raises
    ------
    ParameterError
        If `fraction` is out of range.

    References
    ----------
    Ahmad, Scheinkman 2019, How can we be so dense? The benefits of using highly sparse
    representations, arXiv:1903.11257 (there with a boost for neurons that seldom win).

    Examples
    --------
    >>> KWinners(0.5)(torch.tensor([[3.0, 1.0, 2.0, 0.0]]))
    tensor([[3., 0., 2., 0.]])
    """

    def __init__(self, fraction: float) -> None:
        super().__init__()
        self.fraction = number(fraction, "fraction", minimum=0, maximum=1, exclusive_minimum=True)

    def n_winners(self, n_neurons: int) -> int:
        """Return how many neurons of a layer stay active at most."""
        return max(1, round(self.fraction * n_neurons))

    def forward(self, activity: torch.Tensor) -> torch.Tensor:
        """Return the activity of the winners, shape (n, ...) as it is given."""
        return k_winners(activity, self.n_winners(activity.shape[1:].numel()))

    def extra_repr(self) -> str:
        """Return the share of neurons that stay active."""
        return f"{self.fraction:g}"
