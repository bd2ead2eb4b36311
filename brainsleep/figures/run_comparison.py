"""Experiments side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib import colormaps
from matplotlib.colors import to_hex
from matplotlib.lines import Line2D

from ..errors import ParameterError, suggest
from ..measures.accuracy_matrix import accuracy_array
from ..support.calls import public
from ..support.names import table
from .canvas import COLOURS, Axes, AxesArray, AxesLike, axes_grid, hide_frame
from .style import styled

#: What a run must have.
_KEYS = ("before_sleep", "after_sleep", "rates", "weight_change", "timings")

#: What a night's time was spent on: key of `Night.timings`, or the rest of the total.
_TIME_PARTS = ("build", "run", "other")
_TIME_SHADES = ("0.35", "0.65", "0.85")

#: Runs differ in more than their colour, so that they can be told apart in grey print.
_MARKERS = ("o", "s", "^", "D", "v", "P")
_HATCHES = ("", "", "////", "....", "xxxx", "----")

#: Names of more characters stand upright below an axis, lest they overlap.
_MOST_CHARACTERS = 50


@dataclass(frozen=True)
class _Run:
    """One experiment: its colour, and what is drawn of it; one mapping per night."""

    colour: str
    before: npt.NDArray[np.float64]
    after: npt.NDArray[np.float64]
    rates: Sequence[Mapping[str, float]]
    weight_change: Sequence[Mapping[str, float]]
    timings: Sequence[Mapping[str, float]]


#: Experiments by label, in the order in which they are drawn.
_Runs = Mapping[str, _Run]


@public
@styled
def plot_comparison(
    runs: Mapping[str, Mapping[str, Any]],
    axes: AxesLike | None = None,
    *,
    labels: Mapping[str, str] | None = None,
) -> AxesArray:
    """Draw experiments side by side: accuracy in %, rates in Hz, weight change and seconds.

    Parameters
    ----------
    runs : mapping of str to mapping
        By label, in the order in which they are drawn; any number. Each has

        - ``"before_sleep"``, ``"after_sleep"``: accuracy matrices ``R[k][j]``, of task j after
          task k was learned;
        - ``"rates"``: one mapping per night, population to mean rate in Hz;
        - ``"weight_change"``: one mapping per night, layer to mean absolute change;
        - ``"timings"``: one mapping per night with ``"build"``, ``"run"`` and ``"total"`` in
          seconds.
    axes : array_like of Axes, optional
        Four. Default: those of a new figure.
    labels : mapping of str to str, optional
        What populations and layers are called, such as `Night.labels`; their names unless given.

    Returns
    -------
    ndarray of Axes, shape (2, 2)
        Mean accuracy of the tasks seen, against the number of tasks learned; rates by population
        and absolute weight change by layer, mean ± SD over nights; seconds, summed over nights.

    Raises
    ------
    ParameterError
        If there is no run, a key is missing, or the number of axes is wrong.

    Examples
    --------
    >>> plot_comparison({"Heaviside": heaviside, "LIF": lif})  # doctest: +SKIP
    """
    if not runs:
        raise ParameterError("runs: there is none to draw; give at least one.")
    read = {
        label: _read(label, run, colour)
        for (label, run), colour in zip(runs.items(), _colours(len(runs)), strict=True)
    }
    called = table({} if labels is None else labels, "labels", "labels by name")
    panels = axes_grid(axes, 2, 2, width=9, height=6.4)
    _draw_accuracy(panels[0, 0], read)
    _draw_bars(panels[0, 1], read, lambda run: run.rates, "Rate (Hz)", called)
    _draw_bars(panels[1, 0], read, lambda run: run.weight_change, "|Change of weight|", called)
    _draw_time(panels[1, 1], read)
    panels[0, 1].set(title="Firing", xlabel="Population")
    panels[1, 0].set(title="Plasticity", xlabel="Layer")
    for ax in panels.ravel().tolist():
        hide_frame(ax)
    bars, names = panels[0, 1].get_legend_handles_labels()
    if axes is None:
        panels[0, 0].figure.legend(bars, names, loc="outside upper center", ncols=4)
    else:
        panels[0, 1].legend(bars, names)
    return panels


def _read(label: str, run: Mapping[str, Any], colour: str) -> _Run:
    """Read and check what is drawn of an experiment."""
    for key in _KEYS:
        if key not in run:
            raise ParameterError(f"{label}: no {key!r}.{suggest(key, run)}")
    return _Run(
        colour=colour,
        before=accuracy_array(run["before_sleep"], f"{label}, before_sleep"),
        after=accuracy_array(run["after_sleep"], f"{label}, after_sleep"),
        rates=run["rates"],
        weight_change=run["weight_change"],
        timings=run["timings"],
    )


def _colours(n: int) -> list[str]:
    """Return one colour per run; from a colour map where there are more runs than colours."""
    if n <= len(COLOURS):
        return list(COLOURS[:n])
    return [to_hex(colormaps["turbo"](place)) for place in np.linspace(0.05, 0.95, n)]


def _draw_accuracy(ax: Axes, runs: _Runs) -> None:
    """Draw the mean accuracy of the tasks seen, against the number of tasks learned."""
    for (label, run), marker in zip(runs.items(), cycle(_MARKERS), strict=False):
        for matrix, name, line, fill in (
            (run.before, "before sleep", ":", "white"),
            (run.after, "after sleep", "-", run.colour),
        ):
            ax.plot(
                np.arange(1, len(matrix) + 1),
                100 * _mean_of_seen(matrix),
                linestyle=line,
                marker=marker,
                markerfacecolor=fill,
                color=run.colour,
                label=f"{label}, {name}",
            )
    ax.set(title="Accuracy", xlabel="Tasks learned", ylabel="Mean over tasks seen (%)")
    ax.set_xticks(range(1, max(len(run.after) for run in runs.values()) + 1))
    ax.set_ylim(0, 103)
    styles = [
        Line2D([], [], linestyle=":", marker="o", markerfacecolor="white", color="0.4"),
        Line2D([], [], marker="o", color="0.4"),
    ]
    ax.legend(styles, ["before sleep", "after sleep"], loc="lower left")


def _mean_of_seen(matrix: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the mean of each row over the tasks seen, NaN where there are none."""
    return np.ma.masked_invalid(matrix).mean(axis=1).filled(np.nan)


def _draw_bars(
    ax: Axes,
    runs: _Runs,
    nights_of: Callable[[_Run], Sequence[Mapping[str, float]]],
    quantity: str,
    labels: Mapping[str, str],
) -> None:
    """Draw one group of bars per name with one bar per run: mean and SD over nights."""
    names = _in_order(name for run in runs.values() for night in nights_of(run) for name in night)
    width, most = 0.8 / len(runs), 0
    for number, (label, run) in enumerate(runs.items()):
        values = [[night[name] for night in nights_of(run) if name in night] for name in names]
        most = max(most, *(len(each) for each in values), 0)
        ax.bar(
            np.arange(len(names)) + (number - (len(runs) - 1) / 2) * width,
            [float(np.mean(each)) if each else 0.0 for each in values],
            width,
            yerr=[float(np.std(each, ddof=1)) if len(each) > 1 else np.nan for each in values],
            color=run.colour,
            edgecolor="white",
            linewidth=0.5,
            hatch=_HATCHES[number % len(_HATCHES)],
            label=label,
            error_kw={"elinewidth": 1, "ecolor": "0.25"},
        )
    called = [str(labels.get(name, name)).replace(" (", "\n(") for name in names]
    ax.set_xticks(range(len(names)), called)
    widest = max((len(line) for one in called for line in one.split("\n")), default=0)
    if widest * len(names) > _MOST_CHARACTERS:
        ax.tick_params(axis="x", rotation=90)
    ax.set_ylabel(f"{quantity}\nmean ± SD over nights" if most > 1 else quantity)
    ax.set_ylim(bottom=0)


def _draw_time(ax: Axes, runs: _Runs) -> None:
    """Draw the time of all nights together, one stacked bar per run."""
    left = np.zeros(len(runs))
    for part, shade in zip(_TIME_PARTS, _TIME_SHADES, strict=True):
        seconds = np.array(
            [sum(_seconds(night, part) for night in run.timings) for run in runs.values()]
        )
        ax.barh(range(len(runs)), seconds, left=left, height=0.4, color=shade, label=part)
        left = left + seconds
    # labels are above their bars: beside the axis they would be too wide
    for place, (label, run) in enumerate(runs.items()):
        ax.text(0, place - 0.24, label, color=run.colour, va="bottom", ha="left")
    ax.set_yticks([])
    ax.set_ylim(len(runs) - 0.6, -0.5 - 0.25 * len(runs))  # the legend is above the bars
    ax.set(title="Time", xlabel="Seconds, all nights")
    ax.legend(loc="upper right", ncols=3)


def _seconds(night: Mapping[str, float], part: str) -> float:
    """Return the seconds that a night spent on one part."""
    if part == "other":
        known = sum(float(night.get(name, 0.0)) for name in _TIME_PARTS[:-1])
        return max(0.0, float(night.get("total", known)) - known)
    return float(night.get(part, 0.0))


def _in_order(names: Iterable[str]) -> list[str]:
    """Return each name once, in the order in which they first appear."""
    return list(dict.fromkeys(names))
