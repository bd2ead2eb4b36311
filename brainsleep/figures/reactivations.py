"""Reactivation by class, and in the course of a night."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import cycle

import numpy as np
from brian2.units import ms
from matplotlib.patches import Patch

from ..errors import KindError, ParameterError, brief
from ..measures import Reactivation, WindowedReactivation
from ..support.calls import public
from ..support.names import items, table, text
from .canvas import (
    COLOURS,
    Axes,
    AxesArray,
    AxesLike,
    axes_grid,
    hide_frame,
    set_title,
    single_axes,
)
from .class_axis import MISSING, SIGNED_MAP, class_names, class_ticks, label_of, largest
from .style import styled

#: How the nulls of other networks are drawn.
_MARKERS = ("D", "s", "^", "v")


@public
@styled
def plot_reactivation(
    found: Reactivation | Sequence[Reactivation],
    axes: AxesLike | None = None,
    *,
    nulls: Mapping[str, Reactivation | Sequence[Reactivation]] | None = None,
    groups: Mapping[str, Iterable[int]] | None = None,
    labels: Mapping[str, str] | None = None,
) -> AxesArray:
    """Draw the reactivation of each class, one panel per population.

    Bars are correlations of activations awake and spike counts asleep. Of one night, error bars
    are the standard deviation over images; of several, the means over images of each night are
    averaged, and error bars are the standard deviation over nights. The grey band is the null of
    shuffled neurons of one night, 0 ± 2 SD. Markers are other nulls.

    Parameters
    ----------
    found : Reactivation or sequence of Reactivation
        Of one night, or of comparable nights of several runs.
    axes : array_like of Axes, optional
        One per population. Default: those of a new figure.
    nulls : mapping of str to Reactivation or sequence of Reactivation, optional
        By what the legend calls them, such as "untrained network".
    groups : mapping of str to iterable of int, optional
        Classes by what they have in common, such as "learned before": bars of one colour.
    labels : mapping of str to str, optional
        What populations are called, as `Night.labels`; their names unless given.

    Returns
    -------
    ndarray of Axes, shape (n_populations,)
        Classes to the right, correlation upwards.

    Raises
    ------
    ParameterError, KindError
        If something is no reactivation, or not of the same populations and classes.

    Examples
    --------
    >>> found = bs.measures.reactivation(counts, activations, labels)  # doctest: +SKIP
    >>> axes = plot_reactivation(found, labels=night.labels)  # doctest: +SKIP
    """
    several = _several(found, "found")
    others = {
        name: _several(given, f"nulls {name!r}")
        for name, given in table(
            {} if nulls is None else nulls, "nulls", "reactivations by name"
        ).items()
    }
    first = several[0]
    for one in (*several, *(each for given in others.values() for each in given)):
        _require_alike(first, one)
    grouped = None if groups is None else table(groups, "groups", "classes")
    colours, n = _colours(first, grouped), len(first.mean)
    width = 2.4 + n * (0.5 + 0.22 * len(first.classes))
    panels = axes_grid(axes, 1, n, width=width, height=3, sharey=True)[0]
    for ax, name in zip(panels, first.mean, strict=True):
        _draw_bars(ax, several, name, colours)
        _draw_nulls(ax, others, name)
        class_ticks(ax, [str(label) for label in first.classes])
        set_title(ax, label_of(name, labels))
        ax.set_xlabel("Class")
        ax.set_ylim(*_limits(several, others))
        hide_frame(ax)
    error = "images" if len(several) == 1 else f"{len(several)} nights"
    panels[0].set_ylabel(f"Correlation of activation and spikes\n(mean ± SD, {error})")
    _legend(panels[-1], grouped)
    return panels


@public
@styled
def plot_windowed_reactivation(
    found: WindowedReactivation,
    ax: Axes | None = None,
    *,
    classes: Sequence[object] | None = None,
    title: str | None = None,
) -> Axes:
    """Draw when in a night the activity of each class comes back, as a heat map.

    Parameters
    ----------
    found : WindowedReactivation
        Of one population.
    ax : Axes, optional
        Default: that of a new figure.
    classes : sequence, optional
        What the classes are called; their numbers from 0 unless given.
    title : str, optional
        Such as the label of the population.

    Returns
    -------
    Axes
        Time in ms to the right, classes downwards; grey where no neuron fires.

    Raises
    ------
    ParameterError, KindError
        If it is something else, or there are not as many names as classes.

    Examples
    --------
    >>> plot_windowed_reactivation(found, title=night.labels["0"])  # doctest: +SKIP
    """
    names = class_names(classes, found.correlation.shape[1])
    ax = single_axes(ax, 7, 0.8 + 0.22 * len(names))
    middles = np.asarray(found.t / ms)
    starts = 2 * middles[0] * np.arange(len(middles))  # the first window begins at 0
    edges = np.append(starts, 2 * middles[-1] - starts[-1])  # the last may be shorter
    limit = largest(found.correlation) or 1.0
    ax.set_facecolor(MISSING)
    places = np.arange(len(names) + 1) - 0.5
    image = ax.pcolormesh(
        edges, places, found.correlation.T, cmap=SIGNED_MAP, vmin=-limit, vmax=limit
    )
    ax.invert_yaxis()
    class_ticks(ax, names, "y")
    ax.set_xlabel("Time (ms)")
    ax.set_ylabel("Class")
    if title is not None:
        set_title(ax, text(title, "title"))
    ax.figure.colorbar(
        image, ax=ax, label=f"Correlation\n(shuffled neurons: SD {found.null_sd:.2g})", pad=0.01
    )
    return ax


def _several(given: object, field: str) -> list[Reactivation]:
    """Return one reactivation or several as a list."""
    found = [given] if isinstance(given, Reactivation) else items(given, field, "reactivations")
    if not found:
        raise ParameterError(f"{field}: there is no reactivation to draw.")
    for one in found:
        if not isinstance(one, Reactivation):
            raise KindError(
                f"{field} must be what bs.measures.reactivation returns, not {brief(one)}."
            )
    return [one for one in found if isinstance(one, Reactivation)]


def _require_alike(first: Reactivation, other: Reactivation) -> None:
    """Raise a ParameterError unless both are of the same populations and classes."""
    if first.mean.keys() != other.mean.keys():
        raise ParameterError(
            f"populations differ: {brief(list(first.mean))} and {brief(list(other.mean))}."
        )
    if not np.array_equal(first.classes, other.classes):
        raise ParameterError(
            f"classes differ: {brief(first.classes.tolist())} and {brief(other.classes.tolist())}."
        )


def _colours(found: Reactivation, groups: Mapping[str, Iterable[int]] | None) -> list[str]:
    """Return a colour for each class: that of its group."""
    colours = {}
    for number, (name, members) in enumerate((groups or {}).items()):
        for label in items(members, f"groups {name!r}", "class numbers"):
            colours[label] = COLOURS[number % len(COLOURS)]
    return [
        colours.get(int(label), COLOURS[0] if groups is None else "0.6") for label in found.classes
    ]


def _draw_bars(ax: Axes, several: Sequence[Reactivation], name: str, colours: list[str]) -> None:
    """Draw bars with error bars."""
    mean, sd = _mean_and_sd(several, name)
    places = np.arange(len(mean))
    ax.bar(places, mean, width=0.75, color=colours)
    ax.errorbar(places, mean, sd, fmt="none", ecolor="0.15", elinewidth=1, capsize=2)
    _draw_shuffled(ax, 2 * np.mean([one.null_sd[name] for one in several], axis=0))


def _mean_and_sd(several: Sequence[Reactivation], name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean by class, and the deviation over images of one night, or over nights."""
    means = np.array([one.mean[name] for one in several])
    if len(several) == 1:
        return means[0], several[0].sd[name]
    return means.mean(axis=0), means.std(axis=0, ddof=1)


def _limits(
    several: Sequence[Reactivation], nulls: Mapping[str, Sequence[Reactivation]]
) -> tuple[float, float]:
    """Return between which values all bars lie; of the band of shuffled neurons a part will do."""
    ends = [0.2]
    for name in several[0].mean:
        mean, sd = _mean_and_sd(several, name)
        ends += [*(mean - np.nan_to_num(sd)), *(mean + np.nan_to_num(sd))]
        for given in nulls.values():
            ends += [*_mean_and_sd(given, name)[0]]
    return float(np.nanmin([-0.2, *ends])) - 0.04, float(np.nanmax(ends)) + 0.04


def _draw_shuffled(ax: Axes, width: np.ndarray) -> None:
    """Draw the null of shuffled neurons."""
    places = np.arange(len(width) + 1) - 0.5
    ax.stairs(
        width, places, baseline=-width, fill=True, color="0.5", alpha=0.4, zorder=3,
        label="shuffled neurons (0 ± 2 SD)",
    )  # fmt: skip
    ax.axhline(0, color="0.35", linewidth=0.8)


def _draw_nulls(ax: Axes, nulls: Mapping[str, Sequence[Reactivation]], name: str) -> None:
    """Draw the nulls of other networks."""
    for marker, (label, given) in zip(cycle(_MARKERS), nulls.items(), strict=False):
        values, _ = _mean_and_sd(given, name)
        ax.plot(values, marker, color="0.15", markerfacecolor="white", label=label, zorder=4)


def _legend(ax: Axes, groups: Mapping[str, Iterable[int]] | None) -> None:
    """Name groups and nulls beside the last panel."""
    handles, texts = ax.get_legend_handles_labels()
    named = [
        Patch(color=COLOURS[number % len(COLOURS)], label=name)
        for number, name in enumerate(groups or {})
    ]
    ax.legend(
        handles=[*named, *handles], labels=[*(groups or {}), *texts],
        loc="upper left", bbox_to_anchor=(1.02, 1), borderaxespad=0,
    )  # fmt: skip
