"""A population whose neurons compete for the images they see, and learn them by spike timing."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field

import numpy as np
import numpy.typing as npt
from brian2.units import Hz, Quantity, ms, mV, second

from ..devices import Device
from ..devices.recorded_spikes import spike_steps
from ..network.wiring import Wiring
from ..neurons import ConductanceLIF
from ..plasticity import DiehlCook, Homeostasis, Plasticity
from ..support.calls import public
from ..support.checks import whole_number
from ..support.parameters import check_parameters, parameter
from ..support.quantities import Time
from .circuit import Circuit
from .image_sequence import ImageSequence
from .parts import Population, Projection
from .prepared import PreparedCircuit

CELLS, INTERNEURONS = "cells", "interneurons"

#: Name of the projection whose weights are learned.
LEARNED = f"input -> {CELLS}"

#: Parameters with which thresholds do not adapt, in SI units.
FIXED_THRESHOLDS = {"theta_increment": 0.0, "tau_theta": 1e12}


def _published_neuron() -> ConductanceLIF:
    """Return the published excitatory neuron."""
    return ConductanceLIF(threshold=13 * mV, theta_increment=0.05 * mV, tau_theta=1e4 * second)


def _published_interneuron() -> ConductanceLIF:
    """Return the published inhibitory neuron."""
    return ConductanceLIF(
        threshold=20 * mV,
        tau_m=10 * ms,
        v_rest=-60 * mV,
        v_reset=-45 * mV,
        refractory=2 * ms,
        e_inhibition=-85 * mV,
    )


def _published_rule() -> Homeostasis:
    """Return the published plasticity rule."""
    return Homeostasis(DiehlCook(), total_weight=78.4, every=500 * ms)


@dataclass(frozen=True)
class WinnerState:
    """What a network has learned.

    Attributes
    ----------
    weights : ndarray, shape (n_neurons, n_inputs)
        Weights from the inputs.
    theta : ndarray, shape (n_neurons,)
        By how much each neuron's threshold is raised, in volts.
    """

    weights: npt.NDArray[np.floating]
    theta: npt.NDArray[np.floating]


@public
@dataclass(frozen=True)
class WinnerNetwork:
    """Inputs, neurons that learn from them, and inhibition by which one neuron silences the others.

    Parameters
    ----------
    n_inputs, n_neurons : int
        Sizes.
    neuron : ConductanceLIF
        Model of the neurons that learn. Their thresholds should adapt, so that no neuron wins
        always.
    plasticity : plasticity rule
        Of the synapses from the inputs. Its homeostasis should act once per presentation.
    inhibition : float
        Strength with which each neuron inhibits every other, in leak conductances.
    interneurons : bool
        Whether inhibition comes through inhibitory neurons, one for each neuron, as published;
        otherwise a neuron inhibits the others directly, one step after it spikes.
    interneuron : ConductanceLIF
        Model of the inhibitory neurons.
    interneuron_weight : float
        Weight from a neuron to its interneuron; one spike should be enough to make it spike.
    total_rate, presentation, rest, dt
        As in :class:`ImageSequence`.
    initial_weight : float
        Initial weights are drawn evenly between 0 and this.

    Raises
    ------
    ParameterError, UnitsError
        Naming the parameter.

    References
    ----------
    Diehl, Cook 2015, Frontiers in Computational Neuroscience 9:99, and its published code. Where
    these differ from the defaults, docs/results/diehl_cook.md says why.
    """

    n_inputs: int = 784
    n_neurons: int = 400
    _: KW_ONLY
    neuron: ConductanceLIF = field(default_factory=_published_neuron)
    plasticity: Plasticity = field(default_factory=_published_rule)
    inhibition: float = parameter(17.0, minimum=0, by_layer=False)
    interneurons: bool = False
    interneuron: ConductanceLIF = field(default_factory=_published_interneuron)
    interneuron_weight: float = parameter(10.4, by_layer=False)
    total_rate: Quantity | str = parameter(6400 * Hz, Hz, by_layer=False)
    presentation: Time = parameter(350 * ms, ms, by_layer=False)
    rest: Time = parameter(150 * ms, ms, by_layer=False)
    dt: Time = parameter(0.5 * ms, ms, by_layer=False)
    initial_weight: float = parameter(0.3, minimum=0, by_layer=False)

    def __post_init__(self) -> None:
        whole_number(self.n_inputs, "winner network: n_inputs", minimum=1)
        whole_number(self.n_neurons, "winner network: n_neurons", minimum=2)
        check_parameters(self, "winner network")

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

    @public
    def prepare(
        self, device: str | Device = "cpp", *, dtype: str = "float32", progress: bool = True
    ) -> PreparedWinners:
        """Compile the network, or find it compiled.

        Parameters
        ----------
        device, dtype, progress
            As in `brainsleep.sleep`.

        Returns
        -------
        PreparedWinners
        """
        prepared = self.circuit().prepare(
            device, dtype=dtype, dt=self.dt, record=[CELLS], progress=progress
        )
        return PreparedWinners(self, prepared)

    @public
    def initial_state(self, seed: int = 0) -> WinnerState:
        """Return random weights, and thresholds that are not raised."""
        rng = np.random.default_rng([whole_number(seed, "seed"), 1])
        shape = (self.n_neurons, self.n_inputs)
        return WinnerState(self.initial_weight * rng.random(shape), np.zeros(self.n_neurons))

    @public
    def sequence(self, images: npt.ArrayLike) -> ImageSequence:
        """Return a stimulus that shows images, of shape (n_images, ...), one after the other."""
        return ImageSequence(
            images,
            total_rate=self.total_rate,
            presentation=self.presentation,
            rest=self.rest,
            dt=self.dt,
        )


@dataclass(frozen=True, eq=False)
class PreparedWinners:
    """A network that is compiled.

    Attributes
    ----------
    network : WinnerNetwork
        The network.
    prepared : PreparedCircuit
        Its compiled circuit.
    """

    network: WinnerNetwork
    prepared: PreparedCircuit

    @public
    def learn(
        self,
        images: npt.ArrayLike,
        state: WinnerState,
        *,
        seed: int = 0,
        progress: bool = True,
    ) -> WinnerState:
        """Show images one after the other, and return what was learned.

        Parameters
        ----------
        images : array_like, shape (n_images, ...)
            In the order in which they are shown.
        state : WinnerState
            What the network knows already.
        seed : int
            Seed of the input spikes.
        progress : bool
            Show a progress bar where there is a terminal or a notebook.

        Returns
        -------
        WinnerState

        Raises
        ------
        ParameterError
            If the images do not fit the network.
        """
        run = self.prepared.run(
            self.network.sequence(images),
            seed=seed,
            weights={LEARNED: state.weights},
            parameters={CELLS: {"theta_start": state.theta}},
            final_values=[(CELLS, "theta")],
            progress=progress,
            description="learn",
        )
        return WinnerState(run.weights[LEARNED], run.final_values[CELLS, "theta"])

    @public
    def respond(
        self,
        images: npt.ArrayLike,
        state: WinnerState,
        *,
        seed: int = 0,
        progress: bool = True,
    ) -> npt.NDArray[np.int32]:
        """Show images to a network that does not learn, and count its spikes.

        Parameters
        ----------
        images, state, seed, progress
            As for :meth:`learn`. Neither weights nor thresholds change.

        Returns
        -------
        ndarray of int32, shape (n_images, n_neurons)
            Spikes of each neuron while an image is shown and in the rest after it.

        Raises
        ------
        ParameterError
            If the images do not fit the network.
        """
        sequence = self.network.sequence(images)
        run = self.prepared.run(
            sequence,
            seed=seed,
            weights={LEARNED: state.weights},
            parameters={CELLS: {"theta_start": state.theta, **FIXED_THRESHOLDS}},
            plastic=False,
            progress=progress,
            description="respond",
        )
        spikes = run.spikes[CELLS]
        steps = spike_steps(spikes.t, run.dt)
        counts = np.zeros((len(sequence.probability), self.network.n_neurons), dtype=np.int32)
        np.add.at(counts, (steps // sequence.presentation_steps, spikes.i), 1)
        return counts
