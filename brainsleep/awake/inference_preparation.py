"""Everything about showing images that is checked and computed before anything is built."""

from __future__ import annotations

import time
from dataclasses import fields, is_dataclass, replace
from functools import partial

import numpy as np
from brian2 import Equations
from numpy.typing import NDArray

from ..devices import get_device
from ..devices.arguments import check_dtype, read_time_step
from ..errors import ParameterError
from ..neurons import Neuron, given_thresholds, is_text
from ..night.preparing.assembly import Assembly
from ..night.preparing.models import check_neuron
from ..night.preparing.part_inputs import data_at
from ..plasticity import SRC
from ..support.checks import whole_number
from ..support.parameters import PerLayer
from ..translation import INPUT, Translation, as_translation, refuse_recurrence, refuse_winners
from ..wake.given_data import read_images, read_labelled
from .coding import Coding, as_coding
from .inference_request import InferenceRequest
from .labelled import check_labels, flat_images
from .network_itself import Activity
from .normalisation import Normalisation, normalise
from .presenting import PreparedInference

#: Number of images from which scales are computed, unless data are given for that.
CALIBRATION_IMAGES = 500

#: A threshold that no output neuron reaches: its potential is read instead.
NEVER = 1e30


def prepare_inference(request: InferenceRequest) -> PreparedInference:
    """Check every argument of `brainsleep.spiking_accuracy`, and build nothing.

    Parameters
    ----------
    request : InferenceRequest
        The arguments of `brainsleep.spiking_accuracy`; errors are raised as there.

    Returns
    -------
    PreparedInference
    """
    started = time.perf_counter()
    data = read_labelled(request.data, n_images=request.n_images)
    network = as_translation(request.ann, data.shapes, max_pooling="most_active")
    refuse_winners(network, "spikes of single steps", "wake.accuracy shows images to the network")
    refuse_recurrence(
        network.layers, "spiking inference", "call the network itself on its sequences"
    )
    images = flat_images(np.asarray(data_at(network, data.images)), network)
    labels = data.labels
    assert labels is not None
    check_labels(labels, len(images), network.layers[-1].n_out)
    n_steps = whole_number(request.n_steps, "n_steps", minimum=1)
    dt, dtype = read_time_step(request.dt), check_dtype(request.dtype)
    coding = as_coding(request.coding, request.max_rate, dt, whole_number(request.seed, "seed"))
    coding.check(images, network)
    scaled, known = _scaled(request, network, images, coding.input_scale(n_steps))
    assembly = _assembly(network, request.neuron, scaled)
    last, device = len(network.layers), get_device(request.device)
    whole = assembly.plan(
        dt=dt,
        dtype=dtype,
        recorded=(),
        tallied=tuple(range(int(coding.is_silent), last)),
        watched=((last, "v"),),
    )
    used = _used_projections(assembly, coding)
    plan = replace(whole, projections=tuple(whole.projections[number] for number in used))
    device.check(plan)
    prepared = PreparedInference(
        request=request,
        assembly=assembly,
        images=images,
        labels=labels,
        known=known,
        coding=coding,
        scales=scaled.scales,
        n_steps=n_steps,
        plan=plan,
        used=used,
        device=device,
        started=started,
    )
    prepared.parameters()  # raises for whatever is wrong with the model's own
    return replace(prepared, seconds=time.perf_counter() - started)


def _scaled(
    request: InferenceRequest, network: Translation, images: NDArray[np.floating], per_spike: float
) -> tuple[Normalisation, Activity | None]:
    """Choose the scales; return what the network makes of all or the first images."""
    choose = partial(
        normalise,
        network,
        method=request.normalisation,
        percentile=request.percentile,
        input_scale=per_spike,
    )
    given = request.calibration_data
    known = Activity.of_first(network, images, CALIBRATION_IMAGES)
    if given is not None:
        data = data_at(network, read_images(given, "calibration_data").images)
        return choose(data), known
    activations = None if known is None else known.first(CALIBRATION_IMAGES)
    return choose(images[:CALIBRATION_IMAGES], activations=activations), known


def _used_projections(assembly: Assembly, coding: Coding) -> tuple[int, ...]:
    """Return the numbers of the projections through which spikes may come.

    A layer that gets the image as a current and nothing else needs no weights. Where it gets more,
    the input's weights stay: the factors of what comes together are numbered.
    """
    return tuple(
        number
        for number, (layer, link) in enumerate(assembly.links)
        if not (coding.is_silent and link.source == INPUT and len(layer.connections) == 1)
    )


def _assembly(network: Translation, neuron: Neuron, scaled: Normalisation) -> Assembly:
    """Put the layers and their neurons together; no layer learns."""
    output = network.layers[-1]
    if output.kind != "neurons":
        raise ParameterError(
            f"the network's last layer, {output.name!r}, pools, but its potentials are to be read; "
            "use a network that ends in a Linear or Conv layer."
        )
    return Assembly(
        network,
        with_constants(neuron, network, scaled),
        SRC(0, 0),  # at no synapse
        frozenset(network.layer_names),
        network.max_pooling,
        scaled.factors,
    )


def with_constants(
    neuron: Neuron, translation: Translation, normalisation: Normalisation
) -> Neuron:
    """Give a neuron model the gains of a normalisation, where it has no numbers of its own.

    Parameters
    ----------
    neuron : Neuron
        A dataclass with the fields gain, threshold and bias_gain, and a potential ``v``.
    translation : Translation
        The network.
    normalisation : Normalisation
        Gains for thresholds of 1.

    Returns
    -------
    Neuron
        Its threshold is 1 where none was given as a number, and out of reach in the output layer.

    Raises
    ------
    UnitsError
        If `neuron` is no neuron model.
    ParameterError
        If it lacks one of the fields, or the potential.
    """
    wanted = ("gain", "threshold", "bias_gain")
    check_neuron(neuron)
    if not is_dataclass(neuron) or not {one.name for one in fields(neuron)}.issuperset(wanted):
        raise ParameterError(
            f"neuron: {type(neuron).__name__} must be a dataclass with the fields "
            f"{', '.join(wanted)}, since they are chosen for it."
        )
    if "v" not in Equations(neuron.equations().model).names:
        raise ParameterError(
            f"neuron: {type(neuron).__name__} has no variable v, which is read at the output; give "
            "its potential that name."
        )
    names = translation.layer_names
    constants: dict[str, PerLayer] = {}
    if is_text(neuron.gain, "tadros") or is_text(neuron.gain, "calibrated"):
        constants["gain"] = dict(normalisation.gains)
        if neuron.bias_gain is None:
            constants["bias_gain"] = dict(normalisation.bias_gains)
    if isinstance(neuron.threshold, str) and neuron.threshold == "calibrated":
        thresholds = dict.fromkeys(names, 1.0)
    else:
        thresholds = dict(zip(names, given_thresholds(neuron, names), strict=True))
    constants["threshold"] = thresholds | {translation.layers[-1].name: NEVER}
    return replace(neuron, **constants)
