"""Whether neurons that stand for items fire in the order of learned sequences."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from brian2.units import Quantity, second

from ..errors import ParameterError
from ..support.array_values import numbers
from ..support.calls import public
from ..support.checks import whole_number
from ..support.quantities import Time
from .firing_order import RankOrder, rank_order
from .time_bins import bin_train
from .trains import FloatArray, IntArray, SpikeTrain


@dataclass(frozen=True)
class SequenceReplay:
    """How much neurons fire in the order of sequences.

    Attributes
    ----------
    forward : float
        Mean correlation of one neuron's spikes with another's one step later, over pairs of items
        that follow each other in a sequence; NaN if none of these pairs fired.
    backward : float
        The same over these pairs the other way round, but for those that follow each other in
        another sequence.
    other : float
        The same over all other pairs of two neurons.
    orders : tuple of RankOrder
        By sequence: the rank-order correlation of what follows its second item; see
        `brainsleep.measures.rank_order`.
    """

    forward: float
    backward: float
    other: float
    orders: tuple[RankOrder | None, ...] = field(repr=False)

    @property
    def rank(self) -> float:
        """Mean rank-order correlation over sequences; NaN if there is none."""
        return _mean([np.nan if one is None else one.mean for one in self.orders])

    @property
    def rank_of_null(self) -> float:
        """The same of the null, over its shuffles."""
        known = [one for one in self.orders if one is not None and not np.isnan(one.mean)]
        return _mean([_mean(one.null_means) for one in known])

    @property
    def n_windows(self) -> int:
        """In how many windows orders were compared."""
        known = [one for one in self.orders if one is not None]
        return int(sum((~np.isnan(one.correlation)).sum() for one in known))


@public
def sequence_replay(
    train: SpikeTrain,
    items: npt.ArrayLike,
    *,
    n_steps: int,
    dt: Time,
    null: str = "times",
    n_shuffles: int = 100,
    minimum_neurons: int = 4,
    seed: int = 0,
) -> SequenceReplay:
    r"""Measure whether neurons, one per item, fire in the order of sequences of items.

    Two measures, of neighbours and of the whole. With :math:`s_i(t)` the spikes of neuron i in
    step t, and a mean over time,

    .. math:: c_{ij} = \mathrm{Corr}(s_i(t), s_j(t + 1))

    is averaged over pairs in which item j follows item i in a sequence, over the same pairs the
    other way round, and over all others. Beside that, for each sequence, a window as long as the
    sequence begins after each spike of its second item, unless another is open; in it the order of
    first spikes of the items from the third on is compared with theirs in the sequence.

    Parameters
    ----------
    train : Spikes
        Spikes of one population, such as ``night.spikes["fc"]``: neuron i stands for item i.
    items : array_like of int, shape (n_sequences, length)
        Which item is when; one of a sequence occurs in it once.
    n_steps : int
        Length of the recording in time steps, as `Night.n_steps`.
    dt : Quantity or str
        Time step, as `Night.dt`; an item takes one.
    null, n_shuffles, minimum_neurons, seed
        As in `brainsleep.measures.rank_order`.

    Returns
    -------
    SequenceReplay

    Raises
    ------
    ParameterError
        If items are no numbers of neurons, occur twice in a sequence, or a number is out of range.
    KindError, UnitsError
        If one is something else.

    Examples
    --------
    Five neurons fire one after the other, again and again.

    >>> import numpy as np
    >>> from brian2 import ms
    >>> from brainsleep.devices.activity import Spikes
    >>> train = Spikes(i=np.tile(np.arange(5), 20), t=np.arange(100) * ms, n_neurons=5)
    >>> found = sequence_replay(
    ...     train, [[0, 1, 2, 3, 4]], n_steps=100, dt=1 * ms, minimum_neurons=3
    ... )
    >>> round(found.forward, 2), round(found.backward, 2), found.rank
    (1.0, -0.25, 1.0)
    """
    width = bin_train(train, n_steps=n_steps, dt=dt, bin_size=dt)
    table = np.zeros((width.n_bins, width.n_neurons))
    table[width.bins, width.neurons] = 1
    order = _read_items(items, width.n_neurons)
    fewest = whole_number(minimum_neurons, "minimum_neurons", minimum=3)
    follows = np.zeros((width.n_neurons,) * 2, bool)
    follows[order[:, :-1], order[:, 1:]] = True
    back = follows.T & ~follows
    rest = ~(follows | follows.T | np.eye(width.n_neurons, dtype=bool))
    lagged = _lagged_correlation(table)
    orders: list[RankOrder | None] = []
    for sequence in order:
        starts = _starts(table[:, sequence[1]], len(sequence))
        if not len(starts):
            orders.append(None)
            continue
        template = np.full(width.n_neurons, np.nan)
        template[sequence[2:]] = np.arange(len(sequence) - 2)
        windows: tuple[Quantity, Quantity] = (
            starts * width.width * second,
            (starts + len(sequence)) * width.width * second,
        )
        found = rank_order(
            train,
            windows,
            template=template,
            null=null,
            n_shuffles=n_shuffles,
            minimum_neurons=fewest,
            seed=seed,
        )
        orders.append(found)
    forward, backward, other = (_mean(lagged[pairs]) for pairs in (follows, back, rest))
    return SequenceReplay(forward, backward, other, tuple(orders))


def _lagged_correlation(table: FloatArray) -> FloatArray:
    """Return the correlation of each neuron with each one a step later; NaN for those constant."""
    first, later = (part - part.mean(axis=0) for part in (table[:-1], table[1:]))
    scale = np.outer(first.std(axis=0), later.std(axis=0))
    result = np.full(scale.shape, np.nan)
    np.divide(first.T @ later / len(first), scale, out=result, where=scale > 0)
    return result


def _starts(spikes: FloatArray, length: int) -> IntArray:
    """Return the steps after spikes at which windows begin that do not overlap."""
    found: list[int] = []
    for step in np.flatnonzero(spikes) + 1:
        if step + length <= len(spikes) and (not found or step >= found[-1] + length):
            found.append(int(step))
    return np.array(found, np.int64)


def _read_items(items: npt.ArrayLike, n_neurons: int) -> IntArray:
    """Check sequences of items."""
    values = numbers(items, "items", shape=(None, None))
    order: IntArray = values.astype(np.int64)
    if (order != values).any() or (order < 0).any() or (order >= n_neurons).any():
        raise ParameterError(
            f"items must be whole numbers from 0 to {n_neurons - 1}, one for each neuron."
        )
    if order.shape[1] < 5:
        raise ParameterError(
            f"items: sequences must have at least 5 items, not {order.shape[1]}; what follows the "
            "second is compared."
        )
    if any(len(set(sequence)) < len(sequence) for sequence in order.tolist()):
        raise ParameterError("items: an item occurs twice in one sequence.")
    return order


def _mean(values: npt.ArrayLike) -> float:
    """Return the mean of those that are not NaN; NaN if there is none."""
    known = np.asarray(values, dtype=np.float64)
    known = known[~np.isnan(known)]
    return float(known.mean()) if known.size else float("nan")
