"""Digits without labels as a plain PyTorch loop: a third party for `unsupervised.py`.

The published network with direct inhibition (Diehl, Cook 2015, as in
`brainsleep.circuit.WinnerNetwork`), written as one would write it with tensors: neurons are dense
vectors; of the weights, only columns of spiking inputs and rows of spiking neurons are touched.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch

from brainsleep.circuit import WinnerNetwork


@dataclass(frozen=True)
class Constants:
    """Numbers of a network, in millivolts and per time step.

    Attributes
    ----------
    dt, tau_m : float
        In ms.
    rest, reset, threshold, e_excitation, e_inhibition, theta_increment : float
        In mV; the threshold above `rest`.
    g_e, g_i, theta, trace, post, slow : float
        By what conductances, raised thresholds and traces are multiplied in each step.
    refractory, period : int
        In steps: refractoriness, and the time between two normalisations.
    inhibition, potentiation, depression, w_max, total_weight : float
        As in the network and its rule.
    """

    dt: float
    tau_m: float
    rest: float
    reset: float
    threshold: float
    e_excitation: float
    e_inhibition: float
    theta_increment: float
    g_e: float
    g_i: float
    theta: float
    trace: float
    post: float
    slow: float
    refractory: int
    period: int
    inhibition: float
    potentiation: float
    depression: float
    w_max: float
    total_weight: float

    @classmethod
    def of(cls, network: WinnerNetwork) -> Constants:
        """Return those of a network whose inhibition is direct.

        Raises
        ------
        ValueError
            If it has interneurons, which the loop does not.
        """
        if network.interneurons:
            raise ValueError("the PyTorch loop has no interneurons; pass interneurons=False.")
        neuron, rule = network.neuron, network.plasticity.rule
        dt = in_ms(network.dt)

        def decay(tau: object) -> float:
            return math.exp(-dt / in_ms(tau))

        return cls(
            dt=dt,
            tau_m=in_ms(neuron.tau_m),
            rest=in_ms(neuron.v_rest),
            reset=in_ms(neuron.v_reset),
            threshold=in_mv(neuron.threshold),
            e_excitation=in_ms(neuron.e_excitation),
            e_inhibition=in_ms(neuron.e_inhibition),
            theta_increment=in_ms(neuron.theta_increment),
            g_e=decay(neuron.tau_excitation),
            g_i=decay(neuron.tau_inhibition),
            theta=decay(neuron.tau_theta),
            trace=decay(rule.tau_pre),
            post=decay(rule.tau_post),
            slow=decay(rule.tau_post_slow),
            refractory=round(in_ms(neuron.refractory) / dt),
            period=round(in_ms(network.plasticity.every) / dt),
            inhibition=float(network.inhibition),
            potentiation=rule.potentiation,
            depression=rule.depression,
            w_max=rule.w_max,
            total_weight=network.plasticity.total_weight,
        )


def in_ms(value: object) -> float:
    """Return a time in ms, or a potential in mV, of a quantity or of its text."""
    from brian2 import Quantity, ms, mV, second

    units = {"ms": 1.0, "mV": 1.0, "second": 1e3, "s": 1e3}
    if isinstance(value, str):
        number, unit = value.split()
        return float(number) * units[unit]
    assert isinstance(value, Quantity)
    return float(value / (ms if value.dim is second.dim else mV))


def in_mv(value: object) -> float:
    """Return a threshold in mV, which may be a plain number."""
    return float(value) if isinstance(value, int | float) else in_ms(value)


class WinnersLoop:
    """The network in tensors.

    Parameters
    ----------
    network : WinnerNetwork
        Whose constants it has.
    weights : ndarray, shape (n_neurons, n_inputs)
        At the beginning.
    dtype : torch.dtype
        Of all tensors.

    Attributes
    ----------
    weights : torch.Tensor, shape (n_neurons, n_inputs)
        What it has learned.
    n_spikes : int
        How often neurons have spiked so far.
    """

    def __init__(
        self, network: WinnerNetwork, weights: np.ndarray, dtype: torch.dtype = torch.float32
    ) -> None:
        self.constants = Constants.of(network)
        self.weights = torch.tensor(weights, dtype=dtype)
        n_neurons, n_inputs = self.weights.shape
        self.v = torch.full((n_neurons,), self.constants.rest, dtype=dtype)
        self.g_e, self.g_i, self.theta = (torch.zeros(n_neurons, dtype=dtype) for _ in range(3))
        self.post, self.slow = (torch.zeros(n_neurons, dtype=dtype) for _ in range(2))
        self.inhibition, self.trace = torch.zeros_like(self.v), torch.zeros(n_inputs, dtype=dtype)
        self.free_at = torch.zeros(n_neurons, dtype=torch.int64)
        self.step = self.n_spikes = 0
        self.arriving = torch.zeros(0, dtype=torch.int64)

    @torch.no_grad()
    def learn(self, spikes: np.ndarray) -> None:
        """Show input spikes, of shape (n_steps, n_inputs), after what was shown before."""
        for row in spikes:
            inputs = torch.from_numpy(np.flatnonzero(row))
            free = self._move_neurons()
            self._deliver_inputs()
            above = self.v >= self.constants.rest + self.constants.threshold + self.theta
            fired = torch.nonzero(free & above).flatten()
            self.inhibition = torch.full_like(self.v, self.constants.inhibition * len(fired))
            if len(fired):
                self._fire(fired)
            self.arriving = inputs
            self.trace *= self.constants.trace
            self.trace[inputs] = 1
            self.step += 1
            if self.step % self.constants.period == 0:
                sums = self.weights.abs().sum(dim=1, keepdim=True)
                self.weights *= self.constants.total_weight / sums

    def _move_neurons(self) -> torch.Tensor:
        """Let potentials, conductances and traces go on; return which neurons may spike."""
        c = self.constants
        free = self.free_at <= self.step
        # exponential Euler: the potential as if conductances were constant within a step
        total = 1 + self.g_e + self.g_i
        target = (c.rest + self.g_e * c.e_excitation + self.g_i * c.e_inhibition) / total
        moved = target + (self.v - target) * torch.exp(-total * (c.dt / c.tau_m))
        self.v = torch.where(free, moved, self.v)
        self.g_e *= c.g_e
        self.g_i = self.g_i * c.g_i + self.inhibition
        self.theta *= c.theta
        self.post *= c.post
        self.slow *= c.slow
        return free

    def _deliver_inputs(self) -> None:
        """Let the inputs of the step before act, and weaken their synapses."""
        if len(self.arriving):
            columns = self.weights[:, self.arriving]
            self.g_e += columns.sum(dim=1)
            columns -= self.constants.depression * self.post[:, None]
            self.weights[:, self.arriving] = columns.clamp_(0, self.constants.w_max)

    def _fire(self, fired: torch.Tensor) -> None:
        """Let neurons spike: reset them, inhibit the others, and strengthen their synapses."""
        c = self.constants
        self.n_spikes += len(fired)
        self.inhibition[fired] -= c.inhibition
        self.v[fired] = c.reset
        self.theta[fired] += c.theta_increment
        self.free_at[fired] = self.step + c.refractory
        change = c.potentiation * self.slow[fired, None] * self.trace
        self.weights[fired] = (self.weights[fired] + change).clamp_(0, c.w_max)
        self.post[fired] = self.slow[fired] = 1
