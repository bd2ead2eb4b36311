"""Stages of sleep: wakefulness, NREM and REM, each a state of the same patch of cortex."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from typing import ClassVar

import numpy as np
from brian2.units import Quantity, pA, second

from ..devices import Device
from ..night.gating import Gate
from ..support.calls import public
from ..support.parameters import check_parameters, parameter
from ..support.quantities import Time, quantity
from .cortex import Cortex
from .cortical_activity import CorticalActivity
from .modulation import check_rhythms, modulated
from .rhythm import BoolArray, FloatArray, read_night
from .ripples import Ripples
from .spindles import Spindles

#: A simulation begins at rest; its first second does not gate a night.
WARM_UP = 1 * second


@dataclass(frozen=True)
class Stage:
    """What all stages have in common; see `Wake`, `REM` and `NREM`.

    Parameters
    ----------
    b : Quantity or str
        Adaptation of excitatory neurons per spike, in pA.
    cortex : Cortex
        All other parameters of the patch of cortex.

    Raises
    ------
    ParameterError, UnitsError
        Naming the parameter.
    """

    b: Quantity | str = parameter(1 * pA, pA, minimum=0, by_layer=False)
    _: KW_ONLY
    cortex: Cortex = field(default_factory=Cortex)

    #: Name of the stage in figures and messages.
    name: ClassVar[str] = ""

    def __post_init__(self) -> None:
        check_parameters(self, f"stage {self.name}")

    @public
    def simulate(
        self,
        duration: Time = 10 * second,
        *,
        seed: int = 0,
        device: str | Device = "cpp",
        dtype: str = "float32",
        progress: bool = True,
    ) -> CorticalActivity:
        """Simulate the patch of cortex alone, without any network that sleeps.

        Parameters
        ----------
        duration : Quantity or str
            Simulated time, from rest.
        seed : int
            Seed of the spikes that come from outside.
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
        return self.cortex.simulate(
            self.b, duration, seed=seed, device=device, dtype=dtype, progress=progress
        )

    @public
    def gate(self, n_steps: int, dt: float, seed: int = 0, *, device: str | Device = "cpp") -> Gate:
        """Return what the stage lets through in each step of a night.

        Up states open the gate to the stimulus and to learning, down states close it. The first
        second of the simulation, which begins at rest, is left out.

        Parameters
        ----------
        n_steps : int
            Number of steps.
        dt : float
            Time step of the night, in seconds.
        seed : int
            Equal seeds give equal gates.
        device : str or Device
            Where the patch of cortex is simulated, as in `brainsleep.sleep`.

        Returns
        -------
        Gate
            Of `n_steps` steps.
        """
        n_steps, dt, seed = read_night(n_steps, dt, seed)
        up = self._up(n_steps, dt, seed, device)
        return Gate(self._shaped(up, dt, seed), up.astype(float))

    def _up(self, n_steps: int, dt: float, seed: int, device: str | Device) -> BoolArray:
        """Simulate the cortex and return in which steps it is up."""
        skipped = round(float(WARM_UP) / dt)
        seconds = (skipped + n_steps) * dt
        step = quantity(self.cortex.dt, second, "cortex: dt")
        rounded_up = np.ceil(seconds / step - 1e-6) * step * second
        activity = self.simulate(Quantity(rounded_up), seed=seed, device=device)
        return activity.up(skipped + n_steps, dt)[skipped:]

    def _shaped(self, up: BoolArray, dt: float, seed: int) -> FloatArray:
        """Return the factor on the stimulus, given the up states."""
        return up.astype(float)


@public
@dataclass(frozen=True)
class Wake(Stage):
    """Awake: the population fires asynchronously, and the gate is open.

    Parameters
    ----------
    b : Quantity or str
        Adaptation of excitatory neurons per spike: 1 pA (acetylcholine removes it).
    cortex : Cortex
        All other parameters.

    References
    ----------
    Goldman et al. 2021; McCormick 1992, Progress in Neurobiology 39:337 (acetylcholine).
    """

    name: ClassVar[str] = "Wake"


@public
@dataclass(frozen=True)
class REM(Stage):
    """REM sleep: cortex fires as awake, but without input from the world.

    Parameters
    ----------
    b, cortex
        As in :class:`Wake`.

    References
    ----------
    Goldman et al. 2021; Jouvet 1962 (paradoxical sleep).
    """

    name: ClassVar[str] = "REM"


@public
@dataclass(frozen=True)
class NREM(Stage):
    """NREM sleep: the population swings between up and down states, about once per second.

    Parameters
    ----------
    b : Quantity or str
        Adaptation of excitatory neurons per spike: 60 pA.
    cortex : Cortex
        All other parameters.
    spindles : Spindles, optional
        Waves of 12 to 16 Hz on the stimulus, started by up states.
    ripples : Ripples, optional
        Bursts of about 100 Hz in the troughs of spindles; only together with spindles.

    References
    ----------
    Goldman et al. 2021; Steriade, Nuñez, Amzica 1993, J. Neurosci. 13:3252.
    """

    b: Quantity | str = parameter(60 * pA, pA, minimum=0, by_layer=False)
    _: KW_ONLY
    spindles: Spindles | None = None
    ripples: Ripples | None = None

    name: ClassVar[str] = "NREM"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_rhythms(self.spindles, self.ripples)

    def _shaped(self, up: BoolArray, dt: float, seed: int) -> FloatArray:
        return modulated(
            up.astype(float), self.spindles, self.ripples, dt=dt * second, seed=seed, up=up
        )
