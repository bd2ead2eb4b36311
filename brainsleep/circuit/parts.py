"""What a circuit is made of: populations and projections."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

import numpy as np
import numpy.typing as npt

from ..errors import KindError, ParameterError, brief
from ..network.wiring import Wiring
from ..neurons import Neuron, is_neuron
from ..plasticity import Plasticity, is_rule
from ..support.array_values import numbers
from ..support.calls import public
from ..support.checks import whole_number
from ..support.names import text
from ..support.parameters import check_parameters, parameter

#: Name of the population that the stimulus drives.
INPUT = "input"


@public
@dataclass(frozen=True, eq=False)
class Population:
    """Neurons of one kind.

    Parameters
    ----------
    n_neurons : int
        Number of neurons, at least 1.
    neuron : neuron model
        Its gain and threshold must be numbers.
    mean_inhibition : float
        Lateral inhibition without synapses. From the drive of each neuron in a step, this number
        times the mean drive of the population in the same step is subtracted.
    winners : int, optional
        How many neurons spike in a step at most: of those at threshold the ones with the highest
        potential ``v``, of equal ones the first. All, unless given.
    bias : float or array_like, shape (n_neurons,)
        What the model calls ``bias``, a constant input: one value for all neurons or one for each.

    Raises
    ------
    ParameterError, UnitsError
        Naming the parameter.
    """

    n_neurons: int
    neuron: Neuron
    _: KW_ONLY
    mean_inhibition: float = parameter(0.0, by_layer=False)
    winners: int | None = None
    bias: npt.ArrayLike = 0.0

    def __post_init__(self) -> None:
        whole_number(self.n_neurons, "population: n_neurons", minimum=1)
        check_parameters(self, "population")
        if not is_neuron(self.neuron):
            raise KindError(
                f"population: neuron must be a model like bs.LIF(...), not {brief(self.neuron)}."
            )
        if self.winners is not None:
            whole_number(self.winners, "population: winners", minimum=1)
        if numbers(self.bias, "population: bias").shape not in ((), (self.n_neurons,)):
            raise ParameterError(
                f"population: bias must be a number, or {self.n_neurons} of them, not "
                f"{brief(self.bias)}."
            )

    def biases(self) -> npt.NDArray[np.float64]:
        """Return the bias of each neuron."""
        return np.broadcast_to(numbers(self.bias, "population: bias"), (self.n_neurons,))


@public
@dataclass(frozen=True, eq=False)
class Projection:
    """Synapses from one population to another, or to itself.

    Parameters
    ----------
    source, target : str
        Names of the populations; the source may be ``"input"``.
    weights : float or array_like
        One weight for all synapses, or one per synapse: shape (n_post, n_pre), or (n_synapses,)
        where `wiring` says which pairs of neurons are joined.
    wiring : Wiring, optional
        Which pairs of neurons are joined. Default: all.
    plasticity : plasticity rule, optional
        How spikes change the weights. Default: they do not.
    inhibitory : bool
        Whether the weights are strengths of inhibition. They then act on the target's receptor for
        inhibition; where it has none, they are subtracted from its drive.
    receptor : str
        The receptor of the target's model that the spikes reach. Between two populations there may
        be one projection for each receptor.
    """

    source: str
    target: str
    weights: npt.ArrayLike = 1.0
    wiring: Wiring | None = None
    _: KW_ONLY
    plasticity: Plasticity | None = None
    inhibitory: bool = False
    receptor: str = "drive"

    def __post_init__(self) -> None:
        text(self.source, "projection: source")
        text(self.target, "projection: target")
        if text(self.receptor, "projection: receptor") != "drive" and self.inhibitory:
            raise ParameterError(
                f"projection: give inhibitory=True or receptor={self.receptor!r}, not both."
            )
        if self.plasticity is not None and not is_rule(self.plasticity):
            raise KindError(
                f"projection: plasticity must be a rule like bs.STDP(), not "
                f"{brief(self.plasticity)}."
            )

    @property
    def name(self) -> str:
        """Name of the projection, and of its weights in a run.

        ``"source -> target"``, and for another receptor than ``"drive"``
        ``"source -> target (receptor)"``.
        """
        receptor = "" if self.receptor == "drive" else f" ({self.receptor})"
        return f"{self.source} -> {self.target}{receptor}"
