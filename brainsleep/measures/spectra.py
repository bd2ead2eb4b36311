"""Rhythms of a population: the power spectrum of its rate."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from brian2.units import Hz, Quantity, second

from ..devices.activity import PopulationRate
from ..errors import ParameterError
from ..support.calls import public
from ..support.quantities import Time, quantity
from .short_reprs import ShortRepr
from .trains import FloatArray, read_rate

#: The band, in Hz, whose median power a peak is compared with.
REFERENCE_BAND = (3.0, 12.0)


class Peak(NamedTuple):
    """Where in a band a spectrum is largest.

    Attributes
    ----------
    frequency : Quantity
        Frequency of the largest power.
    ratio : float
        The largest power in the band over the median power from 3 to 12 Hz; NaN if both are 0.
    """

    frequency: Quantity
    ratio: float


@dataclass(frozen=True, repr=False)
class Spectrum(ShortRepr):
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

    @public
    def peak(self, low: Quantity | str, high: Quantity | str) -> Peak:
        """Return the frequency of the largest power in a band, and how much it stands out.

        Parameters
        ----------
        low, high : Quantity or str
            Ends of the band, in Hz; both belong to it.

        Returns
        -------
        Peak
            ``(frequency, ratio)``. Power that only falls over the band is largest at the lower end
            of the band: look at the spectrum before calling that a rhythm.

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
                f"no frequency between {low:g} and {high:g} Hz: the spectrum has {len(hertz)} "
                f"frequencies up to {hertz[-1]:g} Hz; take a longer segment, or shorter bins."
            )
        return hertz[inside], self.power[inside]


@public
def spectrum(
    rate: PopulationRate | tuple[Quantity, FloatArray], segment: Time = 4 * second
) -> Spectrum:
    r"""Estimate the power spectrum of a population rate, by Welch's method.

    The rate is cut into segments of length :math:`T` that overlap by half; the periodograms

    .. math:: P(f) \propto \left| \sum_k w_k (r_k - \bar r) e^{-2 \pi i f k \Delta t} \right|^2

    of the segments, each without its mean and under a Hann window :math:`w`, are averaged.
    Frequencies lie :math:`1/T` apart.

    Parameters
    ----------
    rate : PopulationRate or tuple
        One of `Night.rates`, or what :func:`binned_rate` or :func:`population_rate` returns.
    segment : Quantity or str
        :math:`T`: several cycles of the slowest rhythm looked for. Shorter segments are more, and
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
        If `rate` is not a population rate, or `segment` is not a time.

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
    # here, as loading scipy takes a second that other measures need not wait for
    from scipy import signal

    hertz, bin_size = read_rate(rate)
    width = float(bin_size / second)
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
