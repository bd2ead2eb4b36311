"""A patch of cortex: excitatory and inhibitory AdEx neurons, joined at random.

With strong spike-frequency adaptation the population swings between up and down states, as in
NREM sleep; with hardly any it fires asynchronously, as in wakefulness and REM sleep.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, replace

import numpy as np
from brian2.units import Hz, Quantity, ms, mV, nS, pA, pF, second

from ..circuit import INPUT, Circuit, Population, PreparedCircuit, Projection
from ..devices import Device
from ..errors import ParameterError
from ..network.wiring import Wiring
from ..neurons import ConductanceAdEx
from ..stimuli import ConstantRates
from ..support.calls import public
from ..support.checks import whole_number
from ..support.parameters import check_parameters, parameter
from ..support.quantities import Time, quantity
from .cortical_activity import EXCITATORY, INHIBITORY, CorticalActivity


@public
@dataclass(frozen=True)
class Cortex:
    r"""Parameters of a patch of cortex.

    .. math::

        C \frac{dv}{dt} = -g_L (v - E_L) + g_L \Delta_T e^{(v - V_T)/\Delta_T} - w
            + g_e (E_e - v) + g_i (E_i - v)

    as in :class:`brainsleep.ConductanceAdEx`. Every neuron receives synapses from the same number
    of excitatory and of inhibitory neurons, drawn at random, and Poisson spikes from outside.

    Parameters
    ----------
    n_excitatory, n_inhibitory : int
        Numbers of neurons; 4:1, as in cortex. The published population has 8,000 and 2,000.
    connection_probability : float
        Fraction of each population from which a neuron receives synapses. Published: 0.05. Here it
        is five times as much for a fifth of the neurons, so that the number of synapses per neuron
        is the published one.
    c_m, g_l : Quantity or str
        Capacitance and leak conductance: 200 pF, 10 nS.
    v_rest : Quantity or str
        Resting potential of excitatory neurons, -63 mV.
    v_rest_inhibitory : Quantity or str
        Resting potential of inhibitory neurons, -65 mV.
    v_threshold : Quantity or str
        :math:`V_T`, -50 mV.
    delta_t, delta_t_inhibitory : Quantity or str
        Sharpness of the upstroke of excitatory and inhibitory neurons, 2 and 0.5 mV.
    v_reset, v_reset_inhibitory : Quantity or str
        Potential after a spike, -63 and -65 mV. Published: -55 mV for excitatory neurons, which
        gives the same regimes, and -65 mV.
    v_peak : Quantity or str
        Potential at which a spike is cut off, -40 mV.
    refractory : Quantity or str
        Refractory period, 5 ms.
    tau_w : Quantity or str
        Time constant of the adaptation, 500 ms.
    a : Quantity or str
        Adaptation below threshold, 0 nS.
    q_excitatory, q_inhibitory : Quantity or str
        What one spike adds to a conductance: 1.5 and 5 nS.
    tau_syn : Quantity or str
        Time constant of the conductances, 5 ms.
    e_excitatory, e_inhibitory : Quantity or str
        Reversal potentials, 0 and -80 mV.
    n_afferents : int
        Number of afferents from outside to each neuron, 400.
    afferent_rate : Quantity or str
        Rate of each afferent, 0.35 Hz. All afferents of a neuron together make at most one spike
        in a time step.
    wiring_seed : int
        Seed of the random connections.
    dt : Quantity or str
        Time step, 0.1 ms.
    up_threshold : Quantity or str
        Smoothed excitatory rate above which the population is up, 0.5 Hz; it lies between the two
        modes of the rate.

    Raises
    ------
    ParameterError, UnitsError
        Naming the parameter.

    References
    ----------
    Goldman et al. 2021 (published values); Zerlaut, Chemla, Chavane, Destexhe 2018, J. Comput.
    Neurosci. 44:45 (regular-spiking and fast-spiking AdEx neurons); Destexhe 2009, J. Comput.
    Neurosci. 27:493 (self-sustained up and down states).
    """

    n_excitatory: int = 1600
    n_inhibitory: int = 400
    _: KW_ONLY
    connection_probability: float = parameter(0.25, above=0, maximum=1, by_layer=False)
    # units only: the neuron model checks the ranges
    c_m: Quantity | str = parameter(200 * pF, pF, by_layer=False)
    g_l: Quantity | str = parameter(10 * nS, nS, by_layer=False)
    v_rest: Quantity | str = parameter(-63 * mV, mV, by_layer=False)
    v_rest_inhibitory: Quantity | str = parameter(-65 * mV, mV, by_layer=False)
    v_threshold: Quantity | str = parameter(-50 * mV, mV, by_layer=False)
    delta_t: Quantity | str = parameter(2 * mV, mV, by_layer=False)
    delta_t_inhibitory: Quantity | str = parameter(0.5 * mV, mV, by_layer=False)
    v_reset: Quantity | str = parameter(-63 * mV, mV, by_layer=False)
    v_reset_inhibitory: Quantity | str = parameter(-65 * mV, mV, by_layer=False)
    v_peak: Quantity | str = parameter(-40 * mV, mV, by_layer=False)
    refractory: Time = parameter(5 * ms, ms, by_layer=False)
    tau_w: Time = parameter(500 * ms, ms, by_layer=False)
    a: Quantity | str = parameter(0 * nS, nS, by_layer=False)
    q_excitatory: Quantity | str = parameter(1.5 * nS, nS, minimum=0, by_layer=False)
    q_inhibitory: Quantity | str = parameter(5 * nS, nS, minimum=0, by_layer=False)
    tau_syn: Time = parameter(5 * ms, ms, by_layer=False)
    e_excitatory: Quantity | str = parameter(0 * mV, mV, by_layer=False)
    e_inhibitory: Quantity | str = parameter(-80 * mV, mV, by_layer=False)
    n_afferents: int = 400
    afferent_rate: Quantity | str = parameter(0.35 * Hz, Hz, minimum=0, by_layer=False)
    wiring_seed: int = 0
    dt: Time = parameter(0.1 * ms, ms, above=0, by_layer=False)
    up_threshold: Quantity | str = parameter(0.5 * Hz, Hz, minimum=0, by_layer=False)

    def __post_init__(self) -> None:
        for name, minimum in (
            ("n_excitatory", 2),
            ("n_inhibitory", 2),
            ("n_afferents", 0),
            ("wiring_seed", 0),
        ):
            whole_number(getattr(self, name), f"cortex: {name}", minimum=minimum)
        values = self._values()
        fan_e, fan_i = self._fan_in()
        if fan_e >= self.n_excitatory or fan_i >= self.n_inhibitory:
            raise ParameterError(
                f"cortex: connection_probability ({self.connection_probability:g}) would join a "
                "neuron to all of its own population, itself included; lower it."
            )
        if self.n_afferents * values["afferent_rate"] * values["dt"] > 0.1:
            raise ParameterError(
                f"cortex: {self.n_afferents} afferents at {self.afferent_rate} give more than one "
                "spike in ten time steps; shorten dt."
            )
        self._neurons(0 * pA)

    def circuit(self) -> Circuit:
        """Return the populations and what joins them, with adaptation of 60 pA."""
        n_e, n_i = self.n_excitatory, self.n_inhibitory
        excitatory, inhibitory = self._neurons(60 * pA)
        strengths = self._strengths()
        populations = {
            EXCITATORY: Population(n_e, excitatory),
            INHIBITORY: Population(n_i, inhibitory),
        }
        links = [
            Projection(INPUT, EXCITATORY, strengths[EXCITATORY], Wiring(offset=0)),
            Projection(INPUT, INHIBITORY, strengths[EXCITATORY], Wiring(offset=n_e)),
        ]
        fan_in = dict(zip(populations, self._fan_in(), strict=True))
        pairs = [(source, target) for source in populations for target in populations]
        for seed, (source, target) in enumerate(pairs, start=4 * self.wiring_seed):
            wiring = Wiring(fan_in=fan_in[source], seed=seed)
            links.append(
                Projection(
                    source, target, strengths[source], wiring, inhibitory=source == INHIBITORY
                )
            )
        return Circuit(n_e + n_i, populations, links)

    @public
    def prepare(
        self, device: str | Device = "cpp", *, dtype: str = "float32", progress: bool = True
    ) -> PreparedCircuit:
        """Compile the circuit, or find it compiled.

        Parameters
        ----------
        device, dtype, progress
            As in `brainsleep.sleep`.

        Returns
        -------
        PreparedCircuit
        """
        return self.circuit().prepare(
            device,
            dtype=dtype,
            dt=self.dt,
            record=[EXCITATORY, INHIBITORY],
            progress=progress,
        )

    @public
    def simulate(
        self,
        b: Quantity | str,
        duration: Time,
        *,
        seed: int = 0,
        device: str | Device = "cpp",
        dtype: str = "float32",
        progress: bool = True,
    ) -> CorticalActivity:
        """Simulate the patch from rest.

        Parameters
        ----------
        b : Quantity or str
            By how much a spike raises the adaptation current of excitatory neurons, in pA.
        duration : Quantity or str
            Simulated time.
        seed : int
            Seed of the spikes from outside.
        device, dtype, progress
            As in `brainsleep.sleep`.

        Returns
        -------
        CorticalActivity

        Raises
        ------
        ParameterError, UnitsError
            If `b` is negative, or an argument has the wrong units.
        """
        adaptation = quantity(b, pA, "cortex: b", minimum=0)
        seconds = quantity(duration, second, "duration", minimum=0, exclusive_minimum=True)
        values = self._values()
        hertz = self.n_afferents * values["afferent_rate"]
        run = self.prepare(device, dtype=dtype, progress=progress).run(
            ConstantRates(np.full(self.n_excitatory + self.n_inhibitory, hertz) * Hz),
            seconds * second,
            seed=seed,
            parameters={EXCITATORY: {"b": adaptation}},
            progress=progress,
            description="cortex",
        )
        return CorticalActivity(
            spikes=run.spikes,
            rates=run.rates,
            duration=run.duration,
            dt=run.dt,
            up_threshold=Quantity(values["up_threshold"], dim=(1 / second).dim),
        )

    def _values(self) -> dict[str, float]:
        """Return the declared parameters in SI base units; raise if one is wrong."""
        return check_parameters(self, "cortex")

    def _fan_in(self) -> tuple[int, int]:
        """Return from how many excitatory and inhibitory neurons each neuron gets synapses."""
        p = self.connection_probability
        return max(1, round(p * self.n_excitatory)), max(1, round(p * self.n_inhibitory))

    def _strengths(self) -> dict[str, float]:
        """Return what a spike of either population adds to a conductance, in nS."""
        values = self._values()
        return {
            EXCITATORY: values["q_excitatory"] / float(nS),
            INHIBITORY: values["q_inhibitory"] / float(nS),
        }

    def _neurons(self, b: Quantity) -> tuple[ConductanceAdEx, ConductanceAdEx]:
        """Return the excitatory neuron, with adaptation b, and the inhibitory one without."""
        excitatory = ConductanceAdEx(
            gain=1.0,
            threshold=self._above(self.v_rest),
            c_m=self.c_m,
            g_l=self.g_l,
            v_rest=self.v_rest,
            delta_t=self.delta_t,
            v_reset=self.v_reset,
            v_peak=self.v_peak,
            tau_w=self.tau_w,
            a=self.a,
            b=b,
            refractory=self.refractory,
            tau_syn=self.tau_syn,
            e_excitation=self.e_excitatory,
            e_inhibition=self.e_inhibitory,
        )
        inhibitory = replace(
            excitatory,
            threshold=self._above(self.v_rest_inhibitory),
            v_rest=self.v_rest_inhibitory,
            delta_t=self.delta_t_inhibitory,
            v_reset=self.v_reset_inhibitory,
            b=0 * pA,
        )
        return excitatory, inhibitory

    def _above(self, v_rest: Quantity | str) -> float:
        """Return the threshold in mV above a resting potential."""
        threshold = quantity(self.v_threshold, mV, "cortex: v_threshold")
        return (threshold - quantity(v_rest, mV, "cortex: v_rest")) / float(mV)
