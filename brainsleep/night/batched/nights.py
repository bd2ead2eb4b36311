"""What a batch of nights did."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from brian2.units import Quantity
from numpy.typing import NDArray
from torch import nn

from ...errors import ParameterError
from ...support.calls import public
from ...support.checks import whole_number
from ...translation import Translation, write_back
from ..result import with_hidden


@public
@dataclass(frozen=True, kw_only=True, eq=False)
class TorchNights:
    """What `HeavisideTorch.sleep` returns.

    Attributes
    ----------
    weights : dict of str to ndarray, shape (n_nights, n_out, n_in)
        The weights at the end of each night, by state-dict name; and biases that learned, of shape
        (n_nights, n_out).
    counts : dict of str to ndarray of int64, shape (n_nights, n_steps)
        Number of spikes in each step, by population, ``"input"`` first; empty unless recorded.
    rasters : dict of str to ndarray of bool, shape (n_nights, n_steps, n_neurons)
        Which neurons spiked in each step, by population; empty unless recorded.
    n_nights, n_steps : int
        Number of nights, and of time steps of each.
    dt : Quantity
        Time step.
    seconds : float
        Seconds on the clock for the loop over steps, including the drawing of input spikes.
    network : torch.nn.Module
        The network that slept, as it was before.
    under_masks : dict of str to ndarray
        As in `brainsleep.Night`.
    """

    weights: dict[str, NDArray[np.floating]]
    counts: dict[str, NDArray[np.int64]]
    rasters: dict[str, NDArray[np.bool_]]
    n_nights: int
    n_steps: int
    dt: Quantity
    seconds: float
    network: nn.Module
    under_masks: dict[str, NDArray[np.floating]] = field(default_factory=dict)

    def ann(self, night: int) -> nn.Module:
        """Return a copy of the network with the weights at the end of one night.

        Parameters
        ----------
        night : int
            Number of the night, from 0.

        Raises
        ------
        KindError
            If `night` is no whole number.
        ParameterError
            If there is no such night.
        """
        number = whole_number(night, "night")
        if number >= self.n_nights:
            raise ParameterError(f"night {number}: there are {self.n_nights}, counted from 0.")
        weights = {name: values[number] for name, values in self.weights.items()}
        return write_back(self.network, with_hidden(weights, self.under_masks))

    def __repr__(self) -> str:
        return f"<TorchNights: {self.n_nights} nights of {self.n_steps} steps of {self.dt}>"


class SpikeRecords:
    """The spikes that are kept, on the CPU.

    Parameters
    ----------
    translation : Translation
        The network, for names and sizes of the populations.
    n_nights, n_steps : int
        Number of nights, and of time steps of each.
    record : None, "counts" or "rasters"
        What to keep.
    """

    def __init__(
        self, translation: Translation, n_nights: int, n_steps: int, record: str | None
    ) -> None:
        sizes = dict(zip(translation.populations, translation.sizes, strict=True))
        self.counts: dict[str, NDArray[np.int64]] = {}
        self.rasters: dict[str, NDArray[np.bool_]] = {}
        if record is not None:
            self.counts = {name: np.zeros((n_nights, n_steps), np.int64) for name in sizes}
        if record == "rasters":
            self.rasters = {
                name: np.zeros((n_nights, n_steps, size), bool) for name, size in sizes.items()
            }

    def take(self, step: int, spikes: dict[str, torch.Tensor]) -> None:
        """Keep the spikes of one step.

        Parameters
        ----------
        step : int
            Number of the step, from 0.
        spikes : dict of str to Tensor of bool, shape (n_nights, n_neurons)
            Which neurons spiked, by population.
        """
        for name, counts in self.counts.items():
            counts[:, step] = spikes[name].sum(1).cpu().numpy()
        for name, raster in self.rasters.items():
            raster[:, step] = spikes[name].cpu().numpy()
