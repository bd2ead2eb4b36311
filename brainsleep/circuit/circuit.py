"""Circuits: checked, planned, and made ready to run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..devices import Device, get_device
from ..devices.arguments import check_dtype, read_time_step, recorded_populations
from ..errors import ParameterError, UnitsError, suggest
from ..network.plan import Labels, NetworkPlan, ProjectionPlan, reached_receptor
from ..plasticity import FROZEN, SynapseEquations, modulated
from ..support.checks import whole_number
from .parts import INPUT, Population, Projection
from .prepared import PreparedCircuit
from .result import CircuitRun


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
        step = read_time_step(dt)
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
            labels=Labels.of(
                [one.neuron for one in self.populations.values()],
                [link.plasticity for link in self.projections if link.plasticity is not None],
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
        weights = self._weights(link)
        if link.inhibitory and len(receptors) > 1 and (weights < 0).any():
            raise ParameterError(
                f"circuit: {link.name!r} is inhibitory, so its weights are strengths: not negative."
            )
        return ProjectionPlan(
            source=self._number(link.source),
            target=self._number(link.target),
            kind="all_to_all" if link.wiring is None else "wired",
            synapse=synapse,
            wiring=link.wiring,
            receptor=reached_receptor(receptors, weights, link.inhibitory),
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
