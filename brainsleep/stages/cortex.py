"""A patch of cortex: excitatory and inhibitory AdEx neurons, joined at random.

With strong spike-frequency adaptation the population swings between up and down states, as in
NREM sleep; with next to none it fires asynchronously, as awake and in REM sleep.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from brian2.units import Hz, Quantity, ms, mV, nS, pA, pF, second

from ..circuit import Circuit, Population, PreparedCircuit, Projection
from ..devices import Device
from ..devices.activity import PopulationRate, Spikes
from ..errors import ParameterError
from ..measures import binned_rate, up_states
from ..network.wiring import Wiring
from ..neurons import ConductanceAdEx
from ..stimuli import ConstantRates
from ..support.checks import number, whole_number
from ..support.quantities import quantity

EXCITATORY, INHIBITORY = "excitatory", "inhibitory"

#: Of the excitatory rate that tells up from down states.
RATE_BIN = 10 * ms


@dataclass(frozen=True)
class CorticalActivity:
    """What a patch of cortex did.

    Attributes
    ----------
    spikes : dict of str to Spikes
        ``"excitatory"`` and ``"inhibitory"``.
    rates : dict of str to PopulationRate
        The same, in each time step.
    duration, dt : Quantity
        Simulated time, and time step.
    up_threshold : Quantity
        Smoothed excitatory rate above which the population is up.
    """

    spikes: dict[str, Spikes]
    rates: dict[str, PopulationRate]
    duration: Quantity
    dt: Quantity
    up_threshold: Quantity

    def __repr__(self) -> str:
        spikes = ", ".join(f"{name}: {len(train)} spikes" for name, train in self.spikes.items())
        return f"<CorticalActivity of {self.duration}: {spikes}>"

    def up(self, n_steps: int, dt: float) -> np.ndarray:
        """Return whether the population is up in each of so many steps of `dt` seconds.

        The excitatory rate in bins of 10 ms, smoothed over 20 ms, is held against the threshold;
        shorter states than 50 ms do not count (`brainsleep.measures.up_states`).
        """
        rate = binned_rate(self.spikes[EXCITATORY], self.duration, RATE_BIN)
        states = np.asarray(up_states(rate, threshold=self.up_threshold).up)
        bins = (np.arange(n_steps) * dt / float(RATE_BIN) + 1e-9).astype(int)
        return states[np.minimum(bins, len(states) - 1)]


@dataclass(frozen=True)
class Cortex:
    r"""Parameters of a patch of cortex.

    .. math::

        C \frac{dv}{dt} = -g_L (v - E_L) + g_L \Delta_T e^{(v - V_T)/\Delta_T} - w
            + g_e (E_e - v) + g_i (E_i - v)

    as in :class:`brainsleep.ConductanceAdEx`. Every neuron gets the same number of excitatory and
    of inhibitory neurons, at random, and Poisson spikes from outside.

    Parameters
    ----------
    n_excitatory, n_inhibitory : int
        4:1, as in cortex. The published population has 8,000 and 2,000.
    connection_probability : float
        Part of each population that a neuron gets. Published: 0.05; five times as much for a fifth
        of the neurons keeps what each gets.
    c_m, g_l : Quantity
        Capacitance and leak conductance: 200 pF, 10 nS.
    v_rest : Quantity
        Of excitatory neurons, -63 mV.
    v_rest_inhibitory : Quantity
        -65 mV.
    v_threshold : Quantity
        :math:`V_T`, -50 mV.
    delta_t, delta_t_inhibitory : Quantity
        Sharpness of the upstroke, 2 and 0.5 mV.
    v_reset, v_reset_inhibitory : Quantity
        After a spike; published -55 and -65 mV. -63 mV here; -55 gives the same regimes.
    v_peak : Quantity
        Where a spike is cut off.
    refractory_period : Quantity
        5 ms.
    tau_w : Quantity
        Of the adaptation, 500 ms.
    a : Quantity
        Adaptation below threshold, 0 nS.
    q_excitatory, q_inhibitory : Quantity
        What a spike adds to a conductance: 1.5 and 5 nS.
    tau_syn : Quantity
        Of the conductances, 5 ms.
    e_excitatory, e_inhibitory : Quantity
        Reversal potentials, 0 and -80 mV.
    n_afferents : int
        Afferents from outside, to each neuron.
    afferent_rate : Quantity
        Of each: 0.35 Hz. Taken together, they make at most one spike in a time step.
    wiring_seed : int
        Of the random connections.
    dt : Quantity
        Time step, 0.1 ms.
    up_threshold : Quantity
        Smoothed excitatory rate above which the population is up; between the two modes.

    References
    ----------
    Goldman et al. 2021 (published values); Zerlaut, Chemla, Chavane, Destexhe 2018, J. Comput.
    Neurosci. 44:45 (regular-spiking and fast-spiking AdEx neurons); Destexhe 2009, J. Comput.
    Neurosci. 27:493 (self-sustained up and down states).
    """

    n_excitatory: int = 1600
    n_inhibitory: int = 400
    connection_probability: float = 0.25
    c_m: Any = field(default_factory=lambda: 200 * pF)
    g_l: Any = field(default_factory=lambda: 10 * nS)
    v_rest: Any = field(default_factory=lambda: -63 * mV)
    v_rest_inhibitory: Any = field(default_factory=lambda: -65 * mV)
    v_threshold: Any = field(default_factory=lambda: -50 * mV)
    delta_t: Any = field(default_factory=lambda: 2 * mV)
    delta_t_inhibitory: Any = field(default_factory=lambda: 0.5 * mV)
    v_reset: Any = field(default_factory=lambda: -63 * mV)
    v_reset_inhibitory: Any = field(default_factory=lambda: -65 * mV)
    v_peak: Any = field(default_factory=lambda: -40 * mV)
    refractory_period: Any = field(default_factory=lambda: 5 * ms)
    tau_w: Any = field(default_factory=lambda: 500 * ms)
    a: Any = field(default_factory=lambda: 0 * nS)
    q_excitatory: Any = field(default_factory=lambda: 1.5 * nS)
    q_inhibitory: Any = field(default_factory=lambda: 5 * nS)
    tau_syn: Any = field(default_factory=lambda: 5 * ms)
    e_excitatory: Any = field(default_factory=lambda: 0 * mV)
    e_inhibitory: Any = field(default_factory=lambda: -80 * mV)
    n_afferents: int = 400
    afferent_rate: Any = field(default_factory=lambda: 0.35 * Hz)
    wiring_seed: int = 0
    dt: Any = field(default_factory=lambda: 0.1 * ms)
    up_threshold: Any = field(default_factory=lambda: 0.5 * Hz)

    def __post_init__(self) -> None:
        for name in ("n_excitatory", "n_inhibitory"):
            whole_number(getattr(self, name), f"cortex: {name}", minimum=2)
        number(
            self.connection_probability,
            "cortex: connection_probability",
            minimum=0,
            maximum=1,
            exclusive_minimum=True,
        )
        quantity(self.up_threshold, Hz, "cortex: up_threshold", minimum=0)
        whole_number(self.n_afferents, "cortex: n_afferents")
        whole_number(self.wiring_seed, "cortex: wiring_seed")
        self._strengths()
        fan_e, fan_i = self._fan_in()
        if fan_e >= self.n_excitatory or fan_i >= self.n_inhibitory:
            raise ParameterError(
                f"cortex: connection_probability ({self.connection_probability:g}) would give a "
                "neuron all of its own population, itself included; lower it."
            )
        drive = self.n_afferents * quantity(self.afferent_rate, Hz, "cortex: afferent_rate")
        if drive * quantity(self.dt, ms, "cortex: dt", minimum=0, exclusive_minimum=True) > 0.1:
            raise ParameterError(
                f"cortex: {self.n_afferents} afferents at {self.afferent_rate} are more than a "
                "spike in ten time steps; shorten dt."
            )
        self._neurons(0 * pA)

    def circuit(self) -> Circuit:
        """Return the populations and what joins them, with adaptation of 60 pA."""
        n_e, n_i = self.n_excitatory, self.n_inhibitory
        fan_e, fan_i = self._fan_in()
        excitatory, inhibitory = self._neurons(60 * pA)
        q_e, q_i = self._strengths()
        links = [
            Projection("input", EXCITATORY, q_e, Wiring(offset=0)),
            Projection("input", INHIBITORY, q_e, Wiring(offset=n_e)),
        ]
        seed = 4 * whole_number(self.wiring_seed, "cortex: wiring_seed")
        for number_, (source, target) in enumerate(
            (one, other) for one in (EXCITATORY, INHIBITORY) for other in (EXCITATORY, INHIBITORY)
        ):
            is_inhibitory = source == INHIBITORY
            links.append(
                Projection(
                    source,
                    target,
                    q_i if is_inhibitory else q_e,
                    Wiring(fan_in=fan_i if is_inhibitory else fan_e, seed=seed + number_),
                    inhibitory=is_inhibitory,
                )
            )
        populations = {
            EXCITATORY: Population(n_e, excitatory),
            INHIBITORY: Population(n_i, inhibitory),
        }
        return Circuit(n_e + n_i, populations, links)

    def prepare(
        self, device: str | Device = "cpp", dtype: str = "float32", progress: bool = False
    ) -> PreparedCircuit:
        """Compile the circuit, or find it compiled."""
        return self.circuit().prepare(
            device,
            dtype=dtype,
            dt=self.dt,
            record=[EXCITATORY, INHIBITORY],
            progress=progress,
        )

    def simulate(
        self,
        b: Any,
        duration: Any,
        seed: int = 0,
        device: str | Device = "cpp",
        dtype: str = "float32",
        progress: bool = False,
    ) -> CorticalActivity:
        """Simulate the patch from rest.

        Parameters
        ----------
        b : Quantity
            By how much a spike raises the adaptation current of excitatory neurons.
        duration : Quantity or str
            Simulated time.
        seed : int
            Of the spikes from outside.
        device, dtype, progress
            As in `brainsleep.sleep`.

        Returns
        -------
        CorticalActivity
        """
        adaptation: Mapping[str, Any] = {"b": quantity(b, pA, "cortex: b", minimum=0)}
        n_neurons = self.n_excitatory + self.n_inhibitory
        hertz = self.n_afferents * quantity(self.afferent_rate, Hz, "cortex: afferent_rate")
        run = self.prepare(device, dtype, progress).run(
            ConstantRates(np.full(n_neurons, hertz) * Hz),
            duration,
            seed=seed,
            parameters={EXCITATORY: adaptation},
            progress=progress,
            description="cortex",
        )
        return CorticalActivity(
            spikes=run.spikes,
            rates=run.rates,
            duration=run.duration,
            dt=run.dt,
            up_threshold=Quantity(
                quantity(self.up_threshold, Hz, "cortex: up_threshold"), dim=(1 / second).dim
            ),
        )

    def _fan_in(self) -> tuple[int, int]:
        """Return how many excitatory and inhibitory neurons each neuron gets."""
        p = self.connection_probability
        return max(1, round(p * self.n_excitatory)), max(1, round(p * self.n_inhibitory))

    def _strengths(self) -> tuple[float, float]:
        """Return what excitatory and inhibitory spikes add to a conductance, in nS."""
        q_e = quantity(self.q_excitatory, nS, "cortex: q_excitatory", minimum=0)
        q_i = quantity(self.q_inhibitory, nS, "cortex: q_inhibitory", minimum=0)
        return q_e / float(nS), q_i / float(nS)

    def _neurons(self, b: Any) -> tuple[ConductanceAdEx, ConductanceAdEx]:
        """Return the excitatory and the inhibitory neuron."""
        common = {
            "gain": 1.0,
            "c_m": self.c_m,
            "g_l": self.g_l,
            "v_peak": self.v_peak,
            "tau_w": self.tau_w,
            "a": self.a,
            "refractory": self.refractory_period,
            "tau_syn": self.tau_syn,
            "e_excitation": self.e_excitatory,
            "e_inhibition": self.e_inhibitory,
        }
        excitatory = ConductanceAdEx(
            **common,
            threshold=self._above(self.v_rest),
            v_rest=self.v_rest,
            delta_t=self.delta_t,
            v_reset=self.v_reset,
            b=b,
        )
        inhibitory = ConductanceAdEx(
            **common,
            threshold=self._above(self.v_rest_inhibitory),
            v_rest=self.v_rest_inhibitory,
            delta_t=self.delta_t_inhibitory,
            v_reset=self.v_reset_inhibitory,
            b=0 * pA,
        )
        return excitatory, inhibitory

    def _above(self, v_rest: Any) -> float:
        """Return the threshold in mV above a resting potential."""
        threshold = quantity(self.v_threshold, mV, "cortex: v_threshold")
        return (threshold - quantity(v_rest, mV, "cortex: v_rest")) / float(mV)
