"""Rhythms of a population: its spectrum, its up and down states, how regularly neurons fire.

All of them take what `Night.spikes` and `Night.rates` hold; spikes may also come as a bool array.
scipy is imported where it is used: it takes a second, which other measures need not wait for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from brian2.units import Hz, Quantity, ms, second

from ..devices.activity import PopulationRate, Spikes
from ..errors import ParameterError, UnitsError, brief
from ..support.checks import whole_number
from ..support.quantities import quantity

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

#: The band, in Hz, whose median power a peak is compared with.
REFERENCE_BAND = (3.0, 12.0)

#: Sarle's coefficient of a uniform distribution; what lies above is taken for bimodal.
BIMODAL_ABOVE = 5 / 9

#: Fraction of a bin by which rounding may be off.
_ROUNDING = 1e-6


class Peak(NamedTuple):
    """Where in a band a spectrum is largest.

    Attributes
    ----------
    frequency : Quantity
        Of the largest power.
    ratio : float
        The largest power in the band over the median power from 3 to 12 Hz; NaN if both are 0.
    """

    frequency: Quantity
    ratio: float


@dataclass(frozen=True)
class Spectrum:
    """A power spectrum.

    Attributes
    ----------
    frequencies : Quantity, shape (n_frequencies,)
        From 0 Hz to half the sampling rate.
    power : ndarray of float64, shape (n_frequencies,)
        Power density, in Hz² per Hz.
    """

    frequencies: Quantity
    power: FloatArray

    def peak(self, low: Any, high: Any) -> Peak:
        """Return the frequency of the largest power in a band, and how much it stands out.

        Parameters
        ----------
        low, high : Quantity or str
            Ends of the band, both part of it.

        Returns
        -------
        Peak
            ``(frequency, ratio)``. Power that only falls over the band has its largest value at
            the band's lower end: look at the spectrum before calling that a rhythm.

        Raises
        ------
        ParameterError
            If the spectrum has no frequency in the band, or none from 3 to 12 Hz.
        UnitsError
            If an end is not a frequency.
        """
        ends = (
            quantity(low, Hz, "low", minimum=0),
            quantity(high, Hz, "high", minimum=0, exclusive_minimum=True),
        )
        hertz, power = self._band(*ends)
        reference = float(np.median(self._band(*REFERENCE_BAND)[1]))
        best = int(np.argmax(power))
        if reference == 0:
            ratio = math.inf if power[best] > 0 else math.nan
        else:
            ratio = float(power[best]) / reference
        return Peak(hertz[best] * Hz, ratio)

    def _band(self, low: float, high: float) -> tuple[FloatArray, FloatArray]:
        """Return frequencies, in Hz, and power of a band."""
        hertz = np.asarray(self.frequencies / Hz)
        inside = (hertz >= low - 1e-9) & (hertz <= high + 1e-9)
        if not inside.any():
            raise ParameterError(
                f"no frequency between {low:g} and {high:g} Hz: the spectrum has {len(hertz)} up "
                f"to {hertz[-1]:g} Hz; take a longer segment, or shorter bins."
            )
        return hertz[inside], self.power[inside]


@dataclass(frozen=True)
class UpStates:
    """When a population was up, and when down.

    Attributes
    ----------
    up : ndarray of bool, shape (n_bins,)
        Whether it was up, by bin of the rate.
    starts, ends : Quantity, shape (n_up_states,)
        When each up state begins and ends. One that lasts to the end of the rate ends there.
    threshold : Quantity
        The rate above which the population was taken to be up.
    """

    up: BoolArray
    starts: Quantity
    ends: Quantity
    threshold: Quantity

    @property
    def fraction_up(self) -> float:
        """Fraction of the time spent in up states."""
        return float(self.up.mean())

    def __len__(self) -> int:
        return len(self.starts)


@dataclass(frozen=True)
class Bimodality:
    """Whether a rate has two modes.

    Attributes
    ----------
    coefficient : float
        Sarle's bimodality coefficient of the square root of the rate; NaN for one that never
        changes.
    fraction_silent : float
        Fraction of the bins without any spike.
    """

    coefficient: float
    fraction_silent: float

    @property
    def bimodal(self) -> bool:
        """Whether the coefficient lies above 5/9, that of a uniform distribution."""
        return self.coefficient > BIMODAL_ABOVE


@dataclass(frozen=True)
class IntervalVariation:
    """How irregularly neurons fired.

    Attributes
    ----------
    by_neuron : ndarray of float64, shape (n_neurons,)
        Coefficient of variation; NaN for a neuron with too few spikes.
    """

    by_neuron: FloatArray

    @property
    def mean(self) -> float:
        """Mean over the neurons with enough spikes; NaN if there is none."""
        known = self.by_neuron[~np.isnan(self.by_neuron)]
        return float(known.mean()) if known.size else math.nan


def binned_rate(
    spikes: Spikes | PopulationRate | npt.ArrayLike, duration: Any, bin: Any = 20 * ms
) -> PopulationRate:
    r"""Count a population's spikes in bins.

    .. math:: r(b) = \frac{n(b)}{N \, \Delta_b}

    where :math:`n(b)` counts the spikes in bin :math:`b` of length :math:`\Delta_b`, and
    :math:`N` is the number of neurons. A bin holds its start but not its end.

    Parameters
    ----------
    spikes : Spikes, PopulationRate or array_like of bool, shape (n_steps, n_neurons)
        The rows of an array divide `duration` evenly.
    duration : Quantity or str
        Of the recording. Later spikes do not count.
    bin : Quantity or str
        Length of a bin; best a whole number of time steps. A last bin that is not complete is
        left out.

    Returns
    -------
    PopulationRate
        Its ``dt`` is the bin; ``rate`` in Hz, averaged over neurons.

    Raises
    ------
    ParameterError
        If the bin is longer than the duration, or an array has the wrong shape.
    UnitsError
        If a time is not one, or `spikes` are none.

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
    width = quantity(bin, second, "bin", minimum=0, exclusive_minimum=True)
    n_bins = math.floor(seconds / width + _ROUNDING)
    if n_bins == 0:
        raise ParameterError(
            f"bin: {width * 1e3:g} ms is longer than the duration of {seconds * 1e3:g} ms."
        )
    times, numbers, n_neurons = _events(spikes, seconds)
    places = np.floor(times / width + _ROUNDING).astype(np.int64)
    inside = places < n_bins
    counts = np.bincount(places[inside], weights=numbers[inside], minlength=n_bins)
    return PopulationRate(counts.astype(np.int32), n_neurons, width * second)


def spectrum(rate: PopulationRate, segment: Any = 4 * second) -> Spectrum:
    r"""Estimate the power spectrum of a population rate, by Welch's method.

    The rate is cut into segments of length :math:`T` that overlap by half; the periodograms

    .. math:: P(f) \propto \left| \sum_k w_k (r_k - \bar r) e^{-2 \pi i f k \Delta t} \right|^2

    of the segments, each without its mean and under a Hann window :math:`w`, are averaged.
    Frequencies lie :math:`1/T` apart.

    Parameters
    ----------
    rate : PopulationRate
        `Night.rates` hold one; :func:`binned_rate` makes one.
    segment : Quantity or str
        :math:`T`: several cycles of the slowest rhythm looked for. More segments, so shorter ones,
        give a smoother spectrum.

    Returns
    -------
    Spectrum
        Frequencies, power, and ``peak(low, high)``.

    Raises
    ------
    ParameterError
        If the segment is longer than the rate, or shorter than two bins.
    UnitsError
        If `rate` is no population rate, or `segment` no time.

    References
    ----------
    Welch 1967, IEEE Transactions on Audio and Electroacoustics 15:70.

    Examples
    --------
    A rate that rises and falls twice a second.

    >>> import numpy as np
    >>> from brian2 import Hz, ms, second
    >>> from brainsleep.devices.activity import PopulationRate
    >>> k = np.arange(1000)
    >>> counts = np.rint(50 + 40 * np.sin(2 * np.pi * 2 * 0.02 * k)).astype(int)
    >>> rate = PopulationRate(counts, n_neurons=100, dt=20 * ms)
    >>> float(spectrum(rate, segment=5 * second).peak(0.5 * Hz, 4 * Hz).frequency / Hz)
    2.0
    """
    from scipy import signal

    hertz = _hertz(rate)
    width = float(rate.dt / second)
    seconds = quantity(segment, second, "segment", minimum=0, exclusive_minimum=True)
    n = round(seconds / width)
    if n > len(hertz):
        raise ParameterError(
            f"segment: {seconds:g} s is longer than the rate's {len(hertz) * width:g} s."
        )
    if n < 2:
        raise ParameterError(
            f"segment: {seconds:g} s is shorter than two of the rate's bins of {width:g} s."
        )
    frequencies, power = signal.welch(hertz, fs=1 / width, window="hann", nperseg=n)
    return Spectrum(frequencies * Hz, power)


def up_states(
    rate: PopulationRate,
    smoothing: Any = 20 * ms,
    threshold: Any = None,
    minimum_up: Any = 50 * ms,
    minimum_down: Any = 50 * ms,
) -> UpStates:
    r"""Find the up and down states of a population.

    The rate, smoothed, is up where it lies above a threshold. By default this is the one that
    separates low from high rates best: of all thresholds the one with the largest

    .. math:: \omega_0 \omega_1 (\mu_1 - \mu_0)^2

    where :math:`\omega` are the fractions of bins below and above, and :math:`\mu` their mean
    rates (Otsu 1979). It finds one even where there are no two states: ask :func:`bimodality`
    first. Then down states that are too short are filled, and up states that still are too short
    are dropped.

    Parameters
    ----------
    rate : PopulationRate
        With bins shorter than the states, as of 1 to 20 ms.
    smoothing : Quantity or str
        Standard deviation of the Gaussian that smooths the rate; 0 ms does not smooth.
    threshold : Quantity or str, optional
        A rate to take instead.
    minimum_up, minimum_down : Quantity or str
        The shortest states that count. At the beginning and end a down state may be shorter.

    Returns
    -------
    UpStates
        A rate that never changes is up throughout, or down if it is 0.

    Raises
    ------
    ParameterError
        If a time or rate is negative.
    UnitsError
        If `rate` is no population rate, or units are wrong or missing.

    References
    ----------
    Otsu 1979, IEEE Transactions on Systems, Man, and Cybernetics 9:62. Up and down states from the
    rate of many units: Luczak, Barthó, Marguet, Buzsáki, Harris 2007, PNAS 104:347; shortest off
    periods of 50 ms: Vyazovskiy et al. 2009, Neuron 63:865.

    Examples
    --------
    >>> import numpy as np
    >>> from brian2 import ms
    >>> from brainsleep.devices.activity import PopulationRate
    >>> rate = PopulationRate(np.repeat([0, 8, 0], [10, 20, 10]), n_neurons=10, dt=20 * ms)
    >>> found = up_states(rate)
    >>> np.asarray(found.starts / ms).tolist(), np.asarray(found.ends / ms).tolist()
    ([200.0], [600.0])
    >>> found.fraction_up
    0.5
    """
    from scipy import ndimage

    hertz = _hertz(rate)
    width = float(rate.dt / second)
    sd = quantity(smoothing, second, "smoothing", minimum=0) / width
    shortest_up = quantity(minimum_up, second, "minimum_up", minimum=0) / width - _ROUNDING
    shortest_down = quantity(minimum_down, second, "minimum_down", minimum=0) / width - _ROUNDING
    smooth = ndimage.gaussian_filter1d(hertz, sd, mode="nearest") if sd > 0 else hertz
    bound = _otsu(smooth) if threshold is None else quantity(threshold, Hz, "threshold", minimum=0)

    starts, ends = _runs(smooth > bound)
    gap = starts[1:] - ends[:-1] >= shortest_down
    starts = np.concatenate([starts[:1], starts[1:][gap]])
    ends = np.concatenate([ends[:-1][gap], ends[-1:]])
    long = ends - starts >= shortest_up
    starts, ends = starts[long], ends[long]
    up = np.zeros(len(hertz), dtype=bool)
    for start, end in zip(starts, ends, strict=True):
        up[start:end] = True
    return UpStates(up, starts * rate.dt, ends * rate.dt, bound * Hz)


def bimodality(rate: PopulationRate) -> Bimodality:
    r"""Measure whether a population goes back and forth between two states.

    Sarle's bimodality coefficient of the square root of the rate, whose noise is then the same at
    low and high rates (Anscombe 1948, for counts):

    .. math:: b = \frac{g^2 + 1}{k + \frac{3 (n-1)^2}{(n-2)(n-3)}}

    where :math:`g` is the skewness and :math:`k` the excess kurtosis of the :math:`n` bins, both
    corrected for the sample's size. It is 1/3 for a normal distribution, 5/9 for a uniform one,
    and 1 for two values alone; above 5/9 a distribution is taken for bimodal. A distribution
    with one long tail may lie above as well, so look at the fraction of silent bins too.

    Parameters
    ----------
    rate : PopulationRate
        Bins should be shorter than the states, and long enough for several spikes in an up state;
        :func:`binned_rate` changes them.

    Returns
    -------
    Bimodality
        ``coefficient``, ``bimodal`` and ``fraction_silent``.

    Raises
    ------
    ParameterError
        If there are fewer than 4 bins.
    UnitsError
        If `rate` is no population rate.

    References
    ----------
    Anscombe 1948, Biometrika 35:246; SAS Institute 1990, SAS/STAT User's Guide, version 6; Pfister,
    Schwarz, Janczyk, Dale, Freeman 2013, Frontiers in Psychology 4:700.

    Examples
    --------
    >>> import numpy as np
    >>> from brian2 import ms
    >>> from brainsleep.devices.activity import PopulationRate
    >>> rate = PopulationRate(np.tile([0, 0, 9, 10], 50), n_neurons=10, dt=20 * ms)
    >>> found = bimodality(rate)
    >>> found.bimodal, found.fraction_silent
    (True, 0.5)
    """
    from scipy import stats

    hertz = _hertz(rate)
    n = len(hertz)
    if n < 4:
        raise ParameterError(f"rate: needs at least 4 bins, but has {n}.")
    silent = float(np.mean(np.asarray(rate.counts) == 0))
    if np.ptp(hertz) == 0:
        return Bimodality(math.nan, silent)
    values = np.sqrt(hertz)
    skewness = float(stats.skew(values, bias=False))
    kurtosis = float(stats.kurtosis(values, bias=False))
    expected = 3 * (n - 1) ** 2 / ((n - 2) * (n - 3))
    return Bimodality((skewness**2 + 1) / (kurtosis + expected), silent)


def cv_isi(spikes: Spikes | npt.ArrayLike, minimum_spikes: int = 3) -> IntervalVariation:
    r"""Return how much the intervals between a neuron's spikes vary.

    .. math:: \mathrm{CV} = \frac{\sqrt{\langle (\tau - \bar\tau)^2 \rangle}}{\bar\tau}

    where :math:`\tau` are the intervals between successive spikes of one neuron. It is 0 for a
    clock and 1 for a Poisson process of constant rate, to which few spikes come only from below.

    Parameters
    ----------
    spikes : Spikes or array_like of bool, shape (n_steps, n_neurons)
        In any order.
    minimum_spikes : int
        Neurons with fewer are left out; at least 3.

    Returns
    -------
    IntervalVariation
        ``by_neuron`` and ``mean``.

    Raises
    ------
    ParameterError
        If `minimum_spikes` is less than 3, or an array has the wrong shape.
    UnitsError
        If `spikes` are none.

    References
    ----------
    Softky, Koch 1993, Journal of Neuroscience 13:334.

    Examples
    --------
    The first neuron fires like a clock; the second fires once.

    >>> import numpy as np
    >>> from brian2 import ms
    >>> from brainsleep.devices.activity import Spikes
    >>> spikes = Spikes(i=np.array([0, 1, 0, 0]), t=[0, 3, 10, 20] * ms, n_neurons=2)
    >>> cv_isi(spikes).by_neuron.tolist()
    [0.0, nan]
    """
    fewest = whole_number(minimum_spikes, "minimum_spikes", minimum=3)
    neurons, times, n_neurons = _trains(spikes)
    order = np.lexsort((times, neurons))
    neurons, times = neurons[order], times[order]
    same = neurons[1:] == neurons[:-1]
    whose, intervals = neurons[1:][same], np.diff(times)[same]
    n = np.bincount(whose, minlength=n_neurons)
    with np.errstate(divide="ignore", invalid="ignore"):  # of neurons left out below
        mean = np.bincount(whose, weights=intervals, minlength=n_neurons) / n
        squares = (intervals - mean[whose]) ** 2
        sd = np.sqrt(np.bincount(whose, weights=squares, minlength=n_neurons) / n)
        variation = sd / mean
    variation[n + 1 < fewest] = math.nan
    return IntervalVariation(variation)


def _hertz(rate: PopulationRate) -> FloatArray:
    """Return a population's rate in Hz."""
    if not isinstance(rate, PopulationRate):
        raise UnitsError(
            f"rate must be a PopulationRate, as bs.measures.binned_rate makes, not {brief(rate)}."
        )
    if len(rate) == 0:
        raise ParameterError("rate: has no bins.")
    seconds = max(rate.n_neurons, 1) * float(rate.dt / second)
    return np.asarray(rate.counts, dtype=np.float64) / seconds


def _events(
    spikes: Spikes | PopulationRate | npt.ArrayLike, seconds: float
) -> tuple[FloatArray, npt.NDArray[Any], int]:
    """Return times in seconds, how many spikes came at each, and the number of neurons."""
    numbers: npt.NDArray[Any]
    if isinstance(spikes, Spikes):
        times = np.asarray(spikes.t / second, dtype=np.float64)
        return times, np.ones(len(spikes), np.int32), spikes.n_neurons
    if isinstance(spikes, PopulationRate):
        numbers, n_neurons = np.asarray(spikes.counts), spikes.n_neurons
        width = float(spikes.dt / second)
    else:
        raster = _raster(spikes)
        numbers, n_neurons = raster.sum(axis=1), raster.shape[1]
        width = seconds / len(raster)
    return np.arange(len(numbers), dtype=np.float64) * width, numbers, n_neurons


def _trains(
    spikes: Spikes | npt.ArrayLike,
) -> tuple[npt.NDArray[np.int64], FloatArray, int]:
    """Return whose each spike is, when it came (in any unit), and the number of neurons."""
    if isinstance(spikes, Spikes):
        times = np.asarray(spikes.t / second, dtype=np.float64)
        return np.asarray(spikes.i, dtype=np.int64), times, spikes.n_neurons
    raster = _raster(spikes)
    steps, neurons = np.nonzero(raster)
    return neurons, steps.astype(np.float64), raster.shape[1]


def _raster(spikes: Any) -> BoolArray:
    """Read a bool array of spikes."""
    raster = np.asarray(spikes)
    if raster.dtype != bool:
        raise UnitsError(f"spikes must be a night's, or a bool array, not {brief(spikes)}.")
    if raster.ndim != 2 or len(raster) == 0:
        raise ParameterError(
            f"spikes must have shape (n_steps, n_neurons) with at least one step, not "
            f"{raster.shape}."
        )
    return raster


def _runs(up: BoolArray) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return where runs of True start, and where they end."""
    steps = np.diff(up.astype(np.int8), prepend=0, append=0)
    return np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)


def _otsu(values: FloatArray) -> float:
    """Return the threshold between low and high values, halfway between two neighbours."""
    ordered = np.sort(values)
    if ordered[0] == ordered[-1]:
        return 0.0
    n = len(ordered)
    below = np.arange(1, n)
    total = np.cumsum(ordered)
    low = total[:-1] / below
    high = (total[-1] - total[:-1]) / (n - below)
    separation = below * (n - below) * (high - low) ** 2
    best = int(np.argmax(np.where(ordered[1:] > ordered[:-1], separation, -1.0)))
    return float(ordered[best] + ordered[best + 1]) / 2
