"""Circuits that are compiled, and can be run any number of times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from brian2.units import Quantity, second

from ..devices import Engine, Job, Outcome
from ..devices.activity import PopulationRate, Spikes
from ..devices.arguments import number_of_steps
from ..network.plan import NetworkPlan
from ..stimuli import StimulusLike, as_stimulus
from ..support.calls import public
from ..support.checks import read_seed, whole_number
from ..support.names import items
from ..support.quantities import Time
from .changes import (
    ParameterValues,
    check_variable,
    run_parameters,
    run_weights,
    synapse_parameters,
)
from .circuit_run import CircuitRun
from .description import CircuitDescription
from .presented import read_presentations
from .step_signals import read_signals


@dataclass(frozen=True)
class PreparedCircuit:
    """A circuit that is compiled, and can be run any number of times.

    Attributes
    ----------
    circuit : CircuitDescription
        Populations, projections and weights.
    plan : NetworkPlan
        All that the compiled code depends on.
    engine : Engine
        The compiled program.
    """

    circuit: CircuitDescription
    plan: NetworkPlan
    engine: Engine

    @public
    def run(
        self,
        stimulus: StimulusLike,
        duration: Time | int | None = None,
        *,
        seed: int = 0,
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
        description: str = "run",
    ) -> CircuitRun:
        """Run the circuit once.

        Parameters
        ----------
        stimulus : bs.stimuli object or array_like
            What drives the input, as in `brainsleep.sleep`.
        duration : Quantity, str or int, optional
            Simulated time, or a number of time steps. Default: the stimulus' own length, or 0.5 s.
        seed : int
            Seed of the stimulus.
        modulation : array_like of float, shape (n_steps,), optional
            Factor on learning in each step; only for a circuit prepared with ``is_modulated=True``.
        signals : mapping of str to array_like of float, each (n_steps,), optional
            By name: the value in each step of each signal that neuron models of the circuit get
            (`NeuronEquations.signals`).
        weights : mapping of str to array_like, optional
            By ``"source -> target"``: weights to begin with instead of the circuit's own.
        parameters : mapping of str to mapping, optional
            By population: parameters of its equations that differ from the model's, in SI units.
            Each is a number, or an array of one value per neuron where the equations allow it (as
            ``theta_start`` of `ConductanceLIF`).
        plastic : bool
            Whether weights change.
        presentation_steps : int, optional
            Number of steps of a presentation: at the beginning of each, all populations go back to
            how they began; weights do not.
        presentation_biases : mapping of str to array_like, shape (n_presentations, n), optional
            By population: biases in each presentation, in place of those it has.
        final_values : sequence of (str, str)
            Populations and variables whose values at the end are returned.
        n_threads : int, optional
            As in `brainsleep.sleep`: the outcome is the same for any number, bit for bit.
        progress : bool
            Show a progress bar where there is a terminal or a notebook.
        description : str
            Text beside the progress bar.

        Returns
        -------
        CircuitRun

        Raises
        ------
        ParameterError, UnitsError
            Naming the argument; nothing has run by then.
        """
        if n_threads is not None:
            whole_number(n_threads, "n_threads", minimum=1)
        source = as_stimulus(stimulus, self.circuit.n_inputs)
        n_steps = number_of_steps(duration, self.plan.dt, source)
        wanted = [
            check_variable(self.circuit, self.plan, pair)
            for pair in items(final_values, "final_values", "pairs of population and variable")
        ]
        steps, biases = read_presentations(
            self.circuit, n_steps, presentation_steps, presentation_biases
        )
        job = Job(
            input_spikes=source.chunks(n_steps, self.plan.dt, read_seed(seed)),
            n_steps=n_steps,
            weights=run_weights(self.circuit, {} if weights is None else weights),
            biases=[one.biases() for one in self.circuit.populations.values()],
            population_parameters=run_parameters(
                self.circuit, self.plan, {} if parameters is None else parameters
            ),
            projection_parameters=[
                synapse_parameters(self.circuit, link, plastic=plastic)
                for link in self.circuit.projections
            ],
            seed=seed,
            signals=read_signals(self.plan, n_steps, modulation, signals),
            presentation_steps=steps,
            presentation_biases=biases,
            final_values=tuple(
                (self.circuit.number_of(name), variable) for name, variable in wanted
            ),
            n_threads=n_threads,
        )
        return self._named(self.engine.run(job, progress=progress, description=description))

    def _named(self, outcome: Outcome) -> CircuitRun:
        """Give names and units to what a device returned."""
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
            final_values={
                (names[index], variable): values
                for (index, variable), values in outcome.final_values.items()
            },
            n_steps=outcome.n_steps,
            dt=dt,
            timings={
                "build": self.engine.build_seconds,
                "build_cached": self.engine.build_cached,
                **outcome.timings,
            },
        )
