"""Up and down states of a population."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from brian2.units import Hz, Quantity, ms, second

from ..devices.activity import PopulationRate
from ..support.calls import public
from ..support.quantities import Time, quantity
from ..support.true_runs import runs_of
from .short_reprs import ShortRepr
from .trains import ROUNDING, BoolArray, FloatArray, IntArray, read_rate


@dataclass(frozen=True, repr=False)
class UpStates(ShortRepr):
    """When a population was up, and when down.

    Attributes
    ----------
    up : ndarray of bool, shape (n_bins,)
        Whether it was up, for each bin of the rate.
    starts, ends : Quantity, shape (n_up_states,)
        When each up state begins and ends. One that lasts to the end of the rate ends there.
    threshold : Quantity
        The rate above which the population was taken to be up.
    bin_size : Quantity
        Length of a bin.
    """

    up: BoolArray
    starts: Quantity
    ends: Quantity
    threshold: Quantity
    bin_size: Quantity

    @property
    def fraction_up(self) -> float:
        """Fraction of the time spent in up states."""
        return float(self.up.mean())

    @property
    def durations(self) -> Quantity:
        """How long each up state lasts."""
        return self.ends - self.starts

    @property
    def down_starts(self) -> Quantity:
        """When each down state begins; one at the beginning of the rate begins at 0."""
        return runs_of(~self.up)[:, 0] * self.bin_size

    @property
    def down_ends(self) -> Quantity:
        """When each down state ends; one that lasts to the end of the rate ends there."""
        return runs_of(~self.up)[:, 1] * self.bin_size

    @property
    def down_durations(self) -> Quantity:
        """How long each down state lasts."""
        return self.down_ends - self.down_starts

    def __len__(self) -> int:
        return len(self.starts)


@public
def up_states(
    rate: PopulationRate | tuple[Quantity, FloatArray],
    *,
    smoothing: Time = 20 * ms,
    threshold: Quantity | str | None = None,
    minimum_up: Time = 50 * ms,
    minimum_down: Time = 50 * ms,
) -> UpStates:
    r"""Find the up and down states of a population.

    The rate, smoothed, is up where it lies above a threshold. By default this is the one that
    separates low from high rates best: of all thresholds the one with the largest

    .. math:: \omega_0 \omega_1 (\mu_1 - \mu_0)^2

    where :math:`\omega` are the fractions of bins below and above, and :math:`\mu` their mean
    rates (Otsu 1979). There is always one, even if the population does not have two states: ask
    :func:`bimodality` first. Then down states that are too short become up, and after that up
    states that are too short become down.

    There is one threshold for all of the time. A night that learns makes layers quieter, so that
    later up states have lower rates; the default threshold may then lie above them, and they are
    taken to be down. In such a night take the states of the input (``night.rates["input"]``), which
    learning leaves as it is, or give a `threshold` near the rate of down states, such as 0.5 Hz.
    With a low threshold states begin earlier and end later, by up to two or three times
    `smoothing`.

    Parameters
    ----------
    rate : PopulationRate or tuple
        One of `Night.rates`, or what :func:`binned_rate` or :func:`population_rate` returns. Its
        bins should be shorter than the states, for example 1 to 20 ms.
    smoothing : Quantity or str
        Standard deviation of the Gaussian that smooths the rate; 0 ms does not smooth.
    threshold : Quantity or str, optional
        A rate, in Hz, to use instead, as ``"0.5 Hz"``.
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
        If `rate` is not a population rate, or units are wrong or missing.

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
    >>> found.durations, found.down_durations
    (array([0.4]) * second, array([200., 200.]) * msecond)
    """
    # here, as loading scipy takes a second that other measures need not wait for
    from scipy import ndimage

    hertz, bin_size = read_rate(rate)
    width = float(bin_size / second)
    sd = quantity(smoothing, second, "smoothing", minimum=0) / width
    shortest_up = quantity(minimum_up, second, "minimum_up", minimum=0) / width - ROUNDING
    shortest_down = quantity(minimum_down, second, "minimum_down", minimum=0) / width - ROUNDING
    smooth = ndimage.gaussian_filter1d(hertz, sd, mode="nearest") if sd > 0 else hertz
    bound = _otsu(smooth) if threshold is None else quantity(threshold, Hz, "threshold", minimum=0)

    starts, ends = _long_runs(smooth > bound, shortest_up, shortest_down)
    up = np.zeros(len(hertz), dtype=bool)
    for start, end in zip(starts, ends, strict=True):
        up[start:end] = True
    return UpStates(up, starts * bin_size, ends * bin_size, bound * Hz, bin_size)


def _long_runs(
    up: BoolArray, shortest_up: float, shortest_down: float
) -> tuple[IntArray, IntArray]:
    """Return where up states start and end, in bins; states that are too short do not count."""
    starts, ends = runs_of(up).T
    gap = starts[1:] - ends[:-1] >= shortest_down
    starts = np.concatenate([starts[:1], starts[1:][gap]])
    ends = np.concatenate([ends[:-1][gap], ends[-1:]])
    long = ends - starts >= shortest_up
    return starts[long], ends[long]


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
