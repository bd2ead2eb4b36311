"""How neurons fire, one by one: rates, intervals, and how regular they are."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from brian2.units import ms
from matplotlib.ticker import NullFormatter

from ..errors import ParameterError
from ..measures import FanoFactor, Intervals, IntervalVariation
from ..support.array_values import numbers
from ..support.calls import public
from ..support.names import objects, table, text
from .by_population import by_label, colour_of
from .canvas import Axes, single_axes
from .style import styled

FloatArray = npt.NDArray[np.float64]

#: Classes of a histogram.
_N_BINS = 40


@public
@styled
def plot_firing_rates(rates: Mapping[str, npt.ArrayLike], ax: Axes | None = None) -> Axes:
    """Draw how the firing rates of neurons are distributed, one outline per population.

    Parameters
    ----------
    rates : mapping of str to array_like, shape (n_neurons,)
        In Hz, by label of the population, as `bs.measures.firing_rates` returns them. Not changed.
    ax : Axes, optional
        Default: those of a new figure.

    Returns
    -------
    Axes
        Rate to the right in Hz, share of the population's neurons upwards in percent. Silent
        neurons are not drawn: the legend has their share, and the mean rate of all.

    Raises
    ------
    ParameterError
        If there is no population, or a rate is negative or not finite.
    KindError
        If one is something else.

    Examples
    --------
    >>> rates = bs.measures.firing_rates(night.spikes, night.duration)  # doctest: +SKIP
    >>> ax = plot_firing_rates(rates)  # doctest: +SKIP
    """
    hertz = {
        label: numbers(one, f"rates of {label!r}", shape=(None,), minimum=0, empty=True)
        for label, one in table(rates, "rates", "rates by population").items()
    }
    if not hertz:
        raise ParameterError("rates: there is none to draw.")
    ax = single_axes(ax, 6, 3.2)
    highest = max((one.max(initial=0) for one in hertz.values()), default=0) or 1
    edges = np.linspace(0, highest * (1 + 1e-9), _N_BINS + 1)
    for number, (label, one) in enumerate(hertz.items()):
        counts, _ = np.histogram(one[one > 0], edges)
        silent = 100 * float(np.mean(one == 0)) if one.size else 0
        mean = f"{one.mean():.3g} Hz" if one.size else "no neurons"
        words = f"{label}: {mean}" + (f", {silent:.0f}% silent" if silent else "")
        ax.stairs(
            100 * counts / max(one.size, 1), edges, color=colour_of(number), lw=1.3, label=words
        )
    ax.set_xlim(0, highest)
    ax.set_xlabel("Firing rate (Hz)")
    ax.set_ylabel("Neurons (%)")
    ax.legend()
    return ax


@public
@styled
def plot_intervals(intervals: Intervals | Mapping[str, Intervals], ax: Axes | None = None) -> Axes:
    """Draw how the intervals between spikes are distributed, one outline per population.

    Parameters
    ----------
    intervals : Intervals or mapping of str to Intervals
        What `bs.measures.interspike_intervals` returns, or several by label. Not changed.
    ax : Axes, optional
        Default: those of a new figure.

    Returns
    -------
    Axes
        Interval to the right in ms, share of the population's intervals in percent per ms upwards,
        both on logarithmic axes: classes become wider to the right. The legend has the median.

    Raises
    ------
    ParameterError
        If there is no population.
    KindError
        If `intervals` are something else.

    Examples
    --------
    >>> found = bs.measures.interspike_intervals(night.spikes["0"])  # doctest: +SKIP
    >>> ax = plot_intervals({night.labels["0"]: found})  # doctest: +SKIP
    """
    found = by_label(intervals, Intervals, "intervals")
    ax = single_axes(ax, 6, 3.2)
    durations = {label: np.asarray(one.durations / ms) for label, one in found.items()}
    edges = _interval_edges(np.concatenate(list(durations.values())))
    for number, (label, one) in enumerate(durations.items()):
        counts, _ = np.histogram(one, edges)
        density = 100 * counts / max(one.size, 1) / np.diff(edges)
        median = f"median {np.median(one):.3g} ms" if one.size else "no intervals"
        ax.stairs(
            np.where(density > 0, density, np.nan),
            edges,
            baseline=None,
            color=colour_of(number),
            lw=1.3,
            label=f"{label}: {median}" if label else median,
        )
    ax.set_xlim(edges[0], edges[-1])
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlabel("Interval (ms)")
    ax.set_ylabel("Intervals (% per ms)")
    ax.legend()
    return ax


@public
@styled
def plot_variation(
    variation: IntervalVariation | Mapping[str, IntervalVariation],
    ax: Axes | None = None,
    *,
    name: str = "CV2",
) -> Axes:
    """Draw how irregularly the neurons of each population fire, as boxes.

    Parameters
    ----------
    variation : IntervalVariation or mapping of str to IntervalVariation
        What `bs.measures.cv2`, `local_variation` or `cv_isi` returns, or several by label. Not
        changed.
    ax : Axes, optional
        Default: those of a new figure.
    name : str
        Which measure it is.

    Returns
    -------
    Axes
        One row per population, the first on top: median, quartiles, whiskers from the 5th to the
        95th percentile over neurons, and how many they are. A line is drawn at 1, where a Poisson
        process lies.

    Raises
    ------
    ParameterError
        If there is no population.
    KindError
        If one is something else.

    Examples
    --------
    >>> found = {night.labels[name]: bs.measures.cv2(one) for name, one in night.spikes.items()}
    ... # doctest: +SKIP
    >>> ax = plot_variation(found, name="CV2")  # doctest: +SKIP
    """
    found = by_label(variation, IntervalVariation, "variation")
    title = text(name, "name")
    ax = single_axes(ax, 6, 0.9 + 0.45 * len(found))
    rows = np.arange(len(found))[::-1]
    known = [one.by_neuron[~np.isnan(one.by_neuron)] for one in found.values()]
    ax.axvline(1, color="0.6", lw=0.8, ls="--", zorder=0)
    boxes = ax.boxplot(
        known,
        positions=rows,
        orientation="horizontal",
        whis=(5, 95),
        widths=0.55,
        showfliers=False,
        patch_artist=True,
        medianprops={"color": "black"},
    )
    for number, box in enumerate(boxes["boxes"]):
        box.set(facecolor=colour_of(number), alpha=0.75)
    ax.set_yticks(
        rows,
        [
            f"{label}\n({len(one)} of {len(all_.by_neuron)} neurons)".strip()
            for (label, all_), one in zip(found.items(), known, strict=True)
        ],
    )
    ax.set_ylim(-0.6, len(found) - 0.4)
    ax.set_xlim(left=0)
    ax.set_xlabel(f"{title} (1: Poisson process)")
    return ax


@public
@styled
def plot_fano_factor(
    factors: FanoFactor | Mapping[str, FanoFactor | Sequence[FanoFactor]], ax: Axes | None = None
) -> Axes:
    """Draw Fano factors against the window in which spikes are counted.

    Parameters
    ----------
    factors : FanoFactor or mapping of str to FanoFactor or sequence of FanoFactor
        What `bs.measures.fano_factor` returns, or by label of the population one or several, each
        of another window. Not changed.
    ax : Axes, optional
        Default: those of a new figure.

    Returns
    -------
    Axes
        Window to the right in ms; mean over neurons (line) with the quartiles (shaded; a bar where
        there is one window), and that of
        the count of the whole population (dashed), upwards, on logarithmic axes. A line is drawn at
        1, where a Poisson process lies.

    Raises
    ------
    ParameterError
        If there is none to draw.
    KindError
        If one is something else.

    Examples
    --------
    >>> windows = [10 * ms, 50 * ms, 100 * ms]  # doctest: +SKIP
    >>> clock = {"n_steps": night.n_steps, "dt": night.dt}  # doctest: +SKIP
    >>> ax = plot_fano_factor({
    ...     name: [bs.measures.fano_factor(one, bin_size=b, **clock) for b in windows]
    ...     for name, one in night.spikes.items()
    ... })  # doctest: +SKIP
    """
    given = {"": factors} if isinstance(factors, FanoFactor) else factors
    found = {
        label: [one] if isinstance(one, FanoFactor) else _factors(one, label)
        for label, one in table(given, "factors", "FanoFactor objects by label").items()
    }
    if not found:
        raise ParameterError("factors: there is none to draw.")
    ax = single_axes(ax, 6, 3.2)
    ax.axhline(1, color="0.6", lw=0.8, ls="--", zorder=0)
    for number, (label, ones) in enumerate(found.items()):
        _draw_factors(ax, sorted(ones, key=lambda one: float(one.bin_size / ms)), label, number)
    ax.set_xscale("log")
    ax.set_yscale("log")
    windows = sorted({float(one.bin_size / ms) for ones in found.values() for one in ones})
    ax.set_xticks(windows[:8], [f"{window:g}" for window in windows[:8]])
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.margins(y=0.3)  # for the legend
    ax.set_xlabel("Window (ms)")
    ax.set_ylabel("Fano factor (1: Poisson process)")
    ax.plot([], [], color="0.4", marker="o", label="mean over neurons, quartiles")
    ax.plot([], [], color="0.4", marker="s", ls="--", label="count of the population")
    ax.legend(ncols=2)
    return ax


def _factors(given: object, label: str) -> list[FanoFactor]:
    """Read the factors of one population."""
    found = objects(given, f"factors of {label!r}", FanoFactor, "FanoFactor objects")
    if not found:
        raise ParameterError(f"factors of {label!r}: there is none to draw.")
    return found


def _draw_factors(ax: Axes, ones: Sequence[FanoFactor], label: str, number: int) -> None:
    """Draw the factors of one population."""
    colour = colour_of(number)
    windows = [float(one.bin_size / ms) for one in ones]
    quartiles = [
        np.quantile(known, [0.25, 0.75]) if known.size else (math.nan, math.nan)
        for known in (one.by_neuron[~np.isnan(one.by_neuron)] for one in ones)
    ]
    if len(windows) == 1:
        ax.vlines(windows, *np.transpose(quartiles), color=colour, alpha=0.3, lw=5)
    else:
        ax.fill_between(windows, *np.transpose(quartiles), color=colour, alpha=0.2, lw=0)
    ax.plot(windows, [one.mean for one in ones], color=colour, marker="o", label=label)
    ax.plot(windows, [one.of_population for one in ones], color=colour, marker="s", ls="--")


def _interval_edges(durations: FloatArray) -> FloatArray:
    """Return edges of logarithmic classes, none of which lies between two possible intervals."""
    possible = np.unique(durations.round(6))
    possible = possible[possible > 0]
    if not possible.size:
        return np.array([0.5, 1.5])
    step = float(np.min(np.diff(possible), initial=possible[0]))
    first, last = possible[0] - step / 2, possible[-1] + step / 2
    edges = np.geomspace(first, last, _N_BINS + 1)
    return np.unique(first + np.rint((edges - first) / step) * step)
