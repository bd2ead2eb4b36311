"""Circuits that are compiled, and run as often as wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from brian2 import Equations
from brian2.equations.equations import SUBEXPRESSION
from brian2.units import Quantity, second

from ..devices import Engine, Job, Outcome
from ..devices.activity import PopulationRate, Spikes
from ..devices.arguments import number_of_steps, read_modulation
from ..errors import ParameterError, suggest
from ..network.groups import Traces
from ..network.plan import NetworkPlan
from ..neurons import fixed_parameters
from ..plasticity import Plasticity, postsynaptic_parameters, resting_parameters
from ..stimuli import as_stimulus
from ..support.checks import whole_number
from .parts import INPUT, Population, Projection
from .result import CircuitRun

if TYPE_CHECKING:
    from .circuit import Circuit


@dataclass
class PreparedCircuit:
    """A circuit that is compiled; runs as often as wanted.

    Attributes
    ----------
    circuit : Circuit
        What it is.
    plan : NetworkPlan
        What its code depends on.
    engine : Engine
        Its compiled program.
    """

    circuit: Circuit
    plan: NetworkPlan
    engine: Engine

    def run(
        self,
        stimulus: Any,
        duration: Any = None,
        seed: int = 0,
        modulation: Any = None,
        weights: Mapping[str, np.ndarray] | None = None,
        parameters: Mapping[str, Mapping[str, Any]] | None = None,
        plastic: bool = True,
        wanted: Sequence[tuple[str, str]] = (),
        progress: bool = False,
        description: str = "run",
    ) -> CircuitRun:
        """Run the circuit once.

        Parameters
        ----------
        stimulus, duration, seed, modulation, progress
            As in `Circuit.run`.
        weights : mapping of str to ndarray, optional
            In place of the circuit's own, by ``"source -> target"``.
        parameters : mapping of str to mapping, optional
            By population: parameters of its model's equations that differ from the model's, in SI
            units, or arrays of them, one a neuron, where the equations have it so
            (``theta_start`` of `ConductanceLIF`).
        plastic : bool
            Whether anything is learned.
        wanted : sequence of (str, str)
            Populations and variables whose values at the end are wanted.
        description : str
            What the progress bar says.

        Returns
        -------
        CircuitRun
        """
        source = as_stimulus(stimulus, self.circuit.n_inputs)
        n_steps = number_of_steps(duration, self.plan.dt, source)
        names = self.circuit.names
        for name, variable in wanted:
            self._check_variable(name, variable, "wanted")
        job = Job(
            input_spikes=source.chunks(n_steps, self.plan.dt, whole_number(seed, "seed")),
            n_steps=n_steps,
            weights=self._weights(weights or {}),
            biases=[None] * len(self.circuit.populations),
            population_parameters=self._population_parameters(parameters or {}),
            projection_parameters=[
                _synapse_parameters(link, plastic) for link in self.circuit.projections
            ],
            seed=seed,
            modulation=self._modulation(modulation, n_steps),
            wanted=tuple((names.index(name), variable) for name, variable in wanted),
        )
        outcome = self.engine.run(job, progress, description)
        return self._named(outcome)

    def _modulation(self, values: Any, n_steps: int) -> np.ndarray | None:
        """Read the modulation, if the circuit is prepared for one."""
        if not self.plan.modulated:
            if values is not None:
                raise ParameterError(
                    "modulation: the circuit was prepared without; prepare(is_modulated=True)."
                )
            return None
        return read_modulation(values, n_steps, "the circuit")

    def _weights(self, changed: Mapping[str, np.ndarray]) -> list[np.ndarray | None]:
        """Return the weights of all projections."""
        known = [link.name for link in self.circuit.projections]
        for name in changed:
            if name not in known:
                raise ParameterError(
                    f"weights: there is no projection {name!r}.{suggest(name, known)}"
                )
        found: list[np.ndarray | None] = []
        for link in self.circuit.projections:
            own = self.circuit._weights(link)
            values = np.asarray(changed.get(link.name, own))
            if values.shape != own.shape:
                raise ParameterError(
                    f"weights: {link.name!r} must have shape {own.shape}, not {values.shape}."
                )
            if not np.isfinite(values).all():
                raise ParameterError(f"weights: those of {link.name!r} are not all finite.")
            found.append(values)
        return found

    def _population_parameters(
        self, changed: Mapping[str, Mapping[str, Any]]
    ) -> list[dict[str, Any]]:
        """Return the parameters of all populations, the input first."""
        circuit = self.circuit
        for name in changed:
            if name not in circuit.populations:
                raise ParameterError(
                    f"parameters: there is no population {name!r}."
                    f"{suggest(name, circuit.populations)}"
                )
        values: list[dict[str, Any]] = []
        for name in circuit.names:
            sent = [link for link in circuit.projections if link.source == name]
            received = [link for link in circuit.projections if link.target == name]
            own: dict[str, Any] = {}
            if name != INPUT:
                own |= _model_parameters(circuit.populations[name], name)
                if len(received) > 1:
                    own |= {f"factor{k}": 1.0 for k in range(1, len(received) + 1)}
            for link in sent:
                if link.plasticity is not None:
                    own |= link.plasticity.presynaptic_parameters(self.plan.dt)
            for link in received:
                if link.plasticity is not None:
                    own |= postsynaptic_parameters(link.plasticity, self.plan.dt)
            for parameter, value in changed.get(name, {}).items():
                self._check_parameter(name, parameter, value)
            values.append(own | dict(changed.get(name, {})))
        return values

    def _equations(self, name: str) -> Equations:
        """Return the equations of a population, with what rules keep on its neurons."""
        number = self.circuit.names.index(name)
        traces = Traces.sent(self.plan, number) + Traces.received(self.plan, number)
        own = self.plan.neurons[number - 1].model if number > 0 else ""
        return Equations(f"{own}\n{traces.model}")

    def _check_variable(self, name: str, variable: str, argument: str) -> None:
        """Raise a ParameterError unless a population has a variable, one value a neuron."""
        if name not in self.circuit.names:
            raise ParameterError(
                f"{argument}: there is no population {name!r}.{suggest(name, self.circuit.names)}"
            )
        known = [
            equation.varname
            for equation in self._equations(name).values()
            if "shared" not in equation.flags and equation.type != SUBEXPRESSION
        ]
        if variable not in known:
            raise ParameterError(
                f"{argument}: population {name!r} has no variable {variable!r}."
                f"{suggest(variable, known)}"
            )

    def _check_parameter(self, name: str, parameter: str, value: Any) -> None:
        """Raise a ParameterError unless a population has a parameter that takes such a value."""
        equations = self._equations(name)
        known = sorted(equations.parameter_names)
        if parameter not in known:
            raise ParameterError(
                f"parameters: population {name!r} has no parameter {parameter!r}."
                f"{suggest(parameter, known)}"
            )
        n_neurons = self.circuit.sizes[name]
        is_shared = "shared" in equations[parameter].flags
        if np.shape(value) != () and (is_shared or np.shape(value) != (n_neurons,)):
            wanted = "a number" if is_shared else f"a number, or {n_neurons} of them"
            raise ParameterError(
                f"parameters: {parameter} of {name!r} must be {wanted}, not of shape "
                f"{np.shape(value)}."
            )

    def _named(self, outcome: Outcome) -> CircuitRun:
        """Give names and units to what comes from a device."""
        names, sizes = self.circuit.names, self.plan.sizes
        dt = Quantity(self.plan.dt, dim=second.dim)
        counts = {
            index: np.bincount(steps, minlength=outcome.n_steps).astype(np.int32)
            for index, (_, steps) in outcome.spikes.items()
        } | outcome.counts
        return CircuitRun(
            spikes={
                names[index]: Spikes(neurons, steps * dt, sizes[index])
                for index, (neurons, steps) in sorted(outcome.spikes.items())
            },
            rates={
                names[index]: PopulationRate(count, sizes[index], dt)
                for index, count in sorted(counts.items())
            },
            weights={
                link.name: values
                for link, values in zip(self.circuit.projections, outcome.weights, strict=True)
                if values is not None
            },
            finals={
                (names[index], variable): values
                for (index, variable), values in outcome.finals.items()
            },
            n_steps=outcome.n_steps,
            dt=dt,
            timings={
                "build": self.engine.build_seconds,
                "build_cached": self.engine.build_cached,
                **outcome.timings,
            },
        )


def _model_parameters(population: Population, name: str) -> dict[str, float]:
    """Return the parameters of a population's own model."""
    values = fixed_parameters(population.neuron, name)
    if population.mean_inhibition != 0:
        values = {**values, "pool_strength": population.mean_inhibition}
    return values


def _synapse_parameters(link: Projection, plastic: bool) -> dict[str, float]:
    """Return the parameters of a projection's rule."""
    rule: Plasticity | None = link.plasticity
    if rule is None:
        return {}
    (values,) = rule.synapse_parameters([link.target])
    return values if plastic else resting_parameters(rule, values)
