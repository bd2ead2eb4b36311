"""Spikes of one population in time steps, and counted in bins of time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from brian2.units import ms

from ..devices.arguments import read_time_step
from ..errors import ParameterError
from ..support.array_values import check_memory
from ..support.checks import whole_number
from ..support.quantities import Time, quantity
from .trains import ROUNDING, FloatArray, IntArray, SpikeTrain, read_train


@dataclass(frozen=True)
class BinnedTrain:
    """Spikes of one population, each with its bin; a last bin that is not complete is left out.

    Attributes
    ----------
    neurons, bins : ndarray of int64, shape (n_spikes,)
        Of each spike.
    n_neurons, n_bins : int
        How many there are.
    width : float
        Length of a bin in seconds.
    """

    neurons: IntArray
    bins: IntArray
    n_neurons: int
    n_bins: int
    width: float

    @property
    def of_population(self) -> IntArray:
        """Spikes of the whole population in each bin, shape (n_bins,)."""
        return np.bincount(self.bins, minlength=self.n_bins)

    def moments(self) -> tuple[FloatArray, FloatArray]:
        """Return mean and variance, over bins, of each neuron's count: no matrix is made."""
        total = np.bincount(self.neurons, minlength=self.n_neurons)
        of_both, counts = np.unique(self.neurons * self.n_bins + self.bins, return_counts=True)
        squares = np.bincount(
            of_both // self.n_bins, weights=counts.astype(np.float64) ** 2, minlength=self.n_neurons
        )
        mean = total / self.n_bins
        # numerator first, in whole numbers: a constant count has a variance of 0
        return mean, (squares * self.n_bins - total.astype(np.float64) ** 2) / self.n_bins**2


def bin_train(
    train: SpikeTrain, *, n_steps: int, dt: Time, bin_size: Time, field: str = "train"
) -> BinnedTrain:
    """Read spikes of one population and put them into bins.

    Parameters
    ----------
    train : SpikeTrain
        What the user gave.
    n_steps : int
        Length of the recording in time steps.
    dt : Quantity or str
        Time step.
    bin_size : Quantity or str
        Length of a bin, a whole number of time steps.
    field : str, optional
        What messages call the spikes.

    Raises
    ------
    ParameterError
        If no bin is complete, `bin_size` is not a whole number of steps, or a spike is later than
        the last step.
    KindError, UnitsError
        If one is something else.
    """
    last = whole_number(n_steps, "n_steps", minimum=1)
    step = read_time_step(dt)
    width = steps_per_bin(bin_size, step)
    n_bins = last // width
    if n_bins == 0:
        raise ParameterError(
            f"bin_size: {width * step * 1e3:g} ms is longer than the recording of "
            f"{last * step * 1e3:g} ms."
        )
    check_memory(n_bins, "n_steps")
    neurons, steps, n_neurons = read_steps(train, last, step, field)
    bins = steps // width
    complete = bins < n_bins
    if not complete.all():
        neurons, bins = neurons[complete], bins[complete]
    return BinnedTrain(neurons, bins, n_neurons, n_bins, width * step)


def read_steps(
    train: SpikeTrain, n_steps: int, step: float, field: str = "train"
) -> tuple[IntArray, IntArray, int]:
    """Return the neuron and the time step of each spike, and the number of neurons.

    Raises
    ------
    ParameterError
        If a spike comes before the first step or after the last.
    KindError, UnitsError
        If it is something else.
    """
    neurons, seconds, n_neurons = read_train(train, field)
    steps = np.rint(seconds / step)
    if steps.size and steps.min() < 0:
        raise ParameterError(f"{field}: t: a spike comes before the beginning.")
    if steps.size and steps.max() >= n_steps:
        raise ParameterError(
            f"n_steps: {n_steps} steps of {step * 1e3:g} ms end before the last spike, in step "
            f"{steps.max():.0f}; give the length of the recording."
        )
    return neurons, steps.astype(np.int64), n_neurons


def steps_per_bin(bin_size: Time, step: float, field: str = "bin_size") -> int:
    """Return the number of time steps in a bin, or raise a ParameterError if it is not whole."""
    seconds = quantity(bin_size, ms, field, minimum=0, exclusive_minimum=True)
    steps = round(seconds / step)
    if steps < 1 or abs(steps * step - seconds) > ROUNDING * step * steps:
        raise ParameterError(
            f"{field}: {seconds * 1e3:g} ms is not a whole number of time steps of "
            f"{step * 1e3:g} ms."
        )
    return steps
