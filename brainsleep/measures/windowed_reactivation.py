"""When in a night the activity of each class comes back: reactivation in windows of time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from brian2.units import Quantity, ms, second

from ..devices.arguments import read_time_step
from ..errors import ParameterError
from ..support.array_values import check_memory, numbers
from ..support.calls import public
from ..support.checks import whole_number
from ..support.quantities import Time
from .labelled_activity import unit_rows
from .short_reprs import ShortRepr
from .time_bins import read_steps, steps_per_bin
from .trains import FloatArray, SpikeTrain

if TYPE_CHECKING:
    from scipy import sparse


@dataclass(frozen=True, eq=False, repr=False)
class WindowedReactivation(ShortRepr):
    """How alike the spikes in each window of a night and the mean activation of each class are.

    Attributes
    ----------
    t : Quantity, shape (n_windows,)
        The middle of each window.
    correlation : ndarray of float64, shape (n_windows, n_classes)
        In [-1, 1]; NaN where all neurons have the same number of spikes, as without any.
    null_sd : float
        Standard deviation of each correlation if the neurons were shuffled; its mean is then 0.
    """

    t: Quantity
    correlation: FloatArray
    null_sd: float


@public
def windowed_reactivation(
    train: SpikeTrain,
    class_means: npt.ArrayLike,
    *,
    n_steps: int,
    dt: Time,
    window: Time = 10 * ms,
) -> WindowedReactivation:
    r"""Correlate the spikes in each window of a night with the mean activation of each class.

    .. math:: R_c(w) = \mathrm{corr}_i (\bar a_{c,i}, n_i(w))

    where :math:`n_i(w)` counts the spikes of neuron :math:`i` in window :math:`w`,
    :math:`\bar a_{c,i}` is its mean activation for class :math:`c`, and :math:`\mathrm{corr}_i` is
    Pearson's correlation over the :math:`N` neurons of a population. Windows follow each other
    without a gap. (The source draws 200 windows at random, and divides by the mean correlation of
    all pairs of neurons, which depends on the population and may be near 0; here nothing is divided
    by.)

    If neurons are shuffled, :math:`R_c(w)` has the mean 0 and the standard deviation
    :math:`1 / \sqrt{N - 1}`, exactly and for any window (Pitman 1937). For the null of other
    weights pass the class means of an untrained network.

    Parameters
    ----------
    train : Spikes
        Spikes of one population, such as ``night.spikes["0"]``. Not changed.
    class_means : array_like, shape (n_classes, n_neurons)
        Of this population, as :func:`class_means` returns them. Not changed.
    n_steps : int
        Length of the recording in time steps, as `Night.n_steps`.
    dt : Quantity or str
        Time step, as `Night.dt`.
    window : Quantity or str, optional
        Length of a window, a whole number of time steps. If the recording ends within the last
        window, that one is shorter.

    Returns
    -------
    WindowedReactivation
        One correlation per window and class, with the null.

    Raises
    ------
    ParameterError
        If `window` is not a whole number of time steps, there are spikes after the last step, or
        the class means are those of another number of neurons.
    UnitsError
        If `dt` or `window` is not a time.

    References
    ----------
    Tadros, Krishnan, Ramyaa, Bazhenov 2022, Nature Communications 13:7742
    (``compute_reactivation_figure2`` of its code). Pitman 1937, Journal of the Royal Statistical
    Society, Supplement 4:225.

    Examples
    --------
    The neuron of class 0 fires in the first window, that of class 1 in the second:

    >>> import numpy as np
    >>> from brian2 import ms
    >>> from brainsleep.devices.activity import Spikes
    >>> train = Spikes(i=np.array([0, 1]), t=[3, 12] * ms, n_neurons=3)
    >>> found = windowed_reactivation(train, [[2, 0, 0], [0, 1, 0]], n_steps=20, dt=1 * ms)
    >>> found.t
    array([ 5., 15.]) * msecond
    >>> found.correlation.round(3).tolist()
    [[1.0, -0.5], [-0.5, 1.0]]
    """
    means = numbers(class_means, "class_means", shape=(None, None))
    last, step = whole_number(n_steps, "n_steps", minimum=1), read_time_step(dt)
    width = steps_per_bin(window, step, "window")
    neurons, steps, n_neurons = read_steps(train, last, step)
    if means.shape[1] != n_neurons:
        raise ParameterError(
            f"class_means: are those of {means.shape[1]} neurons, but the spikes of {n_neurons}."
        )
    edges = np.append(np.arange(0, last, width), last)
    n_windows = len(edges) - 1
    check_memory(n_windows * len(means), "n_steps")
    from scipy.sparse import csr_array  # slow to import

    counts = csr_array(
        (np.ones(len(steps)), (steps // width, neurons)), shape=(n_windows, n_neurons)
    )
    middles = (edges[:-1] + edges[1:]) / 2 * step * second
    null_sd = 1 / math.sqrt(n_neurons - 1) if n_neurons > 1 else math.nan
    return WindowedReactivation(middles, _correlations(counts, means), null_sd)


def _correlations(counts: sparse.csr_array, means: FloatArray) -> FloatArray:
    """Correlate each row of counts, which may be many, with each of the means."""
    counts.sum_duplicates()
    totals, squares = counts.sum(axis=1), counts.power(2).sum(axis=1)
    n_neurons = counts.shape[1]
    variation = n_neurons * squares - totals**2  # whole numbers: exactly 0 without variation
    lengths = np.sqrt(np.where(variation > 0, variation / n_neurons, np.nan))
    correlation: FloatArray = counts @ unit_rows(means).T / lengths[:, None]
    return correlation
