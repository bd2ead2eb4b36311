"""Run a model file of a network on a chip: learn, convert, write, and run in integers."""

from __future__ import annotations

import time
import warnings
from pathlib import Path

from ...awake import SpikingAccuracy, spiking_accuracy
from ...neuromorphic import emulate, refuse_max_pooling
from ...support.files import JsonObject
from ...translation import translate
from ...translation.nir import NirWarning
from ...wake import torch_threads, train, training_seed
from ...wake.networks.data_shape import DataShape
from ..kinds.experiment_kind import ExperimentKind
from ..model_files.neuromorphic_modelfile import NeuromorphicModel
from ..model_files.run_request import RunRequest
from .data_run import DataRun

#: The graph of the converted network, in the run directory.
GRAPH = "network.nir"


class NeuromorphicRun(DataRun[NeuromorphicModel]):
    """A run of a model file of a network on a chip, ready to begin.

    It keeps nothing on the way: one that was cut off begins again.
    """

    def __init__(self, request: RunRequest, kind: ExperimentKind) -> None:
        super().__init__(request, kind)
        shown = self.split.train
        shape = DataShape(shown.images.shape[1], int(shown.labels.max()) + 1, shown.image_shape)
        self.network = self.model.network.fitted(shape, request.folder)

    def check(self) -> None:
        """Refuse what a chip does not have, before anything is learned."""
        network = self.network.build(self.request.seed)
        refuse_max_pooling(translate(network, (self.split.train.images.shape[1],)))

    def measure(self, directory: Path) -> JsonObject:
        """Run everything; return the results."""
        section, started = self.model.neuromorphic, time.perf_counter()
        with torch_threads(1):
            reference = self._converted()
        with warnings.catch_warnings():  # that spikes subtract the threshold is read again here
            warnings.simplefilter("ignore", NirWarning)
            reference.to_nir(directory / GRAPH)
        seconds = {"network": time.perf_counter() - started}
        found = {bits: self._emulated(directory / GRAPH, bits) for bits in self._bits()}
        seconds["integers"] = time.perf_counter() - started - seconds["network"]
        return {
            "dataset": self.split.train.name,
            "evaluated_on": self.model.data.evaluate_on,
            "accuracy": {
                "final": found[section.weight_bits]["accuracy"],
                "spiking": float(reference.accuracy[-1]),
                "network": reference.ann_accuracy,
                "controls": {},
            },
            "bits": {str(bits): found[bits] for bits in self._bits()},
            "spikes": sum(list(reference.spikes_per_image.values())[1:]),
            "timings": [seconds],
        }

    def _bits(self) -> list[int]:
        """Return all numbers of bits, each once."""
        section = self.model.neuromorphic
        return sorted({section.weight_bits, *section.other_bits})

    def _converted(self) -> SpikingAccuracy:
        """Return what the network, trained and converted, makes of the images."""
        section, seed = self.model.neuromorphic, self.request.seed
        network = self.network.build(seed)
        self.request.report(f"the network learns {len(self.split.train)} images")
        train(network, self.split.train, section.training(), seed=training_seed(seed, 0))
        return spiking_accuracy(
            network,
            self.split.test,
            section.n_steps,
            n_images=section.n_images,
            calibration_data=self.split.train.images[: section.n_scaled],
            device=section.device,
            progress=self.request.progress,
        )

    def _emulated(self, graph: Path, bits: int) -> dict[str, float]:
        """Return accuracy and spikes with weights of so many bits."""
        section = self.model.neuromorphic
        found = emulate(
            graph,
            self.split.test,
            section.n_steps,
            n_images=section.n_images,
            reset=section.reset,
            **section.options(bits),
        )
        self.request.report(f"weights of {bits} bits: {100 * found.accuracy[-1]:.1f} %")
        return {
            "accuracy": float(found.accuracy[-1]),
            "spikes": sum(found.spikes_per_image.values()),
        }
