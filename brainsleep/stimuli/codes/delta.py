"""Changes: a signal is encoded by a spike each time it has moved by a threshold."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...errors import ParameterError, UnitsError
from ...support.array_values import numbers, read_array
from ...support.calls import public


@public
def delta(signal: npt.ArrayLike, threshold: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    r"""Encode a time series by its changes: a spike each time it has moved by a threshold.

    Each signal has a level :math:`y` that starts at its first value and follows it:

    .. math::

        \text{on:}\ x_k - y \ge \theta \Rightarrow y \leftarrow y + \theta, \qquad
        \text{off:}\ x_k - y \le -\theta \Rightarrow y \leftarrow y - \theta

    There is at most one spike in each step. So a signal that changes by no more than
    :math:`\theta` per step is never further than :math:`\theta` from its level; the level catches
    up with a faster one later.

    Parameters
    ----------
    signal : array_like, shape (n_steps, n_signals) or (n_steps,)
        Finite numbers.
    threshold : float or array_like, shape (n_signals,)
        :math:`\theta`, greater than 0.

    Returns
    -------
    ndarray of bool, shape (n_steps, 2 * n_signals)
        True where a channel spikes: first the on channel of each signal, then the off channel
        of each.

    Raises
    ------
    ParameterError
        If a number is infinite or NaN, there is none, or a shape or threshold is wrong.
    UnitsError
        If a number has units or is not a number.

    References
    ----------
    Miskowicz 2006, Sensors 6:49; Lichtsteiner, Posch, Delbruck 2008, IEEE Journal of Solid-State
    Circuits 43:566.

    Examples
    --------
    >>> delta([0.0, 0.6, 1.1, 0.9, -0.1], threshold=0.5).astype(int).T.tolist()
    [[0, 1, 1, 0, 0], [0, 0, 0, 0, 1]]
    """
    x = numbers(signal, "codes: signal")
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


@public
def reconstruct(
    spikes: npt.ArrayLike, threshold: npt.ArrayLike, start: npt.ArrayLike = 0.0
) -> npt.NDArray[np.float64]:
    r"""Return the staircase that on and off spikes stand for.

    .. math:: y_k = y_0 + \theta \sum_{j \le k} (\mathrm{on}_j - \mathrm{off}_j)

    Parameters
    ----------
    spikes : array_like of bool, shape (n_steps, 2 * n_signals)
        As :func:`delta` returns them.
    threshold : float or array_like, shape (n_signals,)
        The same as when the signal was encoded.
    start : float or array_like, shape (n_signals,), optional
        The signal's first value, which its spikes do not tell.

    Returns
    -------
    ndarray of float64, shape (n_steps, n_signals)
        The level of each signal after each step.

    Raises
    ------
    ParameterError
        If a shape, threshold or start is wrong.
    UnitsError
        If the spikes are not bool, or `threshold` or `start` is not made of bare numbers.

    Examples
    --------
    >>> reconstruct(delta([0.0, 0.6, 1.1, 0.9, -0.1], 0.5), 0.5).ravel().tolist()
    [0.0, 0.5, 1.0, 1.0, 0.5]
    """
    given = read_array(spikes, "codes: spikes")
    if given.dtype != bool:
        raise UnitsError(f"codes: spikes must be bool, not {given.dtype}.")
    if given.ndim != 2 or given.size == 0 or given.shape[1] % 2:
        raise ParameterError(
            f"codes: spikes must have shape (n_steps, 2 * n_signals), not {given.shape}."
        )
    on, off = np.split(given.astype(np.int64), 2, axis=1)
    step = _thresholds(threshold, on.shape[1])
    first = _per_signal(start, "codes: start", on.shape[1])
    return first + step * np.cumsum(on - off, axis=0)


def _thresholds(threshold: npt.ArrayLike, n_signals: int) -> npt.NDArray[np.float64]:
    """Read one threshold for all signals, or one per signal."""
    values = _per_signal(threshold, "codes: threshold", n_signals)
    if (values <= 0).any():
        raise ParameterError(
            f"codes: threshold must be greater than 0, but {values.min():g} was given."
        )
    return values


def _per_signal(given: npt.ArrayLike, field: str, n_signals: int) -> npt.NDArray[np.float64]:
    """Read one number for all signals, or one per signal."""
    values = numbers(given, field)
    if values.shape not in ((), (n_signals,)):
        raise ParameterError(
            f"{field}: shape {values.shape} for {n_signals} signals; give one number, or one per "
            "signal."
        )
    return values
