"""What a network of competing neurons says about images: neurons to classes, answers to labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import ParameterError


@dataclass(frozen=True)
class ClassReadout:
    """Which class each neuron stands for.

    Attributes
    ----------
    classes : ndarray of int, shape (n_classes,)
        The labels there are.
    assigned : ndarray of int, shape (n_neurons,)
        Index into `classes` of the class each neuron answers most; -1 for one that never spiked.
    """

    classes: np.ndarray
    assigned: np.ndarray

    @classmethod
    def fit(cls, counts: np.ndarray, labels: np.ndarray) -> ClassReadout:
        """Give each neuron to the class for which it spikes most, on average over its images.

        Parameters
        ----------
        counts : ndarray of int, shape (n_images, n_neurons)
            Spikes.
        labels : ndarray of int, shape (n_images,)
            Classes of the images.

        References
        ----------
        Diehl, Cook 2015, Frontiers in Computational Neuroscience 9:99, section 2.5.
        """
        if len(counts) != len(labels):
            raise ParameterError(f"labels: {len(labels)}, but answers to {len(counts)} images.")
        classes = np.unique(labels)
        means = np.stack([counts[labels == label].mean(axis=0) for label in classes])
        assigned = means.argmax(axis=0)
        assigned[means.max(axis=0) == 0] = -1
        return cls(classes, assigned)

    def predict(self, counts: np.ndarray) -> np.ndarray:
        """Return the class whose neurons spike most, on average, for each image.

        Parameters
        ----------
        counts : ndarray of int, shape (n_images, n_neurons)
            Spikes.

        Returns
        -------
        ndarray of int, shape (n_images,)
        """
        means = np.zeros((len(counts), len(self.classes)))
        for index in range(len(self.classes)):
            own = self.assigned == index
            if own.any():
                means[:, index] = counts[:, own].mean(axis=1)
        return self.classes[means.argmax(axis=1)]

    def accuracy(self, counts: np.ndarray, labels: np.ndarray) -> float:
        """Return the part of images that are told rightly."""
        return float(np.mean(self.predict(counts) == labels))
