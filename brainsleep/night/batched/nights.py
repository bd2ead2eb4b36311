"""What a batch of nights did."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from brian2.units import Quantity
from torch import nn

from ...errors import ParameterError
from ...support.checks import whole_number
from ...translation import Translation, write_back


@dataclass(frozen=True, eq=False)
class TorchNights:
    """What came of `HeavisideTorch.sleep`.

    Attributes
    ----------
    weights : dict of str to ndarray, shape (n_nights, n_out, n_in)
        The weights each night ended with, by state-dict name.
    counts : dict of str to ndarray of int64, shape (n_nights, n_steps)
        Spikes of each population in each step, ``"input"`` first; empty unless recorded.
    rasters : dict of str to ndarray of bool, shape (n_nights, n_steps, n_neurons)
        Who spiked when, by population; empty unless recorded.
    n_nights, n_steps : int
        Number of nights, and of steps of each.
    dt : Quantity
        Time step.
    seconds : float
        Wall-clock seconds of the loop over steps, drawing the input spikes included.
    network : torch.nn.Module
        The network that slept.
    """

    weights: dict[str, np.ndarray]
    counts: dict[str, np.ndarray]
    rasters: dict[str, np.ndarray]
    n_nights: int
    n_steps: int
    dt: Quantity
    seconds: float
    network: nn.Module

    def ann(self, night: int) -> nn.Module:
        """Return a copy of the network with the weights it woke up with after one night.

        Parameters
        ----------
        night : int
            From 0.

        Raises
        ------
        ParameterError, UnitsError
            If there is no such night.
        """
        number = whole_number(night, "night")
        if number >= self.n_nights:
            raise ParameterError(f"night {number}: there are {self.n_nights}, counted from 0.")
        return write_back(self.network, {name: w[number] for name, w in self.weights.items()})

    def __repr__(self) -> str:
        return f"<TorchNights: {self.n_nights} nights of {self.n_steps} steps of {self.dt}>"


class SpikeRecords:
    """What is kept of spikes, on the CPU.

    Parameters
    ----------
    translation : Translation
        Gives the populations.
    n_nights, n_steps : int
        Number of nights, and of steps of each.
    record : None, "counts" or "rasters"
        What to keep.
    """

    def __init__(
        self, translation: Translation, n_nights: int, n_steps: int, record: str | None
    ) -> None:
        sizes = dict(zip(translation.populations, translation.sizes, strict=True))
        self.counts: dict[str, np.ndarray] = {}
        self.rasters: dict[str, np.ndarray] = {}
        if record is not None:
            self.counts = {name: np.zeros((n_nights, n_steps), np.int64) for name in sizes}
        if record == "rasters":
            self.rasters = {
                name: np.zeros((n_nights, n_steps, size), bool) for name, size in sizes.items()
            }

    def take(self, step: int, spikes: dict[str, torch.Tensor]) -> None:
        """Keep what happened in a step."""
        for name, counts in self.counts.items():
            counts[:, step] = spikes[name].sum(1).cpu().numpy()
        for name, raster in self.rasters.items():
            raster[:, step] = spikes[name].cpu().numpy()
