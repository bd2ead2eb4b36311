"""Weights task by task, and by their sign: how many directions they use, which way they go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.ticker import LogFormatter

from ..errors import KindError, ParameterError, brief
from ..measures import WeightChangeBySign
from ..support.calls import public
from ..support.names import items, table
from .canvas import COLOURS, Axes, hide_frame, single_axes
from .class_axis import label_of
from .style import styled


@public
@styled
def plot_stable_ranks(
    before: Sequence[Mapping[str, float]],
    after: Sequence[Mapping[str, float]],
    ax: Axes | None = None,
    *,
    labels: Mapping[str, str] | None = None,
) -> Axes:
    """Draw the stable rank of each layer's weights, task by task, before and after its night.

    Parameters
    ----------
    before, after : sequence of mapping of str to float
        One per night, in order: stable ranks by name of the weights, as
        `brainsleep.measures.stable_ranks` returns them.
    ax : Axes, optional
        Default: that of a new figure.
    labels : mapping of str to str, optional
        What weights are called; their names unless given.

    Returns
    -------
    Axes
        Tasks to the right, stable rank upwards, on a logarithmic axis. Open circles are before,
        filled ones after the night.

    Raises
    ------
    ParameterError, KindError
        If there is no night, or nights have different weights.

    Examples
    --------
    >>> ranks = bs.measures.stable_ranks
    >>> plot_stable_ranks(
    ...     [ranks(night.weights_before) for night in run.nights],
    ...     [ranks(night.weights_after) for night in run.nights],
    ... )  # doctest: +SKIP
    """
    nights = [
        (table(old, "before", "stable ranks by name"), table(new, "after", "stable ranks by name"))
        for old, new in zip(
            *_equally_many(items(before, "before", "stable ranks"), items(after, "after", "ranks")),
            strict=True,
        )
    ]
    names = list(nights[0][0])
    if any(list(one) != names for night in nights for one in night):
        raise ParameterError("before and after: all nights must have the same weights.")
    ax = single_axes(ax, 5.5, 3.4)
    tasks = np.arange(1, len(nights) + 1)
    for number, name in enumerate(names):
        colour = COLOURS[number % len(COLOURS)]
        old, new = ([float(one[name]) for one in stage] for stage in zip(*nights, strict=True))
        ax.vlines(tasks, old, new, color=colour, linewidth=1)
        ax.plot(tasks, old, "o", color=colour, markerfacecolor="white")
        ax.plot(tasks, new, "o-", color=colour, label=label_of(name, labels))
    ax.set_yscale("log")
    ax.yaxis.set_major_formatter(LogFormatter())  # 20 rather than 2 × 10¹
    ax.yaxis.set_minor_formatter(LogFormatter(labelOnlyBase=False))
    ax.set_xticks(tasks)
    ax.set_xlabel("Task")
    ax.set_ylabel("Stable rank\n(○ before, ● after the night)")
    ax.legend(loc="upper left", bbox_to_anchor=(1.02, 1), borderaxespad=0)
    hide_frame(ax)
    return ax


@public
@styled
def plot_weight_change_by_sign(
    changes: Mapping[str, WeightChangeBySign],
    ax: Axes | None = None,
    *,
    labels: Mapping[str, str] | None = None,
) -> Axes:
    """Draw the shares of positive and of negative weights that grew and that shrank.

    Parameters
    ----------
    changes : mapping of str to WeightChangeBySign
        By name of the weights, as `brainsleep.measures.weight_change_by_sign` returns them.
    ax : Axes, optional
        Default: that of a new figure.
    labels : mapping of str to str, optional
        What weights are called; their names unless given.

    Returns
    -------
    Axes
        Layers to the right; upwards the share in % that went up, downwards the share that went
        down (towards minus infinity).

    Raises
    ------
    ParameterError, KindError
        If there is no layer, or something is no such change.

    Examples
    --------
    >>> before, after = night.weights_before, night.weights_after  # doctest: +SKIP
    >>> changes = {
    ...     name: bs.measures.weight_change_by_sign(before[name], after[name]) for name in before
    ... }  # doctest: +SKIP
    >>> plot_weight_change_by_sign(changes)  # doctest: +SKIP
    """
    given = table(changes, "changes", "changes by name")
    if not given:
        raise ParameterError("changes: there is no layer to draw.")
    for one in given.values():
        if not isinstance(one, WeightChangeBySign):
            raise KindError(
                "changes must hold what bs.measures.weight_change_by_sign returns, not "
                f"{brief(one)}."
            )
    ax = single_axes(ax, 1.8 + 1.3 * len(given), 3.4)
    places = np.arange(len(given))
    for offset, sign, colour in ((-0.2, "positive", COLOURS[4]), (0.2, "negative", COLOURS[0])):
        parts = [getattr(one, sign) for one in given.values()]
        up, down = (
            [100 * getattr(part, way) / max(part.n_weights, 1) for part in parts]
            for way in ("n_up", "n_down")
        )
        ax.bar(places + offset, up, width=0.36, color=colour, label=f"{sign} before")
        ax.bar(places + offset, [-share for share in down], width=0.36, color=colour)
    ax.axhline(0, color="0.35", linewidth=0.8)
    ax.set_xticks(places, [label_of(name, labels) for name in given])
    limit = max(1.0, *(abs(bound) for bound in ax.get_ylim()))
    ax.set_ylim(-limit, limit)
    ax.yaxis.set_major_formatter(lambda value, _: f"{abs(value):g}")
    ax.set_ylabel("Weights (%)\n← went down    went up →")
    ax.legend(loc="upper left", bbox_to_anchor=(1.02, 1), borderaxespad=0)
    hide_frame(ax)
    return ax


def _equally_many(before: list[object], after: list[object]) -> tuple[list[object], list[object]]:
    """Return both; raise unless there are as many nights in both, and at least one."""
    if len(before) != len(after) or not before:
        raise ParameterError(
            f"before and after must hold as many nights, at least one, not {len(before)} and "
            f"{len(after)}."
        )
    return before, after
