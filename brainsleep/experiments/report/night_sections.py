"""What a page shows of each night of a run: rasters, stages, weights, constants, timings."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import TypeVar

from ...dreams import DreamNight
from ...errors import BrainsleepError
from ...night import Night
from ...night.describing.labels import labels_of, weight_labels_of
from ...night.describing.up_down_states import intervals_by_table
from ..finished_runs.run_results import Run
from ..nights.night_kinds import AnyNight, load_night
from ..workers.shared_out import shared_out
from .dream_sections import dream_section
from .shown_night import LayerConstants, NightSection
from .spike_panels import most_in_each, night_panels
from .weight_charts import weight_histograms, weight_rows

T = TypeVar("T")


def night_sections(run: Run, *, prefix: str = "", last_only: bool = False) -> list[NightSection]:
    """Read the nights of a run, one after the other; one that is damaged says so.

    Parameters
    ----------
    run : Run
        A run; some kinds of experiments have no nights.
    prefix : str
        Begins the titles.
    last_only : bool
        Whether to read none but the last.
    """
    most, tasks = _most_points(run), _tasks_of_nights(run)
    shown = tasks[-1:] if last_only else tasks
    return [_section(run, task, f"{prefix}{_title(task)}", most, _nothing)[0] for task in shown]


def measured_nights(
    run: Run, measure: Callable[[AnyNight, int], T], n_jobs: int
) -> list[tuple[NightSection, T | None]]:
    """Read the nights of a run and measure something, so that no night is read twice.

    Parameters
    ----------
    run : Run
        A run; some kinds of experiments have no nights.
    measure : callable
        Called with each night that can be read, and with the number of the task that it followed.
    n_jobs : int
        How many nights are read at the same time, each in a process.

    Returns
    -------
    list of (NightSection, object)
        What the page shows of each night, and what was measured; None of a night that is damaged.
    """
    most = _most_points(run)
    works = [
        functools.partial(_section, run, task, _title(task), most, measure)
        for task in _tasks_of_nights(run)
    ]
    return shared_out(works, n_jobs)


def _tasks_of_nights(run: Run) -> list[int]:
    """Return the numbers of the tasks whose nights are there."""
    return run.nights_after[: len(run.nights)]


def _most_points(run: Run) -> int:
    """Return how many points each panel may have."""
    return most_in_each(sum(map(len, run.metrics.get("rates", []))))


def _title(task: int) -> str:
    return f"after task {task}"


def _nothing(night: AnyNight, task: int) -> None:
    """Measure nothing."""


def _section(
    run: Run, task: int, title: str, most: int, measure: Callable[[AnyNight, int], T]
) -> tuple[NightSection, T | None]:
    try:
        night = load_night(run.directory / "nights" / str(task - 1))
        section = section_of(night, title, most)
    except BrainsleepError as error:
        return NightSection(title, problem=str(error)), None
    return section, measure(night, task)


def section_of(night: AnyNight, title: str, most: int) -> NightSection:
    """Return what a page shows of a night; raises as reading its spikes and weights does."""
    if isinstance(night, DreamNight):
        return dream_section(night, title, most)
    labels, weight_labels = labels_of(night), weight_labels_of(night)
    drawn = night_panels(night, labels, most)
    drawn["weights"] = weight_histograms(night, weight_labels)
    intervals = intervals_by_table(night)
    segments = intervals["sleep_stages"]
    drawn["segments"] = [
        [one.name, one.start * 1000, (one.stop - one.start) * 1000] for one in segments
    ]
    drawn["up"] = [
        [one.start * 1000, one.stop * 1000]
        for one in intervals["up_down_states"]
        if one.name == "up"
    ]
    return NightSection(
        title,
        steps=night.n_steps,
        drawn=drawn,
        weights=weight_rows(night, weight_labels),
        constants=_constants(night, labels),
        segments=segments,
        timings=night.timings,
    )


def _constants(night: Night, labels: Mapping[str, str]) -> list[LayerConstants]:
    return [
        LayerConstants(labels.get(name, name), gain, night.thresholds[name])
        for name, gain in night.gains.items()
    ]
