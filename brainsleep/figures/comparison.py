"""Experiments side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib import colormaps
from matplotlib.colors import to_hex
from matplotlib.lines import Line2D

from ..errors import ParameterError, suggest
from ..measures.continual import accuracy_array
from .canvas import COLOURS, Axes, AxesArray, axes_grid

_KEYS = ("before_sleep", "after_sleep", "rates", "weight_change", "timings")

#: What a night's time was spent on: key of `Night.timings`, or the rest of the total.
_TIME_PARTS = ("build", "run", "other")


def plot_comparison(runs: Mapping[str, Mapping[str, Any]], axes: Any = None) -> AxesArray:
    """Draw experiments side by side: accuracy, rates, weight change and time.

    Parameters
    ----------
    runs : mapping of str to mapping
        By label, in the order they are drawn; any number. Each has

        - ``"before_sleep"``, ``"after_sleep"``: accuracy matrices ``R[stage][task]``;
        - ``"rates"``: one mapping a night, population to mean rate in Hz;
        - ``"weight_change"``: one mapping a night, layer to mean absolute change;
        - ``"timings"``: one mapping a night with ``"build"``, ``"run"`` and ``"total"`` in seconds.
    axes : array_like of Axes, optional
        Four. Default: a new figure's.

    Returns
    -------
    ndarray of Axes, shape (2, 2)
        Mean accuracy over the tasks seen, by stage; rates by population and absolute weight
        change by layer, mean ± SD over nights; seconds, summed over nights.

    Raises
    ------
    ParameterError
        If there is no run, a key is missing, or the number of axes is wrong.

    Examples
    --------
    >>> plot_comparison({"Heaviside": heaviside, "LIF": lif})  # doctest: +SKIP
    """
    if not runs:
        raise ParameterError("runs: there is none to draw.")
    for label, run in runs.items():
        for key in _KEYS:
            if key not in run:
                raise ParameterError(f"{label}: no {key!r}.{suggest(key, run)}")
    panels = axes_grid(axes, 2, 2, width=9, height=6.4)
    colours = dict(zip(runs, _colours(len(runs)), strict=True))
    _draw_accuracy(panels[0, 0], runs, colours)
    _draw_bars(panels[0, 1], runs, colours, "rates")
    _draw_bars(panels[1, 0], runs, colours, "weight_change")
    _draw_time(panels[1, 1], runs, colours)
    panels[0, 1].set(title="Firing", ylabel="Mean rate (Hz)", xlabel="Population")
    panels[1, 0].set(title="Plasticity", ylabel="Mean |change of weight|", xlabel="Layer")
    for ax in panels.ravel().tolist():
        ax.spines[["top", "right"]].set_visible(False)
    bars, labels = panels[0, 1].get_legend_handles_labels()
    if axes is None:
        panels[0, 0].figure.legend(bars, labels, loc="outside upper center", ncols=2, frameon=False)
    else:
        panels[0, 1].legend(bars, labels, frameon=False, fontsize="small")
    return panels


Runs = Mapping[str, Mapping[str, Any]]


def _colours(n: int) -> list[str]:
    """Return one colour a run; of a colour map where there are more runs than colours."""
    if n <= len(COLOURS):
        return list(COLOURS[:n])
    return [to_hex(colormaps["turbo"](place)) for place in np.linspace(0.05, 0.95, n)]


def _draw_accuracy(ax: Axes, runs: Runs, colours: dict[str, str]) -> None:
    """Draw the mean accuracy over the tasks seen, by stage."""
    n_stages = 1
    for label, run in runs.items():
        before, after = (accuracy_array(run[key], f"{label}, {key}") for key in _KEYS[:2])
        stages = np.arange(1, len(after) + 1)
        n_stages = max(n_stages, len(stages))
        ax.plot(
            np.arange(1, len(before) + 1),
            _mean_of_seen(before),
            linestyle=":",
            marker="o",
            markerfacecolor="white",
            color=colours[label],
            label=f"{label}, before sleep",
        )
        ax.plot(
            stages,
            _mean_of_seen(after),
            marker="o",
            color=colours[label],
            label=f"{label}, after sleep",
        )
    ax.set(title="Accuracy", xlabel="Stage (tasks learned)", ylabel="Mean over tasks seen")
    ax.set_xticks(range(1, n_stages + 1))
    ax.set_ylim(0, 1.03)
    styles = [
        Line2D([], [], linestyle=":", marker="o", markerfacecolor="white", color="0.4"),
        Line2D([], [], marker="o", color="0.4"),
    ]
    ax.legend(styles, ["before sleep", "after sleep"], loc="lower left", frameon=False)


def _mean_of_seen(matrix: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return each stage's mean over the tasks seen, NaN where there are none."""
    return np.ma.masked_invalid(matrix).mean(axis=1).filled(np.nan)


def _draw_bars(ax: Axes, runs: Runs, colours: dict[str, str], key: str) -> None:
    """Draw one group of bars a layer, one bar a run: mean and SD over nights."""
    layers = _in_order(runs, lambda run: [name for night in run[key] for name in night])
    width = 0.8 / len(runs)
    for number, (label, run) in enumerate(runs.items()):
        nights = [[night[name] for night in run[key] if name in night] for name in layers]
        places = np.arange(len(layers)) + (number - (len(runs) - 1) / 2) * width
        ax.bar(
            places,
            [np.mean(values) if values else 0.0 for values in nights],
            width,
            yerr=[np.std(values, ddof=1) if len(values) > 1 else 0.0 for values in nights],
            color=colours[label],
            label=label,
            error_kw={"elinewidth": 1, "ecolor": "0.25"},
        )
    ax.set_xticks(range(len(layers)), layers)
    ax.set_ylim(bottom=0)


def _draw_time(ax: Axes, runs: Runs, colours: dict[str, str]) -> None:
    """Draw the time all nights took together, one stacked bar a run."""
    labels = list(runs)
    left = np.zeros(len(labels))
    for number, part in enumerate(_TIME_PARTS):
        seconds = np.array(
            [sum(_seconds(night, part) for night in runs[x]["timings"]) for x in runs]
        )
        shade = ("0.35", "0.65", "0.85")[number]
        ax.barh(range(len(labels)), seconds, left=left, height=0.4, color=shade, label=part)
        left = left + seconds
    for place, label in enumerate(labels):  # above its bar: as a tick's label it would be too wide
        ax.text(0, place - 0.24, label, color=colours[label], va="bottom", ha="left")
    ax.set_yticks([])
    ax.set_ylim(len(labels) - 0.6, -0.5 - 0.25 * len(labels))  # the legend is above the bars
    ax.set(title="Time", xlabel="Seconds, all nights")
    ax.legend(loc="upper right", ncols=3, frameon=False, fontsize="small")


def _seconds(night: Mapping[str, Any], part: str) -> float:
    """Return the seconds a night spent on one part."""
    if part == "other":
        known = sum(float(night.get(name, 0.0)) for name in _TIME_PARTS[:-1])
        return max(0.0, float(night.get("total", known)) - known)
    return float(night.get(part, 0.0))


def _in_order(runs: Runs, names: Callable[[Mapping[str, Any]], Sequence[str]]) -> list[str]:
    """Return all names in any run, once each, in the order in which they first come."""
    return list(dict.fromkeys(name for run in runs.values() for name in names(run)))
