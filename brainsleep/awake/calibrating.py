"""Gains and thresholds for each layer, by one of several methods, and what rates they give."""

from __future__ import annotations

import time
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from brian2.units import Quantity, ms

from ..devices import Device, Engine
from ..errors import ParameterError, UnitsError, suggest
from ..neurons import (
    Heaviside,
    IntegrateAndFire,
    Neuron,
    given_bias_gains,
    given_target_rate,
)
from ..night.models import check_neuron
from ..night.night_request import NightRequest, Record
from ..night.preparation import CALIBRATION_STEPS, PreparedNight, prepare_night
from ..plasticity import SRC
from ..stimuli import MeanOfRandomImages, StimulusLike
from ..support.parameters import PerLayer
from ..support.quantities import Time
from ..support.texttable import as_html, plain, without_empty_columns
from ..translation import Translation, as_translation, calibrate_thresholds
from .labelled import as_array
from .normalisation import METHODS as NORMALISATIONS
from .normalisation import normalise

if TYPE_CHECKING:
    from torch import nn

#: Names that users write.
METHODS = ("rates", "tadros", *NORMALISATIONS)


@dataclass(frozen=True)
class Calibration:
    """Gains and thresholds that were found, and how.

    Attributes
    ----------
    method : str
        ``"rates"``, ``"tadros"``, ``"percentile"`` or ``"max_norm"``.
    gains, thresholds : dict of str to float
        By layer, in the neuron model's unit. Only gain/threshold matters for a spike.
    bias_gains : dict of str to float
        By layer: what one unit of bias adds each step.
    target_rate : dict of str to float, or None
        In Hz; None unless rates were asked for.
    rates : dict of str to float
        In Hz, by layer: reached under `stimulus` with plasticity off.
    trials : dict of str to int
        By layer: simulations that its threshold took.
    model : Neuron
        The neuron model, with these constants.
    stimulus : str
        Under which the rates are.
    n_steps : int
        Length of a trial.
    timings : dict of str to float
        Seconds: ``"build"``, ``"trials"``, ``"total"``.
    """

    method: str
    gains: dict[str, float]
    thresholds: dict[str, float]
    bias_gains: dict[str, float]
    target_rate: dict[str, float] | None
    rates: dict[str, float]
    trials: dict[str, int]
    model: Neuron
    stimulus: str
    n_steps: int
    timings: dict[str, float]

    def as_neuron(self, model: Neuron | None = None) -> Neuron:
        """Return a neuron model that has these gains and thresholds, ready for `brainsleep.sleep`.

        Parameters
        ----------
        model : Neuron, optional
            Another one than was calibrated; it will fire at other rates.

        Raises
        ------
        ParameterError, UnitsError
            If it is none, or has other units.
        """
        if model is None:
            return self.model
        _check_model(model)
        if model.constants_unit != self.model.constants_unit:
            raise ParameterError(
                f"model: {type(self.model).__name__} was calibrated, whose constants are "
                f"{_unit(self.model)}; those of {type(model).__name__} are {_unit(model)}."
            )
        return _with(model, self.gains, self.thresholds, self.bias_gains)

    def table(self) -> list[list[str]]:
        """Return the layers as rows of text, a heading first.

        Returns
        -------
        list of list of str
            Columns: layer, gain, threshold, gain/threshold, wanted and reached rate in Hz, trials.
        """
        heading = ["layer", "gain", "threshold", "gain/threshold", "wanted, Hz", "reached, Hz"]
        rows = [[*heading, "trials"]]
        for name, gain in self.gains.items():
            threshold = self.thresholds[name]
            ratio = f"{gain / threshold:.4g}" if threshold > 0 else "-"
            wanted = "" if self.target_rate is None else f"{self.target_rate[name]:.4g}"
            trials = str(self.trials[name]) if self.trials[name] else ""
            rows.append(
                [name, f"{gain:.4g}", f"{threshold:.4g}", ratio]
                + [wanted, f"{self.rates[name]:.4g}", trials]
            )
        return rows

    def _heading(self) -> str:
        model = f"{type(self.model).__name__} ({_unit(self.model)})"
        return (
            f"method {self.method!r}, {model}; rates under {self.stimulus} in {self.n_steps} steps"
        )

    def __repr__(self) -> str:
        return f"{self._heading()}\n\n{plain(without_empty_columns(self.table()))}"

    def _repr_html_(self) -> str:
        """Return heading and table for notebooks."""
        return f"<p>{self._heading()}</p>{as_html(without_empty_columns(self.table()))}"


def calibrate(
    ann: nn.Module | Translation,
    data: npt.ArrayLike,
    *,
    target_rate: PerLayer | None = None,
    method: str | None = None,
    stimulus: StimulusLike | None = None,
    neuron: Neuron | None = None,
    duration: Time | int = CALIBRATION_STEPS,
    percentile: float = 99.9,
    device: str | Device = "cpp",
    dtype: str = "float32",
    dt: Quantity | str = 1 * ms,
    seed: int = 0,
    progress: bool = True,
) -> Calibration:
    """Find a gain and a threshold for each layer, and report the rates they give.

    Parameters
    ----------
    ann : torch.nn.Module or Translation
        As `brainsleep.sleep` takes it. Never modified.
    data : array_like or Tensor, shape (n, ...)
        What `ann` takes.
    target_rate : number, Quantity, list or dict, optional
        Mean firing rate wanted in each layer, in Hz, for the method ``"rates"``.
    method : str, optional
        ``"rates"``: bisection of thresholds, first layer to last, by simulation. ``"tadros"``:
        gains of `brainsleep.translation.tadros_gains`. ``"percentile"``, ``"max_norm"``: those of
        `brainsleep.awake.normalisation.normalise`, for thresholds of 1. Unless given, ``"rates"``
        where there is a `target_rate`, else ``"percentile"``.
    stimulus : bs.stimuli object or ndarray, optional
        Under which rates are measured; rates depend on it, so take the night's. The mean of ten
        random images of the data unless given, a white pixel firing at 400 Hz.
    neuron : neuron model, optional
        `Heaviside`, `LIF`, `IntegrateAndFire` or a dataclass of your own. What is not found is
        taken from it: with ``"rates"`` gains, if they are numbers; with ``"tadros"`` thresholds,
        likewise, else 1. `Heaviside` unless given; `IntegrateAndFire` with ``"percentile"`` and
        ``"max_norm"``.
    duration : Quantity, str or int
        Length of a trial; 500 steps unless given.
    percentile : float
        For ``"percentile"``.
    device, dtype, dt, seed, progress
        As in `brainsleep.sleep`.

    Returns
    -------
    Calibration

    Raises
    ------
    TranslationError
        If a part of the network cannot be translated.
    ParameterError, UnitsError
        If an argument makes no sense; nothing has been compiled or run by then.
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
    if data is None:
        raise UnitsError("data is missing: pass what the network takes, shape (n, ...).")
    images = as_array(data)
    network = as_translation(ann, [images.shape[1:]])
    model = _model(method, neuron, network, images, target_rate, percentile)
    night = prepare_night(
        NightRequest(
            ann=replace(network, frozen=frozenset(network.layer_names)),
            stimulus=MeanOfRandomImages(images) if stimulus is None else stimulus,
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
    thresholds, trials = _thresholds(night, engine)
    reached = night.trial_rates(engine, thresholds)
    names, ended = night.layer_names, time.perf_counter()
    gains = dict(zip(names, night.constants.gains, strict=True))
    bias_gains = given_bias_gains(model, names, night.constants.gains)
    found = dict(zip(names, thresholds, strict=True))
    wanted = night.constants.target_rate
    return Calibration(
        method=method,
        gains=gains,
        thresholds=found,
        bias_gains=dict(zip(names, bias_gains, strict=True)),
        target_rate=None if wanted is None else dict(zip(names, wanted, strict=True)),
        rates=dict(zip(names, reached, strict=True)),
        trials=dict(zip(names, trials, strict=True)),
        model=_with(model, gains, found, dict(zip(names, bias_gains, strict=True))),
        stimulus=type(night.stimulus).__name__,
        n_steps=night.n_steps,
        timings={"build": built - started, "trials": ended - built, "total": ended - started},
    )


def _method(method: str | None, target_rate: PerLayer | None) -> str:
    """Check the name of a method, and that it fits with a target rate."""
    if method is None:
        return "percentile" if target_rate is None else "rates"
    if method not in METHODS:
        raise ParameterError(f"method {method!r}.{suggest(str(method), METHODS)}")
    if method == "rates" and target_rate is None:
        raise ParameterError(
            "target_rate is missing: method 'rates' needs the firing rate wanted in each layer, as "
            "in target_rate=[60, 60, 30] (Hz)."
        )
    if method != "rates" and target_rate is not None:
        raise ParameterError(f"target_rate: method {method!r} takes none; only 'rates' does.")
    return method


def _model(
    method: str,
    neuron: Neuron | None,
    translation: Translation,
    images: np.ndarray,
    target_rate: PerLayer | None,
    percentile: float,
) -> Neuron:
    """Return the neuron model with what is to be found, or is found already."""
    if neuron is None:
        neuron = IntegrateAndFire() if method in NORMALISATIONS else Heaviside()
    _check_model(neuron)
    if method == "rates":
        model = replace(neuron, threshold="calibrated", target_rate=target_rate)  # type: ignore[type-var]
        given_target_rate(model, translation.layer_names)
        return model
    if method == "tadros":
        is_open = isinstance(neuron.threshold, str) and neuron.threshold == "calibrated"
        threshold = 1.0 if is_open else neuron.threshold
        return replace(neuron, gain="tadros", threshold=threshold)  # type: ignore[type-var]
    scaled = normalise(translation, images, method, percentile=percentile)
    thresholds = dict.fromkeys(translation.layer_names, 1.0)
    return _with(neuron, scaled.gains, thresholds, scaled.bias_gains)


def _thresholds(night: PreparedNight, engine: Engine) -> tuple[list[float], list[int]]:
    """Return the thresholds, given or found, and how many trials each took."""
    names = night.layer_names
    if night.constants.thresholds is not None:
        return list(night.constants.thresholds), [0] * len(names)
    assert night.constants.target_rate is not None
    thresholds, trials = [1.0] * len(names), [0] * len(names)
    for index, (name, target) in enumerate(zip(names, night.constants.target_rate, strict=True)):

        def simulate(trial: list[float], index: int = index) -> list[float]:
            trials[index] += 1
            tried = [*thresholds[:index], *trial, *thresholds[index + 1 :]]
            return [night.trial_rates(engine, tried)[index]]

        (thresholds[index],) = calibrate_thresholds(simulate, [target], [name])
    return thresholds, trials


def _with(
    model: Neuron,
    gains: dict[str, float],
    thresholds: dict[str, float],
    bias_gains: dict[str, float],
) -> Neuron:
    """Return a model with other constants."""
    return replace(  # type: ignore[type-var]
        model, gain=dict(gains), threshold=dict(thresholds), bias_gain=dict(bias_gains)
    )


def _check_model(model: Any) -> None:
    """Check that a model is one that can be given constants."""
    check_neuron(model)
    own = {one.name for one in fields(model)} if is_dataclass(model) else set()
    missing = {"gain", "threshold", "bias_gain", "target_rate"} - own
    if missing:
        raise ParameterError(
            f"neuron: {type(model).__name__} must be a dataclass with the field "
            f"{sorted(missing)[0]} to be calibrated."
        )


def _unit(model: Neuron) -> str:
    """Say in which unit a model's constants are."""
    return "no units" if model.constants_unit is None else f"in {model.constants_unit}"
