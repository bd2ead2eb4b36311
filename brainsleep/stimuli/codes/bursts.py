"""Bursts whose phase in an oscillation tells how large a number is."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from brian2.units import Hz, Quantity, ms, second

from ...errors import ParameterError
from ...support.array_values import check_memory, numbers
from ...support.calls import public
from ...support.checks import number, read_seed, whole_number
from ...support.quantities import Time, quantity

#: Fraction of a step by which rounding may be off.
_ROUNDING = 1e-6


@public
def phase_locked_bursts(
    values: npt.ArrayLike,
    n_steps: int,
    frequency: Quantity | str,
    *,
    dt: Time = 1 * ms,
    spikes_per_burst: int = 3,
    interval: Time = 4 * ms,
    phase: float = 0.0,
    jitter: Time = 0 * ms,
    seed: int = 0,
    span: float = math.pi,
) -> npt.NDArray[np.bool_]:
    r"""Encode numbers as phases of an oscillation at which bursts occur.

    The larger a number, the earlier in the cycle its input bursts, as cells do that are more
    strongly excited. In cycle c = 0, 1, ... spike j of the burst of x comes at

    .. math::

        t = \frac{1}{f} \left( c + \frac{\varphi + \psi (1 - x)}{2\pi} \right)
            + j \, \Delta + \sigma \xi_c

    where :math:`\xi_c` is standard normal, drawn anew for each input and cycle. The oscillation's
    phase is 0 when time begins. A 0 never bursts. Spikes before the beginning and after the end
    are left out; two spikes of one input in one step count as one.

    Parameters
    ----------
    values : array_like
        Numbers x in [0, 1]; any shape, made flat.
    n_steps : int
        Number of time steps.
    frequency : Quantity or str
        :math:`f`, of the oscillation.
    dt : Quantity or str, optional
        Time step.
    spikes_per_burst : int, optional
        Number of spikes of each burst; 1 gives single spikes.
    interval : Quantity or str, optional
        :math:`\Delta`, between the spikes of a burst; at least a time step.
    phase : float, optional
        :math:`\varphi`, where x = 1 bursts, in radians.
    jitter : Quantity or str, optional
        :math:`\sigma`, standard deviation of a burst's time; the burst moves as a whole.
    seed : int, optional
        Fixes the jitter; equal seeds give equal spikes.
    span : float, optional
        :math:`\psi`, by how much later the smallest numbers burst, in radians, up to 2π.

    Returns
    -------
    ndarray of bool, shape (n_steps, n_values)
        True where an input spikes.

    Raises
    ------
    ParameterError
        If a value is out of range or NaN, or there is none; or if a burst does not fit into a
        cycle, or its spikes are closer than a time step.
    UnitsError
        If units are wrong or missing.

    References
    ----------
    Phases: O'Keefe, Recce 1993, Hippocampus 3:317; Fries, Nikolić, Singer
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
    x = numbers(values, "codes: values", minimum=0, maximum=1).ravel()
    steps = whole_number(n_steps, "codes: n_steps", minimum=1)
    step = quantity(dt, second, "codes: dt", minimum=0, exclusive_minimum=True)
    period = 1 / quantity(frequency, Hz, "codes: frequency", minimum=0, exclusive_minimum=True)
    first = number(phase, "codes: phase") % (2 * math.pi)
    width = number(span, "codes: span", minimum=0, maximum=2 * math.pi)
    offsets = _burst(spikes_per_burst, interval, step, period)
    spread = quantity(jitter, second, "codes: jitter", minimum=0)
    seed = read_seed(seed, "codes: seed")

    n_bursts = x.size * math.ceil(steps * step / period)
    check_memory(steps * x.size + 32 * n_bursts * len(offsets), "codes: n_steps", bytes_each=1)
    # From two cycles before the beginning: the weakest may burst as late as that.
    cycles = np.arange(-2, math.ceil(steps * step / period) + 1)
    starts = (cycles[:, None] + (first + width * (1 - x)) / (2 * math.pi)) * period
    starts += spread * np.random.default_rng(seed).standard_normal(starts.shape)
    due = np.floor(starts / step + _ROUNDING).astype(np.int64)[..., None] + offsets
    who = np.broadcast_to(np.arange(x.size)[:, None], due.shape)
    kept = (due >= 0) & (due < steps) & (x[who] > 0)
    spikes = np.zeros((steps, x.size), dtype=bool)
    spikes[due[kept], who[kept]] = True
    return spikes


def _burst(n_spikes: int, interval: Time, dt: float, period: float) -> npt.NDArray[np.int64]:
    """Return the steps of a burst's spikes, counted from its beginning."""
    n = whole_number(n_spikes, "codes: spikes_per_burst", minimum=1, maximum=1000)
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
