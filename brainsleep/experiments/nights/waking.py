"""Averaging on waking: each time the network wakes up, it has gone only a part of the way."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from ...translation import average_weights, write_back
from ...translation.partial_averaging import read_shares
from ...wake.learning_rates import parameters_by_layer
from ..run_directory.run_state import State, state_of


class Waking:
    """How a network wakes up, and the weights that it last woke up with.

    Parameters
    ----------
    averaging : float or sequence of float, optional
        Which part of the way from there weights go, as `brainsleep.average_weights` takes it; all
        of it unless given, and the first time.

    Attributes
    ----------
    last : torch.nn.Module or None
        The network as it last woke up, if that is wanted again.
    """

    def __init__(self, averaging: float | Sequence[float] | None) -> None:
        self.averaging = averaging
        self.last: nn.Module | None = None

    def check(self, network: nn.Module) -> None:
        """Raise a ParameterError if there is not one part for each layer of a network."""
        if self.averaging is not None:
            read_shares(self.averaging, len(parameters_by_layer(network)), "averaging")

    def wake(self, network: nn.Module) -> nn.Module:
        """Return the network that wakes up, and remember it."""
        if self.averaging is None:
            return network
        woken = network
        if self.last is not None:
            woken = average_weights(self.last, network, self.averaging)
        self.last = write_back(woken, {})  # a copy: training changes the other one
        return woken

    @property
    def stored_bytes(self) -> int:
        """Bytes of the weights that are kept while the network learns on."""
        return 0 if self.last is None else _n_bytes(self.last)

    def state(self) -> State:
        """Return the weights that the network last woke up with."""
        return {} if self.last is None else state_of(self.last)

    def restore(self, state: State, network: nn.Module) -> None:
        """Go back to what :meth:`state` returned, of some such network."""
        self.last = write_back(network, state) if state else None


def _n_bytes(network: nn.Module) -> int:
    """Return the size of a network's parameters."""
    return sum(one.numel() * one.element_size() for one in network.parameters())
