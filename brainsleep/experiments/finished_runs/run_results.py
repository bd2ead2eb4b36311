"""A finished run: results as tables, nights when they are looked at."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from ...errors import DataError, DirectoryError
from ...support.data_frames import import_pandas
from ...support.files import JsonObject, read_bytes
from ...support.json_files import read_json, write_json
from ...translation import write_back
from ..arms.learned_tasks import Progress
from ..kinds import ExperimentKind, kind_of_file, kind_of_results
from ..model_files.modelfile import ModelFile
from ..model_files.named_model import NamedModel
from ..model_files.network_sections import build_again
from ..model_files.overrides import Overrides
from ..nights.night_kinds import AnyNight, load_night
from ..result_tables.tables import accuracies_as_html
from ..run_directory.run_state import RUN, load_progress, network_after, run_digest, split_state

if TYPE_CHECKING:
    import pandas
    from torch import nn

#: What can still be had of a run whose model file or settings are gone.
_LEFT = "its metrics and nights can still be read"


@dataclass(frozen=True)
class Run:
    """A finished run.

    Attributes
    ----------
    directory : Path
        Where everything lies.
    metrics : dict
        The content of ``metrics.json``.
    """

    directory: Path
    metrics: JsonObject

    @property
    def model(self) -> NamedModel:
        """The model file, with what the run changed in it.

        Raises
        ------
        DirectoryError
            If it is missing or damaged.
        """
        file, settings = self.directory / "model.toml", self.settings
        try:
            digest = hashlib.sha256(read_bytes(file)).hexdigest()
        except (OSError, DataError):
            digest = None
        if digest is None or settings.get("model_sha256", digest) != digest:
            raise DirectoryError(f"{file} is missing or damaged; {_LEFT}.")
        model: NamedModel = kind_of_file(file).load(file, overrides_in(settings))
        return model

    @property
    def kind(self) -> ExperimentKind:
        """Which kind of experiment it was."""
        return kind_of_results(self.metrics)

    @property
    def nights(self) -> RunNights:
        """The nights, first to last; each is read when it is looked at."""
        return RunNights(self)

    @property
    def tasks(self) -> pandas.DataFrame:
        """What happened to each task, one per row.

        Of a run of tasks: its name and labels, the mean accuracy on the tasks seen before and
        after the night, the night's steps, and what it took in seconds; NaN for a task without a
        night. Of experiments without nights: the accuracy after each part, and its seconds where
        these were noted.
        """
        timings = self.metrics["timings"]
        if not self.kind.sleeps:
            curve = self.metrics["accuracy"].get("curve")
            columns = {"accuracy": curve} if curve else {}
            if not curve or len(curve) == len(timings):
                columns["seconds"] = [sum(one.values()) for one in timings]
            n_parts = len(next(iter(columns.values())))
            return _table(columns, [f"{self.kind.part} {number + 1}" for number in range(n_parts)])
        model = self.model
        assert isinstance(model, ModelFile)
        tables = (self.before_sleep, self.after_sleep)
        before, after = (table.mean(axis="columns") for table in tables)
        noted = self.metrics.get("tasks")  # not in runs of earlier versions
        of_night = dict(zip(self.nights_after, timings, strict=True))
        nights = [of_night.get(number, {}) for number in range(1, len(before) + 1)]
        columns = {
            **({"name": [task["name"] for task in noted]} if noted else {}),
            "classes": [task["classes"] for task in noted] if noted else model.tasks.classes,
            "before_sleep": list(before),
            "after_sleep": list(after),
            "steps": [one.get("steps", np.nan) for one in nights],
            "seconds": [one.get("total", np.nan) for one in nights],
        }
        return _table(columns, [f"task {number}" for number in range(1, len(before) + 1)])

    @property
    def before_sleep(self) -> pandas.DataFrame:
        """Accuracy on each task (column) before each night (row); NaN for tasks not yet seen.

        An empty table if the experiment is none of tasks and nights, as of `after_sleep`.
        """
        return self._matrix("before_sleep")

    @property
    def after_sleep(self) -> pandas.DataFrame:
        """Accuracy on each task (column) after each night (row); NaN for tasks not yet seen."""
        return self._matrix("after_sleep")

    @property
    def accuracies(self) -> pandas.Series:
        """Accuracy over all classes at the end: asleep (``"final"``), baselines, controls."""
        scores = self.metrics["accuracy"]
        own = {name: value for name, value in scores.items() if isinstance(value, float)}
        return import_pandas("runs").Series(own | scores.get("controls", {}), name="accuracy")

    @property
    def rates(self) -> pandas.DataFrame:
        """Mean firing rate in Hz of each population (column) in each night (row)."""
        return _table(self.metrics.get("rates", []), self._stages)

    @property
    def weight_change(self) -> pandas.DataFrame:
        """Mean absolute change of each layer's weights (column) in each night (row)."""
        return _table(self.metrics.get("weight_change", []), self._stages)

    @property
    def _stages(self) -> list[str]:
        return [f"{self.kind.part} {number}" for number in self.nights_after]

    @property
    def nights_after(self) -> list[int]:
        """Numbers of the tasks, from 1, that a night followed."""
        every = list(range(1, len(self.metrics["timings"]) + 1))
        return self.metrics.get("nights_after", every)

    @property
    def settings(self) -> JsonObject:
        """The content of ``run.json``: the seed, what was changed, digests of model file and data.

        Raises
        ------
        DirectoryError
            If it is missing or damaged.
        """
        return read_json(self.directory / "run.json", _LEFT)

    def _matrix(self, name: str) -> pandas.DataFrame:
        given = self.metrics["accuracy"].get(name, [])
        values = np.array(given, dtype=float).reshape(len(given), -1 if given else 0)
        columns = [f"task {number}" for number in range(1, values.shape[1] + 1)]
        rows = [f"after task {number}" for number in range(1, len(values) + 1)]
        return import_pandas("runs").DataFrame(values, rows, columns)

    def _repr_html_(self) -> str:
        """Return the accuracies as a table for notebooks."""
        return accuracies_as_html(self.metrics)

    def __repr__(self) -> str:
        final = self.metrics["accuracy"].get("final")
        score = f", {100 * final:.1f} %" if isinstance(final, float) else ""
        name = f"{self.metrics['model']}, seed {self.metrics['seed']}"
        return f"<Run of {name}{score}: {self.directory}>"


@dataclass(frozen=True)
class RunNights(Sequence[AnyNight]):
    """The nights of a run, each read when it is first looked at.

    Attributes
    ----------
    run : Run
        The run.
    """

    run: Run
    _read: dict[int, AnyNight] = field(default_factory=dict, repr=False, compare=False)

    @overload
    def __getitem__(self, index: int) -> AnyNight: ...
    @overload
    def __getitem__(self, index: slice) -> list[AnyNight]: ...
    def __getitem__(self, index: int | slice) -> AnyNight | list[AnyNight]:
        """Return a night, numbered from 0; raises as `Night.load`."""
        if isinstance(index, slice):
            return [self[number] for number in range(len(self))[index]]
        number = range(len(self))[index]
        if number not in self._read:
            task = self.run.nights_after[number] - 1
            folder = self.run.directory / "nights" / str(task)
            self._read[number] = load_night(folder, self._network(task))
        return self._read[number]

    def __len__(self) -> int:
        return len(self.run.metrics["timings"]) if self.run.kind.sleeps else 0

    def __repr__(self) -> str:
        return f"<{len(self)} nights of {self.run.directory}>"

    def untrained(self) -> nn.Module | None:
        """Return the network before any training; None for runs of earlier versions."""
        settings, seed = self.run.settings, self.run.metrics["seed"]
        if "network" not in settings:
            return None
        code = settings.get("sources", {}), settings.get("code", {})
        return build_again(settings["network"], seed, *code)

    def _network(self, number: int) -> nn.Module | None:
        """Return the network after a task; None for runs of the first version, which kept none."""
        tasks = load_progress(self.run.directory, Progress).tasks
        digest = tasks[number].network if number < len(tasks) else ""
        model = self.run.model
        if not digest or not isinstance(model, ModelFile):
            return None
        state = split_state(network_after(self.run.directory, number, digest))[0]
        untrained = self.untrained()
        if untrained is None:  # of an earlier version, whose networks have all sizes
            untrained = model.network.build(self.run.metrics["seed"])
        return write_back(untrained, state)


def save_metrics(directory: Path, metrics: JsonObject) -> Run:
    """Write the results of a run, which is finished with that."""
    sealed = {**metrics, RUN: run_digest(directory)}
    return Run(directory, write_json(directory / "metrics.json", sealed))


def overrides_in(settings: JsonObject) -> Overrides:
    """Return what a run changed in its model file, of the content of its ``run.json``."""
    names = ("dataset", "data_dir", "device", "evaluate_on", "changes")
    return Overrides(**{name: settings[name] for name in names if name in settings})


def _table(content: Any, index: list[str]) -> pandas.DataFrame:
    """Return columns by name, or rows that are tables, as a DataFrame with named rows."""
    return import_pandas("runs").DataFrame(content, index=index if len(content) else None)
