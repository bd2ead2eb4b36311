"""`spiking_accuracy`: a trained network run as a spiking one, and what it makes of images."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
from brian2.units import Quantity, ms, second

from ..devices import Device
from ..neurons import IntegrateAndFire, Neuron
from ..support.calls import public
from ..support.checks import whole_number
from ..support.quantities import Time
from ..translation import Translation
from ..wake.given_data import Images, LabelledImages
from .accuracy import SpikingAccuracy
from .coding import Coding
from .inference_preparation import prepare_inference
from .inference_request import InferenceRequest
from .presenting import PreparedInference
from .seeing import Seen, see_all

if TYPE_CHECKING:
    from torch import nn


@public
def spiking_accuracy(
    ann: nn.Module | Translation,
    data: LabelledImages,
    n_steps: int = 100,
    *,
    n_images: int | None = None,
    coding: str | Coding = "constant",
    max_rate: Quantity | str | None = None,
    neuron: Neuron | None = None,
    normalisation: str = "percentile",
    percentile: float = 99.9,
    calibration_data: Images | None = None,
    device: str | Device = "cpp",
    dtype: str = "float32",
    dt: Time = 1 * ms,
    seed: int = 0,
    n_jobs: int | None = None,
    stop_when_stable: int | None = None,
    progress: bool = True,
) -> SpikingAccuracy:
    """Run a trained network as a spiking one, and compare what both make of images.

    The network is converted for inference: neurons do not leak, and keep at a spike what is above
    their threshold; gains are normalised layer by layer
    (`brainsleep.awake.normalisation.normalise`), and biases are scaled with their layer. Nothing
    learns. Every image is shown to a network at rest. The outputs do not spike; the one with the
    highest potential is chosen.

    Parameters
    ----------
    ann : torch.nn.Module or Translation
        As `brainsleep.sleep` takes it. Never modified. In a module, max pooling passes on the
        spikes of the most active input, which comes nearest to a maximum; a translated network
        keeps its own `max_pooling`.
    data : bs.wake.Dataset, pair (images, labels), torch Dataset, DataLoader or other iterable
        Images of shape (n, ...), as `ann` takes them or flat; labels of shape (n,). Elements of a
        Dataset are pairs (image, label), those of a DataLoader batches of them, those of another
        iterable either; what follows a label is left out. They are read once, into memory.
    n_steps : int
        Number of time steps for which each image is shown.
    n_images : int, optional
        How many images to show, from the beginning; all unless given.
    coding : str
        ``"constant"``: the image's weighted sums come in as constant currents. ``"poisson"``: an
        input neuron spikes in each step with a probability in proportion to its pixel.
        ``"latency"``: it spikes once, the brighter the pixel the sooner. The last two need pixels
        in [0, 1].
    max_rate : Quantity or str, optional
        Rate of a pixel of 1 with ``"poisson"``, in Hz; one spike per step unless given.
    neuron : neuron model, optional
        `Heaviside`, `LIF`, `IntegrateAndFire` or a dataclass of your own; `IntegrateAndFire` unless
        given. Gains and thresholds that are numbers are kept; ``gain="tadros"`` and
        ``threshold="calibrated"`` are replaced by those of the normalisation.
    normalisation : str
        How the scale of a layer is chosen: ``"percentile"``, or ``"max_norm"`` (the larger of its
        largest weight and activation).
    percentile : float
        Percentile of the rectified activations, in (0, 100]; 100 is their maximum.
    calibration_data : array_like, Dataset or DataLoader, optional
        Images from which the scales are computed; labels are of no account. The first 500 of
        `data` unless given.
    device, dtype, dt
        As in `brainsleep.sleep`.
    seed : int
        Seed of ``"poisson"``. The spikes of an image depend on its number and the seed alone.
    n_jobs : int, optional
        Number of programs that run at the same time, each for some of the images; on C++ devices
        only. As many as there are cores unless given, and one in a worker process. Results are the
        same for any number, bit for bit.
    stop_when_stable : int, optional
        An image is decided, and shown no longer, once the same output has been chosen for so many
        steps. It is looked at after as many steps, and after 2, 4, 8, … times as many, each time
        shown again from the beginning; the steps that this took in all are in the result. What is
        counted of an image is counted up to its decision, which then stands for the steps that are
        left. Accuracy may fall: compare it with that of a call without. Unless given, all images
        are shown for all steps.
    progress : bool
        Show a progress bar where there is a terminal or a notebook.

    Returns
    -------
    SpikingAccuracy

    Raises
    ------
    TranslationError
        If a part of the network cannot be translated.
    ParameterError, UnitsError
        If an argument is wrong; nothing has been compiled or run by then.
    CompilerError, NightError
        As `brainsleep.sleep`.

    Examples
    --------
    >>> bs.spiking_accuracy(ann, digits.test, n_steps=100)  # doctest: +SKIP
    """
    request = InferenceRequest(
        ann=ann,
        data=data,
        n_steps=n_steps,
        n_images=n_images,
        coding=coding,
        max_rate=max_rate,
        neuron=IntegrateAndFire() if neuron is None else neuron,
        normalisation=normalisation,
        percentile=percentile,
        calibration_data=calibration_data,
        device=device,
        dtype=dtype,
        dt=dt,
        seed=seed,
    )
    if n_jobs is not None:
        whole_number(n_jobs, "n_jobs", minimum=1)
    if stop_when_stable is not None:
        whole_number(stop_when_stable, "stop_when_stable", minimum=1)
    prepared = prepare_inference(request)
    built = time.perf_counter()
    engine = prepared.device.prepare(prepared.plan, progress)
    build = time.perf_counter() - built
    seen = see_all(prepared, engine, n_jobs, stop_when_stable, progress)
    return _result(prepared, seen, {"translate": prepared.seconds, "build": build})


def _result(prepared: PreparedInference, seen: Seen, timings: dict[str, float]) -> SpikingAccuracy:
    """Put the result together."""
    translation, labels = prepared.translation, prepared.labels
    tally, choices = seen.tally, np.column_stack([seen.choices, seen.ann_choices])
    right = choices == labels[:, None]
    accuracy = np.mean([right[labels == label].mean(axis=0) for label in np.unique(labels)], axis=0)
    predictions = seen.choices
    seconds = {**timings, "run": tally.seconds}
    return SpikingAccuracy(
        accuracy=accuracy[:-1],
        ann_accuracy=float(accuracy[-1]),
        agreement=(predictions == choices[:, -1:]).mean(axis=0),
        predictions=predictions,
        n_images=len(labels),
        n_steps=prepared.n_steps,
        spikes_per_image=tally.spikes_per_image(),
        synaptic_operations_per_image=tally.operations_per_image(),
        multiplications_per_image={
            layer.name: sum(link.n_synapses for link in layer.weighted)
            for layer in translation.weighted_layers
        },
        current_layers=prepared.current_layers,
        zeros=tally.zeros(),
        correlation=tally.correlation(),
        steps_until_decision=seen.steps,
        steps_simulated=seen.n_simulated / len(labels),
        scales=dict(prepared.scales),
        sizes=dict(zip(translation.populations, translation.sizes, strict=True)),
        timings={**seconds, "total": time.perf_counter() - prepared.started},
        settings=prepared.settings(),
        assembly=prepared.assembly,
        dt=prepared.plan.dt * second,
    )
