"""The spike time tiling coefficient: correlation of two trains that does not depend on rates."""

from __future__ import annotations

import numpy as np
from brian2.units import ms
from brian2.units import second as unit_second  # an argument is called second

from ..devices.arguments import read_time_step
from ..support.array_values import check_memory
from ..support.calls import public
from ..support.checks import whole_number
from ..support.quantities import Time, quantity
from .time_bins import read_steps
from .trains import ROUNDING, FloatArray, SpikeTrain, by_neuron

#: Values of one block of tiles: 64 MB.
_BLOCK_VALUES = 2**24


@public
def sttc(
    first: SpikeTrain,
    second: SpikeTrain | None = None,
    *,
    n_steps: int,
    dt: Time,
    window: Time = 5 * ms,
) -> FloatArray:
    r"""Return the spike time tiling coefficient (STTC) of each two neurons.

    .. math:: \mathrm{STTC} = \frac{1}{2} \left( \frac{P_A - T_B}{1 - P_A T_B} +
        \frac{P_B - T_A}{1 - P_B T_A} \right)

    where :math:`P_A` is the share of the spikes of neuron A that lie within a window
    :math:`\pm\Delta t` around a spike of B, and :math:`T_A` the share of the time that lies within
    such windows around spikes of A. It is 1 for equal trains, about 0 for independent ones, and
    negative for neurons that avoid each other, whatever their rates. A fraction 0/0 counts as 1.

    Parameters
    ----------
    first : Spikes
        Spikes of one population, such as ``night.spikes["0"]``. Not changed. Of some neurons:
        ``night.spikes["0"].of([3, 7])``.
    second : Spikes, optional
        Of another population. Default: the first, with itself.
    n_steps : int
        Length of the recording in time steps, as `Night.n_steps`.
    dt : Quantity or str
        Time step, as `Night.dt`.
    window : Quantity or str
        :math:`\Delta t`. Spikes exactly that far apart are within it.

    Returns
    -------
    ndarray of float64, shape (n_first, n_second)
        Between -1 and 1, without unit; NaN for silent neurons.

    Raises
    ------
    ParameterError
        If the result does not fit into memory, or there are spikes after the last step.
    KindError, UnitsError
        If one is something else.

    References
    ----------
    Cutts, Eglen 2014, Journal of Neuroscience 34:14288.

    Examples
    --------
    The second neuron fires 2 ms after the first, the third never.

    >>> import numpy as np
    >>> from brian2 import ms
    >>> from brainsleep.devices.activity import Spikes
    >>> train = Spikes(i=np.array([0, 1, 0, 1]), t=[20, 22, 60, 62] * ms, n_neurons=3)
    >>> sttc(train, n_steps=100, dt=1 * ms).round(6).tolist()[0]
    [1.0, 1.0, nan]
    >>> sttc(train, n_steps=100, dt=1 * ms, window=1 * ms).round(6).tolist()[0]
    [1.0, -0.04, nan]
    """
    last = whole_number(n_steps, "n_steps", minimum=1)
    step = read_time_step(dt)
    half = quantity(window, unit_second, "window", minimum=0, exclusive_minimum=True)
    a = _Tiles(first, last, step, half, "first")
    b = a if second is None else _Tiles(second, last, step, half, "second")
    check_memory(3 * a.n_neurons * b.n_neurons, "first")
    near_b = a.share_near(b)
    near_a = near_b if a is b else b.share_near(a)
    one = _half(near_b, b.share_of_time[None, :])
    other = _half(near_a, a.share_of_time[None, :])
    found = np.full((a.n_neurons, b.n_neurons), np.nan)
    found[np.ix_(a.active, b.active)] = (one + other.T) / 2
    return found


class _Tiles:
    """The spikes of those neurons that fired, and the time around them."""

    def __init__(
        self, train: SpikeTrain, n_steps: int, step: float, half: float, field: str
    ) -> None:
        neurons, steps, self.n_neurons = read_steps(train, n_steps, step, field)
        self.active, compact = np.unique(neurons, return_inverse=True)
        order = np.argsort(steps, kind="stable")
        self.neurons, self.steps = compact[order], steps[order]
        self.n_steps = n_steps
        self.reach = int(np.floor(half / step + ROUNDING))
        self.n_spikes = np.bincount(self.neurons, minlength=len(self.active))
        self.share_of_time = self._covered(step, half) / (n_steps * step)

    def _covered(self, step: float, half: float) -> FloatArray:
        """Return the time, in seconds, within the windows around each neuron's spikes."""
        in_time = self.steps.astype(np.float64) * step
        neurons, times = by_neuron(self.neurons, in_time, len(self.active))
        starts = np.maximum(times - half, 0)
        ends = np.minimum(times + half, self.n_steps * step)
        new = np.concatenate([starts[1:], [np.inf]])
        last = np.concatenate([neurons[1:] != neurons[:-1], [True]])[: len(neurons)]
        until = np.where(last, ends, np.minimum(ends, new[: len(neurons)]))
        covered = np.zeros(len(self.active))
        np.add.at(covered, neurons, until - starts)
        return covered

    def share_near(self, other: _Tiles) -> FloatArray:
        """Return which share of each neuron's spikes is near a spike of each neuron of another."""
        from scipy.sparse import csr_array

        near = np.zeros((len(self.active), len(other.active)))
        size = max(1, _BLOCK_VALUES // max(len(other.active), 1))
        for start in range(0, self.n_steps, size):
            stop = min(start + size, self.n_steps)
            own = slice(*np.searchsorted(self.steps, [start, stop]))
            neurons, steps = self.neurons[own], self.steps[own] - start
            fired = csr_array(
                (np.ones(len(steps), np.float32), (neurons, steps)),
                shape=(len(self.active), stop - start),
            )
            near += fired @ other.near(start, stop)
        return near / self.n_spikes[:, None]

    def near(self, start: int, stop: int) -> np.ndarray:
        """Return whether each step lies near a spike: float32, shape (n_steps, n_active)."""
        around = slice(*np.searchsorted(self.steps, [start - self.reach, stop + self.reach]))
        begins = np.maximum(self.steps[around] - self.reach - start, 0)
        ends = np.minimum(self.steps[around] + self.reach + 1 - start, stop - start)
        change = np.zeros((stop - start + 1, len(self.active)), np.float32)
        np.add.at(change, (begins, self.neurons[around]), 1)
        np.add.at(change, (ends, self.neurons[around]), -1)
        return (np.cumsum(change[:-1], axis=0) > 0).astype(np.float32)


def _half(share: FloatArray, time: FloatArray) -> FloatArray:
    """Return (P - T) / (1 - P T); 1 where both are 1."""
    below = 1 - share * time
    return np.divide(share - time, below, out=np.ones_like(share), where=below > 0)
