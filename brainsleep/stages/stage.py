"""Stages of sleep: wakefulness, NREM and REM, each a state of the same patch of cortex."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from brian2.units import Quantity, pA, second

from ..devices import Device
from ..errors import UnitsError
from ..support.quantities import quantity
from .cortex import Cortex, CorticalActivity
from .modulation import Ripples, Spindles, modulated

#: What of a simulation is left out before its states gate a night: it begins at rest.
WARM_UP = 1 * second


@dataclass(frozen=True)
class Gate:
    """What a stage lets through, in each step of a night.

    Attributes
    ----------
    stimulus : ndarray of float, shape (n_steps,)
        Factor on the stimulus' spike probabilities; above 1 in spindles and ripples.
    learning : ndarray of float, shape (n_steps,)
        Factor on learning.
    """

    stimulus: np.ndarray
    learning: np.ndarray

    def __len__(self) -> int:
        return len(self.stimulus)


@dataclass(frozen=True)
class _Stage:
    """What all stages have in common; see the classes below."""

    b: Any
    cortex: Cortex = field(default_factory=Cortex)

    name: ClassVar[str] = ""

    def __post_init__(self) -> None:
        quantity(self.b, pA, f"stages: b of {self.name}", minimum=0)
        if not isinstance(self.cortex, Cortex):
            raise UnitsError(
                f"stages: cortex must be a bs.stages.Cortex object, not {self.cortex!r}."
            )

    def simulate(
        self,
        duration: Any = 10 * second,
        seed: int = 0,
        device: str | Device = "cpp",
        dtype: str = "float32",
        progress: bool = False,
    ) -> CorticalActivity:
        """Simulate the patch of cortex alone, without any network that sleeps.

        Parameters
        ----------
        duration : Quantity or str
            Simulated time, from rest.
        seed : int
            Of the spikes that come from outside.
        device, dtype, progress
            As in `brainsleep.sleep`.

        Returns
        -------
        CorticalActivity
            ``.spikes["excitatory"]``, ``.spikes["inhibitory"]`` with ``.i`` and ``.t``; ``.rates``.

        Examples
        --------
        >>> cortex = bs.stages.NREM().simulate(duration=20 * second, seed=3)  # doctest: +SKIP
        >>> cortex.spikes["excitatory"].t  # doctest: +SKIP
        """
        return self.cortex.simulate(self.b, duration, seed, device, dtype, progress)

    def gate(self, n_steps: int, dt: float, seed: int = 0, device: str | Device = "cpp") -> Gate:
        """Return what the stage lets through in so many steps of `dt` seconds.

        Up states open the gate to the stimulus and to learning, down states close it. The first
        second of the simulation, which begins at rest, is left out.
        """
        up = self._up(n_steps, dt, seed, device)
        return Gate(self._shaped(up, dt, seed), up.astype(float))

    def _up(self, n_steps: int, dt: float, seed: int, device: str | Device) -> np.ndarray:
        skipped = round(float(WARM_UP) / dt)
        seconds = (skipped + n_steps) * dt
        step = float(self.cortex.dt)
        whole = np.ceil(seconds / step - 1e-6) * step * second
        activity = self.simulate(Quantity(whole), seed, device)
        return activity.up(skipped + n_steps, dt)[skipped:]

    def _shaped(self, up: np.ndarray, dt: float, seed: int) -> np.ndarray:
        """Return the factor on the stimulus, given the up states."""
        return up.astype(float)


@dataclass(frozen=True)
class Wake(_Stage):
    """Awake: the population fires asynchronously, and the gate is open.

    Parameters
    ----------
    b : Quantity
        Adaptation of excitatory neurons to a spike: 1 pA (acetylcholine takes it away).
    cortex : Cortex
        All other parameters.

    References
    ----------
    Goldman et al. 2021; McCormick 1992, Progress in Neurobiology 39:337 (acetylcholine).
    """

    b: Any = field(default_factory=lambda: 1 * pA)

    name: ClassVar[str] = "Wake"


@dataclass(frozen=True)
class REM(_Stage):
    """REM sleep: cortex as awake, cut off from the world.

    Parameters
    ----------
    b, cortex
        As in :class:`Wake`.

    References
    ----------
    Goldman et al. 2021; Jouvet 1962 (paradoxical sleep).
    """

    b: Any = field(default_factory=lambda: 1 * pA)

    name: ClassVar[str] = "REM"


@dataclass(frozen=True)
class NREM(_Stage):
    """NREM sleep: the population swings between up and down states, about once a second.

    Parameters
    ----------
    b : Quantity
        Adaptation of excitatory neurons to a spike: 60 pA.
    cortex : Cortex
        All other parameters.
    spindles : Spindles, optional
        Waves of 12 to 16 Hz on the stimulus, begun by up states.
    ripples : Ripples, optional
        Bursts of some 100 Hz in the troughs of spindles.

    References
    ----------
    Goldman et al. 2021; Steriade, Nuñez, Amzica 1993, J. Neurosci. 13:3252.
    """

    b: Any = field(default_factory=lambda: 60 * pA)
    spindles: Spindles | None = None
    ripples: Ripples | None = None

    name: ClassVar[str] = "NREM"

    def __post_init__(self) -> None:
        super().__post_init__()
        modulated(np.ones(2), self.spindles, self.ripples)

    def _shaped(self, up: np.ndarray, dt: float, seed: int) -> np.ndarray:
        return modulated(up.astype(float), self.spindles, self.ripples, dt * second, seed, up)
