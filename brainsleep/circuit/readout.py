"""How to read the spikes of a competing population as answers: which class each neuron means."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import ParameterError, brief
from ..support.array_values import numbers, read_array
from ..support.calls import public


@dataclass(frozen=True)
class ClassReadout:
    """Which class each neuron stands for.

    Attributes
    ----------
    classes : ndarray of int, shape (n_classes,)
        The labels that occur.
    assigned : ndarray of int, shape (n_neurons,)
        For each neuron, the index into `classes` of the class for which it spikes most; -1 if it
        never spiked.

    References
    ----------
    Diehl, Cook 2015, Frontiers in Computational Neuroscience 9:99, section 2.5.
    """

    classes: npt.NDArray[np.int_]
    assigned: npt.NDArray[np.int_]

    @classmethod
    @public
    def fit(cls, counts: npt.NDArray[np.integer], labels: npt.NDArray[np.integer]) -> ClassReadout:
        """Assign each neuron to the class for which it spikes most, averaged over its images.

        Parameters
        ----------
        counts : ndarray of int, shape (n_images, n_neurons)
            Number of spikes of each neuron while each image is shown.
        labels : ndarray of int, shape (n_images,)
            Classes of the images.

        Returns
        -------
        ClassReadout

        Raises
        ------
        ParameterError
            Unless there is one label per image.
        """
        n_spikes = numbers(counts, "counts", shape=(None, None), minimum=0)
        labels = _labels(labels, len(n_spikes))
        classes = np.unique(labels)
        means = np.stack([n_spikes[labels == label].mean(axis=0) for label in classes])
        assigned = means.argmax(axis=0)
        assigned[means.max(axis=0) == 0] = -1
        return cls(classes, assigned)

    @public
    def predict(self, counts: npt.NDArray[np.integer]) -> npt.NDArray[np.int_]:
        """Return, for each image, the class whose neurons spike most on average.

        Parameters
        ----------
        counts : ndarray of int, shape (n_images, n_neurons)
            Number of spikes of each neuron while each image is shown.

        Returns
        -------
        ndarray of int, shape (n_images,)
            Labels.
        """
        n_spikes = numbers(counts, "counts", shape=(None, len(self.assigned)), minimum=0)
        means = np.zeros((len(n_spikes), len(self.classes)))
        for index in range(len(self.classes)):
            own = self.assigned == index
            if own.any():
                means[:, index] = n_spikes[:, own].mean(axis=1)
        return self.classes[means.argmax(axis=1)]

    @public
    def accuracy(self, counts: npt.NDArray[np.integer], labels: npt.NDArray[np.integer]) -> float:
        """Return the fraction of images that are classified correctly.

        Parameters
        ----------
        counts : ndarray of int, shape (n_images, n_neurons)
            Number of spikes of each neuron while each image is shown.
        labels : ndarray of int, shape (n_images,)
            Classes of the images.

        Returns
        -------
        float
            Between 0 and 1.
        """
        predictions = self.predict(counts)
        return float(np.mean(predictions == _labels(labels, len(predictions))))


def _labels(labels: npt.ArrayLike, n_images: int) -> npt.NDArray[np.integer]:
    """Read one whole number per image."""
    classes = read_array(labels, "labels")
    if classes.shape != (n_images,) or classes.dtype.kind not in "iu":
        raise ParameterError(
            f"labels must be whole numbers, one for each of {n_images} images, not "
            f"{brief(classes)}."
        )
    return classes
