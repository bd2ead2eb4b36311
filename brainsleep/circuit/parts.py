"""What a circuit is made of: populations and projections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..errors import UnitsError
from ..network.wiring import Wiring
from ..neurons import is_neuron
from ..support.checks import number, whole_number

#: Name of the population that the stimulus drives.
INPUT = "input"


@dataclass(frozen=True)
class Population:
    """Neurons of one kind.

    Parameters
    ----------
    n_neurons : int
        How many.
    neuron : neuron model
        With gain and threshold as numbers.
    mean_inhibition : float
        What is taken off each neuron's drive, times the mean drive of the whole population in the
        same step: lateral inhibition as ALGORITHM's ``W_inh``, without synapses.
    """

    n_neurons: int
    neuron: Any
    mean_inhibition: float = 0.0

    def __post_init__(self) -> None:
        whole_number(self.n_neurons, "population: n_neurons", minimum=1)
        number(self.mean_inhibition, "population: mean_inhibition")
        if not is_neuron(self.neuron):
            raise UnitsError(
                f"population: neuron must be a model like bs.LIF(...), not {self.neuron!r}."
            )


@dataclass(frozen=True, eq=False)
class Projection:
    """Synapses from one population to another, or to itself.

    Parameters
    ----------
    source, target : str
        Populations; the source may be ``"input"``.
    weights : float or array_like
        One for all; or one a synapse: shape (n_post, n_pre), or (n_synapses,) where `wiring` says
        which pairs there are.
    wiring : Wiring, optional
        Which pairs are joined; all unless given.
    plasticity : plasticity rule, optional
        By which the weights change; they stay unless given.
    inhibitory : bool
        Weights are strengths of inhibition: they go to the target's receptor for it, or, where it
        has none, are taken off its drive.
    """

    source: str
    target: str
    weights: Any = 1.0
    wiring: Wiring | None = None
    plasticity: Any = None
    inhibitory: bool = False

    @property
    def name(self) -> str:
        """Return the name that its weights have in a run."""
        return f"{self.source} -> {self.target}"
