"""How measures read spikes and population rates."""

from __future__ import annotations

from typing import Protocol, TypeAlias, TypeGuard

import numpy as np
import numpy.typing as npt
from brian2.units import Quantity, second

from ..devices.activity import PopulationRate
from ..errors import KindError, ParameterError, UnitsError, brief
from ..support.array_values import numbers, read_array
from ..support.checks import whole_number
from ..support.names import table

FloatArray: TypeAlias = npt.NDArray[np.float64]
IntArray: TypeAlias = npt.NDArray[np.int64]
BoolArray: TypeAlias = npt.NDArray[np.bool_]

#: Fraction of a bin, or of a time step, by which rounding may be off.
ROUNDING = 1e-6


class SpikeTrain(Protocol):
    """Spikes of one population, in memory or on disk, as `Night.spikes` holds them."""

    @property
    def i(self) -> np.ndarray:
        """Neuron index of each spike."""

    @property
    def t(self) -> Quantity:
        """Time of each spike."""

    @property
    def n_neurons(self) -> int:
        """Number of neurons of the population."""


def is_train(spikes: object) -> TypeGuard[SpikeTrain]:
    """Tell whether something is spikes of one population."""
    return all(hasattr(spikes, name) for name in ("n_neurons", "i", "t"))


def read_train(spikes: object, field: str = "spikes") -> tuple[IntArray, FloatArray, int]:
    """Read spikes of one population.

    Parameters
    ----------
    spikes : SpikeTrain
        What the user gave.
    field : str, optional
        What messages call it.

    Returns
    -------
    neurons : ndarray of int64
        Of each spike.
    seconds : ndarray of float64
        When each was.
    n_neurons : int
        Size of the population.

    Raises
    ------
    KindError, UnitsError
        If it is something else.
    ParameterError
        If neurons and times do not fit together.
    """
    if not is_train(spikes):
        raise KindError(
            f"{field} must be those of one population, as night.spikes['0'], not {brief(spikes)}."
        )
    n_neurons = whole_number(spikes.n_neurons, f"{field}: n_neurons")
    neurons = read_array(spikes.i, f"{field}: i")
    seconds = numbers(in_seconds(spikes.t, f"{field}: t"), f"{field}: t", shape=(None,), empty=True)
    if neurons.shape != seconds.shape or (neurons.size and neurons.dtype.kind not in "iu"):
        raise ParameterError(
            f"{field}: i must hold a whole number for each of {len(seconds)} spikes."
        )
    if neurons.size and not 0 <= neurons.min() <= neurons.max() < n_neurons:
        raise ParameterError(f"{field}: i must lie between 0 and {n_neurons - 1}.")
    return neurons.astype(np.int64), seconds, n_neurons


def read_trains(spikes: object) -> dict[str, tuple[IntArray, FloatArray, int]]:
    """Read the spikes of several populations, by name; errors are those of :func:`read_train`."""
    found = table(spikes, "spikes", "spike trains by population, as night.spikes")
    if not found:
        raise ParameterError("the night recorded no spikes; pass record='all' to bs.sleep.")
    return {name: read_train(train, f"spikes of {name!r}") for name, train in found.items()}


def by_neuron(neurons: IntArray, times: FloatArray, n_neurons: int) -> tuple[IntArray, FloatArray]:
    """Return spikes neuron by neuron, those of each in time order.

    Parameters
    ----------
    neurons : ndarray of int64, shape (n_spikes,)
        Of each spike, between 0 and `n_neurons` - 1.
    times : ndarray of float64, shape (n_spikes,)
        Of each spike, in any unit.
    n_neurons : int
        Size of the population.

    Returns
    -------
    neurons, times : ndarray
        Sorted copies.
    """
    if (times[1:] < times[:-1]).any():
        in_time = np.argsort(times, kind="stable")
        neurons, times = neurons[in_time], times[in_time]
    small = neurons.astype(np.uint16) if n_neurons <= 2**16 else neurons  # sorted by its digits
    order = np.argsort(small, kind="stable")
    return neurons[order], times[order]


def in_seconds(times: object, field: str) -> object:
    """Return times as bare numbers.

    Raises
    ------
    UnitsError
        If they are no times.
    """
    if not isinstance(times, Quantity) or times.dim != second.dim:
        raise UnitsError(f"{field} must be times, as in [1, 2]*ms, not {brief(times)}.")
    return times / second


def read_rate(rate: object) -> tuple[FloatArray, Quantity]:
    """Read a population's rate, averaged over its neurons.

    Parameters
    ----------
    rate : PopulationRate or tuple
        What the user gave; a tuple is what :func:`population_rate` returns. A last bin of it that
        is not complete is left out.

    Returns
    -------
    hertz : ndarray of float64, shape (n_bins,)
    bin_size : Quantity

    Raises
    ------
    KindError
        If `rate` is something else.
    ParameterError
        If it has no bins, or bins of several lengths.
    """
    if isinstance(rate, tuple) and len(rate) == 2:
        return _rate_over_times(*rate)
    if not isinstance(rate, PopulationRate):
        spikes = "; bs.measures.binned_rate makes one of spikes" if is_train(rate) else ""
        raise KindError(
            "rate must be a PopulationRate object, as night.rates['0'], or what "
            f"bs.measures.population_rate returns, not {brief(rate)}{spikes}."
        )
    if len(rate) == 0:
        raise ParameterError("rate: has no bins; it must have at least one.")
    seconds = max(rate.n_neurons, 1) * float(rate.dt / second)
    return numbers(rate.counts, "rate: counts", shape=(None,)) / seconds, rate.dt


def _rate_over_times(times: object, rates: object) -> tuple[FloatArray, Quantity]:
    """Return what :func:`read_rate` does, of the middles of bins and the rate in each."""
    seconds = numbers(in_seconds(times, "rate: times"), "rate: times", shape=(None,), minimum=0)
    hertz = numbers(rates, "rate: rates", shape=seconds.shape, minimum=0)
    width = 2 * float(seconds[0])  # the first bin begins at 0
    apart = np.diff(seconds)
    if len(apart) and apart[-1] < width * (1 - ROUNDING):
        apart, hertz = apart[:-1], hertz[:-1]
    if width == 0 or (np.abs(apart - width) > ROUNDING * width).any():
        raise ParameterError(
            "rate: times must be the middles of bins of one length, the first of which begins at 0."
        )
    return hertz, width * second


def as_raster(spikes: object) -> BoolArray:
    """Return spikes that are given as a bool array.

    Returns
    -------
    ndarray of bool, shape (n_steps, n_neurons)

    Raises
    ------
    KindError
        If it is not a bool array.
    ParameterError
        If it has another shape.
    """
    raster = read_array(spikes, "spikes")
    if raster.dtype != bool:
        raise KindError(
            f"spikes must be those of a population, or a bool array, not {brief(spikes)}."
        )
    if raster.ndim != 2 or len(raster) == 0:
        raise ParameterError(
            f"spikes must have shape (n_steps, n_neurons) with at least one step, not "
            f"{raster.shape}."
        )
    return raster
