"""The result of `spiking_accuracy`: how well a spiking network does, and at what cost."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from brian2.units import Quantity
from numpy.typing import NDArray

from ..night.preparing.assembly import Assembly
from ..support.calls import public
from ..support.quantities import Time
from ..support.texttable import as_html, plain, without_empty_columns

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, kw_only=True)
class SpikingAccuracy:
    """How well, and at what cost, a spiking network does what the artificial one does.

    Attributes
    ----------
    accuracy : ndarray, shape (n_steps,)
        Accuracy after each step, in [0, 1]: the unweighted mean over classes of the share of
        images for which the right output is chosen among all outputs.
    ann_accuracy : float
        The accuracy of the artificial network.
    agreement : ndarray, shape (n_steps,)
        Share of images for which both networks choose the same output, after each step.
    predictions : ndarray of int32, shape (n_images, n_steps)
        Output of the highest potential after each step; the lower number where two are equal.
    n_images, n_steps : int
        Number of images, and of time steps for which each was shown.
    spikes_per_image : dict of str to float
        By population, the input first: the mean number of spikes. The output layer does not spike;
        its potentials are read.
    synaptic_operations_per_image : dict of str to float
        By layer: the mean number of spikes that arrive there, counted at each neuron they reach.
    multiplications_per_image : dict of str to int
        By layer: the number of multiplications that the artificial network makes for one image.
        The layers in `current_layers` make as many.
    current_layers : tuple of str
        Layers that the image reaches as a constant current.
    zeros : dict of str to float
        By layer that spikes: percentage of pairs of a neuron and a step without a spike.
    correlation : dict of str to float
        By layer: Pearson's correlation, over neurons and images, of spike counts with the
        artificial network's rectified activations; at the output, of potentials after the last
        step with outputs. NaN where nothing varies.
    steps_until_decision : ndarray of int, shape (n_images,)
        For how many steps each image counts: fewer than `n_steps` where ``stop_when_stable``
        decided before. Predictions of later steps repeat the decision.
    steps_simulated : float
        Mean number of steps simulated per image, those included that were simulated again from the
        beginning.
    scales : dict of str to float
        By population: the activation that a spike in every step stands for.
    sizes : dict of str to int
        Number of neurons of each population, the input first.
    timings : dict of str to float
        Seconds: ``"translate"`` (with the normalisation), ``"build"``, ``"run"`` (the simulation
        loops alone, summed over launches that run at the same time), ``"total"``.
    settings : dict of str to str, int or float
        Coding, neuron, normalisation, device and the like.
    assembly : Assembly or None
        The spiking network, with the constants that were chosen for it.
    dt : Quantity or None
        Its time step.
    """

    accuracy: NDArray[np.float64]
    ann_accuracy: float
    agreement: NDArray[np.float64]
    predictions: NDArray[np.int32]
    n_images: int
    n_steps: int
    spikes_per_image: dict[str, float]
    synaptic_operations_per_image: dict[str, float]
    multiplications_per_image: dict[str, int]
    current_layers: tuple[str, ...]
    zeros: dict[str, float]
    correlation: dict[str, float]
    steps_until_decision: NDArray[np.int64]
    steps_simulated: float
    scales: dict[str, float]
    sizes: dict[str, int]
    timings: dict[str, float]
    settings: dict[str, str | int | float] = field(default_factory=dict)
    assembly: Assembly | None = field(default=None, repr=False, compare=False)
    dt: Quantity | None = None

    def table(self) -> list[list[str]]:
        """Return the populations as rows of text, a heading first.

        Returns
        -------
        list of list of str
            Columns: layer, neurons, scale, zeros (%), spikes per image, synaptic operations per
            image, multiplications of the artificial network per image, correlation.
        """
        heading = ["layer", "neurons", "scale", "zeros, %", "spikes per image"]
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

    @public
    def plot(self, ax: Axes | None = None, *, title: str | None = None) -> Axes:
        """Draw accuracy against steps; see `brainsleep.figures.plot_spiking_accuracy`."""
        from ..figures import plot_spiking_accuracy

        return plot_spiking_accuracy(self, ax, title=title)

    def to_nir(self, path: str | os.PathLike[str], dt: Time | None = None) -> None:
        """Write the spiking network that classified as a NIR graph, for other simulators.

        The output of the graph with the highest potential is chosen. Outputs do not spike: they are
        LI neurons, or, where nothing leaks, mere weights, and a potential is the sum over steps of
        what they pass on. With ``coding="constant"`` the graph takes the image itself as its input
        in each step, otherwise the spikes of the input neurons.

        Parameters
        ----------
        path : path
            An HDF5 file; one that is there is replaced, and missing directories are made.
        dt : Quantity or str, optional
            Time step of the simulator that is to read it. Unless given that of the inference, or
            1 s for `IntegrateAndFire`, which has no time constant: its IF nodes then have a
            resistance of 1, as other tools want it.

        Raises
        ------
        ParameterError
            If the result does not hold its network.
        TranslationError
            Naming what NIR cannot express.
        DirectoryError
            If the file cannot be written.
        MissingPackageError
            If `nir` is not installed.

        Warns
        -----
        NirWarning
            If others will read the graph as another network; see `docs/how_to/nir.md`.
        """
        from .nir_export import write_inference

        write_inference(self, path, dt)

    def _heading(self) -> str:
        share, ann = 100 * self.accuracy[-1], 100 * self.ann_accuracy
        how = f"{self.settings.get('coding', '?')} coding, {self.n_images:,} images"
        heading = f"{share:.2f} % after {self.n_steps} steps ({how}); "
        if self.steps_until_decision.min() < self.n_steps:
            mean = self.steps_until_decision.mean()
            heading += (
                f"decided after {mean:.1f} on average, {self.steps_simulated:.1f} simulated; "
            )
        return f"{heading}artificial network: {ann:.2f} %"

    def __repr__(self) -> str:
        return f"{self._heading()}\n\n{plain(without_empty_columns(self.table()))}"

    def _repr_html_(self) -> str:
        """Return heading and table for notebooks."""
        return f"<p>{self._heading()}</p>{as_html(without_empty_columns(self.table()))}"


def _shown(value: float | None, form: str) -> str:
    """Format a number, or leave its place empty."""
    return "" if value is None else format(value, form)
