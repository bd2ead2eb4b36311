"""Firing rates of neurons and of populations.

They take spikes by population, as `Night.spikes` and `CircuitRun.spikes` hold them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
from brian2.units import Quantity, ms, second

from ..devices.arguments import read_time_step
from ..support.array_values import check_memory
from ..support.calls import public
from ..support.checks import whole_number
from ..support.quantities import Time, quantity
from .time_bins import read_steps, steps_per_bin
from .trains import FloatArray, IntArray, SpikeTrain, read_trains

#: Spikes by the name of their population.
SpikesByPopulation: TypeAlias = Mapping[str, SpikeTrain]


@public
def firing_rates(spikes: SpikesByPopulation, duration: Time) -> dict[str, FloatArray]:
    r"""Return every neuron's mean firing rate.

    .. math:: r_i = n_i / T

    where :math:`n_i` is the number of spikes of neuron :math:`i` in the duration :math:`T`.

    Parameters
    ----------
    spikes : mapping of str to Spikes
        By population, as `Night.spikes`. Not changed.
    duration : Quantity or str
        Length of the recording, as `Night.duration`. All spikes count.

    Returns
    -------
    dict of str to ndarray of float64, shape (n_neurons,)
        Rates in Hz, one per neuron, by population; 0 for a silent neuron.

    Raises
    ------
    ParameterError
        If there is no population, or the duration is not greater than 0.
    UnitsError
        If the duration is not a time.

    Examples
    --------
    Two neurons in 100 ms; the first fires twice.

    >>> import numpy as np
    >>> from brian2 import ms
    >>> from brainsleep.devices.activity import Spikes
    >>> spikes = {"0": Spikes(i=np.array([0, 1, 0]), t=[1, 1, 5] * ms, n_neurons=2)}
    >>> firing_rates(spikes, 100 * ms)["0"].tolist()
    [20.0, 10.0]
    """
    seconds = _seconds(duration)
    return {
        name: np.bincount(neurons, minlength=n_neurons) / seconds
        for name, (neurons, _, n_neurons) in read_trains(spikes).items()
    }


@public
def spike_counts(spikes: SpikesByPopulation) -> dict[str, IntArray]:
    r"""Count every neuron's spikes.

    .. math:: n_i = \sum_t s_i(t)

    where :math:`s_i(t)` is 1 if neuron :math:`i` spikes in time step :math:`t`, else 0.

    Parameters
    ----------
    spikes : mapping of str to Spikes
        By population, as `Night.spikes`. Not changed.

    Returns
    -------
    dict of str to ndarray of int64, shape (n_neurons,)
        Spikes of each neuron, by population; 0 for a silent neuron.

    Raises
    ------
    ParameterError, KindError
        If there is no population, or something is no spikes.

    Examples
    --------
    >>> import numpy as np
    >>> from brian2 import ms
    >>> from brainsleep.devices.activity import Spikes
    >>> spikes = {"0": Spikes(i=np.array([0, 2, 0]), t=[1, 1, 5] * ms, n_neurons=3)}
    >>> spike_counts(spikes)["0"].tolist()
    [2, 0, 1]
    """
    return {
        name: np.bincount(neurons, minlength=n_neurons)
        for name, (neurons, _, n_neurons) in read_trains(spikes).items()
    }


@public
def mean_rates(spikes: SpikesByPopulation, duration: Time) -> dict[str, float]:
    r"""Return every population's firing rate, averaged over its neurons.

    .. math:: \bar r = \frac{1}{N T} \sum_{i=1}^{N} n_i

    where :math:`n_i` is the number of spikes of neuron :math:`i` of :math:`N` in the duration
    :math:`T`.

    Parameters
    ----------
    spikes, duration
        As in :func:`firing_rates`.

    Returns
    -------
    dict of str to float
        Rates in Hz by population; 0 for a population without neurons.

    Raises
    ------
    ParameterError, UnitsError
        As :func:`firing_rates`.

    Examples
    --------
    >>> import numpy as np
    >>> from brian2 import ms
    >>> from brainsleep.devices.activity import Spikes
    >>> spikes = {"0": Spikes(i=np.array([0, 1, 0]), t=[1, 1, 5] * ms, n_neurons=2)}
    >>> mean_rates(spikes, 100 * ms)
    {'0': 15.0}
    """
    seconds = _seconds(duration)
    return {
        name: len(neurons) / (seconds * n_neurons) if n_neurons else 0.0
        for name, (neurons, _, n_neurons) in read_trains(spikes).items()
    }


@public
def population_rate(
    train: SpikeTrain, *, n_steps: int, dt: Time, bin_size: Time = 10 * ms
) -> tuple[Quantity, FloatArray]:
    r"""Return the firing rate of a population over time, in bins.

    .. math:: r(b) = \frac{n(b)}{N \, \Delta_b}

    where :math:`n(b)` counts the spikes in bin :math:`b` of length :math:`\Delta_b`, and
    :math:`N` is the number of neurons. A bin includes its start but not its end.

    Parameters
    ----------
    train : Spikes
        Spikes of one population, such as ``night.spikes["input"]``. Not changed.
    n_steps : int
        Length of the recording in time steps, as `Night.n_steps`.
    dt : Quantity or str
        Time step, as `Night.dt`.
    bin_size : Quantity or str
        Length of a bin, a whole number of time steps. If the recording ends within the last bin,
        that bin is shorter, and its rate is over the shorter time. A bin longer than the recording
        is cut to its length.

    Returns
    -------
    times : Quantity, shape (n_bins,)
        The middle of each bin.
    rates : ndarray of float64, shape (n_bins,)
        Rate in each bin in Hz, averaged over neurons; 0 for a population without neurons.

    Raises
    ------
    ParameterError
        If `bin_size` is not a whole number of time steps, or there are spikes after the last step.
    UnitsError
        If `dt` or `bin_size` is not a time.

    Examples
    --------
    >>> import numpy as np
    >>> from brian2 import ms
    >>> from brainsleep.devices.activity import Spikes
    >>> train = Spikes(i=np.array([0, 1, 0]), t=[0, 9, 10] * ms, n_neurons=2)
    >>> times, rates = population_rate(train, n_steps=20, dt=1 * ms, bin_size=10 * ms)
    >>> times
    array([ 5., 15.]) * msecond
    >>> rates.tolist()
    [100.0, 50.0]
    """
    last = whole_number(n_steps, "n_steps", minimum=1)
    step = read_time_step(dt)
    width = steps_per_bin(bin_size, step)
    _, steps, n_neurons = read_steps(train, last, step)
    check_memory(last // width, "n_steps")
    edges = np.append(np.arange(0, last, width), last)
    counts = np.bincount(steps // width, minlength=len(edges) - 1)
    rates = counts / (np.diff(edges) * step * max(n_neurons, 1))
    return (edges[:-1] + edges[1:]) / 2 * step * second, rates


def _seconds(duration: Time) -> float:
    """Return a duration in seconds."""
    return quantity(duration, second, "duration", minimum=0, exclusive_minimum=True)
