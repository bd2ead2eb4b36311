"""Everything about a night that is checked and computed before anything is built."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from brian2.units import Quantity, ms, second

from .assembly import (
    Assembly,
    addition_factors,
    checked_pooling,
    frozen_layers,
    lateral_parts,
)
from .devices import Device, Engine, Job, Outcome, get_device
from .errors import ParameterError, UnitsError, suggest
from .lateral import Lateral
from .neurons import (
    Heaviside,
    Neuron,
    given_gains,
    given_target_rates,
    given_thresholds,
    is_neuron,
)
from .parameters import quantity, whole_number
from .plan import NetworkPlan
from .plasticity import SRC, Plasticity, asks_for_modulation
from .stimuli import Gated, ImageStimulus, Stimulus, as_stimulus, skip_steps
from .translation import (
    Translation,
    calibrate_thresholds,
    features,
    start_at,
    tadros_gains,
    translate_for,
)

if TYPE_CHECKING:
    from torch import nn

DTYPES = ("float32", "float64")

#: Thresholds are calibrated on at most this many steps of the night's stimulus.
CALIBRATION_STEPS = 500

#: The default experiment's neuron and rule (three layers of weights), found by random search
#: on validation digits; the same as in ``default.toml``.
DEFAULT_NEURON = Heaviside(gain="tadros", threshold=[0.159208, 0.198904, 0.100559], decay=0.9995786)
DEFAULT_PLASTICITY = SRC(
    increase=[3.20106e-4, 3.20106e-4, 3.03732e-4],
    decrease=[1.65838e-4, 1.65838e-4, 4.52187e-4],
    weight_factor="tadros2022",
)


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
    target_rates : list of float or None
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
    target_rates: list[float] | None
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
        assert self.target_rates is not None
        trial_steps = min(self.n_steps, CALIBRATION_STEPS)
        return calibrate_thresholds(
            lambda thresholds: self.trial_rates(engine, thresholds, trial_steps),
            self.target_rates,
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
    gains, thresholds, target_rates = _constants(model, translation, data)
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
        target_rates=target_rates,
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
    thresholds, target_rates = None, None
    if isinstance(neuron.threshold, str) and neuron.threshold == "calibrated":
        target_rates = given_target_rates(neuron, names)
    else:
        thresholds = given_thresholds(neuron, names)
    if isinstance(neuron.gain, str) and neuron.gain == "tadros":
        gains = tadros_gains(translation, data, neuron.gain_scale)
    else:
        gains = given_gains(neuron, names)
    return gains, thresholds, target_rates


def _models(
    neuron: Neuron | None, plasticity: Plasticity | None, names: Sequence[str]
) -> tuple[Neuron, Plasticity]:
    """Fill in the default models and check the kinds of those given."""
    if (neuron is None or plasticity is None) and len(names) != len(DEFAULT_NEURON.threshold):
        raise ParameterError(
            f"the default neuron and plasticity are for 3 layers, but the network has {len(names)}"
            f" ({', '.join(names)}); pass neuron= and plasticity=, for example "
            "neuron=bs.Heaviside(threshold='calibrated', target_rates=50), plasticity=bs.SRC()."
        )
    model: Neuron = DEFAULT_NEURON if neuron is None else neuron
    rule: Plasticity = DEFAULT_PLASTICITY if plasticity is None else plasticity
    if not is_neuron(model):
        raise UnitsError(f"neuron must be a neuron model like bs.LIF(...), not {model!r}.")
    if isinstance(rule, type) or not hasattr(rule, "synapse_parameters"):
        raise UnitsError(f"plasticity must be a rule like bs.SRC(...), not {rule!r}.")
    return model, rule


def number_of_steps(duration: Any, dt: float, stimulus: Stimulus) -> int:
    """Turn a duration into a number of steps, and hold it against the stimulus' own."""
    if duration is None:
        return stimulus.n_steps if stimulus.n_steps is not None else _steps(0.5 * second, dt)
    n_steps = _steps(duration, dt)
    if stimulus.n_steps is not None and n_steps != stimulus.n_steps:
        raise ParameterError(
            f"duration: {n_steps} steps, but the explicit spikes have {stimulus.n_steps}."
        )
    return n_steps


def _steps(duration: Any, dt: float) -> int:
    """Read a duration given as time or as a number of steps."""
    if isinstance(duration, (Quantity, str)):
        seconds = quantity(duration, second, "duration", minimum=0, exclusive_minimum=True)
        n_steps = round(seconds / dt)
        if n_steps < 1 or abs(n_steps * dt - seconds) > 1e-6 * dt * max(n_steps, 1):
            raise ParameterError(
                f"duration: {seconds:g} s is not a whole number of time steps of {dt * 1e3:g} ms."
            )
        return n_steps
    if isinstance(duration, (float, np.floating)):
        raise UnitsError(
            f"duration: {duration!r} has no units; write {duration!r}*second, or a whole number "
            "of steps."
        )
    return whole_number(duration, "duration", minimum=1)


def _modulation(values: Any, n_steps: int, rule: Plasticity) -> np.ndarray | None:
    """Read the factor on learning in each step, if there is to be one."""
    if values is None and not asks_for_modulation(rule.equations()):
        return None
    return read_modulation(values, n_steps, type(rule).__name__)


def read_modulation(values: Any, n_steps: int, learner: str) -> np.ndarray:
    """Read the factor on learning, or the reward, of each step.

    Raises
    ------
    ParameterError, UnitsError
        Unless it is an array of finite numbers, one a step; `learner` is what needs it.
    """
    if values is None:
        raise ParameterError(
            f"modulation: {learner} learns when there is a reward; pass an array with the reward "
            f"of each of the {n_steps} steps."
        )
    try:
        modulation = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise UnitsError(
            f"modulation: must be numbers, one a step, not {type(values).__name__}."
        ) from None
    if modulation.shape != (n_steps,):
        raise ParameterError(
            f"modulation: must have shape ({n_steps},), one number a step, not {modulation.shape}."
        )
    if not np.isfinite(modulation).all():
        raise ParameterError("modulation: holds NaN or infinite values.")
    return modulation


def read_time_step(dt: Any) -> float:
    """Return a time step in seconds; 1 ms if it is None."""
    return quantity(1 * ms if dt is None else dt, ms, "dt", minimum=0, exclusive_minimum=True)


def check_dtype(dtype: str) -> str:
    """Return a data type of ours, or raise a ParameterError."""
    if dtype not in DTYPES:
        raise ParameterError(f"dtype {dtype!r}.{suggest(str(dtype), DTYPES)}")
    return dtype


def recorded_populations(record: Any, populations: Sequence[str], argument: str) -> tuple[int, ...]:
    """Return the indices of the populations to record."""
    if record is None or record is False:
        return ()
    if isinstance(record, str) and record == "all":
        return tuple(range(len(populations)))
    if not isinstance(record, (str, Sequence)):
        raise UnitsError(f"{argument} must be 'all', None or names of populations, not {record!r}.")
    names = [record] if isinstance(record, str) else record
    for name in names:
        if name not in populations:
            raise ParameterError(
                f"{argument}: no population is called {name!r}.{suggest(str(name), populations)}"
            )
    return tuple(index for index, name in enumerate(populations) if name in names)
