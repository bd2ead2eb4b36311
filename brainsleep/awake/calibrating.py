"""`calibrate`: gains and thresholds for each layer, by one of several methods."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from brian2.units import ms

from ..devices import Device
from ..errors import KindError, ParameterError, brief
from ..neurons import (
    Heaviside,
    IntegrateAndFire,
    Neuron,
    given_bias_gains,
    given_target_rate,
    is_text,
)
from ..night.preparing.night_request import NightRequest, Record
from ..night.preparing.part_inputs import data_at
from ..night.preparing.preparation import CALIBRATION_STEPS, prepare_night
from ..plasticity import SRC
from ..stimuli import MeanOfRandomImages, Stimulus, StimulusLike
from ..support.calls import public
from ..support.checks import known_name
from ..support.parameters import PerLayer
from ..support.progress import bars_if
from ..support.quantities import Time
from ..translation import Translation, as_translation, refuse_recurrence
from ..translation.activation_recording import as_input
from ..wake.given_data import GivenData, Images, read_images
from .calibration import Calibration, check_calibrated_model, with_constants_of
from .normalisation import METHODS as NORMALISATIONS
from .normalisation import normalise

if TYPE_CHECKING:
    from torch import nn

#: Names of the methods.
METHODS = ("rates", "tadros", *NORMALISATIONS)


@public
def calibrate(
    ann: nn.Module | Translation,
    data: Images,
    *,
    n_images: int | None = None,
    target_rate: PerLayer | None = None,
    method: str | None = None,
    stimulus: StimulusLike | None = None,
    neuron: Neuron | None = None,
    duration: Time | int = CALIBRATION_STEPS,
    percentile: float = 99.9,
    device: str | Device = "cpp",
    dtype: str = "float32",
    dt: Time = 1 * ms,
    seed: int = 0,
    progress: bool = True,
) -> Calibration:
    """Find a gain and a threshold for each layer, and report the rates they give.

    Parameters
    ----------
    ann : torch.nn.Module or Translation
        As `brainsleep.sleep` takes it. Never modified.
    data : array_like or Tensor, shape (n, ...); Dataset, DataLoader or other iterable
        What `ann` takes; labels that come with it are of no account. It is read once.
    n_images : int, optional
        How many images of the data to read; all unless given.
    target_rate : number, Quantity, list or dict, optional
        Mean firing rate wanted in each layer, in Hz, for the method ``"rates"``.
    method : str, optional
        ``"rates"``: search for thresholds, or gains, first layer to last, by simulation.
        ``"tadros"``: gains of `brainsleep.translation.tadros_gains`. ``"percentile"``,
        ``"max_norm"``: gains of `brainsleep.awake.normalisation.normalise`, for thresholds of 1.
        Unless given, ``"rates"`` if there is a `target_rate`, else ``"percentile"``.
    stimulus : bs.stimuli object or ndarray, optional
        Stimulus under which rates are measured. Rates depend on it, so pass the night's. Unless
        given, the mean of ten random images of the data, with a rate of 900 Hz for a pixel of 1.
    neuron : neuron model, optional
        `Heaviside`, `LIF`, `IntegrateAndFire` or a dataclass of your own. Constants that the method
        does not find are taken from it: with ``"rates"`` its gains, if they are numbers; with
        ``"tadros"`` its thresholds, if they are numbers, else 1. `Heaviside` unless given;
        `IntegrateAndFire` with ``"percentile"`` and ``"max_norm"``.
    duration : Quantity, str or int
        Length of a simulation; 500 steps unless given.
    percentile : float
        Percentile for ``"percentile"``, in (0, 100].
    device, dtype, dt, seed, progress
        As in `brainsleep.sleep`.

    Returns
    -------
    Calibration
        `Calibration.as_neuron` gives the neuron model for `brainsleep.sleep`.

    Raises
    ------
    TranslationError
        If a part of the network cannot be translated.
    ParameterError, UnitsError
        If an argument is wrong; nothing has been compiled or run by then.
    CompilerError, NightError
        As `brainsleep.sleep`.

    Warns
    -----
    CalibrationWarning
        By layer name, about a layer that cannot reach its rate.

    Examples
    --------
    >>> found = bs.calibrate(ann, images, target_rate=[60, 60, 30])  # doctest: +SKIP
    >>> night = bs.sleep(ann, stimulus, neuron=found.as_neuron())  # doctest: +SKIP
    """
    started = time.perf_counter()
    method = _method(method, target_rate)
    given = _read_data(data, n_images)
    network = as_translation(ann, given.shapes)
    refuse_recurrence(
        network.layers, "bs.calibrate", "bs.sleep finds their thresholds under its own stimulus"
    )
    images = given.images
    as_input(images, network.whole or network)  # raises if they do not fit
    model = _model(method, neuron, network, images, target_rate=target_rate, percentile=percentile)
    night = prepare_night(
        NightRequest(
            ann=replace(network, frozen=frozenset(network.layer_names)),
            stimulus=_random_images(images) if stimulus is None else stimulus,
            data=images,
            duration=duration,
            neuron=model,
            plasticity=SRC(),  # at no synapse
            device=device,
            dtype=dtype,
            dt=dt,
            record=Record(spikes=None, rates=network.layer_names),
            seed=seed,
        )
    )
    engine = night.device.prepare(night.plan, progress)
    built = time.perf_counter()
    with bars_if(progress):
        night, search = night.calibrate(engine, n_steps=night.n_steps)
    reached = night.trial_rates(engine) if search is None else search.rates
    names, ended, constants = night.layer_names, time.perf_counter(), night.constants
    trials = [0] * len(names) if search is None else search.trials
    gains = dict(zip(names, constants.known_gains, strict=True))
    bias_gains = dict(
        zip(names, given_bias_gains(model, names, constants.known_gains), strict=True)
    )
    found = dict(zip(names, constants.known_thresholds, strict=True))
    wanted = constants.target_rate
    return Calibration(
        method=method,
        gains=gains,
        thresholds=found,
        bias_gains=bias_gains,
        target_rate=None if wanted is None else dict(zip(names, wanted, strict=True)),
        rates=dict(zip(names, reached, strict=True)),
        trials=dict(zip(names, trials, strict=True)),
        model=with_constants_of(model, gains=gains, thresholds=found, bias_gains=bias_gains),
        stimulus=type(night.stimulus).__name__,
        n_steps=night.n_steps,
        timings={"build": built - started, "trials": ended - built, "total": ended - started},
    )


def _read_data(data: Images, n_images: int | None) -> GivenData:
    """Read the data, and refuse a stimulus in their place."""
    if data is None:
        raise KindError("data is missing: pass what the network takes, shape (n, ...).")
    if isinstance(data, Stimulus):
        raise KindError(
            "data must be what the network takes, shape (n, ...), not a stimulus; pass that as "
            "stimulus=."
        )
    return read_images(data, n_images=n_images)


def _random_images(images: np.ndarray) -> MeanOfRandomImages:
    """Make a stimulus of the data."""
    if images.min() < 0 or images.max() > 1:
        raise ParameterError(
            f"data range from {images.min():g} to {images.max():g}, but a stimulus is made of "
            "pixels in [0, 1]; pass stimulus=, that of the night."
        )
    return MeanOfRandomImages(images)


def _method(method: str | None, target_rate: PerLayer | None) -> str:
    """Return the method, or raise if it does not fit with the target rate."""
    if method is None:
        return "percentile" if target_rate is None else "rates"
    known_name(method, "method", METHODS)
    if method == "rates" and target_rate is None:
        raise ParameterError(
            "target_rate is missing: method 'rates' needs the firing rate wanted in each layer, as "
            "in target_rate=[60, 60, 30] (Hz)."
        )
    if method != "rates" and target_rate is not None:
        raise ParameterError(
            f"target_rate: method {method!r} takes none, but {brief(target_rate)} was given; leave "
            "one of the two out, or use method='rates'."
        )
    return method


def _model(
    method: str,
    neuron: Neuron | None,
    translation: Translation,
    images: np.ndarray,
    *,
    target_rate: PerLayer | None,
    percentile: float,
) -> Neuron:
    """Return the neuron model, with constants or with what is needed to find them."""
    if neuron is None:
        neuron = IntegrateAndFire() if method in NORMALISATIONS else Heaviside()
    check_calibrated_model(neuron)
    if method == "rates":
        finds_gain = is_text(neuron.gain, "calibrated") and not is_text(
            neuron.threshold, "calibrated"
        )
        threshold = neuron.threshold if finds_gain else "calibrated"
        model = replace(neuron, threshold=threshold, target_rate=target_rate)  # type: ignore[type-var]
        given_target_rate(model, translation.layer_names)
        return model
    if method == "tadros":
        is_open = isinstance(neuron.threshold, str) and neuron.threshold == "calibrated"
        threshold = 1.0 if is_open else neuron.threshold
        return replace(neuron, gain="tadros", threshold=threshold)  # type: ignore[type-var]
    scaled = normalise(translation, data_at(translation, images), method, percentile=percentile)
    thresholds = dict.fromkeys(translation.layer_names, 1.0)
    return with_constants_of(
        neuron, gains=scaled.gains, thresholds=thresholds, bias_gains=scaled.bias_gains
    )
