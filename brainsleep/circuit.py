"""Circuits: populations and projections put together by hand, rather than translated.

For networks with inhibitory populations and recurrent connections. A circuit runs on the same
devices as a night, with the same neuron models and rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from brian2.units import Quantity, ms, second

from .activity import PopulationRate, Spikes
from .devices import Device, Engine, Job, Outcome, get_device
from .errors import ParameterError, UnitsError, suggest
from .neurons import fixed_parameters
from .parameters import number, quantity, whole_number
from .plan import NetworkPlan, ProjectionPlan
from .plasticity import (
    FROZEN,
    Plasticity,
    SynapseEquations,
    modulated,
    postsynaptic_parameters,
    resting_parameters,
)
from .preparation import check_dtype, number_of_steps, read_modulation, recorded_populations
from .stimuli import as_stimulus
from .wiring import Wiring

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
        if isinstance(self.neuron, type) or not hasattr(self.neuron, "parameters"):
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


@dataclass
class CircuitRun:
    """What a run of a circuit did.

    Attributes
    ----------
    spikes : dict of str to Spikes
        By recorded population.
    rates : dict of str to PopulationRate
        Of all populations that were recorded or counted.
    weights : dict of str to ndarray
        After the run, by ``"source -> target"``.
    finals : dict of (str, str) to ndarray
        By population and variable that was asked for: values at the end, in SI units.
    n_steps : int
        Steps made.
    dt : Quantity
        Time step.
    timings : dict of str to float
        Seconds: ``"build"``, ``"run"``, ``"read"``; and ``"build_cached"``.
    """

    spikes: dict[str, Spikes]
    rates: dict[str, PopulationRate]
    weights: dict[str, np.ndarray]
    finals: dict[tuple[str, str], np.ndarray]
    n_steps: int
    dt: Quantity
    timings: dict[str, Any] = field(default_factory=dict)

    @property
    def duration(self) -> Quantity:
        """Simulated time."""
        return self.n_steps * self.dt


@dataclass(frozen=True, eq=False)
class Circuit:
    """Populations and what joins them.

    Parameters
    ----------
    n_inputs : int
        Size of the population ``"input"`` that the stimulus drives.
    populations : mapping of str to Population
        By name.
    projections : sequence of Projection
        At most one from one population to another.

    Raises
    ------
    ParameterError, UnitsError
        Naming the population or projection.

    Examples
    --------
    >>> cells = {"cells": bs.circuit.Population(100, bs.LIF(gain=1, threshold=15))}
    >>> drive = bs.circuit.Projection("input", "cells", weights=0.5)
    >>> run = bs.circuit.Circuit(50, cells, [drive]).run(stimulus)  # doctest: +SKIP
    """

    n_inputs: int
    populations: Mapping[str, Population]
    projections: Sequence[Projection]

    def __post_init__(self) -> None:
        whole_number(self.n_inputs, "circuit: n_inputs", minimum=1)
        if INPUT in self.populations:
            raise ParameterError(f"circuit: a population cannot be called {INPUT!r}.")
        taken: set[str] = set()
        for link in self.projections:
            for role, name in (("source", link.source), ("target", link.target)):
                if name not in self.names or (role == "target" and name == INPUT):
                    raise ParameterError(
                        f"circuit: the {role} of projection {link.name!r} is no population."
                        f"{suggest(name, self.names)}"
                    )
            if link.name in taken:
                raise ParameterError(f"circuit: there are two projections {link.name!r}.")
            taken.add(link.name)
            self._weights(link)
        for name in self.populations:
            if not any(link.target == name for link in self.projections):
                raise ParameterError(f"circuit: nothing leads to population {name!r}.")
        if len({population.neuron.delay_steps for population in self.populations.values()}) > 1:
            raise ParameterError("circuit: all populations need the same delay_steps.")
        if self._delay_steps == 0 and any(
            self._number(link.target) <= self._number(link.source) for link in self.projections
        ):
            raise ParameterError(
                "circuit: spikes that flow back take a step; give its neurons delay_steps=1."
            )

    @property
    def names(self) -> list[str]:
        """Names of all populations, the input first."""
        return [INPUT, *self.populations]

    @property
    def sizes(self) -> dict[str, int]:
        """Neurons of each population, the input first."""
        own = {name: population.n_neurons for name, population in self.populations.items()}
        return {INPUT: self.n_inputs, **own}

    def prepare(
        self,
        device: str | Device = "cpp",
        dtype: str = "float32",
        dt: Any = None,
        record: Any = "all",
        record_rates: Any = None,
        is_modulated: bool = False,
        progress: bool = False,
    ) -> PreparedCircuit:
        """Compile the circuit, or find it compiled; see :meth:`run`."""
        step = quantity(1 * ms if dt is None else dt, ms, "dt", minimum=0, exclusive_minimum=True)
        recorded = recorded_populations(record, self.names, "record")
        counted = recorded_populations(record_rates, self.names, "record_rates")
        plan = NetworkPlan(
            sizes=tuple(self.sizes.values()),
            neurons=tuple(one.neuron.equations() for one in self.populations.values()),
            projections=tuple(self._plan(link, is_modulated) for link in self.projections),
            delay_steps=self._delay_steps,
            dt=step,
            dtype=check_dtype(dtype),
            recorded=recorded,
            counted=tuple(index for index in counted if index not in recorded),
            pooled=tuple(
                number
                for number, population in enumerate(self.populations.values(), start=1)
                if population.mean_inhibition != 0
            ),
        )
        runner = get_device(device)
        runner.check(plan)
        return PreparedCircuit(self, plan, runner.prepare(plan, progress))

    def run(
        self,
        stimulus: Any,
        duration: Any = None,
        seed: int = 0,
        device: str | Device = "cpp",
        dtype: str = "float32",
        dt: Any = None,
        record: Any = "all",
        record_rates: Any = None,
        modulation: Any = None,
        progress: bool = False,
        **state: Any,
    ) -> CircuitRun:
        """Run the circuit.

        Parameters
        ----------
        stimulus : bs.stimuli object or ndarray
            As in `brainsleep.sleep`.
        duration : Quantity, str or int, optional
            Time or steps.
        seed : int
            Of the stimulus.
        device, dtype, dt, record, record_rates, modulation, progress
            As in `brainsleep.sleep`.
        **state
            ``weights``, ``parameters``, ``plastic``, ``wanted``: see `PreparedCircuit.run`.

        Returns
        -------
        CircuitRun
        """
        prepared = self.prepare(
            device, dtype, dt, record, record_rates, modulation is not None, progress
        )
        return prepared.run(stimulus, duration, seed, modulation, progress=progress, **state)

    @property
    def _delay_steps(self) -> int:
        return next(iter(self.populations.values())).neuron.delay_steps

    def _number(self, name: str) -> int:
        return self.names.index(name)

    def _plan(self, link: Projection, is_modulated: bool) -> ProjectionPlan:
        """Return the plan of a projection."""
        rule = link.plasticity
        synapse: SynapseEquations = FROZEN
        if rule is not None:
            synapse = modulated(rule) if is_modulated else rule.equations()
        receptors = self.populations[link.target].neuron.equations().receptors
        positive = "inhibition" if link.inhibitory else "drive"
        signed = len(receptors) > 1 and bool((self._weights(link) < 0).any())
        if signed and link.inhibitory:
            raise ParameterError(
                f"circuit: {link.name!r} is inhibitory, so its weights are strengths: not negative."
            )
        return ProjectionPlan(
            source=self._number(link.source),
            target=self._number(link.target),
            kind="all_to_all" if link.wiring is None else "wired",
            synapse=synapse,
            wiring=link.wiring,
            receptor="signed" if signed else positive,
        )

    def _weights(self, link: Projection) -> np.ndarray:
        """Read a projection's weights."""
        n_pre, n_post = self.sizes[link.source], self.sizes[link.target]
        shape: tuple[int, ...] = (n_post, n_pre)
        if link.wiring is not None:
            shape = (link.wiring.n_synapses(n_pre, n_post),)
        try:
            weights = np.asarray(link.weights, dtype=float)
        except (TypeError, ValueError):
            raise UnitsError(
                f"circuit: weights of {link.name!r} must be numbers, not {link.weights!r}."
            ) from None
        if weights.shape not in ((), shape):
            raise ParameterError(
                f"circuit: weights of {link.name!r} must have shape {shape}, not {weights.shape}."
            )
        if not np.isfinite(weights).all():
            raise ParameterError(f"circuit: weights of {link.name!r} are not all finite.")
        return np.broadcast_to(weights, shape)


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
            values.append(own | dict(changed.get(name, {})))
        return values

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
