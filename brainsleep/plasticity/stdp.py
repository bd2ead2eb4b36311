"""Spike-timing-dependent plasticity: pairs, triplets, and two rules made of traces like theirs.

Traces live on neurons: ``trace`` on the presynaptic one, ``post_trace`` on the postsynaptic one,
each raised by its neuron's spike and decaying by exp(-dt/tau) a step. Within a step presynaptic
spikes act first; a pair in one step counts as pre before post.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from brian2.units import Hz, ms

from ..errors import ParameterError, suggest
from ..parameters import number, per_layer, quantity
from .rule import SynapseEquations

#: What a spike does to its neuron's trace: all earlier spikes count, or the last one alone.
INTERACTIONS = {"all": "{trace} += 1", "nearest": "{trace} = 1"}


class TraceRule:
    """What rules made of traces have in common.

    A subclass names its layer parameters, which become synaptic parameters of the same names; those
    of them that are zero where nothing is to be learned; and, for the decay of each trace, the
    time constant it comes from.
    """

    layer_parameters: ClassVar[tuple[str, ...]] = ()
    learning_rates: ClassVar[tuple[str, ...]] = ()
    presynaptic_decays: ClassVar[Mapping[str, str]] = {}
    postsynaptic_decays: ClassVar[Mapping[str, str]] = {}

    def synapse_parameters(self, layer_names: Sequence[str]) -> list[dict[str, float]]:
        """Return the layer parameters, a dict a layer."""
        columns = {
            name: [
                number(value, f"plasticity: {name} of layer {layer!r}")
                for value, layer in zip(
                    per_layer(getattr(self, name), layer_names, f"plasticity: {name}"),
                    layer_names,
                    strict=True,
                )
            ]
            for name in self.layer_parameters
        }
        return [
            {name: values[index] for name, values in columns.items()}
            for index in range(len(layer_names))
        ]

    def presynaptic_parameters(self, dt: float) -> dict[str, float]:
        """Return the decays of the presynaptic traces in one step."""
        return self._decays(self.presynaptic_decays, dt)

    def postsynaptic_parameters(self, dt: float) -> dict[str, float]:
        """Return the decays of the postsynaptic traces in one step."""
        return self._decays(self.postsynaptic_decays, dt)

    def _decays(self, times: Mapping[str, str], dt: float) -> dict[str, float]:
        """Return decays by their names."""
        return {decay: math.exp(-dt / self._time(time)) for decay, time in times.items()}

    def _time(self, name: str) -> float:
        """Return a time constant in seconds."""
        return quantity(
            getattr(self, name), ms, f"plasticity: {name}", minimum=0, exclusive_minimum=True
        )

    def _check_times(self, *others: str) -> None:
        """Check the time constants of all traces, and others."""
        traces = [*self.presynaptic_decays.values(), *self.postsynaptic_decays.values()]
        for name in dict.fromkeys([*traces, *others]):
            self._time(name)

    def _check_bounds(self, w_min: Any, w_max: Any) -> None:
        """Check bounds that are numbers for all layers."""
        if isinstance(w_min, (int, float)) and isinstance(w_max, (int, float)) and w_min >= w_max:
            raise ParameterError(f"plasticity: w_min ({w_min:g}) must lie below w_max ({w_max:g}).")


@dataclass(frozen=True)
class STDP(TraceRule):
    r"""Pair-based spike-timing-dependent plasticity.

    A pair of spikes :math:`\Delta t = t_\mathrm{post} - t_\mathrm{pre}` apart changes the weight by

    .. math::

        \Delta w = a_+ e^{-\Delta t/\tau_+} \ (\Delta t \ge 0), \qquad
        \Delta w = a_- e^{\Delta t/\tau_-} \ (\Delta t < 0)

    Parameters
    ----------
    a_plus : number, list or dict
        Change when pre comes before post; a layer parameter.
    a_minus : number, list or dict
        Change when post comes before pre; negative for depression. -1.05 a_plus: Song, Miller,
        Abbott 2000.
    tau_plus, tau_minus : Quantity or str
        Time constants of the two sides.
    w_min, w_max : number, list or dict
        Bounds of the weights.
    interactions : str
        ``"all"``: every pair counts; ``"nearest"``: a spike pairs with the last one alone.

    References
    ----------
    Song, Miller, Abbott 2000, Nature Neuroscience 3:919; Morrison, Diesmann, Gerstner 2008,
    Biological Cybernetics 98:459.
    """

    a_plus: Any = 0.01
    a_minus: Any = -0.0105
    tau_plus: Any = field(default_factory=lambda: 20 * ms)
    tau_minus: Any = field(default_factory=lambda: 20 * ms)
    w_min: Any = -1.0
    w_max: Any = 1.0
    interactions: str = "all"

    layer_parameters: ClassVar[tuple[str, ...]] = ("a_plus", "a_minus", "w_min", "w_max")
    learning_rates: ClassVar[tuple[str, ...]] = ("a_plus", "a_minus")
    presynaptic_decays: ClassVar[Mapping[str, str]] = {"trace_decay": "tau_plus"}
    postsynaptic_decays: ClassVar[Mapping[str, str]] = {"post_trace_decay": "tau_minus"}

    def __post_init__(self) -> None:
        self._check_times()
        self._check_bounds(self.w_min, self.w_max)
        if self.interactions not in INTERACTIONS:
            raise ParameterError(
                f"plasticity: unknown interactions {self.interactions!r}."
                f"{suggest(str(self.interactions), INTERACTIONS)}"
            )

    def equations(self) -> SynapseEquations:
        """Return the rule as Brian2 strings."""
        spike = INTERACTIONS[self.interactions]
        return SynapseEquations(
            model="""
            w : 1
            a_plus : 1 (shared, constant)   # change, pre before post
            a_minus : 1 (shared, constant)  # change, post before pre
            w_min : 1 (shared, constant)
            w_max : 1 (shared, constant)
            """,
            on_pre="drive_post += w\nw = clip(w + a_minus*post_trace_post, w_min, w_max)",
            on_post="w = clip(w + a_plus*trace_pre, w_min, w_max)",
            presynaptic_model="""
            trace : 1                           # of the neuron's spikes
            trace_decay : 1 (shared, constant)  # exp(-dt/tau_plus)
            """,
            presynaptic_step="trace *= trace_decay",
            presynaptic_reset=spike.format(trace="trace"),
            postsynaptic_model="""
            post_trace : 1                           # of the neuron's spikes
            post_trace_decay : 1 (shared, constant)  # exp(-dt/tau_minus)
            """,
            postsynaptic_step="post_trace *= post_trace_decay",
            postsynaptic_reset=spike.format(trace="post_trace"),
        )


@dataclass(frozen=True)
class TripletSTDP(TraceRule):
    r"""Triplet spike-timing-dependent plasticity, all to all.

    With fast traces :math:`r_1, o_1` and slow ones :math:`r_2, o_2` of the pre- and the
    postsynaptic neuron, the slow ones as they were before the spike,

    .. math::

        \text{pre:}\ \Delta w = -o_1 (a_2^- + a_3^- r_2), \qquad
        \text{post:}\ \Delta w = r_1 (a_2^+ + a_3^+ o_2)

    Parameters
    ----------
    a2_plus, a2_minus, a3_plus, a3_minus : number, list or dict
        Amplitudes; layer parameters. Defaults: visual cortex, all-to-all, full model (Table 4).
    tau_plus, tau_minus, tau_x, tau_y : Quantity or str
        Time constants of :math:`r_1, o_1, r_2, o_2`.
    w_min, w_max : number, list or dict
        Bounds of the weights.

    References
    ----------
    Pfister, Gerstner 2006, Journal of Neuroscience 26:9673.
    """

    a2_plus: Any = 5e-10
    a2_minus: Any = 7e-3
    a3_plus: Any = 6.2e-3
    a3_minus: Any = 2.3e-4
    tau_plus: Any = field(default_factory=lambda: 16.8 * ms)
    tau_minus: Any = field(default_factory=lambda: 33.7 * ms)
    tau_x: Any = field(default_factory=lambda: 101 * ms)
    tau_y: Any = field(default_factory=lambda: 125 * ms)
    w_min: Any = -1.0
    w_max: Any = 1.0

    layer_parameters: ClassVar[tuple[str, ...]] = (
        "a2_plus",
        "a2_minus",
        "a3_plus",
        "a3_minus",
        "w_min",
        "w_max",
    )
    learning_rates: ClassVar[tuple[str, ...]] = layer_parameters[:4]
    presynaptic_decays: ClassVar[Mapping[str, str]] = {
        "trace_decay": "tau_plus",
        "slow_decay": "tau_x",
    }
    postsynaptic_decays: ClassVar[Mapping[str, str]] = {
        "post_trace_decay": "tau_minus",
        "post_slow_decay": "tau_y",
    }

    def __post_init__(self) -> None:
        self._check_times()
        self._check_bounds(self.w_min, self.w_max)

    def equations(self) -> SynapseEquations:
        """Return the rule as Brian2 strings."""
        return SynapseEquations(
            model="""
            w : 1
            a2_plus : 1 (shared, constant)
            a2_minus : 1 (shared, constant)
            a3_plus : 1 (shared, constant)
            a3_minus : 1 (shared, constant)
            w_min : 1 (shared, constant)
            w_max : 1 (shared, constant)
            """,
            on_pre="""
            drive_post += w
            w = clip(w - post_trace_post*(a2_minus + a3_minus*slow_before_pre), w_min, w_max)
            """,
            on_post="""
            w = clip(w + trace_pre*(a2_plus + a3_plus*post_slow_before_post), w_min, w_max)
            """,
            presynaptic_model="""
            trace : 1                           # r1
            trace_decay : 1 (shared, constant)  # exp(-dt/tau_plus)
            slow : 1                            # r2
            slow_decay : 1 (shared, constant)   # exp(-dt/tau_x)
            slow_before : 1                     # r2 before the last spike
            """,
            presynaptic_step="trace *= trace_decay\nslow *= slow_decay",
            # not "slow_before = slow; slow += 1": in NumPy code both are one array then
            presynaptic_reset="trace += 1\nslow += 1\nslow_before = slow - 1",
            postsynaptic_model="""
            post_trace : 1                           # o1
            post_trace_decay : 1 (shared, constant)  # exp(-dt/tau_minus)
            post_slow : 1                            # o2
            post_slow_decay : 1 (shared, constant)   # exp(-dt/tau_y)
            post_slow_before : 1                     # o2 before the last spike
            """,
            postsynaptic_step="post_trace *= post_trace_decay\npost_slow *= post_slow_decay",
            postsynaptic_reset="post_trace += 1\npost_slow += 1\npost_slow_before = post_slow - 1",
        )


@dataclass(frozen=True)
class DiehlCook(TraceRule):
    r"""The rule of the unsupervised digits network: triplets of nearest spikes.

    .. math::

        \text{pre:}\ \Delta w = -\mathrm{depression}\, o_1, \qquad
        \text{post:}\ \Delta w = \mathrm{potentiation}\, r_1 o_2

    with traces that spikes set to 1, :math:`o_2` as it was before the spike.

    Parameters
    ----------
    depression, potentiation : number, list or dict
        Learning rates; layer parameters.
    tau_pre, tau_post, tau_post_slow : Quantity or str
        Time constants of :math:`r_1, o_1, o_2`.
    w_max : number, list or dict
        Largest weight; the smallest is 0.

    References
    ----------
    Diehl, Cook 2015, Frontiers in Computational Neuroscience 9:99, and its published code.
    """

    depression: Any = 1e-4
    potentiation: Any = 1e-2
    tau_pre: Any = field(default_factory=lambda: 20 * ms)
    tau_post: Any = field(default_factory=lambda: 20 * ms)
    tau_post_slow: Any = field(default_factory=lambda: 40 * ms)
    w_max: Any = 1.0

    layer_parameters: ClassVar[tuple[str, ...]] = ("depression", "potentiation", "w_max")
    learning_rates: ClassVar[tuple[str, ...]] = ("depression", "potentiation")
    presynaptic_decays: ClassVar[Mapping[str, str]] = {"trace_decay": "tau_pre"}
    postsynaptic_decays: ClassVar[Mapping[str, str]] = {
        "post_trace_decay": "tau_post",
        "post_slow_decay": "tau_post_slow",
    }

    def __post_init__(self) -> None:
        self._check_times()
        self._check_bounds(0, self.w_max)

    def equations(self) -> SynapseEquations:
        """Return the rule as Brian2 strings."""
        return SynapseEquations(
            model="""
            w : 1
            depression : 1 (shared, constant)
            potentiation : 1 (shared, constant)
            w_max : 1 (shared, constant)
            """,
            on_pre="drive_post += w\nw = clip(w - depression*post_trace_post, 0, w_max)",
            on_post="w = clip(w + potentiation*trace_pre*post_slow_before_post, 0, w_max)",
            presynaptic_model="""
            trace : 1                           # r1
            trace_decay : 1 (shared, constant)  # exp(-dt/tau_pre)
            """,
            presynaptic_step="trace *= trace_decay",
            presynaptic_reset="trace = 1",
            postsynaptic_model="""
            post_trace : 1                           # o1
            post_trace_decay : 1 (shared, constant)  # exp(-dt/tau_post)
            post_slow : 1                            # o2
            post_slow_decay : 1 (shared, constant)   # exp(-dt/tau_post_slow)
            post_slow_before : 1                     # o2 before the last spike
            """,
            postsynaptic_step="post_trace *= post_trace_decay\npost_slow *= post_slow_decay",
            postsynaptic_reset="post_slow_before = post_slow\npost_trace = 1\npost_slow = 1",
        )


@dataclass(frozen=True)
class InhibitorySTDP(TraceRule):
    r"""Inhibitory plasticity that holds the postsynaptic neuron at a rate.

    Weights are strengths of inhibition: the connection's drive is ``-w``.

    .. math::

        \text{pre:}\ \Delta w = \eta (y - 2 \rho_0 \tau), \qquad
        \text{post:}\ \Delta w = \eta x

    Parameters
    ----------
    eta : number, list or dict
        Learning rate; a layer parameter.
    target_rate : Quantity or str
        :math:`\rho_0`, the rate wanted of the postsynaptic neurons.
    tau : Quantity or str
        Time constant of both traces x and y.
    w_max : number, list or dict
        Largest weight; the smallest is 0.

    References
    ----------
    Vogels, Sprekeler, Zenke, Clopath, Gerstner 2011, Science 334:1569.
    """

    eta: Any = 1e-3
    target_rate: Any = field(default_factory=lambda: 5 * Hz)
    tau: Any = field(default_factory=lambda: 20 * ms)
    w_max: Any = 10.0

    layer_parameters: ClassVar[tuple[str, ...]] = ("eta", "w_max")
    learning_rates: ClassVar[tuple[str, ...]] = ("eta",)
    presynaptic_decays: ClassVar[Mapping[str, str]] = {"trace_decay": "tau"}
    postsynaptic_decays: ClassVar[Mapping[str, str]] = {"post_trace_decay": "tau"}

    def __post_init__(self) -> None:
        self._check_times()
        self._check_bounds(0, self.w_max)
        quantity(self.target_rate, Hz, "plasticity: target_rate", minimum=0)

    def equations(self) -> SynapseEquations:
        """Return the rule as Brian2 strings."""
        return SynapseEquations(
            model="""
            w : 1
            eta : 1 (shared, constant)
            w_max : 1 (shared, constant)
            alpha : 1 (shared, constant)  # 2 target_rate tau
            """,
            on_pre="drive_post -= w\nw = clip(w + eta*(post_trace_post - alpha), 0, w_max)",
            on_post="w = clip(w + eta*trace_pre, 0, w_max)",
            presynaptic_model="""
            trace : 1
            trace_decay : 1 (shared, constant)  # exp(-dt/tau)
            """,
            presynaptic_step="trace *= trace_decay",
            presynaptic_reset="trace += 1",
            postsynaptic_model="""
            post_trace : 1
            post_trace_decay : 1 (shared, constant)  # exp(-dt/tau)
            """,
            postsynaptic_step="post_trace *= post_trace_decay",
            postsynaptic_reset="post_trace += 1",
        )

    def synapse_parameters(self, layer_names: Sequence[str]) -> list[dict[str, float]]:
        """Return the layer parameters and alpha, a dict a layer."""
        rate = quantity(self.target_rate, Hz, "plasticity: target_rate", minimum=0)
        alpha = 2 * rate * quantity(self.tau, ms, "plasticity: tau")
        return [{**values, "alpha": alpha} for values in super().synapse_parameters(layer_names)]
