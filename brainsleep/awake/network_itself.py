"""What the artificial network makes of the images: it is asked once, if that can be kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..translation import Translation
from ..translation.activation_recording import activations_and_outputs

#: Most values that are kept, activations of all layers: of all images, and else of the first ones.
#: New memory has its price: for more images, a batch at a time costs less than it saves.
KEPT_OF_ALL, KEPT_VALUES = 2**22, 2**25


@dataclass(frozen=True, kw_only=True, eq=False)
class Activity:
    r"""What the network itself computes for images.

    Attributes
    ----------
    activations : mapping of str to ndarray, shape (n_images, \*layer.shape)
        Rectified, by layer.
    outputs : ndarray of float64, shape (n_images, n_outputs)
        What it returns, not rectified.
    """

    activations: Mapping[str, NDArray[np.floating]]
    outputs: NDArray[np.float64]

    @classmethod
    def of(cls, translation: Translation, images: NDArray[np.floating]) -> Activity:
        """Show images to a network.

        Parameters
        ----------
        translation : Translation
            The network.
        images : ndarray, shape (n_images, n_inputs)
            The images.
        """
        activations, outputs = activations_and_outputs(translation, images)
        return cls(activations=activations, outputs=outputs)

    @classmethod
    def of_first(
        cls, translation: Translation, images: NDArray[np.floating], n_first: int
    ) -> Activity | None:
        """Show all images to a network, or the first ones; None where that is too much to keep.

        Products of large matrices cost less than those of small ones.
        """
        for shown, most in ((images, KEPT_OF_ALL), (images[:n_first], KEPT_VALUES)):
            if len(shown) * sum(translation.sizes) <= most:
                return cls.of(translation, shown)
        return None

    def first(self, n: int) -> Mapping[str, NDArray[np.floating]]:
        """Return the activations for no more than the first `n` images, by layer."""
        return {name: values[:n] for name, values in self.activations.items()}

    def __len__(self) -> int:
        return len(self.outputs)

    def at(self, numbers: NDArray[np.int64]) -> Activity:
        """Return what was computed for some of the images, given by their numbers."""
        first, end = int(numbers[0]), int(numbers[-1]) + 1
        # images in a row need not be copied
        chosen = slice(first, end) if len(numbers) == end - first else numbers
        return Activity(
            activations={name: values[chosen] for name, values in self.activations.items()},
            outputs=self.outputs[chosen],
        )
