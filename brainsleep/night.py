"""One night of sleep: translate, run, write back; and what came of it."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from brian2.units import Quantity, ms, second

from .devices import Device, Engine, Job, Outcome, get_device
from .errors import DirectoryError, NightError, ParameterError, UnitsError, suggest
from .files import publish_directory
from .network import NetworkPlan
from .neurons import (
    Heaviside,
    Neuron,
    given_gains,
    given_target_rates,
    given_thresholds,
)
from .parameters import quantity, whole_number
from .plasticity import SRC, Plasticity
from .stimuli import Stimulus, as_stimulus
from .translation import Translation, calibrate_thresholds, tadros_gains, translate, write_back

if TYPE_CHECKING:
    from torch import nn

logger = logging.getLogger("brainsleep")

DTYPES = ("float32", "float64")

#: Thresholds are calibrated on at most this many steps of the night's stimulus.
CALIBRATION_STEPS = 500

#: Version of the layout that `Night.save` writes.
FORMAT = 1


@dataclass(frozen=True)
class Spikes:
    """Spikes of one population, in time order.

    Attributes
    ----------
    i : ndarray of int32
        Neuron indices.
    t : Quantity
        Spike times, the start of the time step each fell into.
    n_neurons : int
        Size of the population.
    """

    i: np.ndarray
    t: Quantity
    n_neurons: int

    def __len__(self) -> int:
        return len(self.i)


@dataclass
class Night:
    """What a night did.

    Attributes
    ----------
    ann : torch.nn.Module or None
        A copy of the network with the weights it woke up with.
    spikes : dict of str to Spikes
        By population, ``"input"`` first; only what was recorded.
    weights_before, weights_after : dict of str to ndarray
        By state-dict name.
    timings : dict
        Seconds: ``"translate"``, ``"build"``, ``"calibrate"``, ``"run"`` (the simulation loop
        alone), ``"read"``, ``"total"``; and ``"steps"``, ``"synapses"``, ``"build_cached"``.
    gains, thresholds : dict of str to float
        By layer, in the neuron model's unit (none for Heaviside, mV for LIF).
    sizes : dict of str to int
        Neurons by population, ``"input"`` first.
    n_steps : int
        Length in time steps.
    dt : Quantity
        Time step.
    settings : dict
        Seed, device, data type and models, as text.
    """

    ann: nn.Module | None
    spikes: dict[str, Spikes]
    weights_before: dict[str, np.ndarray]
    weights_after: dict[str, np.ndarray]
    timings: dict[str, Any]
    gains: dict[str, float]
    thresholds: dict[str, float]
    sizes: dict[str, int]
    n_steps: int
    dt: Quantity
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def duration(self) -> Quantity:
        """Simulated time."""
        return self.n_steps * self.dt

    def save(self, directory: str | os.PathLike[str]) -> None:
        """Write arrays and parameters to a new directory; nothing is pickled.

        Raises
        ------
        DirectoryError
            If the directory exists and is not empty, or cannot be written.
        """
        with publish_directory(Path(directory)) as work:
            arrays = {}
            for number, train in enumerate(self.spikes.values()):
                arrays[f"{number}.i"] = train.i
                arrays[f"{number}.step"] = np.rint(train.t / self.dt).astype(np.int64)
            _save_arrays(work / "spikes.npz", arrays)
            _save_arrays(work / "weights_before.npz", self.weights_before)
            _save_arrays(work / "weights_after.npz", self.weights_after)
            description = {
                "format": FORMAT,
                "recorded": list(self.spikes),
                "sizes": self.sizes,
                "n_steps": self.n_steps,
                "dt_seconds": float(self.dt),
                "gains": self.gains,
                "thresholds": self.thresholds,
                "timings": self.timings,
                "settings": self.settings,
            }
            (work / "night.json").write_text(json.dumps(description, indent=2))

    @classmethod
    def load(cls, directory: str | os.PathLike[str], ann: nn.Module | None = None) -> Night:
        """Read a saved night.

        Parameters
        ----------
        directory : path
            Where it was saved.
        ann : torch.nn.Module, optional
            The network that slept, or one of the same shape; `Night.ann` is then a copy of it
            with the weights it woke up with, else None.

        Raises
        ------
        DirectoryError
            If there is no complete night, or not one this version can read.
        """
        folder = Path(directory)
        try:
            description = json.loads((folder / "night.json").read_text())
            arrays = _load_arrays(folder / "spikes.npz")
            before = _load_arrays(folder / "weights_before.npz")
            after = _load_arrays(folder / "weights_after.npz")
        except FileNotFoundError as error:
            raise DirectoryError(
                f"{folder} holds no saved night: {error.filename} is missing."
            ) from None
        except (OSError, ValueError, zipfile.BadZipFile) as error:
            raise DirectoryError(f"{folder} holds a night that cannot be read: {error}") from error
        if description.get("format") != FORMAT:
            raise DirectoryError(
                f"{folder} holds a night in format {description.get('format')}; this version of "
                f"brainsleep reads format {FORMAT}."
            )
        dt = Quantity(description["dt_seconds"], dim=second.dim)
        spikes = {
            name: Spikes(arrays[f"{k}.i"], arrays[f"{k}.step"] * dt, description["sizes"][name])
            for k, name in enumerate(description["recorded"])
        }
        return cls(
            ann=write_back(ann, after) if ann is not None else None,
            spikes=spikes,
            weights_before=before,
            weights_after=after,
            timings=description["timings"],
            gains=description["gains"],
            thresholds=description["thresholds"],
            sizes=description["sizes"],
            n_steps=description["n_steps"],
            dt=dt,
            settings=description["settings"],
        )

    def plot_raster(self, **kwargs: Any) -> np.ndarray:
        """Draw the spike raster, one panel a layer; see `brainsleep.figures.plot_raster`."""
        from .figures import plot_raster

        return plot_raster(self, **kwargs)

    def __repr__(self) -> str:
        layers = " -> ".join(f"{name} ({size})" for name, size in self.sizes.items())
        return f"<Night of {self.n_steps} steps of {self.dt}: {layers}>"


def sleep(
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
    progress: bool = True,
) -> Night:
    """Let a trained network sleep for a night.

    The network's layers become Brian2 populations joined by plastic synapses, the stimulus
    drives them, spikes change the weights by a local rule, and the weights go back into a
    copy of the network.

    Parameters
    ----------
    ann : torch.nn.Module
        A feed-forward ReLU network of fully connected layers. Never modified; it may be in
        training mode or on a GPU.
    stimulus : bs.stimuli object or ndarray
        What drives the input. A float array (n_inputs,) or input-shaped: spike probability per
        step, in [0, 1]. A bool array (n_steps, n_inputs): these very spikes.
    data : array_like or Tensor, shape (n, ...), optional
        What `ann` takes; needed where gains are computed from its activity (``gain="tadros"``).
    duration : Quantity, str or int, optional
        Simulated time, or a number of steps; 0.5 s unless given. With explicit spikes it is
        their length, and any other value is an error.
    neuron : Heaviside, LIF or a model of your own, optional
        The default experiment's, `DEFAULT_NEURON`, unless given.
    plasticity : SRC or a rule of your own, optional
        The default experiment's, `DEFAULT_PLASTICITY`, unless given.
    device : str or Device
        ``"cpp"`` (default), ``"cpp_stock"`` or ``"runtime"``.
    dtype : str
        ``"float32"`` or ``"float64"``, the exact mode.
    dt : Quantity or str, optional
        Time step; 1 ms unless given.
    record : "all", None or sequence of str
        Populations whose spikes are kept, by name.
    seed : int
        Fixes the night: the same call gives the same spikes and weights, bit for bit.
    progress : bool
        Show a progress bar where there is a terminal or a notebook.

    Returns
    -------
    Night

    Raises
    ------
    TranslationError
        If a part of the network cannot be translated.
    ParameterError, UnitsError
        If an argument makes no sense; nothing has been compiled or run by then.
    CompilerError
        If the device needs a C++ compiler and there is none.
    NightError
        If the night was started but did not end well.

    Examples
    --------
    >>> night = bs.sleep(ann, images.mean(axis=0) * 0.1, data=images)  # doctest: +SKIP
    >>> night.plot_raster()  # doctest: +SKIP
    """
    started = time.perf_counter()
    translation = translate(ann)
    names = translation.layer_names
    source = as_stimulus(stimulus, translation.n_inputs)
    runner = get_device(device)
    step = quantity(1 * ms if dt is None else dt, ms, "dt", minimum=0, exclusive_minimum=True)
    n_steps = _number_of_steps(duration, step, source)
    whole_number(seed, "seed")
    if dtype not in DTYPES:
        raise ParameterError(f"dtype {dtype!r}.{suggest(str(dtype), DTYPES)}")
    model, rule = _models(neuron, plasticity, names)
    constants = _Constants(model, rule, translation, data, step)
    wanted = _recorded(record, ["input", *names])
    everything = tuple(range(len(names) + 1))
    plan = NetworkPlan(
        sizes=translation.sizes,
        neuron=model.equations(),
        synapse=rule.equations(),
        delay_steps=model.delay_steps,
        dt=step,
        dtype=dtype,
        # calibration looks at all layers
        recorded=wanted if constants.thresholds is not None else everything,
    )
    runner.check()
    _announce_memory(plan, runner, progress)
    translated = time.perf_counter()

    engine = runner.prepare(plan, progress)
    built = time.perf_counter()
    if constants.thresholds is None:
        constants.thresholds = _calibrate(engine, plan, constants, source, n_steps, seed)
    calibrated = time.perf_counter()

    job = constants.job(source.chunks(n_steps, step, seed), n_steps)
    outcome = engine.run(job, progress)
    after = {
        layer.weight_name: weights
        for layer, weights in zip(translation.layers, outcome.weights, strict=True)
    }
    _check_finite(translation, after)
    awake = write_back(ann, after)
    timings = {
        "translate": translated - started,
        "build": built - translated,
        "calibrate": calibrated - built,
        **outcome.timings,
        "total": time.perf_counter() - started,
        "steps": n_steps,
        "synapses": plan.n_synapses,
        "build_cached": engine.build_cached,
    }
    return Night(
        ann=awake,
        spikes=_spikes(outcome, plan, ["input", *names], wanted),
        weights_before={layer.weight_name: layer.weight for layer in translation.layers},
        weights_after=after,
        timings=timings,
        gains=dict(zip(names, constants.gains, strict=True)),
        thresholds=dict(zip(names, constants.thresholds, strict=True)),
        sizes=dict(zip(["input", *names], plan.sizes, strict=True)),
        n_steps=n_steps,
        dt=Quantity(step, dim=second.dim),
        settings={
            "seed": int(seed),
            "device": runner.name,
            "dtype": dtype,
            "neuron": repr(model),
            "plasticity": repr(rule),
        },
    )


#: The default experiment's neuron and rule (three layers of weights), found by random search
#: on validation digits; see docs/parameters.md.
DEFAULT_NEURON = Heaviside(gain="tadros", threshold=[0.159208, 0.198904, 0.100559], decay=0.9995786)
DEFAULT_PLASTICITY = SRC(
    increase=[3.20106e-4, 3.20106e-4, 3.03732e-4],
    decrease=[1.65838e-4, 1.65838e-4, 4.52187e-4],
    weight_factor="tadros2022",
)


class _Constants:
    """The numbers of a night that may change without recompiling."""

    def __init__(
        self, neuron: Neuron, plasticity: Plasticity, translation: Translation, data: Any, dt: float
    ) -> None:
        self.neuron = neuron
        self.translation = translation
        self.names = translation.layer_names
        self.presynaptic = plasticity.presynaptic_parameters(dt)
        self.projections = plasticity.synapse_parameters(self.names)
        self.thresholds: list[float] | None = None
        if isinstance(neuron.threshold, str) and neuron.threshold == "calibrated":
            self.target_rates = given_target_rates(neuron, self.names)
        else:
            self.thresholds = given_thresholds(neuron, self.names)
        if isinstance(neuron.gain, str) and neuron.gain == "tadros":
            self.gains = tadros_gains(translation, data, neuron.gain_scale)
        else:
            self.gains = given_gains(neuron, self.names)
        # raises for whatever else is wrong with the model's parameters, before anything is built
        neuron.parameters(self.names, self.gains, self.thresholds or [1.0] * len(self.names))

    def job(self, chunks: Any, n_steps: int, thresholds: list[float] | None = None) -> Job:
        """Make a job; other thresholds may be tried."""
        if thresholds is None:
            thresholds = self.thresholds
        assert thresholds is not None, "thresholds are calibrated first"
        layers = self.neuron.parameters(self.names, self.gains, thresholds)
        return Job(
            input_spikes=chunks,
            n_steps=n_steps,
            weights=[layer.weight for layer in self.translation.layers],
            biases=[layer.bias for layer in self.translation.layers],
            population_parameters=[
                self.presynaptic,
                *({**layer, **self.presynaptic} for layer in layers),
            ],
            projection_parameters=self.projections,
        )

    def job_without_plasticity(self, chunks: Any, n_steps: int, thresholds: list[float]) -> Job:
        """Make a job in which no weight changes."""
        job = self.job(chunks, n_steps, thresholds)
        job.projection_parameters = [dict.fromkeys(layer, 0.0) for layer in self.projections]
        return job


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
    if isinstance(model, type) or not hasattr(model, "parameters"):
        raise UnitsError(f"neuron must be a neuron model like bs.LIF(...), not {model!r}.")
    if isinstance(rule, type) or not hasattr(rule, "synapse_parameters"):
        raise UnitsError(f"plasticity must be a rule like bs.SRC(...), not {rule!r}.")
    return model, rule


def _number_of_steps(duration: Any, dt: float, stimulus: Stimulus) -> int:
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


def _recorded(record: Any, populations: Sequence[str]) -> tuple[int, ...]:
    """Return the indices of the populations to record."""
    if record is None or record is False:
        return ()
    if isinstance(record, str) and record == "all":
        return tuple(range(len(populations)))
    if not isinstance(record, (str, Sequence)):
        raise UnitsError(f"record must be 'all', None or names of populations, not {record!r}.")
    names = [record] if isinstance(record, str) else record
    for name in names:
        if name not in populations:
            raise ParameterError(
                f"record: no population is called {name!r}.{suggest(str(name), populations)}"
            )
    return tuple(index for index, name in enumerate(populations) if name in names)


def _calibrate(
    engine: Engine,
    plan: NetworkPlan,
    constants: _Constants,
    stimulus: Stimulus,
    n_steps: int,
    seed: int,
) -> list[float]:
    """Find the thresholds at which the layers fire at their target rates."""
    trial_steps = min(n_steps, CALIBRATION_STEPS)
    populations = range(1, len(plan.sizes))

    def simulate(thresholds: list[float]) -> list[float]:
        chunks = stimulus.chunks(trial_steps, plan.dt, seed)
        outcome = engine.run(constants.job_without_plasticity(chunks, trial_steps, thresholds))
        return [
            len(outcome.spikes[index][0]) / (plan.sizes[index] * trial_steps * plan.dt)
            for index in populations
        ]

    start = [gain or 1.0 for gain in constants.gains]
    return calibrate_thresholds(simulate, constants.target_rates, constants.names, start)


def _spikes(
    outcome: Outcome, plan: NetworkPlan, populations: Sequence[str], wanted: Sequence[int]
) -> dict[str, Spikes]:
    """Name the spikes of the wanted populations and give them times with units."""
    dt = Quantity(plan.dt, dim=second.dim)
    return {
        populations[index]: Spikes(indices, steps * dt, plan.sizes[index])
        for index, (indices, steps) in sorted(outcome.spikes.items())
        if index in wanted
    }


def _check_finite(translation: Translation, weights: Mapping[str, np.ndarray]) -> None:
    """Raise if a weight left the finite numbers."""
    for layer in translation.layers:
        if not np.isfinite(weights[layer.weight_name]).all():
            raise NightError(
                f"the weights of layer {layer.name!r} grew beyond all bounds; lower its increase "
                "and decrease, or choose another weight_factor."
            )


def _announce_memory(plan: NetworkPlan, device: Device, progress: bool) -> None:
    """Say, before building, how much memory the night will take."""
    megabytes = device.memory(plan) / 2**20
    text = f"sleep: {plan.n_synapses:,} synapses, about {megabytes:,.0f} MiB on {device.name}"
    logger.info(text)
    if progress and sys.stderr.isatty():
        print(text, file=sys.stderr)


def _save_arrays(file: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write an npz file, without pickles; unlike np.savez, for arrays of any name."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as stream:
                np.lib.format.write_array(stream, array, allow_pickle=False)


def _load_arrays(file: Path) -> dict[str, np.ndarray]:
    """Read an npz file whole, refusing pickles."""
    with np.load(file, allow_pickle=False) as arrays:
        return dict(arrays)
