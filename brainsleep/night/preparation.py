"""Everything about a night that is checked and computed before anything is built."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..devices import Device, Engine, Job, Outcome, get_device
from ..devices.arguments import (
    check_dtype,
    number_of_steps,
    read_modulation,
    read_time_step,
    recorded_populations,
)
from ..errors import ParameterError, UnitsError
from ..network.plan import NetworkPlan
from ..neurons import (
    Neuron,
    given_gains,
    given_target_rate,
    given_thresholds,
    is_neuron,
)
from ..plasticity import Plasticity, asks_for_modulation
from ..stimuli import Gated, ImageStimulus, Stimulus, as_stimulus, skip_steps
from ..support.quantities import whole_number
from ..translation import (
    Translation,
    calibrate_thresholds,
    features,
    start_at,
    tadros_gains,
    translate_for,
)
from .assembly import Assembly, addition_factors, checked_pooling, frozen_layers, lateral_parts
from .defaults import default_models
from .lateral import Lateral

if TYPE_CHECKING:
    from torch import nn


#: Thresholds are calibrated on at most this many steps of the night's stimulus.
CALIBRATION_STEPS = 500


@dataclass(frozen=True)
class PreparedNight:
    """A night that has been checked and only has to be built and run.

    Attributes
    ----------
    assembly : Assembly
        The network's layers, and the models they get.
    stimulus : Stimulus
        What drives the input.
    device : Device
        Where it runs.
    plan : NetworkPlan
        What the generated code depends on.
    recorded, counted : tuple of int
        Populations whose spikes are wanted; of which only their number in each step is.
    n_steps, seed : int
        Length in time steps; seed of the stimulus.
    gains : list of float
        One a layer that does not pool, in the neuron model's unit.
    thresholds : list of float or None
        The same; None if they are to be calibrated.
    target_rate : list of float or None
        Rates in Hz to calibrate to.
    modulation : ndarray, shape (n_steps,), or None
        The factor on learning in each step.
    """

    assembly: Assembly
    stimulus: Stimulus
    device: Device
    plan: NetworkPlan
    recorded: tuple[int, ...]
    counted: tuple[int, ...]
    n_steps: int
    seed: int
    gains: list[float]
    thresholds: list[float] | None
    target_rate: list[float] | None
    modulation: np.ndarray | None = None

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

    def job(
        self, thresholds: Sequence[float], n_steps: int | None = None, plastic: bool = True
    ) -> Job:
        """Make the job of a night, or of a shorter trial in which no weight changes."""
        length = self.n_steps if n_steps is None else n_steps
        return Job(
            input_spikes=self.stimulus.chunks(length, self.plan.dt, self.seed),
            n_steps=length,
            weights=self.assembly.weights(),
            biases=self.assembly.biases(),
            population_parameters=self.assembly.population_parameters(
                self.gains, thresholds, self.plan.dt
            ),
            projection_parameters=self.assembly.projection_parameters(plastic),
            seed=self.seed,
            modulation=self._modulation(length),
        )

    def _modulation(self, n_steps: int) -> np.ndarray | None:
        """Return the factor on learning; 0 where it is not known yet and nothing is learned."""
        if self.modulation is not None:
            return self.modulation[:n_steps]
        return np.zeros(n_steps) if self.plan.modulated else None

    def job_from(self, job: Job, first_step: int) -> Job:
        """Return a job that goes on after some steps: its input begins later."""
        chunks = self.stimulus.chunks(job.n_steps, self.plan.dt, self.seed)
        return replace(job, input_spikes=skip_steps(chunks, first_step), first_step=first_step)

    def in_stages(self, stages: Any) -> PreparedNight:
        """Simulate stages of sleep, and let them gate stimulus and learning; None does nothing."""
        if stages is None:
            return self
        gate = stages.gate(self.n_steps, self.plan.dt, self.seed)
        given = 1.0 if self.modulation is None else self.modulation
        return replace(
            self,
            stimulus=Gated(self.stimulus, gate.stimulus),
            modulation=given * gate.learning,
        )

    def find_thresholds(self, engine: Engine) -> list[float]:
        """Return the thresholds given, or those at which the layers fire at their target rates."""
        if self.thresholds is not None:
            return self.thresholds
        assert self.target_rate is not None
        trial_steps = min(self.n_steps, CALIBRATION_STEPS)
        return calibrate_thresholds(
            lambda thresholds: self.trial_rates(engine, thresholds, trial_steps),
            self.target_rate,
            self.layer_names,
        )

    def trial_rates(
        self, engine: Engine, thresholds: Sequence[float], n_steps: int | None = None
    ) -> list[float]:
        """Run a trial in which no weight changes; return the mean rate of each layer in Hz."""
        outcome = engine.run(self.job(thresholds, n_steps, plastic=False))
        seconds = (self.n_steps if n_steps is None else n_steps) * self.plan.dt
        numbers = [self.populations.index(name) for name in self.layer_names]
        return [
            _n_spikes(outcome, number) / (self.plan.sizes[number] * seconds) for number in numbers
        ]


def prepare_night(
    ann: nn.Module,
    stimulus: Any,
    data: Any = None,
    duration: Any = None,
    neuron: Neuron | None = None,
    plasticity: Plasticity | None = None,
    device: str | Device = "cpp",
    dtype: str = "float32",
    dt: Any = None,
    record: str | Sequence[str] | None = "all",
    seed: int = 0,
    record_rates: str | Sequence[str] | None = None,
    input_shape: Sequence[int] | None = None,
    input_at: str | None = None,
    frozen: str | Sequence[str] = (),
    max_pooling: str = "any_spike",
    modulation: Any = None,
    stages: Any = None,
    lateral: Mapping[str, Lateral] | None = None,
) -> PreparedNight:
    """Check every argument of `brainsleep.sleep`, compute gains, and build nothing.

    Parameters and errors are those of `brainsleep.sleep`.
    """
    whole = translate_for(ann, input_shape, _shapes_of_images(data, stimulus))
    translation, stimulus, data = _from_layer(whole, input_at, stimulus, data)
    names = translation.layer_names
    source = as_stimulus(stimulus, translation.n_inputs)
    runner = get_device(device)
    step = read_time_step(dt)
    n_steps = number_of_steps(duration, step, source)
    check_dtype(dtype)
    model, rule = _models(neuron, plasticity, names)
    if stages is not None and (isinstance(stages, type) or not hasattr(stages, "gate")):
        raise UnitsError(
            "stages must be a stage like bs.stages.NREM(), or a bs.stages.Hypnogram, not "
            f"{stages!r}."
        )
    gains, thresholds, target_rate = _constants(model, translation, data)
    assembly = Assembly(
        translation,
        model,
        rule,
        frozen_layers(translation, frozen),
        checked_pooling(max_pooling),
        addition_factors(translation, data),
        is_modulated=modulation is not None or stages is not None,
        lateral=lateral_parts(translation, lateral, model),
    )
    recorded = recorded_populations(record, assembly.populations, "record")
    counted = recorded_populations(record_rates, assembly.populations, "record_rates")
    counted = tuple(index for index in counted if index not in recorded)
    prepared = PreparedNight(
        assembly=assembly,
        stimulus=source,
        device=runner,
        plan=assembly.plan(
            dt=step,
            dtype=dtype,
            recorded=recorded,
            counted=counted if thresholds is not None else _all_but(recorded, assembly.populations),
        ),
        recorded=recorded,
        counted=counted,
        n_steps=n_steps,
        seed=whole_number(seed, "seed"),
        gains=gains,
        thresholds=thresholds,
        target_rate=target_rate,
        modulation=_modulation(modulation, n_steps, rule),
    )
    # raises for whatever is wrong with the models' own parameters
    prepared.job(thresholds if thresholds is not None else [1.0] * len(names))
    runner.check(prepared.plan)
    return prepared


def _shapes_of_images(data: Any, stimulus: Any) -> Iterator[tuple[int, ...]]:
    """Yield the shape of one image of the data, or of the stimulus, unless they are flat."""
    if data is not None and len(np.shape(data)) > 2:
        yield np.shape(data)[1:]
        return
    shape = getattr(stimulus, "image_shape", None)
    if shape is None and not isinstance(stimulus, Stimulus):
        # explicit spikes have their steps first
        full = np.shape(stimulus)
        shape = full[1:] if np.asarray(stimulus).dtype.kind == "b" else full
    if shape is not None and len(shape) > 1:
        yield tuple(shape)


def _from_layer(
    translation: Translation, path: str | None, stimulus: Any, data: Any
) -> tuple[Translation, Any, Any]:
    """Begin at a layer: cut off what is before it, and let it make features of images."""
    if path is None:
        return translation, stimulus, data
    rest = start_at(translation, path)
    # images that could be either are the network's, unless they have the shape of the layer's
    if (
        isinstance(stimulus, ImageStimulus)
        and stimulus.n_inputs == translation.n_inputs
        and (stimulus.n_inputs != rest.n_inputs or stimulus.image_shape != rest.input_shape)
    ):
        stimulus = stimulus.seen_through(
            lambda images: features(translation, path, images), rest.input_shape
        )
    if data is not None:
        data = features(translation, path, data)
    return rest, stimulus, data


def _n_spikes(outcome: Outcome, population: int) -> int:
    """Return how often a population fired in all."""
    if population in outcome.spikes:
        return len(outcome.spikes[population][0])
    return int(outcome.counts[population].sum())


def _all_but(recorded: tuple[int, ...], populations: Sequence[str]) -> tuple[int, ...]:
    """Return all other populations: calibration looks at all of them."""
    return tuple(index for index in range(len(populations)) if index not in recorded)


def _constants(
    neuron: Neuron, translation: Translation, data: Any
) -> tuple[list[float], list[float] | None, list[float] | None]:
    """Return gains, thresholds (None if to be calibrated) and target rates."""
    names = translation.layer_names
    thresholds, target_rate = None, None
    if isinstance(neuron.threshold, str) and neuron.threshold == "calibrated":
        target_rate = given_target_rate(neuron, names)
    else:
        thresholds = given_thresholds(neuron, names)
    if isinstance(neuron.gain, str) and neuron.gain == "tadros":
        gains = tadros_gains(translation, data, neuron.gain_scale)
    else:
        gains = given_gains(neuron, names)
    return gains, thresholds, target_rate


def _models(
    neuron: Neuron | None, plasticity: Plasticity | None, names: Sequence[str]
) -> tuple[Neuron, Plasticity]:
    """Fill in the default models and check the kinds of those given."""
    default_neuron, default_rule = default_models()
    n_layers = len(default_neuron.threshold)
    if (neuron is None or plasticity is None) and len(names) != n_layers:
        raise ParameterError(
            f"the default neuron and plasticity are for {n_layers} layers, but the network has "
            f"{len(names)} ({', '.join(names)}); pass neuron= and plasticity=, for example "
            "neuron=bs.Heaviside(threshold='calibrated', target_rate=50), plasticity=bs.SRC()."
        )
    model = default_neuron if neuron is None else neuron
    rule = default_rule if plasticity is None else plasticity
    if not is_neuron(model):
        raise UnitsError(f"neuron must be a neuron model like bs.LIF(...), not {model!r}.")
    if isinstance(rule, type) or not hasattr(rule, "synapse_parameters"):
        raise UnitsError(f"plasticity must be a rule like bs.SRC(...), not {rule!r}.")
    return model, rule


def _modulation(values: Any, n_steps: int, rule: Plasticity) -> np.ndarray | None:
    """Read the factor on learning in each step, if there is to be one."""
    if values is None and not asks_for_modulation(rule.equations()):
        return None
    return read_modulation(values, n_steps, type(rule).__name__)
