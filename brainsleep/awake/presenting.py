"""A network that is awake: images shown to it one after the other, none of which changes it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import numpy as np
import torch
from brian2 import Equations

from ..devices import CppStandalone, Device, Engine, Job, get_device
from ..devices.arguments import check_dtype, read_time_step
from ..errors import ParameterError
from ..network.plan import NetworkPlan
from ..neurons import Neuron, given_gains, given_thresholds
from ..night.assembly import Assembly
from ..night.models import check_neuron
from ..plasticity import SRC
from ..support.checks import whole_number
from ..translation import Translation, as_translation, record_activations
from ..translation.activations import as_input
from .coding import Coding, as_coding
from .labelled import check_labels, flat_images, images_and_labels
from .normalisation import Normalisation, normalise
from .request import AwakeRequest
from .tally import Shown, Tally

#: Images that scales are computed from, unless data are given for it.
CALIBRATION_IMAGES = 500

#: A threshold that no output neuron reaches: its potential is read instead.
NEVER = 1e30

#: Neurons times steps times images of one launch. What a launch holds in memory is a few
#: bytes for each of them in which a spike falls.
LAUNCH_VALUES = 2**26


@dataclass(frozen=True, eq=False)
class PreparedAwake:
    """A spiking network made ready to be shown images; nothing is built yet.

    Attributes
    ----------
    request : AwakeRequest
        What was asked for.
    assembly : Assembly
        The network's layers, none of which learns, and the neurons they get.
    images, labels : ndarray
        Images, flat, and their labels.
    coding : Coding
        How images come in.
    scales : dict of str to float
        The activation that one spike per step stands for, by population.
    n_steps : int
        Length of a presentation.
    plan : NetworkPlan
        What the generated code depends on.
    device : Device
        Where it runs.
    started, seconds : float
        When preparing began, on the clock of `time.perf_counter`, and what it took.
    """

    request: AwakeRequest
    assembly: Assembly
    images: np.ndarray
    labels: np.ndarray
    coding: Coding
    scales: Mapping[str, float]
    n_steps: int
    plan: NetworkPlan
    device: Device
    started: float
    seconds: float = 0.0

    @property
    def translation(self) -> Translation:
        """The network's layers."""
        return self.assembly.translation

    @property
    def values_per_image(self) -> int:
        """Neurons times steps."""
        return sum(self.plan.sizes) * self.n_steps

    def settings(self) -> dict[str, Any]:
        """Return what was asked for, for people and files."""
        request = self.request
        return {
            "coding": self.coding.name,
            "neuron": repr(request.neuron),
            "normalisation": request.normalisation,
            "percentile": request.percentile,
            "max_pooling": self.assembly.max_pooling,
            "device": self.device.name,
            "dtype": self.plan.dtype,
            "seed": request.seed,
        }

    def job(self, images: np.ndarray, first: int) -> Job:
        """Make the job of some images, flat; `first` is the number of the first."""
        names = self.translation.layer_names
        neuron = self.assembly.neuron
        currents = self.coding.currents(self.translation, images)
        layers = self.translation.layers
        return Job(
            input_spikes=(
                chunk
                for number, image in enumerate(images, start=first)
                for chunk in self.coding.chunks(image, number, self.n_steps)
            ),
            n_steps=len(images) * self.n_steps,
            weights=self.assembly.weights(),
            biases=[None if layer.name in currents else layer.bias for layer in layers],
            population_parameters=self.assembly.population_parameters(
                given_gains(neuron, names), given_thresholds(neuron, names), self.plan.dt
            ),
            projection_parameters=self.assembly.projection_parameters(plastic=False),
            presentation_steps=self.n_steps,
            presentation_biases=[currents.get(layer.name) for layer in layers],
        )

    def show(self, engine: Engine, images: np.ndarray, first: int) -> tuple[Tally, np.ndarray]:
        """Show some images; return what was counted, and the choices of both networks.

        Returns
        -------
        Tally
            What was counted.
        ndarray of int32, shape (n_images, n_steps + 1)
            Output chosen after each step, and in the last column that of the artificial network.
        """
        job = self.job(images, first)
        outcome = engine.run(job)
        if outcome.n_steps < job.n_steps:  # an engine takes Ctrl-C for the end of its night
            raise KeyboardInterrupt
        shown = Shown.read(outcome, self.translation, self.n_steps)
        activations = record_activations(self.translation, images, None)
        outputs = ann_outputs(self.translation, images)
        tally = Tally(self.translation, self.n_steps)
        tally.add(shown, activations, outputs)
        chosen = outputs.argmax(axis=1).astype(np.int32)
        return tally, np.column_stack([shown.choices, chosen])

    def show_all(self, engine: Engine, n_jobs: int) -> Iterator[tuple[Tally, np.ndarray]]:
        """Show all images in launches of bounded size, several at a time; see :meth:`show`."""
        if not isinstance(self.device, CppStandalone):
            n_jobs = 1  # Brian2 itself runs one network at a time in this process
        fit = max(1, LAUNCH_VALUES // self.values_per_image)
        images = self.images
        size = min(fit, -(-len(images) // n_jobs))
        starts = range(0, len(images), size)
        if n_jobs == 1:
            yield from (self.show(engine, images[k : k + size], k) for k in starts)
            return
        pool = ThreadPoolExecutor(n_jobs)
        try:
            yield from pool.map(lambda k: self.show(engine, images[k : k + size], k), starts)
        finally:
            pool.shutdown(cancel_futures=True)


def prepare_awake(request: AwakeRequest) -> PreparedAwake:
    """Check every argument of `brainsleep.spiking_accuracy`; build nothing.

    Raises
    ------
    TranslationError, ParameterError, UnitsError
        As `brainsleep.spiking_accuracy`.
    """
    started = time.perf_counter()
    images, labels, shapes = images_and_labels(request.data)
    network = as_translation(request.ann, shapes, max_pooling="most_active")
    images = flat_images(images, network)
    check_labels(labels, len(images), network.layers[-1].n_out)
    n_steps = whole_number(request.n_steps, "n_steps", minimum=1)
    dt, dtype = read_time_step(request.dt), check_dtype(request.dtype)
    coding = as_coding(request.coding, request.max_rate, dt, whole_number(request.seed, "seed"))
    coding.check(images, network)
    scaled = normalise(
        network,
        images[:CALIBRATION_IMAGES]
        if request.calibration_data is None
        else request.calibration_data,
        request.normalisation,
        percentile=request.percentile,
        input_scale=coding.input_scale(n_steps),
    )
    assembly = _assembly(network, request.neuron, scaled)
    last, device = len(network.layers), get_device(request.device)
    plan = assembly.plan(dt=dt, dtype=dtype, recorded=tuple(range(last)), watched=((last, "v"),))
    device.check(plan)
    prepared = PreparedAwake(
        request=request,
        assembly=assembly,
        images=images,
        labels=labels,
        coding=coding,
        scales=scaled.scales,
        n_steps=n_steps,
        plan=plan,
        device=device,
        started=started,
    )
    prepared.job(images[:1], 0)  # raises for whatever is wrong with the model's own parameters
    return replace(prepared, seconds=time.perf_counter() - started)


def _assembly(network: Translation, neuron: Neuron, scaled: Normalisation) -> Assembly:
    """Put the layers and their neurons together, none of which learns."""
    output = network.layers[-1]
    if output.kind != "neurons":
        raise ParameterError(
            f"the network's last layer, {output.name!r}, pools; only one whose potentials add up "
            "its input, a Linear or Conv, can be read."
        )
    return Assembly(
        network,
        with_constants(neuron, network, scaled),
        SRC(),  # at no synapse
        frozenset(network.layer_names),
        network.max_pooling,
        scaled.factors,
    )


def with_constants(
    neuron: Neuron, translation: Translation, normalisation: Normalisation
) -> Neuron:
    """Give a neuron model the gains of a normalisation, where it has no numbers of its own.

    Thresholds are 1 then, and that of the output layer is out of reach in any case.

    Raises
    ------
    ParameterError, UnitsError
        If the model is none, has no potential ``v``, or cannot be given constants.
    """
    wanted = ("gain", "threshold", "bias_gain")
    check_neuron(neuron)
    if not is_dataclass(neuron) or not {one.name for one in fields(neuron)}.issuperset(wanted):
        raise ParameterError(
            f"neuron: {type(neuron).__name__} must be a dataclass with the fields "
            f"{', '.join(wanted)} to be given constants."
        )
    if "v" not in Equations(neuron.equations().model).names:
        raise ParameterError(
            f"neuron: {type(neuron).__name__} has no variable v, which is read at the output."
        )
    names = translation.layer_names
    constants: dict[str, Any] = {}
    if isinstance(neuron.gain, str) and neuron.gain == "tadros":
        constants["gain"] = dict(normalisation.gains)
        if neuron.bias_gain is None:
            constants["bias_gain"] = dict(normalisation.bias_gains)
    if isinstance(neuron.threshold, str) and neuron.threshold == "calibrated":
        thresholds = dict.fromkeys(names, 1.0)
    else:
        thresholds = dict(zip(names, given_thresholds(neuron, names), strict=True))
    constants["threshold"] = thresholds | {translation.layers[-1].name: NEVER}
    return replace(neuron, **constants)


def ann_outputs(translation: Translation, images: Any) -> np.ndarray:
    """Return what the artificial network itself gives, shape (n, n_outputs), not rectified."""
    with torch.no_grad():
        result = translation.graph(as_input(images, translation).clone())
    return result.reshape(len(result), -1).double().numpy()
