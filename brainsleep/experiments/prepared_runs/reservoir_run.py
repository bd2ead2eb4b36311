"""Run a model file of a reservoir: tasks made from the seed, readouts, what it is held against."""

from __future__ import annotations

import time
from pathlib import Path

from ...reservoir import SideBySide, compare_on_series, compare_on_task, narma10
from ...reservoir.series_readouts import WASH_OUT
from ...support.content_digest import content_digest
from ...support.files import JsonObject
from ...wake import torch_threads
from ..kinds.experiment_kind import ExperimentKind
from ..model_files.reservoir_modelfile import ReservoirModel
from ..model_files.run_request import RunRequest
from .seeded_run import SeededRun


class ReservoirRun(SeededRun[ReservoirModel]):
    """A run of a model file of a reservoir, ready to begin."""

    def __init__(self, request: RunRequest, kind: ExperimentKind) -> None:
        super().__init__(request, kind)
        section = self.model.reservoir
        n = section.n_train + section.n_validation + section.n_test
        self.task = section.make_task(n, request.seed)
        self.reservoir = section.build(self.task.spikes.shape[2], request.seed)
        self.data_sha256 = content_digest(self.task.spikes, self.task.labels)

    def check(self) -> None:
        """Compile, which raises what is wrong with the reservoir or its device."""
        section = self.model.reservoir
        self.reservoir.circuit.prepare(
            section.device, dtype=section.dtype, record=["liquid"], progress=self.request.progress
        )

    def measure(self, directory: Path) -> JsonObject:
        """Run everything; return the results."""
        started = time.perf_counter()
        with torch_threads(1):
            task = self._on_task()
            seconds = {"task": time.perf_counter() - started}
            series = self._on_series() if self.model.reservoir.narma_train else None
        seconds["narma"] = time.perf_counter() - started - seconds["task"]
        return {
            "dataset": self.model.reservoir.task,
            "evaluated_on": "test",
            "accuracy": {**_test(task), "chance": self.task.chance, "controls": {}},
            "validation": {name: one.validation for name, one in _parts(task).items()},
            "rate": task.rate,
            "chosen": task.chosen,
            **({} if series is None else {"nrmse": _test(series), "narma_chosen": series.chosen}),
            "timings": [seconds],
        }

    def _on_task(self) -> SideBySide:
        section = self.model.reservoir
        self.request.report(f"{section.task}: {len(self.task.labels)} sequences")
        return compare_on_task(
            self.reservoir,
            self.task,
            n_train=section.n_train,
            n_validation=section.n_validation,
            n_samples=section.n_samples,
            taus=section.taus,
            device=section.device,
            dtype=section.dtype,
            progress=self.request.progress,
        )

    def _on_series(self) -> SideBySide:
        section = self.model.reservoir
        n = WASH_OUT + section.narma_train + section.narma_validation + section.narma_test
        self.request.report(f"NARMA-10: {n} values")
        narma = section.narma
        return compare_on_series(
            section.build_for_narma(self.request.seed),
            narma10(n, seed=self.request.seed),
            n_train=section.narma_train,
            n_validation=section.narma_validation,
            coding=narma.coding,
            steps=narma.steps,
            max_probability=narma.max_probability,
            filters=narma.filters,
            input_filters=narma.input_filters,
            device=section.device,
            dtype=section.dtype,
            progress=self.request.progress,
        )


def _parts(found: SideBySide) -> JsonObject:
    """Return what was reached, by the names of tables."""
    return {
        "final": found.liquid,
        "echo_state": found.echo_state,
        "unconnected": found.unconnected,
        "input_alone": found.input_alone,
    }


def _test(found: SideBySide) -> dict[str, float]:
    return {name: one.test for name, one in _parts(found).items()}
