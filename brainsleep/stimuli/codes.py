"""Neural codes: how numbers become spikes.

Each code returns explicit spikes, a bool array (n_steps, n_inputs), which is a stimulus as it is:

>>> from brian2 import Hz
>>> spikes = poisson([0.1, 0.9], n_steps=500, max_rate=100 * Hz)
>>> spikes.shape
(500, 2)
>>> night = bs.sleep(ann, spikes)  # doctest: +SKIP

`poisson`, `latency`, `population` and `phase_locked_bursts` encode numbers that stay the same;
`delta` encodes numbers that change over time. Two can be undone: `GaussianTuning.decode` and
`reconstruct`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from brian2.units import Hz, Quantity, ms, second

from ..errors import ParameterError, UnitsError, brief
from ..support.checks import number, whole_number
from ..support.quantities import quantity
from . import ConstantRates

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]

#: Fraction of a step by which rounding may be off.
_ROUNDING = 1e-6


def poisson(values: Any, n_steps: int, max_rate: Any, dt: Any = 1 * ms, seed: int = 0) -> BoolArray:
    r"""Encode numbers as rates: the larger a number, the more often its input spikes.

    In each step, input i spikes with probability

    .. math:: p_i = \min(1, \ \Delta t \, r_\mathrm{max} \, x_i)

    independently of all else. There is no factor two, unlike in the stimuli made of images.

    Parameters
    ----------
    values : array_like
        Numbers x in [0, 1]; any shape, made flat.
    n_steps : int
        Number of time steps.
    max_rate : Quantity or str
        Rate of x = 1, in Hz.
    dt : Quantity or str
        Time step.
    seed : int
        Equal seeds give equal spikes.

    Returns
    -------
    ndarray of bool, shape (n_steps, n_values)

    Raises
    ------
    ParameterError
        If a value is out of range or NaN, or there is none.
    UnitsError
        If units are wrong or missing.

    References
    ----------
    Adrian, Zotterman 1926, Journal of Physiology 61:151.

    Examples
    --------
    >>> from brian2 import Hz
    >>> poisson([0, 1], n_steps=2, max_rate=1000 * Hz).tolist()
    [[False, True], [False, True]]
    """
    x = _numbers(values, "codes: values", 0, 1).ravel()
    hertz = quantity(max_rate, Hz, "codes: max_rate", minimum=0)
    return ConstantRates(hertz * x * Hz).draw(n_steps, dt, seed)


def latency(values: Any, n_steps: int, silent_below: float = 0.0) -> BoolArray:
    r"""Encode numbers as times to the first spike: the larger a number, the sooner it spikes.

    Input i spikes once, in step

    .. math:: k_i = \lfloor (1 - x_i)(n - 1) \rfloor

    of the :math:`n` steps: 1 in the first, and what is nearly 0 in the last but one. A 0 never
    spikes. These are the spikes of ``coding="latency"`` in `bs.spiking_accuracy`.

    Parameters
    ----------
    values : array_like
        Numbers x in [0, 1]; any shape, made flat.
    n_steps : int
        Number of time steps.
    silent_below : float
        Smaller numbers never spike either.

    Returns
    -------
    ndarray of bool, shape (n_steps, n_values)

    Raises
    ------
    ParameterError
        If a value is out of range or NaN, or there is none.
    UnitsError
        If a value has units.

    References
    ----------
    Thorpe, Delorme, Van Rullen 2001, Neural Networks 14:715; Gollisch, Meister 2008, Science
    319:1108.

    Examples
    --------
    >>> latency([1.0, 0.5, 0.0], n_steps=3).tolist()
    [[True, False, False], [False, True, False], [False, False, False]]
    """
    x = _numbers(values, "codes: values", 0, 1).ravel()
    steps = whole_number(n_steps, "codes: n_steps", minimum=1)
    weakest = number(silent_below, "codes: silent_below", minimum=0, maximum=1)
    spikes = np.zeros((steps, x.size), dtype=bool)
    seen = np.flatnonzero((x > 0) & (x >= weakest))
    due = np.floor((1 - x[seen]) * (steps - 1)).astype(np.int64)
    spikes[due, seen] = True
    return spikes


@dataclass(frozen=True)
class GaussianTuning:
    r"""A row of neurons, each of which answers most to a number of its own.

    Neuron i of :math:`m` prefers :math:`c_i`; to a number x it answers with

    .. math::

        f_i(x) = \exp\left(-\frac{(x - c_i)^2}{2 \sigma^2}\right), \qquad
        c_i = \mathrm{low} + i \, \frac{\mathrm{high} - \mathrm{low}}{m - 1}

    Parameters
    ----------
    n_neurons : int
        :math:`m`, at least 2.
    low, high : float
        Range of the numbers, and what the first and the last neuron prefer.
    width : float, optional
        :math:`\sigma`. Default: the distance between two preferred values, divided by 1.5
        (Bohte et al. 2002).

    References
    ----------
    Georgopoulos, Schwartz, Kettner 1986, Science 233:1416; Bohte, La Poutré, Kok 2002, IEEE
    Transactions on Neural Networks 13:426.

    Examples
    --------
    >>> tuning = GaussianTuning(n_neurons=5)
    >>> tuning.preferred.tolist()
    [0.0, 0.25, 0.5, 0.75, 1.0]
    >>> round(float(tuning.decode(tuning.responses([0.3]))[0]), 3)
    0.3
    """

    n_neurons: int = 10
    low: float = 0.0
    high: float = 1.0
    width: float | None = None

    def __post_init__(self) -> None:
        whole_number(self.n_neurons, "codes: n_neurons", minimum=2)
        low = number(self.low, "codes: low")
        high = number(self.high, "codes: high")
        if low >= high:
            raise ParameterError(f"codes: low ({low:g}) must lie below high ({high:g}).")
        if self.width is not None:
            number(self.width, "codes: width", minimum=0, exclusive_minimum=True)

    @property
    def preferred(self) -> FloatArray:
        """Preferred values, shape (n_neurons,)."""
        return np.linspace(self.low, self.high, self.n_neurons)

    @property
    def sigma(self) -> float:
        """Width of the tuning curves."""
        if self.width is not None:
            return float(self.width)
        return float(self.high - self.low) / (self.n_neurons - 1) / 1.5

    def responses(self, values: Any) -> FloatArray:
        """Return what each neuron answers.

        Parameters
        ----------
        values : array_like
            Numbers between `low` and `high`; any shape, made flat.

        Returns
        -------
        ndarray of float64, shape (n_values, n_neurons)
            Between 0 and 1.

        Raises
        ------
        ParameterError
            If a value is out of range or NaN, or there is none.
        UnitsError
            If a value has units.
        """
        x = _numbers(values, "codes: values", self.low, self.high).reshape(-1, 1)
        return np.exp(self._exponent(x))

    def decode(self, activity: Any) -> FloatArray:
        r"""Read the numbers back from what the neurons did.

        The population vector of a row of neurons is their centre of mass,
        :math:`\sum_i a_i c_i / \sum_i a_i`. The row ends at `low` and at `high`, which draws the
        centre of mass inward. As it grows with x all the same, the number that would have given
        this very centre of mass is looked up: without noise, decoding is exact to about
        a thousandth of the range.

        Parameters
        ----------
        activity : array_like, shape (n_values, n_neurons) or (n_values * n_neurons,)
            Responses, rates or spike counts, as ``spikes.sum(axis=0)``; at least 0.

        Returns
        -------
        ndarray of float64, shape (n_values,)
            NaN where no neuron was active.

        Raises
        ------
        ParameterError
            If the activity is negative or NaN, or does not divide into rows of neurons.
        UnitsError
            If it has units.
        """
        given = _numbers(activity, "codes: activity", 0, math.inf)
        if given.size % self.n_neurons or (given.ndim > 1 and given.shape[-1] != self.n_neurons):
            raise ParameterError(
                f"codes: activity of shape {given.shape} does not divide into rows of "
                f"{self.n_neurons} neurons."
            )
        rows = given.reshape(-1, self.n_neurons)
        total = rows.sum(axis=1)
        centre = np.full(len(rows), math.nan)
        active = total > 0
        centre[active] = rows[active] @ self.preferred / total[active]
        return np.interp(centre, *self._centres())

    def _exponent(self, x: FloatArray) -> FloatArray:
        """Return the logarithm of the responses to a column of numbers."""
        return -((x - self.preferred) ** 2) / (2 * self.sigma**2)

    def _centres(self) -> tuple[FloatArray, FloatArray]:
        """Return centres of mass in rising order, and the numbers they belong to."""
        x = np.linspace(self.low, self.high, 200 * self.n_neurons + 1)
        exponent = self._exponent(x[:, None])
        # Subtracting the largest changes no centre, and keeps narrow curves from vanishing.
        mass = np.exp(exponent - exponent.max(axis=1, keepdims=True))
        return mass @ self.preferred / mass.sum(axis=1), x


def population(
    values: Any,
    n_steps: int,
    n_neurons: int = 10,
    low: float = 0.0,
    high: float = 1.0,
    width: float | None = None,
    max_rate: Any = 100 * Hz,
    dt: Any = 1 * ms,
    seed: int = 0,
) -> BoolArray:
    r"""Encode each number by a row of neurons with Gaussian tuning curves.

    In each step, neuron i of the row that reads x spikes with probability

    .. math:: p_i = \min(1, \ \Delta t \, r_\mathrm{max} \, f_i(x))

    where :math:`f_i` is its tuning curve: see :class:`GaussianTuning`, which also reads the
    numbers back.

    Parameters
    ----------
    values : array_like
        Numbers between `low` and `high`; any shape, made flat.
    n_steps : int
        Number of time steps.
    n_neurons, low, high, width
        As in :class:`GaussianTuning`.
    max_rate : Quantity or str
        Rate of a neuron that gets what it prefers, in Hz.
    dt : Quantity or str
        Time step.
    seed : int
        Equal seeds give equal spikes.

    Returns
    -------
    ndarray of bool, shape (n_steps, n_values * n_neurons)
        The neurons of the first number come first.

    Raises
    ------
    ParameterError
        If a value is out of range or NaN, or there is none.
    UnitsError
        If units are wrong or missing.

    References
    ----------
    See :class:`GaussianTuning`.

    Examples
    --------
    >>> spikes = population([0.2, 0.7], n_steps=1000, n_neurons=8)
    >>> spikes.shape
    (1000, 16)
    >>> GaussianTuning(n_neurons=8).decode(spikes.sum(axis=0)).round(1).tolist()
    [0.2, 0.7]
    """
    responses = GaussianTuning(n_neurons, low, high, width).responses(values)
    return poisson(responses, n_steps, max_rate, dt, seed)


def delta(signal: Any, threshold: Any) -> BoolArray:
    r"""Encode a time series by its changes: a spike each time it has moved by a threshold.

    Each signal has a level :math:`y` that starts at its first value and follows it:

    .. math::

        \text{on:}\ x_k - y \ge \theta \Rightarrow y \leftarrow y + \theta, \qquad
        \text{off:}\ x_k - y \le -\theta \Rightarrow y \leftarrow y - \theta

    One spike a step at most. So a signal that changes by no more than :math:`\theta` a step is
    never further than :math:`\theta` from its level; a faster one is caught up with later.

    Parameters
    ----------
    signal : array_like, shape (n_steps, n_signals) or (n_steps,)
        Finite numbers.
    threshold : float or array_like, shape (n_signals,)
        :math:`\theta`, greater than 0.

    Returns
    -------
    ndarray of bool, shape (n_steps, 2 * n_signals)
        First the on channel of each signal, then the off channel of each.

    Raises
    ------
    ParameterError
        If a number is infinite or NaN, there is none, or a shape or threshold is wrong.
    UnitsError
        If a number has units.

    References
    ----------
    Miskowicz 2006, Sensors 6:49; Lichtsteiner, Posch, Delbruck 2008, IEEE Journal of Solid-State
    Circuits 43:566.

    Examples
    --------
    >>> delta([0.0, 0.6, 1.1, 0.9, -0.1], threshold=0.5).astype(int).T.tolist()
    [[0, 1, 1, 0, 0], [0, 0, 0, 0, 1]]
    """
    x = _numbers(signal, "codes: signal")
    if x.ndim not in (1, 2):
        raise ParameterError(
            f"codes: signal must have shape (n_steps, n_signals) or (n_steps,), not {x.shape}."
        )
    x = x.reshape(len(x), -1)
    step = _thresholds(threshold, x.shape[1])
    level = np.zeros(x.shape[1], dtype=np.int64)  # in thresholds: sums of floats would drift
    spikes = np.zeros((len(x), 2, x.shape[1]), dtype=bool)
    for k in range(1, len(x)):
        error = x[k] - (x[0] + step * level)
        spikes[k, 0] = error >= step
        spikes[k, 1] = error <= -step
        level += spikes[k, 0].astype(np.int64) - spikes[k, 1]
    return spikes.reshape(len(x), -1)


def reconstruct(spikes: Any, threshold: Any, start: Any = 0.0) -> FloatArray:
    r"""Return the staircase that on and off spikes stand for.

    .. math:: y_k = y_0 + \theta \sum_{j \le k} (\mathrm{on}_j - \mathrm{off}_j)

    Parameters
    ----------
    spikes : array_like of bool, shape (n_steps, 2 * n_signals)
        As :func:`delta` returns them.
    threshold : float or array_like, shape (n_signals,)
        The same as when the signal was encoded.
    start : float or array_like, shape (n_signals,)
        The signal's first value, which its spikes do not tell.

    Returns
    -------
    ndarray of float64, shape (n_steps, n_signals)

    Raises
    ------
    ParameterError
        If a shape, threshold or start is wrong.
    UnitsError
        If the spikes are not bool.

    Examples
    --------
    >>> reconstruct(delta([0.0, 0.6, 1.1, 0.9, -0.1], 0.5), 0.5).ravel().tolist()
    [0.0, 0.5, 1.0, 1.0, 0.5]
    """
    given = np.asarray(spikes)
    if given.dtype != bool:
        raise UnitsError(f"codes: spikes must be bool, not {given.dtype}.")
    if given.ndim != 2 or given.size == 0 or given.shape[1] % 2:
        raise ParameterError(
            f"codes: spikes must have shape (n_steps, 2 * n_signals), not {given.shape}."
        )
    on, off = np.split(given.astype(np.int64), 2, axis=1)
    step = _thresholds(threshold, on.shape[1])
    first = _one_a_signal(start, "codes: start", on.shape[1])
    return first + step * np.cumsum(on - off, axis=0)


def phase_locked_bursts(
    values: Any,
    n_steps: int,
    frequency: Any,
    dt: Any = 1 * ms,
    spikes_per_burst: int = 3,
    interval: Any = 4 * ms,
    phase: float = 0.0,
    jitter: Any = 0 * ms,
    seed: int = 0,
    span: float = math.pi,
) -> BoolArray:
    r"""Encode numbers as phases of an oscillation at which bursts occur.

    The larger a number, the earlier in the cycle its input bursts, as cells do that are excited
    more strongly. In cycle c = 0, 1, ... spike j of the burst of x comes at

    .. math::

        t = \frac{1}{f} \left( c + \frac{\varphi + \psi (1 - x)}{2\pi} \right)
            + j \, \Delta + \sigma \xi_c

    where :math:`\xi_c` is standard normal, drawn anew for each input and cycle. The oscillation's
    phase is 0 when time begins. A 0 never bursts. Spikes before the beginning and after the end
    are left out; two of one input in one step are one spike.

    Parameters
    ----------
    values : array_like
        Numbers x in [0, 1]; any shape, made flat.
    n_steps : int
        Number of time steps.
    frequency : Quantity or str
        :math:`f`, of the oscillation.
    dt : Quantity or str
        Time step.
    spikes_per_burst : int
        Number of spikes of each burst; 1 gives single spikes.
    interval : Quantity or str
        :math:`\Delta`, between the spikes of a burst; at least a time step.
    phase : float
        :math:`\varphi`, where x = 1 bursts, in radians.
    jitter : Quantity or str
        :math:`\sigma`, standard deviation of a burst's time; the burst moves as a whole.
    seed : int
        Of the jitter; equal seeds give equal spikes.
    span : float
        :math:`\psi`, by how much later the smallest numbers burst, in radians, up to 2π.

    Returns
    -------
    ndarray of bool, shape (n_steps, n_values)

    Raises
    ------
    ParameterError
        If a value is out of range or NaN, there is none, a burst does not fit into a cycle, or its
        spikes not into steps of their own.
    UnitsError
        If units are wrong or missing.

    References
    ----------
    Phases that tell how strong: O'Keefe, Recce 1993, Hippocampus 3:317; Fries, Nikolić, Singer
    2007, Trends in Neurosciences 30:309; Kayser, Montemurro, Logothetis, Panzeri 2009, Neuron
    61:597. Bursts: Lisman 1997, Trends in Neurosciences 20:38.

    Examples
    --------
    >>> import numpy as np
    >>> from brian2 import Hz
    >>> spikes = phase_locked_bursts([1.0, 0.5], n_steps=100, frequency=10 * Hz)
    >>> np.flatnonzero(spikes[:, 0]).tolist(), np.flatnonzero(spikes[:, 1]).tolist()
    ([0, 4, 8], [25, 29, 33])
    """
    x = _numbers(values, "codes: values", 0, 1).ravel()
    steps = whole_number(n_steps, "codes: n_steps", minimum=1)
    step = quantity(dt, second, "codes: dt", minimum=0, exclusive_minimum=True)
    period = 1 / quantity(frequency, Hz, "codes: frequency", minimum=0, exclusive_minimum=True)
    first = number(phase, "codes: phase") % (2 * math.pi)
    width = number(span, "codes: span", minimum=0, maximum=2 * math.pi)
    offsets = _burst(spikes_per_burst, interval, step, period)
    spread = quantity(jitter, second, "codes: jitter", minimum=0)
    seed = whole_number(seed, "codes: seed")

    # Two cycles before the beginning: so late the weakest may burst.
    cycles = np.arange(-2, math.ceil(steps * step / period) + 1)
    starts = (cycles[:, None] + (first + width * (1 - x)) / (2 * math.pi)) * period
    starts += spread * np.random.default_rng(seed).standard_normal(starts.shape)
    due = np.floor(starts / step + _ROUNDING).astype(np.int64)[..., None] + offsets
    who = np.broadcast_to(np.arange(x.size)[:, None], due.shape)
    kept = (due >= 0) & (due < steps) & (x[who] > 0)
    spikes = np.zeros((steps, x.size), dtype=bool)
    spikes[due[kept], who[kept]] = True
    return spikes


def _burst(n_spikes: int, interval: Any, dt: float, period: float) -> npt.NDArray[np.int64]:
    """Return in which steps of a burst its spikes come."""
    n = whole_number(n_spikes, "codes: spikes_per_burst", minimum=1)
    gap = quantity(interval, second, "codes: interval", minimum=0, exclusive_minimum=True)
    if n > 1 and gap < dt * (1 - _ROUNDING):
        raise ParameterError(
            f"codes: interval ({gap * 1e3:g} ms) must be at least a time step ({dt * 1e3:g} ms)."
        )
    if max((n - 1) * gap, dt) > period * (1 + _ROUNDING):
        raise ParameterError(
            f"codes: frequency: a burst of {n} spikes does not fit into a cycle of "
            f"{period * 1e3:g} ms."
        )
    return np.floor(np.arange(n) * gap / dt + _ROUNDING).astype(np.int64)


def _thresholds(threshold: Any, n_signals: int) -> FloatArray:
    """Read thresholds, one for all signals or one a signal."""
    values = _one_a_signal(threshold, "codes: threshold", n_signals)
    if (values <= 0).any():
        raise ParameterError(
            f"codes: threshold must be greater than 0, but {values.min():g} was given."
        )
    return values


def _one_a_signal(given: Any, field: str, n_signals: int) -> FloatArray:
    """Read one number for all signals, or one a signal."""
    values = _numbers(given, field)
    if values.shape not in ((), (n_signals,)):
        raise ParameterError(
            f"{field}: shape {values.shape} for {n_signals} signals; give one number, or one a "
            "signal."
        )
    return values


def _numbers(
    given: Any, field: str, minimum: float = -math.inf, maximum: float = math.inf
) -> FloatArray:
    """Read finite numbers without units, at least one."""
    if isinstance(given, Quantity) and not given.is_dimensionless:
        raise UnitsError(f"{field} must be numbers without units, not {brief(given)}.")
    try:
        values = np.asarray(given)
    except (TypeError, ValueError, RuntimeError) as error:  # RuntimeError: torch's
        raise UnitsError(f"{field}: cannot be read as an array ({error}).") from None
    if values.dtype.kind not in "biuf":
        raise UnitsError(f"{field} must be numbers, not {brief(given)}.")
    values = np.array(values, dtype=np.float64)
    if values.size == 0:
        raise ParameterError(f"{field}: is empty.")
    if not np.isfinite(values).all():
        raise ParameterError(f"{field}: holds NaN or infinite values.")
    smallest, largest = float(values.min()), float(values.max())
    if smallest < minimum or largest > maximum:
        bounds = f"in [{minimum:g}, {maximum:g}]" if math.isfinite(maximum) else "at least 0"
        raise ParameterError(
            f"{field} must be {bounds}, but they range from {smallest:g} to {largest:g}."
        )
    return values
