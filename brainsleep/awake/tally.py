"""What is counted while images are shown to a spiking network, batch by batch."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..devices import Outcome
from ..translation import INPUT, Translation
from .network_itself import Activity


@dataclass
class Correlation:
    """Pearson's correlation of two long arrays that come in parts.

    Attributes
    ----------
    sums : ndarray of float64, shape (6,)
        Number of values; sums of x, y, x squared, y squared, and x times y.
    """

    sums: NDArray[np.float64] = field(default_factory=lambda: np.zeros(6))

    def add(self, x: NDArray[np.number], y: NDArray[np.number]) -> None:
        """Add a part of both arrays, of the same size and any shape."""
        x, y = (np.asarray(values, dtype=np.float64).ravel() for values in (x, y))
        self.sums += [len(x), x.sum(), y.sum(), x @ x, y @ y, x @ y]

    def result(self) -> float:
        """Return the correlation; NaN where one of the two does not vary."""
        n, x, y, xx, yy, xy = self.sums
        variances = (n * xx - x * x) * (n * yy - y * y)
        return float((n * xy - x * y) / np.sqrt(variances)) if variances > 0 else float("nan")


@dataclass
class Shown:
    """What a spiking network did when a batch of images was shown to it.

    Attributes
    ----------
    counts : dict of str to ndarray of int32, shape (n_images, n_neurons)
        Number of spikes of each neuron, by population without the output; none of those that
        were not counted.
    choices : ndarray of int32, shape (n_images, n_steps)
        The output of the highest potential after each step.
    potentials : ndarray, shape (n_images, n_outputs)
        Potentials of the outputs after the last step.
    seconds : float
        Duration of the simulation loop on the clock.
    """

    counts: dict[str, NDArray[np.int32]]
    choices: NDArray[np.int32]
    potentials: NDArray[np.floating]
    seconds: float

    @classmethod
    def read(cls, outcome: Outcome, translation: Translation, n_steps: int) -> Shown:
        """Read the outcome of a job.

        Parameters
        ----------
        outcome : Outcome
            What the device returned.
        translation : Translation
            The network.
        n_steps : int
            Length of a presentation in time steps; the job is a whole number of presentations.
        """
        sizes = translation.sizes
        states = outcome.states[len(sizes) - 1, "v"].reshape(-1, n_steps, sizes[-1])
        counts = {}
        for index, name in enumerate(translation.populations[:-1]):
            silent = np.zeros((len(states), sizes[index]), dtype=np.int32)
            counts[name] = outcome.tallies.get(index, silent)
        return cls(
            counts=counts,
            choices=states.argmax(axis=2).astype(np.int32),
            potentials=states[:, -1],
            seconds=outcome.timings["run"],
        )

    def of(self, images: slice | NDArray[np.bool_]) -> Shown:
        """Return what it did for some of the images, with their share of the time."""
        choices = self.choices[images]
        return Shown(
            counts={name: counts[images] for name, counts in self.counts.items()},
            choices=choices,
            potentials=self.potentials[images],
            seconds=self.seconds * len(choices) / len(self.choices),
        )


class Tally:
    """Sums over batches, and the means computed from them.

    Parameters
    ----------
    translation : Translation
        The network.
    """

    def __init__(self, translation: Translation) -> None:
        self.translation = translation
        self.output = translation.layers[-1].name
        self.n_images = 0
        self.n_steps = 0
        self.seconds = 0.0
        self.spikes = dict.fromkeys(translation.populations[:-1], 0)
        self.operations = {layer.name: 0 for layer in translation.layers}
        self.correlations = {layer.name: Correlation() for layer in translation.layers}
        self.fans = [
            (layer.name, link.source, link.fan_out)
            for layer in translation.layers
            for link in layer.connections
        ]

    def add(self, shown: Shown, itself: Activity, scale: float = 1.0) -> None:
        """Add a batch.

        Parameters
        ----------
        shown : Shown
            What the spiking network did.
        itself : Activity
            What the artificial network did with the same images.
        scale : float
            What counts and potentials are multiplied by before they are compared with those of
            images that were shown for longer.
        """
        self.n_images += len(itself)
        self.n_steps += shown.choices.size
        totals = {name: counts.sum(axis=0) for name, counts in shown.counts.items()}
        for name, total in totals.items():
            self.spikes[name] += int(total.sum())
        for target, source, fan in self.fans:
            self.operations[target] += int(totals[source] @ fan)
        for name, correlation in self.correlations.items():
            if name == self.output:
                correlation.add(shown.potentials * scale, itself.outputs)
            else:
                correlation.add(shown.counts[name] * scale, itself.activations[name])

    def merge(self, other: Tally) -> None:
        """Add what another tally of the same network has counted."""
        self.n_images += other.n_images
        self.n_steps += other.n_steps
        self.seconds += other.seconds
        for name, total in other.spikes.items():
            self.spikes[name] += total
        for name, total in other.operations.items():
            self.operations[name] += total
        for name, correlation in other.correlations.items():
            self.correlations[name].sums += correlation.sums

    def spikes_per_image(self) -> dict[str, float]:
        """Return the mean number of spikes per image, by population without the output."""
        return {name: total / self.n_images for name, total in self.spikes.items()}

    def operations_per_image(self) -> dict[str, float]:
        """Return the mean number of synaptic events per image, by the layer they arrive at."""
        return {name: total / self.n_images for name, total in self.operations.items()}

    def zeros(self) -> dict[str, float]:
        """Return the percentage of neurons and steps without a spike, by layer that spikes."""
        sizes = dict(zip(self.translation.populations, self.translation.sizes, strict=True))
        return {
            name: 100 * (1 - total / (sizes[name] * self.n_steps))
            for name, total in self.spikes.items()
            if name != INPUT
        }

    def correlation(self) -> dict[str, float]:
        """Return Pearson's correlation with the artificial network, by layer."""
        return {name: each.result() for name, each in self.correlations.items()}
