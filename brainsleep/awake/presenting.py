"""Images shown one after the other to a spiking network that does not learn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from ..devices import CppStandalone, Device, Engine, Job
from ..network.plan import NetworkPlan
from ..neurons import given_gains, given_thresholds
from ..night.preparing.assembly import Assembly
from ..support.cores import n_cores
from ..translation import INPUT, Translation
from .coding import Coding
from .image_input import ahead_at_once, first_spikes, image_currents
from .inference_request import InferenceRequest
from .network_itself import Activity
from .presentation import Counted, Showing
from .tally import Shown, Tally

#: Most images of one launch, and most values that are kept of them: counts and potentials.
LAUNCH_IMAGES, LAUNCH_VALUES = 1000, 2**24

#: Images that are counted at once, and for which the artificial network and the currents are
#: computed at once unless that is done for all images before. Whatever the launches, each begins
#: with a whole batch, so that no sum depends on how images are shared out.
BATCH_IMAGES = 50


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
    known : Activity or None
        What the network itself makes of the first images, if that has been computed.
    coding : Coding
        How images become input.
    scales : mapping of str to float
        The activation that a spike in every step stands for, by population.
    n_steps : int
        Length of a presentation in time steps.
    plan : NetworkPlan
        What the generated code depends on.
    used : tuple of int
        The assembly's projections that the plan has.
    device : Device
        Where it runs.
    started, seconds : float
        When preparing began, on the clock of `time.perf_counter`, and the seconds that it took.
    """

    request: InferenceRequest
    assembly: Assembly
    images: NDArray[np.floating]
    labels: NDArray[np.integer]
    known: Activity | None
    coding: Coding
    scales: Mapping[str, float]
    n_steps: int
    plan: NetworkPlan
    used: tuple[int, ...]
    device: Device
    started: float
    seconds: float = 0.0

    @property
    def translation(self) -> Translation:
        """The network's layers."""
        return self.assembly.translation

    @property
    def current_layers(self) -> tuple[str, ...]:
        """The layers that an image reaches as a constant current."""
        return tuple(
            layer.name
            for layer in self.translation.layers
            if self.coding.is_silent and any(link.source == INPUT for link in layer.connections)
        )

    @property
    def values_per_image(self) -> int:
        """What is kept of an image: counts of spikes, and potentials of the outputs."""
        return sum(self.plan.sizes) + self.n_steps * self.plan.sizes[-1]

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

    def job(
        self,
        images: NDArray[np.floating],
        numbers: NDArray[np.int64],
        n_steps: int | None = None,
        currents: Mapping[str, NDArray[np.floating]] | None = None,
    ) -> Job:
        """Make the job that shows some images.

        Parameters
        ----------
        images : ndarray, shape (n, n_inputs)
            The images.
        numbers : ndarray of int, shape (n,)
            Their numbers, on which their input spikes depend.
        n_steps : int, optional
            For how many steps, from the beginning of a presentation; all unless given.
        currents : mapping of str to ndarray, optional
            Their constant currents by layer, if they have been computed.
        """
        n_steps = self.n_steps if n_steps is None else n_steps
        currents = self._currents(images, self._batch_size) if currents is None else currents
        layers = self.translation.layers
        weights = self.assembly.weights()
        of_populations, of_projections = self.parameters()
        spikes = None
        if not self.coding.is_silent:
            spikes = first_spikes(self.coding, images, numbers, self.n_steps, n_steps)
        return Job(
            input_spikes=spikes,
            n_steps=len(images) * n_steps,
            weights=[weights[number] for number in self.used],
            biases=[None if layer.name in currents else layer.bias for layer in layers],
            population_parameters=of_populations,
            projection_parameters=of_projections,
            presentation_steps=n_steps,
            presentation_biases=[currents.get(layer.name) for layer in layers],
        )

    def parameters(self) -> tuple[list[dict[str, float]], list[dict[str, float]]]:
        """Return the parameter values of each population, and of each projection of the plan.

        Raises
        ------
        ParameterError, UnitsError
            For whatever is wrong with the neuron model's own parameters.
        """
        names, neuron = self.translation.layer_names, self.assembly.neuron
        of_projections = self.assembly.projection_parameters(plastic=False)
        of_populations = self.assembly.population_parameters(
            given_gains(neuron, names), given_thresholds(neuron, names), self.plan.dt
        )
        return of_populations, [of_projections[number] for number in self.used]

    def _currents(
        self, images: NDArray[np.floating], at_once: int
    ) -> Mapping[str, NDArray[np.floating]]:
        """Return the constant currents that images cause, by layer that gets some."""
        return image_currents(self.coding, self.translation, images, self.plan.dtype, at_once)

    def _batches(self, n_images: int) -> list[slice]:
        """Divide images into those for which sums are computed at once."""
        size = self._batch_size
        return [slice(begin, min(begin + size, n_images)) for begin in range(0, n_images, size)]

    @property
    def _batch_size(self) -> int:
        """How many images the artificial network and the currents are computed for at once."""
        return min(BATCH_IMAGES, self._most_images)

    @property
    def _most_images(self) -> int:
        """How many images a launch may have."""
        return max(1, min(LAUNCH_IMAGES, LAUNCH_VALUES // self.values_per_image))

    def show(
        self,
        engine: Engine,
        numbers: NDArray[np.int64],
        showing: Showing,
        n_threads: int | None = None,
        currents: Mapping[str, NDArray[np.floating]] | None = None,
    ) -> list[Counted]:
        """Show some images, given by their numbers; see `job` and `Job.n_threads`.

        Returns
        -------
        list of Counted
            For each batch.

        Raises
        ------
        KeyboardInterrupt
            If the simulation was interrupted.
        """
        images = self.images[numbers]
        job = self.job(images, numbers, showing.n_steps, currents)
        outcome = engine.run(replace(job, n_threads=n_threads))
        if outcome.n_steps < job.n_steps:  # an engine ends early when Ctrl-C is pressed
            raise KeyboardInterrupt
        shown = Shown.read(outcome, self.translation, showing.n_steps)
        return [
            self._counted(shown.of(batch), numbers[batch], showing)
            for batch in self._batches(len(numbers))
        ]

    def _counted(self, shown: Shown, numbers: NDArray[np.int64], showing: Showing) -> Counted:
        """Count what the spiking network did with images, and what the artificial one does."""
        decided = showing.is_decided(shown.choices)
        tally = Tally(self.translation)
        tally.seconds = shown.seconds
        chosen = np.zeros(0, dtype=np.int32)
        part = shown if decided.all() else shown.of(decided)
        if decided.any():
            itself = self._activity(numbers[decided])
            tally.add(part, itself, scale=self.n_steps / showing.n_steps)
            chosen = itself.outputs.argmax(axis=1).astype(np.int32)
        return Counted(
            numbers=numbers[decided],
            undecided=numbers[~decided],
            tally=tally,
            choices=part.choices,
            ann_choices=chosen,
        )

    def _activity(self, numbers: NDArray[np.int64]) -> Activity:
        """Return what the network itself makes of some images, in ascending order."""
        if self.known is not None and numbers[-1] < len(self.known):
            return self.known.at(numbers)
        return Activity.of(self.translation, self.images[numbers])

    def show_all(
        self,
        engine: Engine,
        numbers: NDArray[np.int64],
        showing: Showing,
        n_jobs: int | None = None,
    ) -> Iterator[Counted]:
        """Show images, in launches of bounded size.

        Parameters
        ----------
        engine : Engine
            The program.
        numbers : ndarray of int
            The images, by their numbers.
        showing : Showing
            How they are shown.
        n_jobs : int, optional
            Number of launches at the same time, on C++ devices; as many as there are cores unless
            given.

        Yields
        ------
        Counted
            For each batch, in the order of the images.
        """
        n_jobs = n_cores() if n_jobs is None else n_jobs
        if not isinstance(self.device, CppStandalone):
            n_jobs = 1  # Brian2 itself runs one network at a time in this process
        size = self._launch_size(len(numbers), n_jobs)
        starts = range(0, len(numbers), size)
        n_jobs = min(n_jobs, len(starts))
        currents: Mapping[str, NDArray[np.floating]] | None = None
        if at_once := ahead_at_once(self.coding, self.translation, len(numbers)):
            currents = self._currents(self.images[numbers], at_once)

        def show(first: int) -> list[Counted]:
            n_threads, part = 1 if n_jobs > 1 else None, slice(first, first + size)
            of_part = currents and {name: sums[part] for name, sums in currents.items()}
            return self.show(engine, numbers[part], showing, n_threads, of_part)

        if n_jobs <= 1:
            yield from chain.from_iterable(map(show, starts))
            return
        pool = ThreadPoolExecutor(n_jobs)
        try:
            yield from chain.from_iterable(pool.map(show, starts))
        finally:
            pool.shutdown(cancel_futures=True)

    def _launch_size(self, n_images: int, n_jobs: int) -> int:
        """Return how many images a launch shows, in whole batches, so that all have equal work."""
        batch = self._batch_size
        n_batches = max(1, -(-n_images // batch))
        return batch * min(self._most_images // batch, -(-n_batches // n_jobs))
