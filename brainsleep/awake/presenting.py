"""Images shown one after the other to a spiking network that does not learn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..devices import CppStandalone, Device, Engine, Job
from ..network.plan import NetworkPlan
from ..neurons import given_gains, given_thresholds
from ..night.assembly import Assembly
from ..translation import Translation
from ..translation.activation_recording import activations_and_outputs
from .coding import Coding
from .inference_request import InferenceRequest
from .tally import Shown, Tally

#: Most neurons times steps times images of one launch. A launch holds in memory a few bytes for
#: each of them in which a spike falls.
LAUNCH_VALUES = 2**26


@dataclass(frozen=True, kw_only=True, eq=False)
class PreparedInference:
    """A spiking network to which images can be shown; nothing is built yet.

    Attributes
    ----------
    request : InferenceRequest
        What was asked for.
    assembly : Assembly
        The network's layers, none of which learns, and their neurons.
    images : ndarray, shape (n_images, n_inputs)
        The images.
    labels : ndarray of int, shape (n_images,)
        Their labels.
    coding : Coding
        How images become input.
    scales : mapping of str to float
        The activation that a spike in every step stands for, by population.
    n_steps : int
        Length of a presentation in time steps.
    plan : NetworkPlan
        What the generated code depends on.
    device : Device
        Where it runs.
    started, seconds : float
        When preparing began, on the clock of `time.perf_counter`, and the seconds that it took.
    """

    request: InferenceRequest
    assembly: Assembly
    images: NDArray[np.floating]
    labels: NDArray[np.integer]
    coding: Coding
    scales: Mapping[str, float]
    n_steps: int
    plan: NetworkPlan
    device: Device
    started: float
    seconds: float = 0.0

    @property
    def translation(self) -> Translation:
        """The network's layers."""
        return self.assembly.translation

    @property
    def values_per_image(self) -> int:
        """Neurons times steps."""
        return sum(self.plan.sizes) * self.n_steps

    def settings(self) -> dict[str, str | int | float]:
        """Return what was asked for, for people and files."""
        request = self.request
        return {
            "coding": self.coding.name,
            "neuron": repr(request.neuron),
            "normalisation": request.normalisation,
            "percentile": request.percentile,
            "max_pooling": self.assembly.max_pooling,
            "device": self.device.name,
            "dtype": self.plan.dtype,
            "seed": request.seed,
        }

    def job(self, images: NDArray[np.floating], first: int) -> Job:
        """Make the job that shows some images.

        Parameters
        ----------
        images : ndarray, shape (n, n_inputs)
            The images.
        first : int
            Number of the first of them; their input spikes depend on it.
        """
        names = self.translation.layer_names
        neuron = self.assembly.neuron
        currents = self.coding.currents(self.translation, images)
        layers = self.translation.layers
        return Job(
            input_spikes=(
                chunk
                for number, image in enumerate(images, start=first)
                for chunk in self.coding.chunks(image, number, self.n_steps)
            ),
            n_steps=len(images) * self.n_steps,
            weights=self.assembly.weights(),
            biases=[None if layer.name in currents else layer.bias for layer in layers],
            population_parameters=self.assembly.population_parameters(
                given_gains(neuron, names), given_thresholds(neuron, names), self.plan.dt
            ),
            projection_parameters=self.assembly.projection_parameters(plastic=False),
            presentation_steps=self.n_steps,
            presentation_biases=[currents.get(layer.name) for layer in layers],
        )

    def show(
        self,
        engine: Engine,
        images: NDArray[np.floating],
        first: int,
        n_threads: int | None = None,
    ) -> tuple[Tally, NDArray[np.int32]]:
        """Show some images; see :meth:`job`, and `Job.n_threads`.

        Returns
        -------
        tally : Tally
            What was counted.
        choices : ndarray of int32, shape (n_images, n_steps + 1)
            Output chosen after each step; in the last column that of the artificial network.

        Raises
        ------
        KeyboardInterrupt
            If the simulation was interrupted.
        """
        job = replace(self.job(images, first), n_threads=n_threads)
        outcome = engine.run(job)
        if outcome.n_steps < job.n_steps:  # an engine ends early when Ctrl-C is pressed
            raise KeyboardInterrupt
        shown = Shown.read(outcome, self.translation, self.n_steps)
        activations, outputs = activations_and_outputs(self.translation, images)
        tally = Tally(self.translation, self.n_steps)
        tally.add(shown, activations, outputs)
        chosen = outputs.argmax(axis=1).astype(np.int32)
        return tally, np.column_stack([shown.choices, chosen])

    def show_all(self, engine: Engine, n_jobs: int) -> Iterator[tuple[Tally, NDArray[np.int32]]]:
        """Show all images, in launches of bounded size.

        Parameters
        ----------
        engine : Engine
            The program.
        n_jobs : int
            Number of launches at the same time, on C++ devices.

        Yields
        ------
        tally, choices
            What :meth:`show` returns, for each launch in the order of the images.
        """
        if not isinstance(self.device, CppStandalone):
            n_jobs = 1  # Brian2 itself runs one network at a time in this process
        fit = max(1, LAUNCH_VALUES // self.values_per_image)
        images = self.images
        size = min(fit, -(-len(images) // n_jobs))
        starts = range(0, len(images), size)
        if n_jobs == 1:
            yield from (self.show(engine, images[k : k + size], k) for k in starts)
            return
        pool = ThreadPoolExecutor(n_jobs)
        try:
            yield from pool.map(
                lambda k: self.show(engine, images[k : k + size], k, n_threads=1), starts
            )
        finally:
            pool.shutdown(cancel_futures=True)
