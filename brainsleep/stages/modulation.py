"""Faster rhythms of NREM sleep that ride on its slow oscillation: spindles, and ripples in them.

Each is a factor, one number a time step, for what opens and closes the gate to replay: 1 leaves
the gate as it is. Up states of the slow oscillation start spindles; troughs of spindles hold
ripples (Staresina et al. 2015). `modulated` puts all three together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from brian2.units import Hz, ms, second

from ..errors import ParameterError, UnitsError, brief
from ..support.checks import number, whole_number
from ..support.quantities import quantity

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Spindles:
    r"""Spindles: waves that wax and wane, begun by up states.

    At the beginning of an up state a spindle begins with some probability, unless the last one
    began less than `interval` ago. At time s after its beginning the factor is

    .. math:: 1 + a \sin^2\!\left(\frac{\pi s}{D}\right) \cos(2 \pi f s), \qquad 0 \le s < D

    and 1 outside spindles. A spindle may outlast its up state.

    Parameters
    ----------
    frequency : Quantity or str
        :math:`f`. Fast spindles, which go with up states: 12 to 16 Hz (Mölle et al. 2011).
    duration : Quantity or str
        :math:`D`, of one spindle: 0.5 to 3 s.
    interval : Quantity or str
        Shortest time from the beginning of one spindle to that of the next, at least `duration`.
        Spindles recur every 3 to 10 s (Steriade et al. 1993).
    depth : float
        :math:`a`, in [0, 1]: how strongly a spindle modulates in its middle. A number of our own.
    probability : float
        That an up state begins a spindle, in [0, 1]. A number of our own.

    References
    ----------
    Steriade, McCormick, Sejnowski 1993, Science 262:679; Mölle, Bergmann, Marshall, Born 2011,
    Sleep 34:1411; Staresina et al. 2015, Nature Neuroscience 18:1679.
    """

    frequency: Any = field(default_factory=lambda: 14 * Hz)
    duration: Any = field(default_factory=lambda: 1 * second)
    interval: Any = field(default_factory=lambda: 3 * second)
    depth: float = 0.5
    probability: float = 0.5

    def __post_init__(self) -> None:
        _frequency(self.frequency, "spindles: frequency")
        duration = _time(self.duration, "spindles: duration")
        interval = _time(self.interval, "spindles: interval")
        if interval < duration:
            raise ParameterError(
                f"spindles: interval ({interval:g} s) must be at least the duration "
                f"({duration:g} s)."
            )
        number(self.depth, "spindles: depth", minimum=0, maximum=1)
        number(self.probability, "spindles: probability", minimum=0, maximum=1)

    def wave(self, up: Any, dt: Any = 1 * ms, seed: int = 0) -> FloatArray:
        """Return the factor in each time step.

        Parameters
        ----------
        up : array_like of bool, shape (n_steps,)
            Where the slow oscillation is up. An up state already there in the first step begins
            nothing: when it began is not known.
        dt : Quantity or str
            Time step, shorter than half a cycle.
        seed : int
            Says which up states begin a spindle; equal seeds give equal waves.

        Returns
        -------
        ndarray of float64, shape (n_steps,)
            Between 1 - depth and 1 + depth.

        Raises
        ------
        ParameterError
            If `up` has the wrong shape, or the time step is too long.
        UnitsError
            If `up` is not bool, or `dt` no time.
        """
        elapsed = self._elapsed(up, dt, seed)
        hertz = _frequency(self.frequency, "spindles: frequency")
        duration = _time(self.duration, "spindles: duration")
        wave = np.sin(math.pi * elapsed / duration) ** 2 * np.cos(2 * math.pi * hertz * elapsed)
        return 1 + self.depth * np.nan_to_num(wave)

    def phase(self, up: Any, dt: Any = 1 * ms, seed: int = 0) -> FloatArray:
        """Return the phase of the spindles in each time step.

        Parameters
        ----------
        up, dt, seed
            As of :meth:`wave`.

        Returns
        -------
        ndarray of float64, shape (n_steps,)
            In [0, 2π): 0 at peaks of the factor, π at its troughs; NaN outside spindles.

        Raises
        ------
        ParameterError, UnitsError
            As :meth:`wave`.
        """
        hertz = _frequency(self.frequency, "spindles: frequency")
        return 2 * math.pi * (hertz * self._elapsed(up, dt, seed) % 1.0)

    def _elapsed(self, up: Any, dt: Any, seed: int) -> FloatArray:
        """Return the time since the beginning of the present spindle, in seconds, or NaN."""
        states = _states(up)
        step = _step(dt, _frequency(self.frequency, "spindles: frequency"), "spindles")
        rng = np.random.default_rng([whole_number(seed, "spindles: seed"), 0])
        length = max(1, round(_time(self.duration, "spindles: duration") / step))
        interval = round(_time(self.interval, "spindles: interval") / step)
        elapsed = np.full(len(states), math.nan)
        free = 0
        onsets = np.flatnonzero(states[1:] & ~states[:-1]) + 1
        for onset, chance in zip(onsets, rng.random(len(onsets)), strict=True):
            if onset >= free and chance < self.probability:
                within = elapsed[onset : onset + length]
                within[:] = np.arange(len(within)) * step
                free = onset + interval
        return elapsed


@dataclass(frozen=True)
class Ripples:
    r"""Ripples: short fast bursts, each within one trough of a spindle.

    A trough is the half of a spindle's cycle around `phase`. With some probability it holds one
    ripple, in its middle; at time s from there the factor is

    .. math:: 1 + a \cos^2\!\left(\frac{\pi s}{D}\right) \cos(2 \pi f s), \qquad |s| < D/2

    and 1 elsewhere.

    Parameters
    ----------
    frequency : Quantity or str
        :math:`f`. Some 80 to 100 Hz in humans (Staresina et al. 2015); faster in rodents.
    duration : Quantity or str
        :math:`D`; as long as the trough where that is shorter.
    depth : float
        :math:`a`, in [0, 1]. A number of our own.
    probability : float
        That a trough holds a ripple, in [0, 1]. A number of our own.
    phase : float
        Of the spindle, in radians, where a trough has its middle. π: where the spindle's factor is
        smallest. Which sign a field potential has there depends on where one records; 0 puts the
        ripples where spindles open the gate.

    References
    ----------
    Staresina et al. 2015, Nature Neuroscience 18:1679; Buzsáki 2015, Hippocampus 25:1073.
    """

    frequency: Any = field(default_factory=lambda: 100 * Hz)
    duration: Any = field(default_factory=lambda: 30 * ms)
    depth: float = 0.5
    probability: float = 0.5
    phase: float = math.pi

    def __post_init__(self) -> None:
        _frequency(self.frequency, "ripples: frequency")
        _time(self.duration, "ripples: duration")
        number(self.depth, "ripples: depth", minimum=0, maximum=1)
        number(self.probability, "ripples: probability", minimum=0, maximum=1)
        number(self.phase, "ripples: phase")

    def troughs(self, spindle_phase: Any) -> BoolArray:
        """Return which time steps lie in a trough, a bool array (n_steps,).

        Parameters
        ----------
        spindle_phase : array_like of float, shape (n_steps,)
            From :meth:`Spindles.phase`.

        Raises
        ------
        ParameterError, UnitsError
            If it is not such an array.
        """
        # A little more than 0, so that rounding does not say where a trough ends.
        return np.cos(_phase(spindle_phase) - self.phase) > 1e-9

    def wave(self, spindle_phase: Any, dt: Any = 1 * ms, seed: int = 0) -> FloatArray:
        """Return the factor in each time step.

        Parameters
        ----------
        spindle_phase : array_like of float, shape (n_steps,)
            From :meth:`Spindles.phase`: NaN where there is no spindle.
        dt : Quantity or str
            Time step, shorter than half a ripple's cycle.
        seed : int
            Says which troughs hold a ripple; equal seeds give equal waves.

        Returns
        -------
        ndarray of float64, shape (n_steps,)
            Between 1 - depth and 1 + depth; 1 outside troughs.

        Raises
        ------
        ParameterError
            If the phase has the wrong shape, or the time step is too long.
        UnitsError
            If the phase is not a number, or `dt` no time.
        """
        troughs = self.troughs(spindle_phase)
        hertz = _frequency(self.frequency, "ripples: frequency")
        step = _step(dt, hertz, "ripples")
        rng = np.random.default_rng([whole_number(seed, "ripples: seed"), 1])
        longest = max(1, round(_time(self.duration, "ripples: duration") / step))
        factor = np.ones(len(troughs))
        turns = np.diff(troughs.astype(np.int8), prepend=0, append=0)
        starts, ends = np.flatnonzero(turns == 1), np.flatnonzero(turns == -1)
        chosen = rng.random(len(starts)) < self.probability
        for start, end in zip(starts[chosen], ends[chosen], strict=True):
            length = min(longest, end - start)
            first = start + (end - start - length) // 2
            factor[first : first + length] += self.depth * _packet(length, hertz * step)
        return factor


def modulated(
    gate: Any,
    spindles: Spindles | None = None,
    ripples: Ripples | None = None,
    dt: Any = 1 * ms,
    seed: int = 0,
    up: Any = None,
) -> FloatArray:
    r"""Multiply spindles, and ripples in their troughs, into a gate.

    .. math:: g'_k = g_k \, s_k \, r_k

    where :math:`s` is the factor of the spindles and :math:`r` that of the ripples.

    Parameters
    ----------
    gate : array_like of float, shape (n_steps,)
        At least 0; what the slow oscillation lets through in each time step.
    spindles : Spindles, optional
        Without, the gate stays as it is.
    ripples : Ripples, optional
        Only together with spindles.
    dt : Quantity or str
        Time step.
    seed : int
        Equal seeds give equal gates.
    up : array_like of bool, shape (n_steps,), optional
        Where the slow oscillation is up. Default: where the gate lies above the middle between its
        smallest and its largest value.

    Returns
    -------
    ndarray of float64, shape (n_steps,)
        At least 0. It may be larger than the gate; a probability made of it needs a bound.

    Raises
    ------
    ParameterError
        If the gate is negative or NaN, shapes differ, or there are ripples but no spindles.
    UnitsError
        If something is of the wrong kind.

    Examples
    --------
    >>> import numpy as np
    >>> gate = np.tile(np.repeat([0.1, 1.0], 500), 5)  # a slow oscillation of 1 Hz
    >>> replay = modulated(gate, Spindles(probability=1), Ripples())
    >>> bool(replay.max() > 1), bool(replay.min() >= 0)
    (True, True)
    """
    values = _gate(gate)
    _check_kind(spindles, Spindles, "spindles")
    _check_kind(ripples, Ripples, "ripples")
    if spindles is None:
        if ripples is not None:
            raise ParameterError("ripples: they lie in troughs of spindles, but spindles is None.")
        return values
    states = values > (values.min() + values.max()) / 2 if up is None else _states(up)
    if states.shape != values.shape:
        raise ParameterError(
            f"up: {len(states)} time steps, but the gate has {len(values)}; give one value a step."
        )
    result = values * spindles.wave(states, dt, seed)
    if ripples is not None:
        result *= ripples.wave(spindles.phase(states, dt, seed), dt, seed)
    return result


def _packet(length: int, cycles_per_step: float) -> FloatArray:
    """Return a wave in its envelope, both largest in the middle."""
    s = np.arange(length) - (length - 1) / 2
    return np.cos(math.pi * s / length) ** 2 * np.cos(2 * math.pi * cycles_per_step * s)


def _frequency(value: Any, name: str) -> float:
    """Read a frequency greater than 0, in Hz."""
    return quantity(value, Hz, name, minimum=0, exclusive_minimum=True)


def _time(value: Any, name: str) -> float:
    """Read a time greater than 0, in seconds."""
    return quantity(value, second, name, minimum=0, exclusive_minimum=True)


def _step(dt: Any, hertz: float, rhythm: str) -> float:
    """Read a time step that a rhythm can be drawn with, in seconds."""
    step = _time(dt, "dt")
    if 2 * hertz * step >= 1:
        raise ParameterError(
            f"{rhythm}: dt ({step * 1e3:g} ms) must be shorter than half a cycle of {hertz:g} Hz."
        )
    return step


def _states(up: Any) -> BoolArray:
    """Read which steps are up."""
    states = np.asarray(up)
    if states.dtype != bool:
        raise UnitsError(f"up must be a bool array, not {brief(up)}.")
    if states.ndim != 1 or states.size == 0:
        raise ParameterError(f"up must have shape (n_steps,), not {states.shape}.")
    return states


def _phase(given: Any) -> FloatArray:
    """Read a phase that may be NaN."""
    phase = np.asarray(given)
    if phase.dtype.kind != "f":
        raise UnitsError(f"spindle_phase must be a float array, not {brief(given)}.")
    if phase.ndim != 1 or phase.size == 0:
        raise ParameterError(f"spindle_phase must have shape (n_steps,), not {phase.shape}.")
    if np.isinf(phase).any():
        raise ParameterError("spindle_phase: holds infinite values.")
    return phase


def _gate(given: Any) -> FloatArray:
    """Read a gate: a copy, as floats."""
    gate = np.asarray(given)
    if gate.dtype.kind not in "biuf":
        raise UnitsError(f"gate must be an array of numbers, not {brief(given)}.")
    if gate.ndim != 1 or gate.size == 0:
        raise ParameterError(f"gate must have shape (n_steps,), not {gate.shape}.")
    gate = np.array(gate, dtype=np.float64)
    if not np.isfinite(gate).all() or (gate < 0).any():
        raise ParameterError("gate must be finite and at least 0.")
    return gate


def _check_kind(given: Any, kind: type, field_name: str) -> None:
    """Raise a UnitsError unless something is of a kind, or None."""
    if given is not None and not isinstance(given, kind):
        raise UnitsError(f"{field_name} must be a {kind.__name__} object, not {brief(given)}.")
