"""Ripples: short fast bursts in the troughs of spindles."""

from __future__ import annotations

import math
from dataclasses import KW_ONLY, dataclass

import numpy as np
import numpy.typing as npt
from brian2.units import Hz, Quantity, ms, second

from ..errors import KindError, ParameterError, brief
from ..support.array_values import read_array
from ..support.calls import public
from ..support.checks import read_seed
from ..support.parameters import check_parameters, parameter
from ..support.quantities import Time
from ..support.true_runs import runs_of
from .rhythm import BoolArray, FloatArray, read_step


@public
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
        :math:`f`. About 80 to 100 Hz in humans (Staresina et al. 2015); higher in rodents.
    duration : Quantity or str
        :math:`D`, the length of one ripple; shorter where the trough is shorter.
    depth : float
        :math:`a`, in [0, 1]. Chosen here, not from a source.
    probability : float
        Probability that a trough holds a ripple, in [0, 1]. Chosen here, not from a source.
    phase : float
        Phase of the spindle, in radians, at the middle of a trough. At π the spindle's factor is
        smallest. The sign of a field potential at this phase depends on where one records; with 0,
        ripples lie where spindles open the gate.

    Raises
    ------
    ParameterError, UnitsError
        Naming the parameter.

    References
    ----------
    Staresina et al. 2015, Nature Neuroscience 18:1679; Buzsáki 2015, Hippocampus 25:1073.
    """

    frequency: Quantity | str = parameter(100 * Hz, Hz, above=0, by_layer=False)
    _: KW_ONLY
    duration: Time = parameter(30 * ms, second, above=0, by_layer=False)
    depth: float = parameter(0.5, minimum=0, maximum=1, by_layer=False)
    probability: float = parameter(0.5, minimum=0, maximum=1, by_layer=False)
    phase: float = parameter(math.pi, by_layer=False)

    def __post_init__(self) -> None:
        check_parameters(self, "ripples")

    @public
    def troughs(self, spindle_phase: npt.ArrayLike) -> BoolArray:
        """Return which time steps lie in a trough of a spindle.

        Parameters
        ----------
        spindle_phase : array_like of float, shape (n_steps,)
            From :meth:`Spindles.phase`.

        Returns
        -------
        ndarray of bool, shape (n_steps,)

        Raises
        ------
        ParameterError, UnitsError
            If it is not such an array.
        """
        # more than 0 by a little, so that rounding does not decide where a trough ends
        return np.cos(_read_phase(spindle_phase) - self.phase) > 1e-9

    @public
    def wave(self, spindle_phase: npt.ArrayLike, dt: Time = 1 * ms, seed: int = 0) -> FloatArray:
        """Return the factor in each time step.

        Parameters
        ----------
        spindle_phase : array_like of float, shape (n_steps,)
            From :meth:`Spindles.phase`: NaN where there is no spindle.
        dt : Quantity or str
            Time step, shorter than half a ripple's cycle.
        seed : int
            Decides which troughs hold a ripple; equal seeds give equal waves.

        Returns
        -------
        ndarray of float64, shape (n_steps,)
            Between 1 - depth and 1 + depth; 1 outside troughs.

        Raises
        ------
        ParameterError
            If the phase has the wrong shape, or the time step is too long.
        UnitsError
            If the phase is not an array of floats, or `dt` is not a time.
        """
        troughs = self.troughs(spindle_phase)
        values = check_parameters(self, "ripples")
        hertz = values["frequency"]
        step = read_step(dt, hertz, "ripples")
        rng = np.random.default_rng([read_seed(seed, "ripples: seed"), 1])
        longest = max(1, round(values["duration"] / step))
        factor = np.ones(len(troughs))
        starts, ends = runs_of(troughs).T
        chosen = rng.random(len(starts)) < self.probability
        for start, end in zip(starts[chosen], ends[chosen], strict=True):
            length = min(longest, end - start)
            first = start + (end - start - length) // 2
            factor[first : first + length] += self.depth * _packet(length, hertz * step)
        return factor


def _packet(length: int, cycles_per_step: float) -> FloatArray:
    """Return one ripple: a wave times its envelope, both largest in the middle."""
    s = np.arange(length) - (length - 1) / 2
    return np.cos(math.pi * s / length) ** 2 * np.cos(2 * math.pi * cycles_per_step * s)


def _read_phase(given: npt.ArrayLike) -> FloatArray:
    """Read a phase that may be NaN."""
    phase = read_array(given, "spindle_phase")
    if phase.dtype.kind != "f":
        raise KindError(f"spindle_phase must be a float array, not {brief(given)}.")
    if phase.ndim != 1 or phase.size == 0:
        raise ParameterError(f"spindle_phase must have shape (n_steps,), not {phase.shape}.")
    if np.isinf(phase).any():
        raise ParameterError("spindle_phase must be finite, or NaN outside spindles.")
    return phase
