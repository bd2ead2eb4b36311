"""Circuits put together by hand: planned, compiled and run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy.typing as npt

from ..devices import Device, get_device
from ..devices.arguments import check_dtype, read_time_step, recorded_populations
from ..errors import ParameterError
from ..network.named_variables import check_named_variables
from ..network.plan import Labels, NetworkPlan, ProjectionPlan, reached_receptor
from ..night.preparing.night_request import Populations, Record, as_record
from ..plasticity import FROZEN, SynapseEquations, modulated
from ..stimuli import StimulusLike
from ..support.calls import public
from ..support.quantities import Time
from .changes import ParameterValues
from .circuit_run import CircuitRun
from .description import CircuitDescription
from .parts import Projection
from .prepared import PreparedCircuit


@public
@dataclass(frozen=True, eq=False)
class Circuit(CircuitDescription):
    """Populations and what joins them.

    Parameters
    ----------
    n_inputs : int
        Size of the population ``"input"``, which the stimulus drives.
    populations : mapping of str to Population
        By name, in the order in which they act within a step where their neurons have
        ``delay_steps = 0``: a spike then reaches later populations in the same step, and its own
        and earlier ones in the next.
    projections : sequence of Projection
        At most one from one population to each receptor of another.

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

    @public
    def prepare(
        self,
        device: str | Device = "cpp",
        *,
        dtype: str = "float32",
        dt: Time | None = None,
        record: Record | Populations = "all",
        is_modulated: bool = False,
        progress: bool = True,
    ) -> PreparedCircuit:
        """Compile the circuit, or find it compiled.

        Parameters
        ----------
        device, dtype, dt, progress
            As in `brainsleep.sleep`.
        record : "all", None, names of populations, or Record
            Populations whose spikes are kept; a `bs.Record` says what else is.
        is_modulated : bool
            Whether each run is given a factor on learning in each step.

        Returns
        -------
        PreparedCircuit

        Raises
        ------
        ParameterError, UnitsError
            Naming the argument, population or projection.
        CompilerError
            If the device needs a compiler and there is none.
        """
        step = read_time_step(dt)
        kept = as_record(record)
        if kept.states or kept.weights:
            raise ParameterError(
                "record: a circuit keeps spikes and rates; final_values= of its run returns "
                "variables at the end."
            )
        recorded = recorded_populations(kept.spikes, self.names, "record")
        counted = recorded_populations(kept.rates, self.names, "record: rates")
        populations = list(self.populations.values())
        plan = NetworkPlan(
            sizes=tuple(self.sizes.values()),
            neurons=tuple(population.neuron.equations() for population in populations),
            projections=tuple(self._plan(link, is_modulated) for link in self.projections),
            delay_steps=self.delay_steps,
            dt=step,
            dtype=check_dtype(dtype),
            recorded=recorded,
            counted=tuple(index for index in counted if index not in recorded),
            pooled=tuple(
                number
                for number, population in enumerate(populations, start=1)
                if population.mean_inhibition != 0
            ),
            competing=tuple(
                number
                for number, population in enumerate(populations, start=1)
                if population.winners is not None
            ),
            labels=Labels.of(
                [population.neuron for population in populations],
                [link.plasticity for link in self.projections if link.plasticity is not None],
                ["input", *self.populations],
            ),
        )
        check_named_variables(plan)
        runner = get_device(device)
        runner.check(plan)
        return PreparedCircuit(self, plan, runner.prepare(plan, progress=progress))

    @public
    def run(
        self,
        stimulus: StimulusLike,
        duration: Time | int | None = None,
        *,
        seed: int = 0,
        device: str | Device = "cpp",
        dtype: str = "float32",
        dt: Time | None = None,
        record: Record | Populations = "all",
        modulation: npt.ArrayLike | None = None,
        signals: Mapping[str, npt.ArrayLike] | None = None,
        weights: Mapping[str, npt.ArrayLike] | None = None,
        parameters: Mapping[str, ParameterValues] | None = None,
        plastic: bool = True,
        presentation_steps: int | None = None,
        presentation_biases: Mapping[str, npt.ArrayLike] | None = None,
        final_values: Sequence[tuple[str, str]] = (),
        n_threads: int | None = None,
        progress: bool = True,
    ) -> CircuitRun:
        """Compile the circuit, or find it compiled, and run it once.

        Parameters
        ----------
        stimulus, duration, seed, modulation, signals, weights, parameters
            As in `PreparedCircuit.run`.
        plastic, presentation_steps, presentation_biases, final_values, n_threads
            As in `PreparedCircuit.run`.
        device, dtype, dt, record, progress
            As in :meth:`prepare`.

        Returns
        -------
        CircuitRun

        Raises
        ------
        ParameterError, UnitsError, CompilerError
            As :meth:`prepare` and `PreparedCircuit.run`.
        """
        prepared = self.prepare(
            device,
            dtype=dtype,
            dt=dt,
            record=record,
            is_modulated=modulation is not None,
            progress=progress,
        )
        return prepared.run(
            stimulus,
            duration,
            seed=seed,
            modulation=modulation,
            signals=signals,
            weights=weights,
            parameters=parameters,
            plastic=plastic,
            presentation_steps=presentation_steps,
            presentation_biases=presentation_biases,
            final_values=final_values,
            n_threads=n_threads,
            progress=progress,
        )

    def _plan(self, link: Projection, is_modulated: bool) -> ProjectionPlan:
        """Return the plan of a projection."""
        rule = link.plasticity
        synapse: SynapseEquations = FROZEN
        if rule is not None:
            synapse = modulated(rule) if is_modulated else rule.equations()
        receptors = self.populations[link.target].neuron.equations().receptors
        weights = self.weights[link.name]
        reached = link.receptor
        if link.receptor == "drive":
            reached = reached_receptor(receptors, weights, link.inhibitory)
        if reached == "inhibition" and reached in receptors and (weights < 0).any():
            raise ParameterError(
                f"circuit: {link.name!r} is inhibitory, so its weights are strengths of "
                f"inhibition and must be at least 0, but the smallest is {weights.min():g}."
            )
        return ProjectionPlan(
            source=self.number_of(link.source),
            target=self.number_of(link.target),
            kind="all_to_all" if link.wiring is None else "wired",
            synapse=synapse,
            wiring=link.wiring,
            receptor=reached,
        )
