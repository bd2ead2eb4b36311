"""Awake as a spiking network: the accuracy of a trained network whose neurons spike."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from brian2.units import Quantity, ms

from ..devices import Device, Engine
from ..neurons import IntegrateAndFire, Neuron
from ..support.checks import whole_number
from ..support.progress import progress_bar
from ..support.texttable import as_html, plain, without_empty_columns
from ..translation import Translation
from .coding import Coding
from .labelled import LabelledImages
from .presenting import PreparedAwake, prepare_awake
from .request import AwakeRequest
from .tally import Tally

if TYPE_CHECKING:
    from torch import nn


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
    ann: nn.Module | Translation,
    data: LabelledImages,
    n_steps: int = 100,
    *,
    coding: str | Coding = "constant",
    max_rate: Quantity | str | None = None,
    neuron: Neuron | None = None,
    normalisation: str = "percentile",
    percentile: float = 99.9,
    calibration_data: npt.ArrayLike | None = None,
    device: str | Device = "cpp",
    dtype: str = "float32",
    dt: Quantity | str = 1 * ms,
    seed: int = 0,
    n_jobs: int = 1,
    progress: bool = True,
) -> SpikingAccuracy:
    """Run a trained network as a spiking one, and see what it makes of images.

    The network is converted for inference: neurons neither leak nor forget what is above
    threshold, gains are normalised layer by layer (`brainsleep.awake.normalisation.normalise`),
    biases scaled with their layer. Nothing learns. Every image is shown to a network at rest. The
    outputs do not spike; the one with the highest potential is chosen.

    Parameters
    ----------
    ann : torch.nn.Module or Translation
        As `brainsleep.sleep` takes it. Never modified. In a module max pooling passes on the spikes
        of the most active input, which comes nearest to a maximum; what `brainsleep.translate`
        returned keeps its own `max_pooling`.
    data : bs.wake.Dataset or pair (images, labels)
        Images of shape (n, ...), as `ann` takes them or flat; labels of shape (n,).
    n_steps : int
        Steps each image is shown for.
    coding : str
        ``"constant"``: the image's weighted sums come in as constant currents. ``"poisson"``: an
        input neuron spikes in each step with a probability in proportion to its pixel.
        ``"latency"``: it spikes once, the brighter the sooner. The last two need pixels in [0, 1].
    max_rate : Quantity or str, optional
        Rate of a white pixel with ``"poisson"``; one spike per step unless given.
    neuron : neuron model, optional
        `Heaviside`, `LIF`, `IntegrateAndFire` or a dataclass of your own; `IntegrateAndFire` unless
        given. Gains and thresholds given in it as numbers are kept; those left as they are
        (``"tadros"``, ``"calibrated"``) are those of the normalisation.
    normalisation : str
        ``"percentile"`` or ``"max_norm"`` (the larger of the largest weight and activation).
    percentile : float
        Of the rectified activations; 100 is their maximum.
    calibration_data : array_like, optional
        Images from which the scales are computed; the first 500 of `data` unless given. No labels
        are used.
    device, dtype, dt
        As in `brainsleep.sleep`.
    seed : int
        Of ``"poisson"``. An image's spikes depend on its number and the seed alone.
    n_jobs : int
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
    request = AwakeRequest(
        ann=ann,
        data=data,
        n_steps=n_steps,
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
    whole_number(n_jobs, "n_jobs", minimum=1)
    prepared = prepare_awake(request)
    built = time.perf_counter()
    engine = prepared.device.prepare(prepared.plan, progress)
    build = time.perf_counter() - built
    tally, choices = _show_all(prepared, engine, n_jobs, progress)
    return _result(prepared, tally, choices, {"translate": prepared.seconds, "build": build})


def _show_all(
    prepared: PreparedAwake, engine: Engine, n_jobs: int, progress: bool
) -> tuple[Tally, np.ndarray]:
    """Show all images; return what was counted, and the choices of both networks."""
    tally, choices = Tally(prepared.translation, prepared.n_steps), []
    with progress_bar(len(prepared.images), "awake", progress, unit="image") as bar:
        for part, chosen in prepared.show_all(engine, n_jobs):
            tally.merge(part)
            choices.append(chosen)
            bar.update(len(chosen))
    return tally, np.concatenate(choices)


def _result(
    prepared: PreparedAwake, tally: Tally, choices: np.ndarray, timings: dict[str, float]
) -> SpikingAccuracy:
    """Put the result together; the last column of the choices is the artificial network's."""
    translation, labels = prepared.translation, prepared.labels
    right = choices == labels[:, None]
    accuracy = np.mean([right[labels == label].mean(axis=0) for label in np.unique(labels)], axis=0)
    predictions = choices[:, :-1]
    currents = prepared.coding.currents(translation, np.zeros((1, translation.n_inputs)))
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
        current_layers=tuple(currents),
        zeros=tally.zeros(),
        correlation=tally.correlation(),
        scales=dict(prepared.scales),
        sizes=dict(zip(translation.populations, translation.sizes, strict=True)),
        timings={**seconds, "total": time.perf_counter() - prepared.started},
        settings=prepared.settings(),
    )


def _shown(value: float | None, form: str) -> str:
    """Format a number, or leave its place empty."""
    return "" if value is None else format(value, form)
