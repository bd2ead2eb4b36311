"""Sleep spindles, which ride on the slow oscillation of NREM sleep."""

from __future__ import annotations

import math
from dataclasses import KW_ONLY, dataclass

import numpy as np
import numpy.typing as npt
from brian2.units import Hz, Quantity, ms, second

from ..errors import ParameterError
from ..support.calls import public
from ..support.checks import read_seed
from ..support.parameters import check_parameters, parameter
from ..support.quantities import Time
from .rhythm import FloatArray, read_step, read_up


@public
@dataclass(frozen=True)
class Spindles:
    r"""Spindles: waves that wax and wane, started by up states.

    At the beginning of an up state a spindle starts with some probability, unless the last one
    started less than `interval` ago. At time s after its start the factor is

    .. math:: 1 + a \sin^2\!\left(\frac{\pi s}{D}\right) \cos(2 \pi f s), \qquad 0 \le s < D

    and 1 outside spindles. A spindle may outlast its up state.

    Parameters
    ----------
    frequency : Quantity or str
        :math:`f`. Fast spindles, which occur in up states, have 12 to 16 Hz (Mölle et al. 2011).
    duration : Quantity or str
        :math:`D`, the length of one spindle: 0.5 to 3 s.
    interval : Quantity or str
        Shortest time from the start of one spindle to that of the next, at least `duration`.
        Spindles recur every 3 to 10 s (Steriade et al. 1993).
    depth : float
        :math:`a`, in [0, 1]: how strongly a spindle modulates in its middle. Chosen here, not from
        a source.
    probability : float
        Probability that an up state starts a spindle, in [0, 1]. Chosen here, not from a source.

    Raises
    ------
    ParameterError, UnitsError
        Naming the parameter.

    References
    ----------
    Steriade, McCormick, Sejnowski 1993, Science 262:679; Mölle, Bergmann, Marshall, Born 2011,
    Sleep 34:1411; Staresina et al. 2015, Nature Neuroscience 18:1679.
    """

    frequency: Quantity | str = parameter(14 * Hz, Hz, above=0, by_layer=False)
    _: KW_ONLY
    duration: Time = parameter(1 * second, second, above=0, by_layer=False)
    interval: Time = parameter(3 * second, second, above=0, by_layer=False)
    depth: float = parameter(0.5, minimum=0, maximum=1, by_layer=False)
    probability: float = parameter(0.5, minimum=0, maximum=1, by_layer=False)

    def __post_init__(self) -> None:
        values = check_parameters(self, "spindles")
        if values["interval"] < values["duration"]:
            raise ParameterError(
                f"spindles: interval ({values['interval']:g} s) must be at least the duration "
                f"({values['duration']:g} s)."
            )

    @public
    def wave(self, up: npt.ArrayLike, dt: Time = 1 * ms, seed: int = 0) -> FloatArray:
        """Return the factor in each time step.

        Parameters
        ----------
        up : array_like of bool, shape (n_steps,)
            Where the slow oscillation is up. An up state that is there in the first step starts no
            spindle: when it began is not known.
        dt : Quantity or str
            Time step, shorter than half a cycle.
        seed : int
            Decides which up states start a spindle; equal seeds give equal waves.

        Returns
        -------
        ndarray of float64, shape (n_steps,)
            Between 1 - depth and 1 + depth.

        Raises
        ------
        ParameterError
            If `up` has the wrong shape, or the time step is too long.
        UnitsError
            If `up` is not bool, or `dt` is not a time.
        """
        elapsed = self._elapsed(up, dt, seed)
        values = check_parameters(self, "spindles")
        envelope = np.sin(math.pi * elapsed / values["duration"]) ** 2
        wave = envelope * np.cos(2 * math.pi * values["frequency"] * elapsed)
        return 1 + self.depth * np.nan_to_num(wave)

    @public
    def phase(self, up: npt.ArrayLike, dt: Time = 1 * ms, seed: int = 0) -> FloatArray:
        """Return the phase of the spindles in each time step.

        Parameters
        ----------
        up, dt, seed
            As in :meth:`wave`.

        Returns
        -------
        ndarray of float64, shape (n_steps,)
            In [0, 2π): 0 at peaks of the factor, π at its troughs; NaN outside spindles.

        Raises
        ------
        ParameterError, UnitsError
            As :meth:`wave`.
        """
        hertz = check_parameters(self, "spindles")["frequency"]
        return 2 * math.pi * (hertz * self._elapsed(up, dt, seed) % 1.0)

    def _elapsed(self, up: npt.ArrayLike, dt: Time, seed: int) -> FloatArray:
        """Return the time since the start of the present spindle, in seconds, or NaN."""
        states = read_up(up)
        values = check_parameters(self, "spindles")
        step = read_step(dt, values["frequency"], "spindles")
        rng = np.random.default_rng([read_seed(seed, "spindles: seed"), 0])
        length = max(1, round(values["duration"] / step))
        interval = round(values["interval"] / step)
        elapsed = np.full(len(states), math.nan)
        free = 0
        onsets = np.flatnonzero(states[1:] & ~states[:-1]) + 1
        for onset, chance in zip(onsets, rng.random(len(onsets)), strict=True):
            if onset >= free and chance < self.probability:
                within = elapsed[onset : onset + length]
                within[:] = np.arange(len(within)) * step
                free = onset + interval
        return elapsed
