"""Firing rates of a night's populations.

Only populations whose spikes were recorded have rates; the first is ``"input"``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from brian2.units import Quantity, ms, second

from ..errors import ParameterError, suggest
from ..support.quantities import quantity

if TYPE_CHECKING:
    from ..devices.activity import Spikes
    from ..night.result import Night

Rates = npt.NDArray[np.float64]


def firing_rates(night: Night) -> dict[str, Rates]:
    r"""Return every neuron's mean firing rate over the whole night.

    .. math:: r_i = n_i / T

    where :math:`n_i` is how often neuron :math:`i` fired, and :math:`T` the night's duration.

    Parameters
    ----------
    night : Night
        Left as it was.

    Returns
    -------
    dict of str to ndarray of float64, shape (n_neurons,)
        Rates in Hz by recorded population, 0 for a silent neuron.

    Raises
    ------
    ParameterError
        If the night recorded nothing.

    Examples
    --------
    Two neurons in 100 ms; the first fires twice.

    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> from brian2 import ms
    >>> from brainsleep.devices.activity import Spikes
    >>> spikes = Spikes(i=np.array([0, 1, 0]), t=[1, 1, 5] * ms, n_neurons=2)
    >>> night = SimpleNamespace(spikes={"0": spikes}, n_steps=100, dt=1 * ms)
    >>> firing_rates(night)["0"].tolist()
    [20.0, 10.0]
    """
    seconds = _seconds(night)
    return {
        name: np.bincount(train.i, minlength=train.n_neurons) / seconds
        for name, train in _recorded(night).items()
    }


def mean_rates(night: Night) -> dict[str, float]:
    r"""Return every population's firing rate, averaged over its neurons.

    .. math:: \bar r = \frac{1}{N T} \sum_{i=1}^{N} n_i

    where :math:`n_i` is how often neuron :math:`i` of :math:`N` fired in the duration :math:`T`.

    Parameters
    ----------
    night : Night
        Left as it was.

    Returns
    -------
    dict of str to float
        Rates in Hz by recorded population; 0 for a population without neurons.

    Raises
    ------
    ParameterError
        If the night recorded nothing.

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> from brian2 import ms
    >>> from brainsleep.devices.activity import Spikes
    >>> spikes = Spikes(i=np.array([0, 1, 0]), t=[1, 1, 5] * ms, n_neurons=2)
    >>> mean_rates(SimpleNamespace(spikes={"0": spikes}, n_steps=100, dt=1 * ms))
    {'0': 15.0}
    """
    seconds = _seconds(night)
    return {
        name: len(train.i) / (seconds * train.n_neurons) if train.n_neurons else 0.0
        for name, train in _recorded(night).items()
    }


def population_rate(
    night: Night, population: str, bin_size: Quantity | str = 10 * ms
) -> tuple[Quantity, Rates]:
    r"""Return the firing rate of a population over time, in bins.

    .. math:: r(b) = \frac{n(b)}{N \, \Delta_b}

    where :math:`n(b)` counts the spikes in bin :math:`b` of length :math:`\Delta_b`, and
    :math:`N` is the number of neurons. A bin holds its start but not its end.

    Parameters
    ----------
    night : Night
        Left as it was.
    population : str
        A recorded population's name.
    bin_size : Quantity or str
        A whole number of time steps. The last bin is shorter if the night ends within it; its
        rate is over the shorter time. A bin longer than the night is the night.

    Returns
    -------
    times : Quantity, shape (n_bins,)
        The middle of each bin.
    rates : ndarray of float64, shape (n_bins,)
        Hz, averaged over neurons; 0 for a population without neurons.

    Raises
    ------
    ParameterError
        If the population is unknown or was not recorded, or `bin_size` is not a whole number of
        time steps.
    UnitsError
        If `bin_size` is not a time.

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> from brian2 import ms
    >>> from brainsleep.devices.activity import Spikes
    >>> spikes = Spikes(i=np.array([0, 1, 0]), t=[0, 9, 10] * ms, n_neurons=2)
    >>> night = SimpleNamespace(spikes={"0": spikes}, n_steps=20, dt=1 * ms)
    >>> times, rates = population_rate(night, "0", bin_size=10 * ms)
    >>> times
    array([ 5., 15.]) * msecond
    >>> rates.tolist()
    [100.0, 50.0]
    """
    trains = _recorded(night)
    if population not in trains:
        raise ParameterError(missing_population(night, population))
    dt = float(night.dt / second)
    steps_per_bin = _steps_per_bin(bin_size, dt)
    train = trains[population]
    edges = np.append(np.arange(0, night.n_steps, steps_per_bin), night.n_steps)
    bins = np.rint(np.asarray(train.t / night.dt)).astype(np.int64) // steps_per_bin
    counts = np.bincount(bins, minlength=len(edges) - 1)
    rates = counts / (np.diff(edges) * dt * max(train.n_neurons, 1))
    return (edges[:-1] + edges[1:]) / 2 * night.dt, rates


def missing_population(night: Night, population: str) -> str:
    """Say why a night has no spikes of `population`, and what was meant perhaps."""
    sizes = getattr(night, "sizes", {})
    if population in sizes:
        return f"population {population!r} was not recorded; see record= of bs.sleep."
    return f"no population is called {population!r}.{suggest(str(population), night.spikes)}"


def _recorded(night: Night) -> dict[str, Spikes]:
    """Return the recorded populations, or raise if there is none."""
    if not night.spikes:
        raise ParameterError("the night recorded no spikes; let it, with record='all'.")
    return night.spikes


def _seconds(night: Night) -> float:
    """Return the night's duration in seconds."""
    return night.n_steps * float(night.dt / second)


def _steps_per_bin(bin_size: Quantity | str, dt: float) -> int:
    """Turn a bin's length into time steps."""
    seconds = quantity(bin_size, ms, "bin_size", minimum=0, exclusive_minimum=True)
    steps = round(seconds / dt)
    if steps < 1 or abs(steps * dt - seconds) > 1e-6 * dt * steps:
        raise ParameterError(
            f"bin_size: {seconds * 1e3:g} ms is not a whole number of time steps of "
            f"{dt * 1e3:g} ms."
        )
    return steps
