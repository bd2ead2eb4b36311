"""The result of `emulate`: what a chip's integers make of images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..support.texttable import as_html, plain
from .chip_layers import ChipLayer
from .fixed_point import DECAY_BITS, FixedPoint


@dataclass(frozen=True, kw_only=True, eq=False)
class Emulation:
    """How well a converted network classifies in the integers of a chip.

    Attributes
    ----------
    accuracy : ndarray, shape (n_steps,)
        Accuracy after each step, in [0, 1]: the unweighted mean over classes of the share of
        images for which the right output is chosen.
    predictions : ndarray of int32, shape (n_images, n_steps)
        Output of the highest potential after each step; the lower number where two are equal.
    spike_counts : dict of str to ndarray of int32, shape (n_images, n_neurons)
        By layer that spikes.
    saturated : dict of str to float
        By layer: mean number of times per image that a potential left its range and was cut off.
    layers : tuple of ChipLayer
        The network in integers.
    format : FixedPoint
        Widths and rounding.
    coding : str
        How an image came in.
    """

    accuracy: NDArray[np.float64]
    predictions: NDArray[np.int32]
    spike_counts: dict[str, NDArray[np.int32]]
    saturated: dict[str, float]
    layers: tuple[ChipLayer, ...]
    format: FixedPoint
    coding: str

    @property
    def n_images(self) -> int:
        """Number of images."""
        return len(self.predictions)

    @property
    def n_steps(self) -> int:
        """Number of steps for which each image was shown."""
        return self.predictions.shape[1]

    @property
    def spikes_per_image(self) -> dict[str, float]:
        """By layer that spikes: the mean number of spikes."""
        return {name: float(n.sum(axis=1).mean()) for name, n in self.spike_counts.items()}

    def table(self) -> list[list[str]]:
        """Return the layers as rows of text, a heading first.

        Returns
        -------
        list of list of str
            Columns: layer, neurons, threshold, exponent of the weights, what of a potential a step
            leaves (in 4096ths), error of the weights (%), spikes per image, saturations per image.
        """
        heading = ["layer", "neurons", "threshold", "exponent", "kept / 4096"]
        rows = [[*heading, "weight error, %", "spikes per image", "cut off per image"]]
        spikes = self.spikes_per_image
        for layer in self.layers:
            rows.append(
                [
                    layer.name,
                    f"{layer.n_neurons:,}",
                    "read" if layer.threshold is None else f"{layer.threshold:,}",
                    str(layer.exponent),
                    "all" if layer.kept == 2**DECAY_BITS else str(layer.kept),
                    f"{100 * layer.error:.2f}",
                    f"{spikes[layer.name]:,.1f}" if layer.name in spikes else "",
                    f"{self.saturated[layer.name]:,.1f}",
                ]
            )
        return rows

    def _heading(self) -> str:
        return (
            f"{100 * self.accuracy[-1]:.2f} % after {self.n_steps} steps with weights of "
            f"{self.format.weight_bits} bits and potentials of {self.format.state_bits} "
            f"({self.coding} coding, {self.n_images:,} images)"
        )

    def __repr__(self) -> str:
        return f"{self._heading()}\n\n{plain(self.table())}"

    def _repr_html_(self) -> str:
        """Return heading and table for notebooks."""
        return f"<p>{self._heading()}</p>{as_html(self.table())}"
