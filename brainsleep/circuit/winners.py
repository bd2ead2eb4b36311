"""A layer of neurons that compete for what they see, and learn it by spike timing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from brian2.units import Hz, ms, mV, second

from ..devices import Device
from ..errors import UnitsError
from ..network.wiring import Wiring
from ..neurons import ConductanceLIF
from ..plasticity import DiehlCook, Homeostasis
from ..support.checks import number, whole_number
from . import Circuit, Population, PreparedCircuit, Projection
from .image_sequence import ImageSequence

CELLS, INTERNEURONS = "cells", "interneurons"
LEARNED = f"input -> {CELLS}"

#: Parameters with which thresholds stay as they are, in SI units.
STILL = {"theta_increment": 0.0, "tau_theta": 1e12}


def _cell() -> ConductanceLIF:
    """Return the published excitatory neuron."""
    return ConductanceLIF(threshold=13 * mV, theta_increment=0.05 * mV, tau_theta=1e4 * second)


def _interneuron() -> ConductanceLIF:
    """Return the published inhibitory neuron."""
    return ConductanceLIF(
        threshold=20 * mV,
        tau_m=10 * ms,
        v_rest=-60 * mV,
        v_reset=-45 * mV,
        refractory=2 * ms,
        e_inhibition=-85 * mV,
    )


def _rule() -> Homeostasis:
    """Return the published rule."""
    return Homeostasis(DiehlCook(), total_weight=78.4, every=500 * ms)


@dataclass(frozen=True)
class WinnerState:
    """What a network has learned.

    Attributes
    ----------
    weights : ndarray, shape (n_neurons, n_inputs)
        From the inputs.
    theta : ndarray, shape (n_neurons,)
        By how much each neuron's threshold is raised, in volts.
    """

    weights: np.ndarray
    theta: np.ndarray


@dataclass(frozen=True)
class WinnerNetwork:
    """Inputs, neurons that learn from them, and inhibition by which one neuron silences the others.

    Parameters
    ----------
    n_inputs, n_neurons : int
        Sizes.
    neuron : ConductanceLIF
        The neurons that learn; their thresholds should adapt, so that none wins always.
    plasticity : plasticity rule
        Of the synapses from the inputs; its homeostasis should act once a presentation.
    inhibition : float
        Of each neuron by every other, in leak conductances.
    interneurons : bool
        Whether inhibition comes through neurons of its own, one a neuron, as published; else a
        neuron inhibits the others itself, one step after it spikes.
    interneuron : ConductanceLIF
        Those neurons.
    interneuron_weight : float
        From a neuron to its interneuron; one spike should be enough.
    total_rate, presentation, rest, dt
        As in :class:`ImageSequence`.
    initial_weight : float
        Weights begin evenly spread from 0 to this.

    References
    ----------
    Diehl, Cook 2015, Frontiers in Computational Neuroscience 9:99, and its published code. Where
    these differ from the defaults, docs/diehl_cook.md says why.
    """

    n_inputs: int = 784
    n_neurons: int = 400
    neuron: Any = field(default_factory=_cell)
    plasticity: Any = field(default_factory=_rule)
    inhibition: float = 17.0
    interneurons: bool = False
    interneuron: Any = field(default_factory=_interneuron)
    interneuron_weight: float = 10.4
    total_rate: Any = field(default_factory=lambda: 6400 * Hz)
    presentation: Any = field(default_factory=lambda: 350 * ms)
    rest: Any = field(default_factory=lambda: 150 * ms)
    dt: Any = field(default_factory=lambda: 0.5 * ms)
    initial_weight: float = 0.3

    def __post_init__(self) -> None:
        whole_number(self.n_inputs, "unsupervised: n_inputs", minimum=1)
        whole_number(self.n_neurons, "unsupervised: n_neurons", minimum=2)
        number(self.inhibition, "unsupervised: inhibition", minimum=0)
        number(self.initial_weight, "unsupervised: initial_weight", minimum=0)
        for name in ("neuron", "interneuron"):
            if not isinstance(getattr(self, name), ConductanceLIF):
                raise UnitsError(
                    f"unsupervised: {name} must be a bs.ConductanceLIF, not "
                    f"{getattr(self, name)!r}."
                )

    def circuit(self) -> Circuit:
        """Return the populations and what joins them."""
        n = self.n_neurons
        others = self.inhibition * (1 - np.eye(n))
        populations = {CELLS: Population(n, self.neuron)}
        links = [Projection("input", CELLS, plasticity=self.plasticity)]
        if self.interneurons:
            populations[INTERNEURONS] = Population(n, self.interneuron)
            weight = float(self.interneuron_weight)
            links += [
                Projection(CELLS, INTERNEURONS, weight, Wiring(offset=0)),
                Projection(INTERNEURONS, CELLS, others, inhibitory=True),
            ]
        else:
            links.append(Projection(CELLS, CELLS, others, inhibitory=True))
        return Circuit(self.n_inputs, populations, links)

    def prepare(
        self, device: str | Device = "cpp", dtype: str = "float32", progress: bool = False
    ) -> PreparedWinners:
        """Compile the network, or find it compiled."""
        prepared = self.circuit().prepare(device, dtype, self.dt, [CELLS], progress=progress)
        return PreparedWinners(self, prepared)

    def initial_state(self, seed: int = 0) -> WinnerState:
        """Return random weights, and thresholds that are not raised."""
        rng = np.random.default_rng([whole_number(seed, "seed"), 1])
        shape = (self.n_neurons, self.n_inputs)
        return WinnerState(self.initial_weight * rng.random(shape), np.zeros(self.n_neurons))

    def sequence(self, images: Any) -> ImageSequence:
        """Return a stimulus that shows images."""
        return ImageSequence(images, self.total_rate, self.presentation, self.rest, self.dt)


@dataclass(frozen=True, eq=False)
class PreparedWinners:
    """A network that is compiled.

    Attributes
    ----------
    network : WinnerNetwork
        What it is.
    prepared : PreparedCircuit
        Its compiled circuit.
    """

    network: WinnerNetwork
    prepared: PreparedCircuit

    def learn(
        self, images: Any, state: WinnerState, seed: int = 0, progress: bool = False
    ) -> WinnerState:
        """Show images one after the other, and return what was learned.

        Parameters
        ----------
        images : array_like, shape (n, ...)
            In the order they are shown.
        state : WinnerState
            What the network knows already.
        seed : int
            Of the input spikes.
        progress : bool
            Show a progress bar.

        Returns
        -------
        WinnerState
        """
        run = self.prepared.run(
            self.network.sequence(images),
            seed=seed,
            weights={LEARNED: state.weights},
            parameters={CELLS: {"theta_start": state.theta}},
            wanted=[(CELLS, "theta")],
            progress=progress,
            description="learn",
        )
        return WinnerState(run.weights[LEARNED], run.finals[CELLS, "theta"])

    def respond(
        self, images: Any, state: WinnerState, seed: int = 0, progress: bool = False
    ) -> np.ndarray:
        """Show images to a network that does not learn, and count its answers.

        Parameters
        ----------
        images, state, seed, progress
            As for :meth:`learn`. Neither weights nor thresholds change.

        Returns
        -------
        ndarray of int, shape (n_images, n_neurons)
            Spikes of each neuron while an image, and the rest after it, lasted.
        """
        sequence = self.network.sequence(images)
        run = self.prepared.run(
            sequence,
            seed=seed,
            weights={LEARNED: state.weights},
            parameters={CELLS: {"theta_start": state.theta, **STILL}},
            plastic=False,
            progress=progress,
            description="respond",
        )
        spikes = run.spikes[CELLS]
        steps = np.rint(np.asarray(spikes.t / run.dt)).astype(np.int64)
        counts = np.zeros((len(sequence.probability), self.network.n_neurons), dtype=np.int32)
        np.add.at(counts, (steps // sequence.presentation_steps, spikes.i), 1)
        return counts
