"""What a circuit is, without anything that runs it: populations, projections, checked weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from brian2 import Equations

from ..errors import ParameterError, brief, suggest
from ..network.winner_choice import require_potential
from ..support.array_values import numbers
from ..support.checks import whole_number
from ..support.names import objects, table
from .parts import INPUT, Population, Projection


@dataclass(frozen=True, eq=False)
class CircuitDescription:
    """Populations and what joins them; see `Circuit`, which adds how to run them.

    Attributes
    ----------
    n_inputs, populations, projections
        As in `Circuit`.
    weights : dict of str to ndarray of float64
        Weights of each projection by its name, one per synapse; read-only arrays.
    """

    n_inputs: int
    populations: Mapping[str, Population]
    projections: Sequence[Projection]
    weights: dict[str, npt.NDArray[np.float64]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        whole_number(self.n_inputs, "circuit: n_inputs", minimum=1)
        populations = table(self.populations, "circuit: populations", "a dict by name")
        objects(populations.values(), "circuit: populations", Population, "bs.circuit.Population")
        objects(self.projections, "circuit: projections", Projection, "a list of projections")
        if not self.populations:
            raise ParameterError("circuit: needs at least one population besides the input.")
        if INPUT in self.populations:
            raise ParameterError(
                f"circuit: {INPUT!r} is the population that the stimulus drives; give the "
                f"population called {INPUT!r} another name."
            )
        self._check_projections()
        weights = {link.name: self._read_weights(link) for link in self.projections}
        object.__setattr__(self, "weights", weights)  # the class is frozen
        self._check_delays()
        self._check_equations()

    @property
    def names(self) -> list[str]:
        """Names of all populations, the input first."""
        return [INPUT, *self.populations]

    @property
    def sizes(self) -> dict[str, int]:
        """Number of neurons of each population, the input first."""
        own = {name: population.n_neurons for name, population in self.populations.items()}
        return {INPUT: self.n_inputs, **own}

    @property
    def delay_steps(self) -> int:
        """Time steps that a spike takes to a later population, 0 or 1; to others it takes 1."""
        return next(iter(self.populations.values())).neuron.delay_steps

    def number_of(self, name: str) -> int:
        """Return the index of a population: 0 for the input."""
        return self.names.index(name)

    def _check_projections(self) -> None:
        """Raise unless all projections join populations, and something drives each of them."""
        taken: set[str] = set()
        for link in self.projections:
            self._check_ends(link)
            if link.name in taken:
                raise ParameterError(
                    f"circuit: there are two projections {link.name!r}; join them into one, or let "
                    "them reach different receptors."
                )
            taken.add(link.name)
        for name, population in self.populations.items():
            is_reached = any(link.target == name for link in self.projections)
            if not is_reached and not population.biases().any():
                raise ParameterError(
                    f"circuit: no projection leads to population {name!r}; add one, or a bias."
                )

    def _check_ends(self, link: Projection) -> None:
        """Raise unless a projection leads from a population to one that is not the input."""
        if link.target == INPUT:
            raise ParameterError(
                f"circuit: {INPUT!r} cannot be the target of projection {link.name!r}: the "
                "stimulus alone drives it."
            )
        for role, name, known in (
            ("source", link.source, self.names),
            ("target", link.target, list(self.populations)),
        ):
            if name not in known:
                raise ParameterError(
                    f"circuit: there is no population {name!r}, the {role} of projection "
                    f"{link.name!r}.{suggest(name, known)}"
                )
        receptors = self.populations[link.target].neuron.equations().receptors
        if link.receptor not in receptors and not (link.inhibitory and "inhibition" in receptors):
            raise ParameterError(
                f"circuit: the neurons of {link.target!r} have no receptor {link.receptor!r} for "
                f"projection {link.name!r}.{suggest(link.receptor, receptors)}"
            )

    def _check_delays(self) -> None:
        """Raise unless all spikes take equally long."""
        delays = {population.neuron.delay_steps for population in self.populations.values()}
        if len(delays) > 1:
            raise ParameterError(
                "circuit: all populations need the same delay_steps, but theirs are "
                f"{', '.join(map(str, sorted(delays)))}."
            )

    def _check_equations(self) -> None:
        """Raise unless signals have names of their own, and what competes has potentials."""
        for name, population in self.populations.items():
            equations = population.neuron.equations()
            if population.winners is not None:
                require_potential(equations, name)
            taken = {*Equations(equations.model).names, *equations.receptors, "bias"}
            for signal in equations.signals:
                if not signal.isidentifier() or signal in taken:
                    raise ParameterError(
                        f"circuit: the neurons of {name!r} cannot get a signal called "
                        f"{brief(signal)}; signals need names that the equations do not declare."
                    )

    def _read_weights(self, link: Projection) -> npt.NDArray[np.float64]:
        """Read and check the weights of a projection."""
        n_pre, n_post = self.sizes[link.source], self.sizes[link.target]
        shape: tuple[int, ...] = (n_post, n_pre)
        if link.wiring is not None:
            shape = (link.wiring.n_synapses(n_pre, n_post),)
        weights = numbers(link.weights, f"circuit: weights of {link.name!r}")
        if weights.shape not in ((), shape):
            raise ParameterError(
                f"circuit: weights of {link.name!r} must be one number or have shape {shape}, not "
                f"{weights.shape}."
            )
        return np.broadcast_to(weights, shape)
