"""Rates of a population in bins of time."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from brian2.units import ms, second

from ..devices.activity import PopulationRate
from ..errors import ParameterError
from ..support.array_values import check_memory
from ..support.calls import public
from ..support.quantities import Time, quantity
from .trains import ROUNDING, FloatArray, SpikeTrain, as_raster, is_train, read_train


@public
def binned_rate(
    spikes: SpikeTrain | PopulationRate | npt.ArrayLike, duration: Time, bin_size: Time = 20 * ms
) -> PopulationRate:
    r"""Count a population's spikes in bins.

    .. math:: r(b) = \frac{n(b)}{N \, \Delta_b}

    where :math:`n(b)` counts the spikes in bin :math:`b` of length :math:`\Delta_b`, and
    :math:`N` is the number of neurons. A bin includes its start but not its end.

    Parameters
    ----------
    spikes : Spikes, PopulationRate or array_like of bool, shape (n_steps, n_neurons)
        Spikes of one population. The rows of an array divide `duration` evenly.
    duration : Quantity or str
        Length of the recording. Later spikes do not count.
    bin_size : Quantity or str
        Length of a bin; best a whole number of time steps. A last bin that is not complete is
        left out.

    Returns
    -------
    PopulationRate
        Its ``dt`` is the bin size; ``rate`` is in Hz, averaged over neurons.

    Raises
    ------
    ParameterError
        If the bin is longer than the duration, or an array has the wrong shape.
    UnitsError
        If a time has wrong units, or `spikes` is neither spikes nor a bool array.

    Examples
    --------
    >>> import numpy as np
    >>> from brian2 import Hz, ms
    >>> from brainsleep.devices.activity import Spikes
    >>> spikes = Spikes(i=np.array([0, 1, 0]), t=[0, 19, 20] * ms, n_neurons=2)
    >>> np.asarray(binned_rate(spikes, 40 * ms).rate / Hz).tolist()
    [50.0, 25.0]
    """
    seconds = quantity(duration, second, "duration", minimum=0, exclusive_minimum=True)
    width = quantity(bin_size, second, "bin_size", minimum=0, exclusive_minimum=True)
    check_memory(math.ceil(min(seconds / width, 1e18)), "bin_size")
    n_bins = math.floor(seconds / width + ROUNDING)
    if n_bins == 0:
        raise ParameterError(
            f"bin_size: {width * 1e3:g} ms is longer than the duration of {seconds * 1e3:g} ms."
        )
    times, numbers, n_neurons = _events(spikes, seconds)
    places = np.floor(times / width + ROUNDING).astype(np.int64)
    inside = places < n_bins
    counts = np.bincount(places[inside], weights=numbers[inside], minlength=n_bins)
    return PopulationRate(counts.astype(np.int32), n_neurons, width * second)


def _events(
    spikes: SpikeTrain | PopulationRate | npt.ArrayLike, seconds: float
) -> tuple[FloatArray, npt.NDArray[np.integer], int]:
    """Return times in seconds, the number of spikes at each, and the number of neurons."""
    numbers: npt.NDArray[np.integer]
    if isinstance(spikes, PopulationRate):
        numbers, n_neurons = np.asarray(spikes.counts), spikes.n_neurons
        width = float(spikes.dt / second)
    elif is_train(spikes):
        _, times, n_neurons = read_train(spikes)
        return times, np.ones(len(times), np.int32), n_neurons
    else:
        raster = as_raster(spikes)
        numbers, n_neurons = raster.sum(axis=1), raster.shape[1]
        width = seconds / len(raster)
    return np.arange(len(numbers), dtype=np.float64) * width, numbers, n_neurons
