"""How measures read spikes and population rates."""

from __future__ import annotations

from typing import Protocol, TypeAlias, TypeGuard

import numpy as np
import numpy.typing as npt
from brian2.units import Quantity, second

from ..devices.activity import PopulationRate
from ..errors import KindError, ParameterError, brief

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
    return hasattr(spikes, "n_neurons") and hasattr(spikes, "i")


def in_hertz(rate: PopulationRate) -> FloatArray:
    """Return a population's rate in Hz, averaged over its neurons.

    Raises
    ------
    KindError
        If `rate` is something else.
    ParameterError
        If it has no bins.
    """
    if not isinstance(rate, PopulationRate):
        raise KindError(
            f"rate must be a PopulationRate, as bs.measures.binned_rate makes, not {brief(rate)}."
        )
    if len(rate) == 0:
        raise ParameterError("rate: has no bins; it must have at least one.")
    seconds = max(rate.n_neurons, 1) * float(rate.dt / second)
    return np.asarray(rate.counts, dtype=np.float64) / seconds


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
    raster = np.asarray(spikes)
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
