"""Whether neurons fire in the same order again and again: rank-order correlation, with a null."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from brian2.units import Quantity, second

from ..errors import KindError, ParameterError, brief
from ..support.array_values import check_memory, numbers
from ..support.calls import public
from ..support.checks import known_name, read_seed, whole_number
from .short_reprs import ShortRepr
from .states import UpStates
from .trains import BoolArray, FloatArray, IntArray, SpikeTrain, in_seconds, read_train

#: What is shuffled within a window for the null.
NULLS = ("times", "shifts", "neurons")


@dataclass(frozen=True, repr=False)
class RankOrder(ShortRepr):
    """How much the order of first spikes in windows is that of a template.

    Attributes
    ----------
    starts : Quantity, shape (n_windows,)
        When each window begins.
    correlation : ndarray of float64, shape (n_windows,)
        Spearman's correlation with the template, between -1 and 1; NaN where too few neurons fired
        or all fired first in the same step.
    n_compared : ndarray of int64, shape (n_windows,)
        Neurons that fired in the window and have a place in the template.
    p : ndarray of float64, shape (n_windows,)
        Which share of the shuffles, the recording counted as one, is at least as large; NaN as
        above. They are not corrected for the number of windows.
    null_means : ndarray of float64, shape (n_shuffles,)
        The mean correlation of each shuffle.
    """

    starts: Quantity
    correlation: FloatArray
    n_compared: IntArray
    p: FloatArray
    null_means: FloatArray

    @property
    def mean(self) -> float:
        """Mean correlation over windows; NaN if there is none."""
        return _mean(self.correlation)

    @property
    def p_of_mean(self) -> float:
        """Which share of the shuffles, the recording counted as one, has at least this mean."""
        if math.isnan(self.mean):
            return math.nan
        return float((1 + np.sum(self.null_means >= self.mean)) / (1 + len(self.null_means)))

    def __len__(self) -> int:
        return len(self.correlation)


@public
def rank_order(
    train: SpikeTrain,
    windows: UpStates | tuple[Quantity, Quantity],
    *,
    template: npt.ArrayLike | None = None,
    null: str = "times",
    n_shuffles: int = 200,
    minimum_neurons: int = 5,
    seed: int = 0,
) -> RankOrder:
    r"""Return how much the order in which neurons first fire in windows is the same.

    .. math:: \rho = \frac{\mathrm{Cov}(R, S)}{\sigma_R \, \sigma_S}

    where :math:`R` are the ranks of the neurons' first spikes in a window, and :math:`S` their
    ranks in a template (Spearman); neurons that fire first in the same step share the mean of
    their ranks. Without a template, each window is compared with the mean of the neurons' ranks in
    all other windows.

    Neurons that fire more fire earlier, in any window: that alone makes orders alike, and more so
    if they fire regularly. The null ``"times"`` deals the times of a window's spikes anew to these
    spikes: it keeps how often each neuron fires, and when the population does. ``"shifts"`` moves
    the spikes of each neuron by a time of its own, around the ends of the window: it keeps how
    often and at which intervals each neuron fires. What is larger than both is an order beyond
    these. ``"neurons"`` deals the first spikes anew to the neurons that fired, and keeps nothing of
    them.

    Parameters
    ----------
    train : Spikes
        Spikes of one population, such as ``night.spikes["0"]``. Not changed.
    windows : UpStates or pair of Quantity
        What :func:`up_states` found, or starts and ends, which do not overlap and are in order. A
        window includes its start but not its end.
    template : array_like, shape (n_neurons,), optional
        A number per neuron that is smaller for those that should fire earlier; NaN for neurons
        that do not count. Not changed.
    null : str
        ``"times"``, ``"shifts"`` or ``"neurons"``.
    n_shuffles : int
        How often the null is drawn.
    minimum_neurons : int
        Windows in which fewer neurons are compared are NaN; at least 3.
    seed : int
        Of the null.

    Returns
    -------
    RankOrder
        ``correlation``, ``n_compared`` and ``p`` by window; ``mean``, ``null_means`` and
        ``p_of_mean``. Of a null without a template, the other windows are shuffled as well.

    Raises
    ------
    ParameterError
        If windows overlap or there is none, the template has another length, or a number is out of
        range.
    KindError, UnitsError
        If one is something else.

    References
    ----------
    Of sequences in sleep: Ji, Wilson 2007, Nature Neuroscience 10:100; Luczak, Barthó, Marguet,
    Buzsáki, Harris 2007, PNAS 104:347.

    Examples
    --------
    Six neurons fire one after the other, twice.

    >>> import numpy as np
    >>> from brian2 import ms
    >>> from brainsleep.devices.activity import Spikes
    >>> times = np.concatenate([np.arange(6), 100 + 2 * np.arange(6)])
    >>> train = Spikes(i=np.tile(np.arange(6), 2), t=times * ms, n_neurons=6)
    >>> found = rank_order(train, ([0, 100] * ms, [50, 150] * ms))
    >>> found.correlation.round(6).tolist(), bool(found.p_of_mean < 0.01)
    ([1.0, 1.0], True)
    """
    starts, ends = _read_windows(windows)
    known_name(null, "null", NULLS)
    n_draws = whole_number(n_shuffles, "n_shuffles", minimum=1, maximum=1_000_000)
    fewest = whole_number(minimum_neurons, "minimum_neurons", minimum=3)
    rng = np.random.default_rng(read_seed(seed))
    neurons, seconds, n_neurons = read_train(train, "train")
    reference = _read_template(template, n_neurons)
    check_memory(n_draws * len(starts), "n_shuffles")
    first = _FirstSpikes(neurons, seconds, n_neurons, starts, ends)
    correlation, n_compared = first.compared(first.times, reference, fewest)
    shuffle = getattr(first, f"deal_{null}")
    drawn = np.array([first.compared(shuffle(rng), reference, fewest)[0] for _ in range(n_draws)])
    larger = (drawn >= correlation - 1e-12).sum(axis=0)
    p = np.where(np.isnan(correlation), np.nan, (1 + larger) / (1 + n_draws))
    null_means = np.array([_mean(one) for one in drawn])
    return RankOrder(starts * second, correlation, n_compared, p, null_means)


class _FirstSpikes:
    """The first spike of each neuron in each window in which it fired, window by window."""

    def __init__(
        self,
        neurons: IntArray,
        seconds: FloatArray,
        n_neurons: int,
        starts: FloatArray,
        ends: FloatArray,
    ) -> None:
        window = np.searchsorted(starts, seconds, side="right") - 1
        inside = (window >= 0) & (seconds < ends[window])
        key = window[inside] * n_neurons + neurons[inside]
        order = np.argsort(key, kind="stable")
        key, self.spikes = key[order], seconds[inside][order]
        self.begins = np.flatnonzero(np.diff(key, prepend=-1))
        self.window, self.neuron = np.divmod(key[self.begins], max(n_neurons, 1))
        self.n_windows, self.n_neurons = len(starts), n_neurons
        self.start, self.length = starts, ends - starts
        every = np.arange(self.n_windows + 1)
        self.parts = np.searchsorted(key, every * n_neurons)
        self.first_parts = np.searchsorted(self.window, every)
        self.times = self._first(self.spikes)

    def _first(self, spikes: FloatArray) -> FloatArray:
        if not len(spikes):
            return np.zeros(0)
        found: FloatArray = np.minimum.reduceat(spikes, self.begins)
        return found

    def deal_times(self, rng: np.random.Generator) -> FloatArray:
        """Return first spikes after the times of all spikes of a window were dealt anew."""
        return self._first(_shuffled(self.spikes, self.parts, rng))

    def deal_shifts(self, rng: np.random.Generator) -> FloatArray:
        """Return first spikes after each neuron's were moved around the ends of the window."""
        lengths = np.diff(np.append(self.begins, len(self.spikes)))
        shift = np.repeat(rng.random(len(self.begins)) * self.length[self.window], lengths)
        window = np.repeat(self.window, lengths)
        moved = (self.spikes - self.start[window] + shift) % self.length[window]
        return self._first(moved)

    def deal_neurons(self, rng: np.random.Generator) -> FloatArray:
        """Return first spikes dealt anew to the neurons that fired in the window."""
        return _shuffled(self.times, self.first_parts, rng)

    def compared(
        self, times: FloatArray, template: FloatArray | None, fewest: int
    ) -> tuple[FloatArray, IntArray]:
        """Return the correlation of each window, and how many neurons it is of."""
        reference = self._of_other_windows(times) if template is None else template[self.neuron]
        known = ~np.isnan(reference)
        window = self.window[known]
        n = np.bincount(window, minlength=self.n_windows)
        middle = (n[window] - 1) / 2
        one = _ranks(times[known], window, n) - middle
        other = _ranks(reference[known], window, n) - middle
        sums = [
            np.bincount(window, weights=values, minlength=self.n_windows)
            for values in (one * other, one * one, other * other)
        ]
        scale = np.sqrt(sums[1] * sums[2])
        rho = np.full(self.n_windows, np.nan)
        np.divide(sums[0], scale, out=rho, where=(n >= fewest) & (scale > 0))
        return rho, n

    def _of_other_windows(self, times: FloatArray) -> FloatArray:
        """Return each neuron's mean rank, between 0 and 1, in all windows but the own one."""
        n = np.bincount(self.window, minlength=self.n_windows)
        ranks = (_ranks(times, self.window, n) + 0.5) / n[self.window]
        total = np.bincount(self.neuron, weights=ranks, minlength=self.n_neurons)[self.neuron]
        others = np.bincount(self.neuron, minlength=self.n_neurons)[self.neuron] - 1
        mean = np.full(len(ranks), np.nan)
        np.divide(total - ranks, others, out=mean, where=others > 0)
        return mean.round(9)  # equal means are equal, whatever their rounding


def _ranks(values: FloatArray, window: IntArray, n: IntArray) -> FloatArray:
    """Return ranks within each window, from 0 on; equal values share their mean."""
    if not len(values):
        return np.zeros(0)
    order = np.lexsort((values, window))
    place = np.arange(len(values)) - (np.cumsum(n) - n)[window]
    new: BoolArray = (np.diff(values[order]) != 0) | (np.diff(window[order]) != 0)
    tie = np.concatenate([[0], np.cumsum(new)])
    mean = np.bincount(tie, weights=place) / np.bincount(tie)
    ranks = np.empty(len(values))
    ranks[order] = mean[tie]
    return ranks


def _shuffled(values: FloatArray, parts: IntArray, rng: np.random.Generator) -> FloatArray:
    """Return a copy in which each part is shuffled."""
    copy = values.copy()
    for start, stop in zip(parts[:-1].tolist(), parts[1:].tolist(), strict=True):
        if stop - start > 1:
            rng.shuffle(copy[start:stop])
    return copy


def _mean(values: FloatArray) -> float:
    """Return the mean of those that are not NaN; NaN if there is none."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else math.nan


def _read_windows(windows: Any) -> tuple[FloatArray, FloatArray]:
    """Return starts and ends in seconds; raise if they overlap."""
    if isinstance(windows, UpStates):
        windows = (windows.starts, windows.ends)
    if not isinstance(windows, (tuple, list)) or len(windows) != 2:
        raise KindError(
            f"windows must be what up_states returns, or (starts, ends), not {brief(windows)}."
        )
    starts, ends = (
        numbers(in_seconds(times, field), field, shape=(None,))
        for times, field in zip(windows, ("windows: starts", "windows: ends"), strict=True)
    )
    if starts.shape != ends.shape:
        raise ParameterError(f"windows: {len(starts)} starts, but {len(ends)} ends were given.")
    if (ends <= starts).any() or (starts[1:] < ends[:-1]).any():
        raise ParameterError("windows must be in order, end after they start, and not overlap.")
    return starts, ends


def _read_template(template: npt.ArrayLike | None, n_neurons: int) -> FloatArray | None:
    """Return a template as float64; NaN stays."""
    if template is None:
        return None
    return numbers(template, "template", shape=(n_neurons,), nan=True, empty=True)
