"""Run a model file of learning by e-prop: trials made from the seed, learned beside controls."""

from __future__ import annotations

import time
from pathlib import Path

from ...eprop import LSNN, Lessons, answers_right
from ...support.files import JsonObject
from ..model_files.eprop_modelfile import EpropModel
from .seeded_run import SeededRun


class EpropRun(SeededRun[EpropModel]):
    """A run of a model file of learning by e-prop, ready to begin."""

    def check(self) -> None:
        """Compile, which raises what is wrong with the network or its device."""
        section = self.model.eprop
        section.network().prepare(
            section.device, dtype=section.dtype, progress=self.request.progress
        )

    def measure(self, directory: Path) -> JsonObject:
        """Learn and measure; return the results."""
        section, timings = self.model.eprop, {}
        arms: dict[str, tuple[LSNN, Lessons]] = {
            "final": (section.network(), section.lessons()),
            "no_adaptation": (section.network(adapts=False), section.lessons()),
            "readout_only": (section.network(), section.lessons(learns=["output"])),
        }
        accuracy, curve, rate = {}, [], 0.0
        for name, (network, lessons) in arms.items():
            started = time.perf_counter()
            accuracy[name], learned, last_rate = self._learned(network, lessons)
            timings[name] = time.perf_counter() - started
            self.request.report(f"{self.kind.rows[name]}: {100 * accuracy[name]:.1f} %")
            if name == "final":
                curve, rate = learned, last_rate
        accuracy["untrained"], _, _ = self._learned(section.network(), section.lessons(n_batches=0))
        return {
            "dataset": section.task,
            "evaluated_on": "test",
            "accuracy": {**accuracy, "chance": 0.5, "curve": curve, "controls": {}},
            "rate": rate,
            "timings": [timings],
        }

    def _learned(self, network: LSNN, lessons: Lessons) -> tuple[float, list[float], float]:
        """Return the accuracy on other trials; that in each batch; and the last rate in Hz."""
        section, seed = self.model.eprop, self.request.seed
        task = section.make_task()
        prepared = network.prepare(section.device, dtype=section.dtype, progress=False)
        learned = lessons.learn(
            prepared,
            network.initial_weights(seed),
            task,
            seed=seed,
            progress=self.request.progress,
        )
        right = answers_right(prepared, learned.weights, task, section.n_test, seed=seed)
        rate = float(learned.rates[-1]) if len(learned.rates) else 0.0
        return right, learned.accuracy.tolist(), rate
