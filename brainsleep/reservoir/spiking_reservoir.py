"""A reservoir of spiking neurons, wired at random: the liquid of a liquid state machine."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
from brian2.units import ms, second

from ..circuit import Circuit, Population, Projection
from ..devices import Device
from ..devices.arguments import read_time_step
from ..neurons import Neuron
from ..neurons.lif import LIF
from ..support.array_values import numbers
from ..support.calls import public
from ..support.checks import read_seed, whole_number
from ..support.parameters import check_parameters, parameter
from ..support.quantities import Time, quantity
from .distance_wiring import DistanceDependent, by_type, grid_positions
from .dynamic_synapses import DynamicSynapses, ShortTermRule
from .liquid_run import LiquidRun, liquid_states, sample_steps

#: What the population is called in the circuit.
LIQUID = "liquid"


@public
@dataclass(frozen=True)
class Strengths:
    """Mean weights of a reservoir's synapses, by the types of the neurons they join.

    Weights are drawn from a gamma distribution. They are in what the neuron's `gain` turns into
    its own unit: mV for ``bs.LIF(gain=1)``.

    Parameters
    ----------
    ee, ei, ie, ii : float
        From an excitatory neuron to an excitatory one, from an excitatory to an inhibitory one, and
        so on. Those of inhibitory neurons are strengths of inhibition.
    input : float
        From an input.
    spread : float
        Standard deviation divided by the mean; 0: all are the same. 1: Maass et al. 2002.
    """

    ee: float = parameter(1.0, minimum=0, by_layer=False)
    ei: float = parameter(2.0, minimum=0, by_layer=False)
    ie: float = parameter(2.0, minimum=0, by_layer=False)
    ii: float = parameter(1.0, minimum=0, by_layer=False)
    input: float = parameter(5.0, minimum=0, by_layer=False)
    _: KW_ONLY
    spread: float = parameter(1.0, minimum=0, by_layer=False)

    def __post_init__(self) -> None:
        check_parameters(self, "strengths")

    def draw(self, means: npt.NDArray[np.float64], rng: np.random.Generator) -> np.ndarray:
        """Return weights with these means, which may be negative."""
        if self.spread == 0:
            return means.copy()
        shape = self.spread**-2
        return means * rng.gamma(shape, 1 / shape, means.shape)


@public
@dataclass(frozen=True, eq=False)
class Reservoir:
    """Spiking neurons on a grid, wired at random: what they do holds traces of past input.

    One population of a `brainsleep.circuit.Circuit`, in which a part of the neurons is inhibitory.
    All that is drawn derives from the seed.

    Parameters
    ----------
    n_inputs : int
        Number of inputs.
    grid : tuple of int
        Neurons along three axes. (15, 3, 3), one column: Maass et al. 2002.
    neuron : neuron model
        Its gain and threshold must be numbers.
    excitatory : float
        Part of the neurons that is excitatory. 0.8: Maass et al. 2002.
    wiring : DistanceDependent
        How likely two neurons are joined.
    strengths : Strengths
        Mean weights.
    dynamics : DynamicSynapses, optional
        Short-term dynamics of the synapses within the reservoir, which Maass et al. have: a spike
        has the weight times what is left to use. Default: none, a spike has the weight itself.
    input_fraction : float
        Probability that an input is joined to a neuron. 0.3: Maass et al. 2002.
    excitatory_inputs : float
        Part of the synapses of inputs that excite; the others inhibit as strongly.
    recurrent : bool
        Whether neurons of the reservoir are joined at all; without, it is a control.
    seed : int
        Of types, wiring and weights.

    Raises
    ------
    ParameterError
        Naming the parameter.

    References
    ----------
    Maass, Natschläger, Markram 2002, Neural Computation 14:2531.

    Examples
    --------
    >>> reservoir = bs.reservoir.Reservoir(20, grid=(5, 3, 3))
    >>> run = reservoir.run(spikes, sample_every=20 * ms)  # doctest: +SKIP
    >>> run.states.shape  # sequences, samples, neurons  # doctest: +SKIP
    (100, 15, 45)
    """

    n_inputs: int
    grid: tuple[int, int, int] = (15, 3, 3)
    _: KW_ONLY
    neuron: Neuron = field(default_factory=lambda: LIF(1, 15, tau_m=30 * ms, refractory=3 * ms))
    excitatory: float = parameter(0.8, minimum=0, maximum=1, by_layer=False)
    wiring: DistanceDependent = field(default_factory=DistanceDependent)
    strengths: Strengths = field(default_factory=Strengths)
    dynamics: DynamicSynapses | None = None
    input_fraction: float = parameter(0.3, minimum=0, maximum=1, by_layer=False)
    excitatory_inputs: float = parameter(1.0, minimum=0, maximum=1, by_layer=False)
    recurrent: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        whole_number(self.n_inputs, "reservoir: n_inputs", minimum=1)
        grid_positions(self.grid)
        check_parameters(self, "reservoir")
        read_seed(self.seed)

    @property
    def n(self) -> int:
        """Number of neurons."""
        return len(self.positions)

    @cached_property
    def positions(self) -> npt.NDArray[np.float64]:
        """Where each neuron is, shape (n, 3), in units of the grid."""
        return grid_positions(self.grid)

    @cached_property
    def is_excitatory(self) -> npt.NDArray[np.bool_]:
        """Whether each neuron is excitatory; exactly the part that is asked for, at random."""
        types = np.arange(self.n) < round(self.excitatory * self.n)
        return self._rng(0).permutation(types)

    @cached_property
    def weights(self) -> npt.NDArray[np.float64]:
        """Weights within the reservoir, shape (n_post, n_pre): negative of inhibitory neurons.

        Zero where two neurons are not joined.
        """
        if not self.recurrent:
            return np.zeros((self.n, self.n))
        rng, strengths = self._rng(1), self.strengths
        probabilities = self.wiring.probabilities(self.positions, self.is_excitatory)
        is_joined = rng.random(probabilities.shape) < probabilities
        means = by_type(
            self.is_excitatory,
            ee=strengths.ee,
            ei=strengths.ei,
            ie=-strengths.ie,
            ii=-strengths.ii,
        )
        return np.where(is_joined, strengths.draw(means, rng), 0.0)

    @cached_property
    def input_weights(self) -> npt.NDArray[np.float64]:
        """Weights from the inputs, shape (n, n_inputs); negative of those that inhibit."""
        rng, shape = self._rng(2), (self.n, self.n_inputs)
        is_joined = rng.random(shape) < self.input_fraction
        excites = rng.random(shape) < self.excitatory_inputs
        means = np.where(excites, 1.0, -1.0) * self.strengths.input
        return np.where(is_joined, self.strengths.draw(means, rng), 0.0)

    @cached_property
    def _short_term(self) -> ShortTermRule | None:
        """What makes synapses dynamic, with a draw for each neuron."""
        if self.dynamics is None:
            return None
        return self.dynamics.draw(self.is_excitatory, self._rng(3))

    @cached_property
    def circuit(self) -> Circuit:
        """The circuit: populations ``"input"`` and ``"liquid"``, and what joins them."""
        return Circuit(
            self.n_inputs,
            {LIQUID: Population(self.n, self.neuron)},
            [
                Projection("input", LIQUID, self.input_weights),
                Projection(LIQUID, LIQUID, self.weights, plasticity=self._short_term),
            ],
        )

    @public
    def run(
        self,
        spikes: npt.ArrayLike,
        *,
        sample_every: Time = 20 * ms,
        tau: Time = 30 * ms,
        device: str | Device = "cpp",
        dtype: str = "float32",
        dt: Time | None = None,
        progress: bool = True,
    ) -> LiquidRun:
        """Run input sequences, one after the other in one program; each begins at rest.

        Parameters
        ----------
        spikes : array_like of bool, shape (n_sequences, n_steps, n_inputs)
            Spikes of the inputs.
        sample_every : Quantity or str
            Time from one sample of the state to the next; the first is as long after the beginning.
        tau : Quantity or str
            Time constant of the low-pass filter that makes states of spikes.
        device, dtype, dt, progress
            As in `brainsleep.sleep`.

        Returns
        -------
        LiquidRun

        Raises
        ------
        ParameterError, UnitsError
            Naming the argument.
        """
        shape = (None, None, self.n_inputs)
        given = numbers(spikes, "spikes", shape=shape, minimum=0, maximum=1, dtype=np.float32)
        n_sequences, n_steps, _ = given.shape
        step = read_time_step(dt)
        samples = sample_steps(n_steps, quantity(sample_every, ms, "sample_every"), step)
        seconds = quantity(tau, ms, "tau", minimum=0, exclusive_minimum=True)
        run = self.circuit.run(
            given.reshape(n_sequences * n_steps, self.n_inputs) > 0,
            device=device,
            dtype=dtype,
            dt=step * second,
            record=[LIQUID],
            presentation_steps=n_steps,
            progress=progress,
        )
        states = liquid_states(run.spikes[LIQUID], n_sequences, n_steps, samples, step, seconds)
        return LiquidRun(run, states, n_steps, samples)

    def _rng(self, use: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, use])
