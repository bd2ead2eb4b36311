"""What is counted while a spiking network looks at images, batch by batch."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..devices import Outcome
from ..translation import INPUT, Translation
from .coding import fan_out


@dataclass
class Correlation:
    """Pearson's correlation of two long arrays that come in parts."""

    sums: np.ndarray = field(default_factory=lambda: np.zeros(6))

    def add(self, x: np.ndarray, y: np.ndarray) -> None:
        """Add a part of both."""
        x, y = (np.asarray(values, dtype=np.float64).ravel() for values in (x, y))
        self.sums += [len(x), x.sum(), y.sum(), x @ x, y @ y, x @ y]

    def result(self) -> float:
        """Return the correlation; NaN where one of the two does not vary."""
        n, x, y, xx, yy, xy = self.sums
        variances = (n * xx - x * x) * (n * yy - y * y)
        return float((n * xy - x * y) / np.sqrt(variances)) if variances > 0 else float("nan")


@dataclass
class Shown:
    """What a batch of images made a spiking network do.

    Attributes
    ----------
    counts : dict of str to ndarray of int, shape (n_images, n_neurons)
        Spikes of each neuron, by population, the output left out.
    choices : ndarray of int32, shape (n_images, n_steps)
        The output of the highest potential after each step.
    potentials : ndarray, shape (n_images, n_outputs)
        Potentials of the outputs after the last step.
    seconds : float
        Of the simulation loop.
    """

    counts: dict[str, np.ndarray]
    choices: np.ndarray
    potentials: np.ndarray
    seconds: float

    @classmethod
    def read(cls, outcome: Outcome, translation: Translation, n_steps: int) -> Shown:
        """Read the outcome of a job of several presentations of `n_steps` steps."""
        populations, sizes = translation.populations, translation.sizes
        n_images = outcome.n_steps // n_steps
        counts = {}
        for index, (indices, steps) in outcome.spikes.items():
            cells = steps // n_steps * sizes[index] + indices
            flat = np.bincount(cells, minlength=n_images * sizes[index])
            counts[populations[index]] = flat.reshape(n_images, sizes[index])
        states = outcome.states[len(sizes) - 1, "v"].reshape(n_images, n_steps, sizes[-1])
        return cls(
            counts=counts,
            choices=states.argmax(axis=2).astype(np.int32),
            potentials=states[:, -1],
            seconds=outcome.timings["run"],
        )


class Tally:
    """Sums over batches, and the figures made of them.

    Parameters
    ----------
    translation : Translation
        The network.
    n_steps : int
        Length of a presentation.
    """

    def __init__(self, translation: Translation, n_steps: int) -> None:
        self.translation = translation
        self.n_steps = n_steps
        self.output = translation.layers[-1].name
        self.n_images = 0
        self.seconds = 0.0
        self.spikes = dict.fromkeys(translation.populations[:-1], 0)
        self.operations = {layer.name: 0 for layer in translation.layers}
        self.correlations = {layer.name: Correlation() for layer in translation.layers}
        self.fans = [
            (layer.name, link.source, fan_out(link))
            for layer in translation.layers
            for link in layer.connections
        ]

    def add(self, shown: Shown, activations: dict[str, np.ndarray], outputs: np.ndarray) -> None:
        """Add a batch: what the spiking network did, and what the artificial one does."""
        self.n_images += len(outputs)
        self.seconds += shown.seconds
        totals = {name: counts.sum(axis=0) for name, counts in shown.counts.items()}
        for name, total in totals.items():
            self.spikes[name] += int(total.sum())
        for target, source, fan in self.fans:
            self.operations[target] += int(totals[source] @ fan)
        for name, correlation in self.correlations.items():
            if name == self.output:
                correlation.add(shown.potentials, outputs)
            else:
                correlation.add(shown.counts[name], activations[name])

    def merge(self, other: Tally) -> None:
        """Add what another tally has counted."""
        self.n_images += other.n_images
        self.seconds += other.seconds
        for name, total in other.spikes.items():
            self.spikes[name] += total
        for name, total in other.operations.items():
            self.operations[name] += total
        for name, correlation in other.correlations.items():
            self.correlations[name].sums += correlation.sums

    def spikes_per_image(self) -> dict[str, float]:
        """Return the mean number of spikes, by population."""
        return {name: total / self.n_images for name, total in self.spikes.items()}

    def operations_per_image(self) -> dict[str, float]:
        """Return the mean number of synaptic events that arrive, by layer."""
        return {name: total / self.n_images for name, total in self.operations.items()}

    def zeros(self) -> dict[str, float]:
        """Return the percentage of neurons and steps without a spike, by layer that spikes."""
        sizes = dict(zip(self.translation.populations, self.translation.sizes, strict=True))
        pairs = self.n_images * self.n_steps
        return {
            name: 100 * (1 - total / (sizes[name] * pairs))
            for name, total in self.spikes.items()
            if name != INPUT
        }

    def correlation(self) -> dict[str, float]:
        """Return Pearson's correlation with the artificial network, by layer."""
        return {name: each.result() for name, each in self.correlations.items()}
