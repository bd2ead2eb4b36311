"""How neurons fire together: tiling coefficients, correlograms, synchrony, order, rhythms."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from brian2.units import Hz, ms, second

from ..measures import CrossCorrelogram, RankOrder, Spectrum, Synchrony
from ..support.array_values import numbers
from ..support.calls import public
from .by_population import add_legend, by_label, colour_of
from .canvas import AFTER_COLOUR, BEFORE_COLOUR, Axes, AxesArray, AxesLike, axes_grid, single_axes
from .style import styled
from .time_axis import time_unit

#: By how much a coefficient may be off.
ROUNDING = 1e-6

#: Blue and red, white between: seen with colour-blind eyes.
_SIGNED = "RdBu_r"


@public
@styled
def plot_sttc(coefficients: npt.ArrayLike, ax: Axes | None = None) -> Axes:
    """Draw the spike time tiling coefficients of each two neurons as an image.

    Parameters
    ----------
    coefficients : array_like, shape (n_first, n_second)
        What `bs.measures.sttc` returns; NaN for silent neurons. Not changed.
    ax : Axes, optional
        Default: those of a new figure.

    Returns
    -------
    Axes
        Neurons that fired, by their number among these; blue below 0 and red above, on a scale
        that ends where one in a hundred values is larger. Each neuron with itself is left blank.
        The title gives the mean of all others and how many neurons were silent.

    Raises
    ------
    ParameterError
        If it is no matrix, or a value is not between -1 and 1.

    Examples
    --------
    >>> clock = {"n_steps": night.n_steps, "dt": night.dt}  # doctest: +SKIP
    >>> ax = plot_sttc(bs.measures.sttc(night.spikes["0"], **clock))  # doctest: +SKIP
    """
    matrix = numbers(
        coefficients,
        "coefficients",
        shape=(None, None),
        minimum=-1 - ROUNDING,
        maximum=1 + ROUNDING,
        nan=True,
    )
    same = matrix.shape[0] == matrix.shape[1] and np.array_equal(matrix, matrix.T, equal_nan=True)
    rows, columns = (~np.isnan(matrix).all(axis=axis) for axis in (1, 0))
    shown = matrix[np.ix_(rows, columns)]
    if same:
        np.fill_diagonal(shown, np.nan)
    known = shown[~np.isnan(shown)]
    bound = float(np.quantile(np.abs(known), 0.99)) if known.size else 1.0
    ax = single_axes(ax, 4.6, 3.8)
    colours = mpl.colormaps[_SIGNED].with_extremes(bad="0.85")
    if shown.size:
        image = ax.imshow(shown, cmap=colours, vmin=-bound, vmax=bound, aspect="auto")
        ax.figure.colorbar(image, ax=ax, extend="both", label="Tiling coefficient (STTC)")
    silent = int((~rows).sum() + (0 if same else (~columns).sum()))
    mean = f"mean {known.mean():.3g}" if known.size else "no two neurons fired"
    ax.set_title(mean + (f"; {silent} silent neurons left out" if silent else ""), loc="left")
    ax.set_xlabel("Neuron that fired")
    ax.set_ylabel("Neuron that fired")
    return ax


@public
@styled
def plot_cross_correlation(
    correlograms: CrossCorrelogram | Mapping[str, CrossCorrelogram], ax: Axes | None = None
) -> Axes:
    """Draw cross-correlograms: how two populations' counts go together, by lag.

    Parameters
    ----------
    correlograms : CrossCorrelogram or mapping of str to CrossCorrelogram
        What `bs.measures.cross_correlation` returns, or several by label. Not changed.
    ax : Axes, optional
        Default: those of a new figure.

    Returns
    -------
    Axes
        Lag to the right in ms, positive where the second population is later; correlation of the
        counts upwards, without unit.

    Raises
    ------
    ParameterError
        If there is none to draw.
    KindError
        If one is something else.

    Examples
    --------
    >>> clock = {"n_steps": night.n_steps, "dt": night.dt}  # doctest: +SKIP
    >>> found = bs.measures.cross_correlation(night.spikes["input"], night.spikes["0"], **clock)
    ... # doctest: +SKIP
    >>> ax = plot_cross_correlation({"input → hidden 1": found})  # doctest: +SKIP
    """
    found = by_label(correlograms, CrossCorrelogram, "correlograms")
    ax = single_axes(ax, 6, 3.2)
    ax.axhline(0, color="0.6", lw=0.8, zorder=0)
    ax.axvline(0, color="0.6", lw=0.8, ls="--", zorder=0)
    for number, (label, one) in enumerate(found.items()):
        lags = np.asarray(one.lags / ms)
        ax.plot(lags, one.coefficients, color=colour_of(number), drawstyle="steps-mid", label=label)
    ax.margins(x=0)
    ax.set_xlabel("Lag (ms), positive: the second is later")
    ax.set_ylabel("Correlation of counts")
    add_legend(ax, found)
    return ax


@public
@styled
def plot_synchrony(synchrony: Synchrony | Mapping[str, Synchrony], ax: Axes | None = None) -> Axes:
    r"""Draw how much the neurons of populations fire together, over time.

    Parameters
    ----------
    synchrony : Synchrony or mapping of str to Synchrony
        What `bs.measures.synchrony` returns, or several by label of the population. Not changed.
    ax : Axes, optional
        Default: those of a new figure.

    Returns
    -------
    Axes
        Time to the right, :math:`\chi` upwards, from 0 to 1. Dotted in the same colour: what
        independent neurons have, one over the root of the number of neurons that fired.

    Raises
    ------
    ParameterError
        If there is none to draw.
    KindError
        If one is something else.

    Examples
    --------
    >>> found = bs.measures.synchrony(
    ...     night.spikes["0"], n_steps=night.n_steps, dt=night.dt, window="100 ms"
    ... )  # doctest: +SKIP
    >>> ax = plot_synchrony({night.labels["0"]: found})  # doctest: +SKIP
    """
    found = by_label(synchrony, Synchrony, "synchrony")
    ax = single_axes(ax, 6, 3.2)
    scale, unit = time_unit(max(float(one.times[-1] / second) for one in found.values()))
    for number, (label, one) in enumerate(found.items()):
        times = np.asarray(one.times / second) / scale
        marker = "o" if len(one) < 50 else None
        ax.plot(times, one.chi, color=colour_of(number), marker=marker, label=label)
        null = np.where(one.n_active > 0, one.n_active, np.nan) ** -0.5
        if len(one) == 1:  # as long as the window, which begins at 0
            times, null = np.array([0, 2 * times[0]]), null.repeat(2)
        ax.plot(times, null, color=colour_of(number), lw=1, ls=":")
    ax.set_ylim(0, 1)
    ax.set_xlabel(f"Time ({unit})")
    ax.set_ylabel("Synchrony χ (dotted: independent)")
    add_legend(ax, found)
    return ax


@public
@styled
def plot_spectrum(spectra: Spectrum | Mapping[str, Spectrum], ax: Axes | None = None) -> Axes:
    """Draw power spectra of population rates.

    Parameters
    ----------
    spectra : Spectrum or mapping of str to Spectrum
        What `bs.measures.spectrum` returns, or several by label of the population. Not changed.
    ax : Axes, optional
        Default: those of a new figure.

    Returns
    -------
    Axes
        Frequency to the right in Hz, without 0, and power density upwards in Hz² per Hz, both on
        logarithmic axes.

    Raises
    ------
    ParameterError
        If there is none to draw.
    KindError
        If one is something else.

    Examples
    --------
    >>> rate = bs.measures.binned_rate(night.spikes["0"], night.duration, "5 ms")
    ... # doctest: +SKIP
    >>> ax = plot_spectrum(bs.measures.spectrum(rate, segment="200 ms"))  # doctest: +SKIP
    """
    found = by_label(spectra, Spectrum, "spectra")
    ax = single_axes(ax, 6, 3.2)
    for number, (label, one) in enumerate(found.items()):
        power = np.where(one.power > 0, one.power, np.nan)[1:]
        ax.plot(np.asarray(one.frequencies / Hz)[1:], power, color=colour_of(number), label=label)
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlabel("Frequency (Hz)")
    ax.set_ylabel("Power density (Hz² per Hz)")
    add_legend(ax, found)
    return ax


@public
@styled
def plot_rank_order(order: RankOrder, axes: AxesLike | None = None) -> AxesArray:
    """Draw how much the order of first spikes is that of a template, and what its null gives.

    Parameters
    ----------
    order : RankOrder
        What `bs.measures.rank_order` returns. Not changed.
    axes : array_like of Axes, optional
        Two. Default: those of a new figure.

    Returns
    -------
    ndarray of Axes, shape (2,)
        On the left the rank correlation of each window over time; filled where p is at most 0.05.
        On the right the mean over windows as a line, among the means of the shuffles.

    Raises
    ------
    ParameterError
        If the number of axes is wrong.
    KindError
        If `order` is something else.

    Examples
    --------
    >>> ups = bs.measures.up_states(rate)  # doctest: +SKIP
    >>> axes = plot_rank_order(bs.measures.rank_order(night.spikes["0"], ups))  # doctest: +SKIP
    """
    panels = axes_grid(axes, 1, 2, width=7.5, height=3.0)[0]
    scale, unit = time_unit(float(order.starts[-1] / second))
    times = np.asarray(order.starts / second) / scale
    for chosen, face, label in (
        (order.p <= 0.05, AFTER_COLOUR, "p ≤ 0.05"),
        (order.p > 0.05, "white", "p > 0.05"),
    ):
        panels[0].plot(
            times[chosen],
            order.correlation[chosen],
            ls="none",
            marker="o",
            mfc=face,
            mec=AFTER_COLOUR,
            label=f"{label}: {int(chosen.sum())} windows",
        )
    panels[0].axhline(0, color="0.6", lw=0.8, zorder=0)
    panels[0].set_ylim(-1.05, 1.05)
    panels[0].set_xlabel(f"Start of the window ({unit})")
    panels[0].set_ylabel("Rank correlation")
    panels[0].legend()
    known = order.null_means[~np.isnan(order.null_means)]
    panels[1].hist(known, bins=20, color=BEFORE_COLOUR, label="shuffled")
    panels[1].axvline(order.mean, color=AFTER_COLOUR, label=f"recorded: {order.mean:.2g}")
    panels[1].set_title(f"p = {order.p_of_mean:.2g}, {len(known)} shuffles", loc="left")
    panels[1].set_xlabel("Mean rank correlation")
    panels[1].set_ylabel("Shuffles")
    panels[1].legend()
    return panels
