"""What a page shows of each night of a run: rasters, stages, weights, constants, timings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...errors import BrainsleepError
from ...night import Night
from ...night.labels import labels_of, weight_labels_of
from ...night.up_down_states import StageInterval, intervals_by_table
from ...support.files import JsonObject
from ..run_results import Run
from .spike_panels import most_in_each, night_panels
from .weight_charts import WeightRow, weight_histograms, weight_rows


@dataclass(frozen=True)
class LayerConstants:
    """What one layer had in a night.

    Attributes
    ----------
    layer : str
        What the page calls it.
    gain, threshold : float
        In the neuron model's unit.
    """

    layer: str
    gain: float
    threshold: float


@dataclass(frozen=True)
class NightSection:
    """One night on a page.

    Attributes
    ----------
    title : str
        As in ``"after task 1"``.
    problem : str
        Why it cannot be shown; else empty.
    steps : int
        Its length.
    drawn : dict
        What scripts draw; see `brainsleep.experiments.report.spike_panels`.
    weights : list of WeightRow
        What it did to weights.
    constants : list of LayerConstants
        Gains and thresholds.
    segments : list of StageInterval
        Its stages of sleep; none if it has none.
    timings : dict
        As of `Night.timings`.
    """

    title: str
    problem: str = ""
    steps: int = 0
    drawn: JsonObject = field(default_factory=dict)
    weights: list[WeightRow] = field(default_factory=list)
    constants: list[LayerConstants] = field(default_factory=list)
    segments: list[StageInterval] = field(default_factory=list)
    timings: JsonObject = field(default_factory=dict)


def night_sections(run: Run, *, prefix: str = "", last_only: bool = False) -> list[NightSection]:
    """Read the nights of a run, one after the other; one that is damaged says so.

    Parameters
    ----------
    run : Run
        A run; one of unsupervised learning has no nights.
    prefix : str
        Begins the titles.
    last_only : bool
        Whether to read none but the last.
    """
    most = most_in_each(sum(map(len, run.metrics.get("rates", []))))
    tasks = run.nights_after[: len(run.nights)]
    shown = tasks[-1:] if last_only else tasks
    return [_section(run, task, f"{prefix}after task {task}", most) for task in shown]


def _section(run: Run, task: int, title: str, most: int) -> NightSection:
    try:
        night = Night.load(run.directory / "nights" / str(task - 1))
        return section_of(night, title, most)
    except BrainsleepError as error:
        return NightSection(title, problem=str(error))


def section_of(night: Night, title: str, most: int) -> NightSection:
    """Return what a page shows of a night; raises as reading its spikes and weights does."""
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
