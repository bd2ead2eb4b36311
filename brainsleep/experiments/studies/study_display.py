"""A live table of a study: how far it has come, and which settings do best so far."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from ...errors import brief
from ...measures import summarise
from ...support.files import JsonObject
from .study_request import StudyRequest, Trial

#: Settings that the table shows: the best so far.
MOST_ROWS = 8


class StudyDisplay:
    """Told of trials, it shows them where there is a terminal.

    Parameters
    ----------
    name : str
        Of the experiment.
    request : StudyRequest
        What is varied.
    n_workers : int
        How many trials run at the same time.
    progress : bool
        Whether to show anything.
    """

    def __init__(self, name: str, request: StudyRequest, n_workers: int, progress: bool) -> None:
        self.name, self.request, self.n_workers = name, request, n_workers
        self.is_shown = progress and sys.stderr.isatty()
        self.asked: dict[str, Trial] = {}
        self.finals: dict[str, float | None] = {}
        self.failed = 0
        self.started: float | None = None
        self.n_before = 0
        self.live: Any = None

    def __enter__(self) -> Self:
        """Begin to show the table."""
        if self.is_shown:
            from rich.console import Console
            from rich.live import Live

            self.live = Live(console=Console(stderr=True), auto_refresh=False, transient=True)
            self.live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        """Take the table away."""
        if self.live is not None:
            self.live.stop()

    def add(self, trials: Sequence[Trial]) -> None:
        """Take in trials that are to be run, those that are done already among them."""
        self.asked.update({trial.name: trial for trial in trials})

    def done(self, trial: Trial, record: JsonObject) -> None:
        """Take in what came of a trial; once or more."""
        if trial.name in self.finals:
            return
        metrics = record["metrics"]
        self.finals[trial.name] = None if metrics is None else metrics["accuracy"]["final"]
        if self.started is None:  # the first comes when it is done, or was before
            self.started, self.n_before = time.monotonic(), len(self.finals)
        if self.live is not None:
            self.live.update(self.table(), refresh=True)

    def line(self, trial: Trial) -> str:
        """Return what came of a trial, and how many there are, in one line."""
        final = self.finals.get(trial.name)
        came = "failed" if final is None else f"{100 * final:.1f} %"
        where = " on test images" if trial.on_test else ""
        words = in_words(trial.parameters)
        n, n_done = len(self.asked), len(self.finals)
        return f"{n_done} of {n} trials: {words}, seed {trial.seed}{where}: {came}"

    def heading(self) -> str:
        """Return how far the study has come, in one line."""
        n, n_done = len(self.asked), len(self.finals)
        failed = sum(final is None for final in self.finals.values())
        words = [f"{self.name}: {n_done} of {n} trials"]
        if failed:
            words.append(f"{failed} failed")
        words.append(f"{min(self.n_workers, n - n_done)} running")
        left = self._seconds_left()
        if left is not None:
            words.append(f"{_duration(left)} left")
        return ", ".join(words)

    def rows(self) -> list[tuple[str, float, float, int]]:
        """Return the best settings so far: parameters, mean, SD (NaN for one) and seeds."""
        values: dict[int, list[float]] = {}
        settings: dict[int, str] = {}
        for name, final in self.finals.items():
            trial = self.asked.get(name)
            if trial is None or trial.on_test or final is None:
                continue
            values.setdefault(trial.number, []).append(final)
            settings[trial.number] = in_words(trial.parameters)
        found = []
        for number, finals in values.items():
            spread = summarise(finals)
            found.append((settings[number], spread.mean, spread.sd, len(finals)))
        return sorted(found, key=lambda row: -row[1])[:MOST_ROWS]

    def table(self) -> Any:
        """Return the table as rich shows it."""
        from rich.table import Table

        table = Table(title=self.heading(), title_justify="left", box=None, pad_edge=False)
        for heading in ("setting", "accuracy, %", "seeds"):
            table.add_column(heading)
        for setting, mean, sd, n in self.rows():
            spread = f" ± {100 * sd:.1f}" if n > 1 else ""
            table.add_row(setting, f"{100 * mean:.1f}{spread}", f"{n} of {self.request.n_seeds}")
        return table

    def _seconds_left(self) -> float | None:
        """Return how long the rest takes at the speed so far."""
        n_new = len(self.finals) - self.n_before
        if self.started is None or n_new < 1:
            return None
        return (time.monotonic() - self.started) / n_new * (len(self.asked) - len(self.finals))


def in_words(parameters: JsonObject) -> str:
    """Return a setting in one line; keys without their tables, where that is clear."""
    short = [key.rpartition(".")[2] for key in parameters]
    names = short if len(set(short)) == len(short) else list(parameters)
    pairs = zip(names, parameters.values(), strict=True)
    return ", ".join(f"{name} = {brief(value)}" for name, value in pairs)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
