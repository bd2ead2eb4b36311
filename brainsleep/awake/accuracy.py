"""Awake as a spiking network: the accuracy of a trained network whose neurons spike."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ..devices import Device, get_device
from ..devices.arguments import check_dtype, read_time_step
from ..neurons import IntegrateAndFire, Neuron
from ..night.assembly import checked_pooling
from ..support.progress import progress_bar
from ..support.quantities import whole_number
from ..support.texttable import as_html, plain, without_empty_columns
from ..translation import translate_for
from .coding import Coding, as_coding
from .labelled import check_labels, flat_images, images_and_labels
from .normalisation import normalise
from .presenting import Awake, prepare_awake
from .tally import Tally

if TYPE_CHECKING:
    from torch import nn

#: Images that scales are computed from, unless data are given for it.
CALIBRATION_IMAGES = 500


@dataclass(frozen=True)
class SpikingAccuracy:
    """How well, and at what cost, a spiking network does what the artificial one does.

    Attributes
    ----------
    accuracy : ndarray, shape (n_steps,)
        After each step: the unweighted mean over classes of the share of images that are right,
        all outputs allowed, as everywhere in this package.
    ann_accuracy : float
        The same of the artificial network.
    agreement : ndarray, shape (n_steps,)
        Share of images for which both choose the same output.
    predictions : ndarray of int32, shape (n_images, n_steps)
        Output of the highest potential after each step; the lower number where they tie.
    n_images, n_steps : int
        Images shown; steps each was shown for.
    spikes_per_image : dict of str to float
        By population, the input first. The output layer does not spike, it is read.
    synaptic_operations_per_image : dict of str to float
        By layer: spikes times the neurons each of them reached there.
    multiplications_per_image : dict of str to int
        By layer: what the artificial network multiplies and adds there for one image. The layers
        in `current_layers` do the same.
    current_layers : tuple of str
        Layers that the image reached as a constant current.
    zeros : dict of str to float
        By layer that spikes: percentage of its neurons and steps without a spike.
    correlation : dict of str to float
        By layer: Pearson's correlation, over neurons and images, of spike counts with the
        artificial network's rectified activations; at the output, of potentials after the last
        step with outputs. NaN where nothing varies.
    scales : dict of str to float
        By population: the activation that one spike a step stands for.
    sizes : dict of str to int
        Neurons of each population, the input first.
    timings : dict of str to float
        Seconds: ``"translate"`` (and normalise), ``"build"``, ``"run"`` (the simulation loops
        alone, those of several processes added up), ``"total"``.
    settings : dict of str to object
        Coding, neuron, normalisation, device and the like.
    """

    accuracy: np.ndarray
    ann_accuracy: float
    agreement: np.ndarray
    predictions: np.ndarray
    n_images: int
    n_steps: int
    spikes_per_image: dict[str, float]
    synaptic_operations_per_image: dict[str, float]
    multiplications_per_image: dict[str, int]
    current_layers: tuple[str, ...]
    zeros: dict[str, float]
    correlation: dict[str, float]
    scales: dict[str, float]
    sizes: dict[str, int]
    timings: dict[str, float]
    settings: dict[str, Any] = field(default_factory=dict)

    def table(self) -> list[list[str]]:
        """Return the populations as rows of text, a heading first.

        Returns
        -------
        list of list of str
            Columns: layer, neurons, scale, zeros (%), spikes and synaptic operations an image, what
            the artificial network multiplies for one, correlation.
        """
        heading = ["layer", "neurons", "scale", "zeros, %", "spikes an image"]
        rows = [heading + ["synaptic operations", "ANN multiplies", "correlation"]]
        for name, size in self.sizes.items():
            operations = self.synaptic_operations_per_image.get(name)
            rows.append(
                [
                    name,
                    f"{size:,}",
                    f"{self.scales[name]:.4g}",
                    _shown(self.zeros.get(name), ".2f"),
                    _shown(self.spikes_per_image.get(name), ",.1f"),
                    "current" if name in self.current_layers else _shown(operations, ",.0f"),
                    _shown(self.multiplications_per_image.get(name), ",d"),
                    _shown(self.correlation.get(name), ".4f"),
                ]
            )
        return rows

    def plot(self, ax: Any = None, **kwargs: Any) -> Any:
        """Draw accuracy against steps; see `brainsleep.figures.plot_spiking_accuracy`."""
        from ..figures import plot_spiking_accuracy

        return plot_spiking_accuracy(self, ax, **kwargs)

    def _heading(self) -> str:
        share, ann = 100 * self.accuracy[-1], 100 * self.ann_accuracy
        how = f"{self.settings.get('coding', '?')} coding, {self.n_images:,} images"
        return f"{share:.2f} % after {self.n_steps} steps ({how}); artificial network: {ann:.2f} %"

    def __repr__(self) -> str:
        return f"{self._heading()}\n\n{plain(without_empty_columns(self.table()))}"

    def _repr_html_(self) -> str:
        """Return heading and table for notebooks."""
        return f"<p>{self._heading()}</p>{as_html(without_empty_columns(self.table()))}"


def spiking_accuracy(
    ann: nn.Module,
    data: Any,
    n_steps: int,
    coding: str | Coding = "constant",
    neuron: Neuron | None = None,
    normalisation: str = "percentile",
    percentile: float = 99.9,
    calibration_data: Any = None,
    max_rate: Any = None,
    max_pooling: str = "most_active",
    device: str | Device = "cpp",
    dtype: str = "float32",
    dt: Any = None,
    seed: int = 0,
    input_shape: Sequence[int] | None = None,
    processes: int = 1,
    progress: bool = True,
) -> SpikingAccuracy:
    """Run a trained network as a spiking one, and see what it makes of images.

    The network is converted for inference: neurons neither leak nor forget what is above
    threshold, gains are normalised layer by layer (`brainsleep.normalisation.normalise`), biases
    scaled with their layer. Nothing learns. Every image meets a network at rest. The outputs do
    not spike; the one with the highest potential is chosen.

    Parameters
    ----------
    ann : torch.nn.Module
        As `brainsleep.sleep` takes it. Never modified.
    data : bs.wake.Dataset or pair (images, labels)
        Images of shape (n, ...), as `ann` takes them or flat; labels of shape (n,).
    n_steps : int
        Steps an image is shown for.
    coding : str
        ``"constant"``: the image's weighted sums come in as constant currents. ``"poisson"``: an
        input neuron spikes in each step with a probability in proportion to its pixel.
        ``"latency"``: it spikes once, the brighter the sooner. The last two need pixels in [0, 1].
    neuron : Heaviside, LIF, IntegrateAndFire or a dataclass of your own, optional
        `IntegrateAndFire` unless given. Gains and thresholds given in it as numbers are kept;
        those left as they are (``"tadros"``, ``"calibrated"``) are those of the normalisation.
    normalisation : str
        ``"percentile"`` or ``"max_norm"`` (the larger of the largest weight and activation).
    percentile : float
        Of the rectified activations; 100 is their maximum.
    calibration_data : array_like, optional
        Images from which the scales are computed; the first 500 of `data` unless given. No labels
        are used.
    max_rate : Quantity or str, optional
        Rate of a white pixel with ``"poisson"``; one spike a step unless given.
    max_pooling : str
        As in `brainsleep.sleep`, but ``"most_active"`` unless given, as it comes nearer to a
        maximum.
    device, dtype, dt, input_shape
        As in `brainsleep.sleep`.
    seed : int
        Of ``"poisson"``. An image's spikes depend on its number and the seed alone.
    processes : int
        Launches at the same time, each of some of the images; C++ devices only. Results are the
        same for any number, but for the rounding of correlations.
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
        If an argument makes no sense; nothing has been compiled or run by then.
    CompilerError, NightError
        As `brainsleep.sleep`.

    Examples
    --------
    >>> bs.spiking_accuracy(ann, digits.test, n_steps=100)  # doctest: +SKIP
    """
    started = time.perf_counter()
    images, labels, shapes = images_and_labels(data)
    translation = translate_for(ann, input_shape, shapes)
    images = flat_images(images, translation)
    check_labels(labels, len(images), translation.layers[-1].n_out)
    steps = whole_number(n_steps, "n_steps", minimum=1)
    seconds = read_time_step(dt)
    check_dtype(dtype)
    whole_number(processes, "processes", minimum=1)
    chosen = as_coding(coding, max_rate, seconds, whole_number(seed, "seed"))
    chosen.check(images, translation)
    scaled = normalise(
        translation,
        images[:CALIBRATION_IMAGES] if calibration_data is None else calibration_data,
        normalisation,
        percentile,
        chosen.input_scale(steps),
    )
    awake = prepare_awake(
        translation,
        IntegrateAndFire() if neuron is None else neuron,
        scaled,
        chosen,
        steps,
        get_device(device),
        seconds,
        dtype,
        checked_pooling(max_pooling),
    )
    awake.job(images[:1], 0)  # raises for whatever is wrong with the model's own parameters
    translated_at = time.perf_counter()
    engine = awake.device.prepare(awake.plan, progress)
    built_at = time.perf_counter()
    tally, predictions = Tally(translation, steps), []
    with progress_bar(len(images), "awake", progress, unit="image") as bar:
        for part, choices in awake.show_all(engine, images, processes):
            tally.merge(part)
            predictions.append(choices)
            bar.update(len(choices))
    timings = {"translate": translated_at - started, "build": built_at - translated_at}
    timings |= {"run": tally.seconds, "total": time.perf_counter() - started}
    settings = {
        "coding": chosen.name,
        "neuron": "IntegrateAndFire()" if neuron is None else repr(neuron),
        "normalisation": normalisation,
        "percentile": percentile,
        "max_pooling": max_pooling,
        "device": awake.device.name,
        "dtype": dtype,
        "seed": seed,
    }
    choices = np.concatenate(predictions)
    return _result(awake, tally, choices, labels, scaled.scales, timings, settings)


def _result(
    awake: Awake,
    tally: Tally,
    choices: np.ndarray,
    labels: np.ndarray,
    scales: Mapping[str, float],
    timings: dict[str, float],
    settings: dict[str, Any],
) -> SpikingAccuracy:
    """Put the result together; the last column of the choices is the artificial network's."""
    translation = awake.translation
    right = choices == labels[:, None]
    accuracy = np.mean([right[labels == label].mean(axis=0) for label in np.unique(labels)], axis=0)
    predictions = choices[:, :-1]
    currents = awake.coding.currents(translation, np.zeros((1, translation.n_inputs)))
    return SpikingAccuracy(
        accuracy=accuracy[:-1],
        ann_accuracy=float(accuracy[-1]),
        agreement=(predictions == choices[:, -1:]).mean(axis=0),
        predictions=predictions,
        n_images=len(labels),
        n_steps=awake.n_steps,
        spikes_per_image=tally.spikes_per_image(),
        synaptic_operations_per_image=tally.operations_per_image(),
        multiplications_per_image={
            layer.name: sum(link.n_synapses for link in layer.weighted)
            for layer in translation.weighted_layers
        },
        current_layers=tuple(currents),
        zeros=tally.zeros(),
        correlation=tally.correlation(),
        scales=dict(scales),
        sizes=dict(zip(translation.populations, translation.sizes, strict=True)),
        timings=timings,
        settings=settings,
    )


def _shown(value: float | None, form: str) -> str:
    """Format a number, or leave its place empty."""
    return "" if value is None else format(value, form)
