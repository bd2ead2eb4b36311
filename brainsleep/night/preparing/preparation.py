"""Everything about a night that is checked and computed before anything is built."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...devices import Device, Engine, Job, Outcome, get_device
from ...devices.arguments import (
    check_dtype,
    number_of_steps,
    read_modulation,
    read_time_step,
    recorded_populations,
)
from ...devices.sampling import NO_SAMPLES
from ...errors import ParameterError
from ...network.plan import MODULATION, NetworkPlan
from ...plasticity import Plasticity, asks_for_modulation, at_scale
from ...presets.matching import warn_of_presets
from ...stimuli import Gated, Stimulus, as_stimulus, skip_steps
from ...support.checks import known_name, read_seed
from ...translation import (
    FoundThresholds,
    Translation,
    as_translation,
    first_ratios,
    report,
    require_float32_copy,
    search_thresholds,
    weight_scales,
    with_masks,
)
from ...translation.activation_recording import as_input
from ...wake.given_data import read_images
from ..callbacks.callback import Callback, read_callbacks
from ..files.streaming import compared_with
from ..gating import Gate, Stages, check_stages
from .assembly import Assembly, addition_factors, lateral_parts
from .biases import BIASES, check_learning
from .kept_state import KeptState
from .models import LayerConstants, check_equations, check_target_rate, layer_constants, read_models
from .night_request import NightRequest, Save, as_record, as_save
from .part_inputs import data_at, shapes_of_images, stimulus_at
from .weight_bounds import warn_of_weights_outside

#: Thresholds are calibrated on at most this many steps of the night's stimulus.
CALIBRATION_STEPS = 500


@dataclass(frozen=True, eq=False)
class PreparedNight:
    """A night that has been checked and only has to be built and run.

    Attributes
    ----------
    request : NightRequest
        What was asked for.
    assembly : Assembly
        The network's layers, and the models they get, learning rates as numbers.
    rule : Plasticity
        The rule as it was asked for, learning rates perhaps as percentages.
    stimulus : Stimulus
        What drives the input.
    device : Device
        Where it runs.
    plan : NetworkPlan
        What the generated code depends on.
    recorded, counted : tuple of int
        Populations whose spikes are wanted; of which only their number in each step is.
    kept : KeptState
        What is kept of neurons' variables and of weights.
    n_steps, seed : int
        Length in time steps; seed of the stimulus.
    constants : LayerConstants
        Gains and thresholds, or one of them and the rates to calibrate the other to.
    modulation : ndarray, shape (n_steps,), or None
        The factor on learning in each step.
    stages : Stages or None
        What gates the night.
    gate : Gate or None
        What the stages let through in each step, once they were simulated.
    save : Save or None
        Where it is written while it runs.
    callbacks : tuple of Callback
        Who looks at it while it runs.
    started, seconds : float
        When preparing began, on the clock of `time.perf_counter`, and what it took.
    """

    request: NightRequest
    assembly: Assembly
    rule: Plasticity
    stimulus: Stimulus
    device: Device
    plan: NetworkPlan
    recorded: tuple[int, ...]
    counted: tuple[int, ...]
    kept: KeptState
    n_steps: int
    seed: int
    constants: LayerConstants
    modulation: np.ndarray | None = None
    stages: Stages | None = None
    gate: Gate | None = None
    save: Save | None = None
    callbacks: tuple[Callback, ...] = ()
    started: float = 0.0
    seconds: float = 0.0

    @property
    def translation(self) -> Translation:
        """The network's layers."""
        return self.assembly.translation

    @property
    def layer_names(self) -> list[str]:
        """Names of the layers that do not pool, in order."""
        return self.translation.layer_names

    @property
    def populations(self) -> list[str]:
        """Names of all populations, the input first."""
        return self.assembly.populations

    def job(self, *, n_steps: int | None = None, plastic: bool = True) -> Job:
        """Make the job of a night, or of a shorter trial in which no weight changes."""
        length = self.n_steps if n_steps is None else n_steps
        return Job(
            input_spikes=self.stimulus.chunks(length, self.plan.dt, self.seed),
            n_steps=length,
            weights=self.assembly.weights(),
            biases=self.assembly.biases(),
            masks=self.assembly.masks(),
            population_parameters=self.assembly.population_parameters(
                self.constants.known_gains, self.constants.known_thresholds, self.plan.dt
            ),
            projection_parameters=self.assembly.projection_parameters(plastic),
            seed=self.seed,
            n_threads=self.request.n_threads,
            signals=self._signals(length),
            sampling=self.kept.sampling if plastic else NO_SAMPLES,
        )

    def _signals(self, n_steps: int) -> dict[str, np.ndarray]:
        """Return the factor on learning; 0 where it is not known yet and nothing is learned."""
        others = sorted(set(self.plan.signals) - {MODULATION})
        if others:
            raise ParameterError(
                f"neuron: the model gets signals ({', '.join(others)}), which only the run of a "
                "circuit can give; use bs.circuit."
            )
        if not self.plan.modulated:
            return {}
        known = np.zeros(n_steps) if self.modulation is None else self.modulation
        return {MODULATION: known[:n_steps]}

    def job_from(self, job: Job, first_step: int, folder: Path) -> Job:
        """Return a job that goes on after some steps: its input begins later.

        The input until then is compared with what was recorded in a folder; a DirectoryError is
        raised while the job runs if it is another.
        """
        chunks = self.stimulus.chunks(job.n_steps, self.plan.dt, self.seed)
        if first_step > 0:
            chunks = compared_with(chunks, folder, first_step)
        return replace(job, input_spikes=skip_steps(chunks, first_step), first_step=first_step)

    def in_stages(self) -> PreparedNight:
        """Simulate the stages of sleep, and let them gate stimulus and learning."""
        if self.stages is None:
            return self
        gate = self.stages.gate(self.n_steps, self.plan.dt, self.seed)
        given = 1.0 if self.modulation is None else self.modulation
        return replace(
            self,
            stimulus=Gated(self.stimulus, gate.stimulus),
            modulation=given * gate.learning,
            gate=gate,
        )

    def calibrate(
        self, engine: Engine, *, n_steps: int | None = None
    ) -> tuple[PreparedNight, FoundThresholds | None]:
        """Find the gains or thresholds that are to be calibrated.

        Parameters
        ----------
        engine : Engine
            The night's program.
        n_steps : int, optional
            Length of a trial; the night's, but at most `CALIBRATION_STEPS`, unless given.

        Returns
        -------
        night : PreparedNight
            All its constants are known.
        found : FoundThresholds or None
            How they were found; None if nothing was to be found.

        Warns
        -----
        CalibrationWarning
            About layers that do not reach their target rate.
        """
        constants, target_rate = self.constants, self.constants.target_rate
        if target_rate is None or constants.is_complete:
            return self, None
        length = min(self.n_steps, CALIBRATION_STEPS) if n_steps is None else n_steps

        def rates(ratios: Sequence[float]) -> list[float]:
            trial = replace(self, constants=constants.at(ratios))
            return trial.trial_rates(engine, n_steps=length)

        found = search_thresholds(rates, target_rate, self._first_ratios(target_rate, length))
        known = constants.at(found.thresholds)
        what = ("gain", known.gains) if constants.gains is None else ("threshold", known.thresholds)
        report(found, target_rate, self.layer_names, *what)
        return replace(self, constants=known), found

    def _first_ratios(self, target_rate: Sequence[float], n_steps: int) -> list[float]:
        """Guess the ratios of threshold to gain with which a search begins."""
        chunks = self.stimulus.chunks(n_steps, self.plan.dt, self.seed)
        wanted = {
            name: rate * self.plan.dt
            for name, rate in zip(self.layer_names, target_rate, strict=True)
        }
        return first_ratios(self.translation, float(next(iter(chunks)).mean()), wanted)

    def trial_rates(self, engine: Engine, *, n_steps: int | None = None) -> list[float]:
        """Run a trial in which no weight changes; return the mean rate of each layer in Hz."""
        outcome = engine.run(self.job(n_steps=n_steps, plastic=False))
        seconds = (self.n_steps if n_steps is None else n_steps) * self.plan.dt
        numbers = [self.populations.index(name) for name in self.layer_names]
        return [
            n_spikes(outcome, number) / (self.plan.sizes[number] * seconds) for number in numbers
        ]


def prepare_night(request: NightRequest) -> PreparedNight:
    """Check every argument of `brainsleep.sleep`, compute gains, and build nothing.

    Parameters
    ----------
    request : NightRequest
        The arguments of `brainsleep.sleep`; errors are raised as there.

    Returns
    -------
    PreparedNight
    """
    started = time.perf_counter()
    network, stimulus, data = _inputs(request)
    device, dt = get_device(request.device), read_time_step(request.dt)
    n_steps = number_of_steps(request.duration, dt, stimulus)
    neuron, asked = read_models(request.neuron, request.plasticity)
    rule = at_scale(asked, network.layer_names, weight_scales(network))
    check_stages(request.stages)
    constants = request.constants or layer_constants(neuron, network, data)
    check_target_rate(constants, dt, network.layer_names)
    check_equations(neuron, rule, constants, network.layer_names)
    if known_name(request.biases, "biases", BIASES) == "learn":
        check_learning(network, neuron)
    assembly = Assembly(
        network,
        neuron,
        rule,
        network.frozen,
        network.max_pooling,
        addition_factors(network, data) if request.factors is None else request.factors,
        is_modulated=request.modulation is not None or request.stages is not None,
        lateral=lateral_parts(network, request.lateral, neuron),
        biases_asleep=request.biases,
    )
    recorded, counted = _recorded(request, assembly)
    others = tuple(index for index in range(len(assembly.populations)) if index not in recorded)
    plan = assembly.plan(
        dt=dt,
        dtype=check_dtype(request.dtype),
        recorded=recorded,
        counted=others,  # calibration and findings look at all populations
    )
    kept = KeptState.of(as_record(request.record), assembly, plan)
    plan = kept.watched_by(plan)
    prepared = PreparedNight(
        request=request,
        assembly=assembly,
        rule=asked,
        stimulus=stimulus,
        device=device,
        plan=plan,
        recorded=recorded,
        counted=counted,
        kept=kept,
        n_steps=n_steps,
        seed=read_seed(request.seed),
        constants=constants,
        modulation=_modulation(request, n_steps, rule),
        stages=request.stages,
        save=as_save(request.save),
        callbacks=read_callbacks(request.callbacks),
        started=started,
    )
    # raises for whatever is wrong with the models' own parameters
    prepared.job()
    device.check(plan)
    kept.check(device, plan, n_steps, on_disk=prepared.save is not None)
    _check_save(prepared)
    _check_callbacks(prepared)
    warn_of_weights_outside(assembly)
    warn_of_presets(neuron, asked, network.sizes)
    return replace(prepared, seconds=time.perf_counter() - started)


def _inputs(request: NightRequest) -> tuple[Translation, Stimulus, npt.ArrayLike | None]:
    """Return the layers that sleep, and stimulus and data for the first of them."""
    data = None if request.data is None else read_images(request.data)
    network = as_translation(request.ann, shapes_of_images(data, request.stimulus))
    network = with_masks(network, request.masks)
    require_float32_copy(network)
    if data is not None:  # also where nothing is computed from it
        as_input(data.images, network.whole or network)
    stimulus = as_stimulus(
        stimulus_at(network, request.stimulus), network.n_inputs, input_shape=network.input_shape
    )
    return network, stimulus, None if data is None else data_at(network, data.images)


def _recorded(request: NightRequest, assembly: Assembly) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the populations whose spikes, and those of which only rates are kept."""
    record = as_record(request.record)
    names, numbers = zip(*assembly.shown, strict=True)
    spikes = recorded_populations(record.spikes, names, "record")
    rates = recorded_populations(record.rates, names, "record: rates")
    recorded, counted = ([numbers[index] for index in found] for found in (spikes, rates))
    return tuple(recorded), tuple(index for index in counted if index not in recorded)


def _modulation(request: NightRequest, n_steps: int, rule: Plasticity) -> np.ndarray | None:
    """Read the factor on learning in each step, if there is to be one."""
    if request.modulation is None and not asks_for_modulation(rule.equations()):
        return None
    return read_modulation(request.modulation, n_steps, type(rule).__name__)


def _check_save(prepared: PreparedNight) -> None:
    """Check what concerns writing to disk, before anything is built."""
    save = prepared.save
    if save is None:
        return
    if not prepared.device.writes_to_disk:
        raise ParameterError(
            f"save: device {prepared.device.name!r} cannot write a night to disk as it runs; "
            "use 'cpp'."
        )


def _check_callbacks(prepared: PreparedNight) -> None:
    """Raise if a device does not let anyone look at a night while it runs."""
    if prepared.callbacks and not getattr(prepared.device, "can_be_observed", False):
        raise ParameterError(
            f"callbacks: device {prepared.device.name!r} does not show a night while it runs; "
            "use 'cpp'."
        )


def counts_of(outcome: Outcome, population: int) -> np.ndarray:
    """Return how often a population fired in each step."""
    if population not in outcome.spikes:
        return outcome.counts[population]
    _, steps = outcome.spikes[population]
    return np.bincount(steps, minlength=outcome.n_steps).astype(np.int32)


def n_spikes(outcome: Outcome, population: int) -> int:
    """Return how often a population fired in all."""
    if population in outcome.spikes:
        return len(outcome.spikes[population][0])
    return int(outcome.counts[population].sum())
