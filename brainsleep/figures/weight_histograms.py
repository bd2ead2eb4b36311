"""Weights before and after a night."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..errors import KindError, ParameterError, brief
from ..measures import WeightChange, weight_changes
from ..support.calls import public
from .canvas import (
    AFTER_COLOUR,
    BEFORE_COLOUR,
    COLOURS,
    Axes,
    AxesArray,
    AxesLike,
    axes_grid,
    hide_frame,
    set_title,
)
from .drawn_populations import weight_labels
from .style import styled

if TYPE_CHECKING:
    from ..dreams import DreamNight
    from ..night.result import Night

Weights = npt.NDArray[np.float64]

_N_BINS = 80

#: Signs and digits of an exponent.
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@public
@styled
def plot_weight_histograms(night: Night | DreamNight, axes: AxesLike | None = None) -> AxesArray:
    """Draw how a night changed the weights, as histograms: one row per layer.

    On the left are the weights before and after. On the right is the change of each weight that
    changed; the title gives the shares of all weights that went up and down, in %. Weights have no
    units. Counts are on a logarithmic axis, so that a few strong weights show beside very many
    weak ones.

    Parameters
    ----------
    night : Night or DreamNight
        Not changed.
    axes : array_like of Axes, optional
        Two per layer, row by row. Default: those of a new figure.

    Returns
    -------
    ndarray of Axes, shape (n_layers, 2)
        Weights or changes to the right, number of synapses upwards.

    Raises
    ------
    ParameterError
        If the night holds no weights, one is not finite, or the number of axes is wrong.

    Examples
    --------
    >>> axes = plot_weight_histograms(night)  # doctest: +SKIP
    """
    if not hasattr(night, "weights_before") or not hasattr(night, "weights_after"):
        raise KindError(f"night must be a Night, not {brief(night)}.")
    if not night.weights_before:
        raise ParameterError("the night holds no weights to draw.")
    changes = weight_changes(night.weights_before, night.weights_after)
    labels = weight_labels(night)
    height = 0.6 + _row_height(len(changes)) * len(changes)
    panels = axes_grid(axes, len(changes), 2, width=8, height=height)
    for number, (name, change) in enumerate(changes.items()):
        before = np.asarray(night.weights_before[name], dtype=np.float64).ravel()
        after = np.asarray(night.weights_after[name], dtype=np.float64).ravel()
        label = labels.get(name, name)
        _draw_weights(panels[number, 0], before, after, label, legend=number == 0)
        _draw_change(panels[number, 1], after - before, label, change)
    panels[-1, 0].set_xlabel("Weight")
    panels[-1, 1].set_xlabel("Change of weight, where not 0")
    return panels


def _draw_weights(ax: Axes, before: Weights, after: Weights, name: str, legend: bool) -> None:
    """Draw weights before and after into one panel."""
    edges = _bin_edges(before, after)
    before_counts, after_counts = (_counts(weights, edges) for weights in (before, after))
    ax.stairs(before_counts, edges, fill=True, color=BEFORE_COLOUR, label="before")
    ax.stairs(after_counts, edges, color=AFTER_COLOUR, linewidth=1.3, label="after")
    _finish(ax, name, max(before_counts.max(), after_counts.max()))
    if legend:
        ax.legend(loc="lower right", bbox_to_anchor=(1, 1), borderaxespad=0.1, ncols=2)  # above


def _draw_change(ax: Axes, difference: Weights, name: str, change: WeightChange) -> None:
    """Draw the weights' changes into one panel."""
    changed = difference[difference != 0]
    edges = _bin_edges(changed, np.zeros(1), edge_at_zero=True)
    counts = _counts(changed, edges)
    ax.stairs(counts, edges, fill=True, color=COLOURS[4])
    ax.axvline(0, color="black", linewidth=0.8)
    up, down = (_percent(n, change.n_weights) for n in (change.n_up, change.n_down))
    _finish(ax, f"{name}: {up} up, {down} down", counts.max())


def _percent(part: int, whole: int) -> str:
    """Write a share in percent, with two digits if it is small."""
    percent = 100 * part / max(whole, 1)
    return f"{percent:.0f} %" if percent >= 10 or percent == 0 else f"{percent:.2g} %"


def _row_height(n_layers: int) -> float:
    """Return the height of a row of panels in inches; those of very many layers are lower."""
    return float(np.clip(16 / n_layers, 1.3, 1.9))


def _bin_edges(*values: Weights, edge_at_zero: bool = False) -> Weights:
    """Return bin edges that hold all values, also if all are the same or there are none."""
    there = [one for one in values if one.size]
    low = min((float(one.min()) for one in there), default=0.0)
    high = max((float(one.max()) for one in there), default=0.0)
    if high - low <= 1e-12 * max(abs(low), abs(high), 1e-300):
        margin = max(abs(low) * 0.1, 1e-6)
        low, high = low - margin, high + margin
    if edge_at_zero:  # no bin holds values of both signs
        width = (high - low) / _N_BINS * (1 + 1e-9)
        return np.arange(np.floor(low / width), np.ceil(high / width) + 1) * width
    return np.linspace(low, high, _N_BINS + 1)


def _counts(values: Weights, edges: Weights) -> npt.NDArray[np.int64]:
    """Count values in equal bins; NumPy does so without sorting, if it is told their number."""
    counts, _ = np.histogram(values, len(edges) - 1, (edges[0], edges[-1]))
    return counts


def _power_of_ten(value: float, position: float) -> str:
    """Write a tick as 10⁴: without the setting of formulas, which takes longer than the figure."""
    exponent = round(math.log10(value))
    return f"10{str(exponent).translate(_RAISED)}"


def _finish(ax: Axes, title: str, highest: int) -> None:
    """Set what all panels have in common."""
    ax.set_ylim(0.5, 2.0 * max(highest, 5))  # before the scale: a panel may have no counts at all
    ax.set_yscale("log", nonpositive="clip")
    ax.yaxis.set_major_formatter(_power_of_ten)
    ax.minorticks_off()  # many, which take longer to draw than all else
    ax.set_ylabel("Synapses")
    ax.locator_params(axis="x", nbins=4)  # more would overlap: they have up to eight characters
    set_title(ax, title)
    hide_frame(ax)
