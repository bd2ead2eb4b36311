"""Accuracy of spiking networks that are awake."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ..errors import UnitsError, brief
from .canvas import COLOURS, Axes, single_axes

if TYPE_CHECKING:
    from ..awake.accuracy import SpikingAccuracy


def plot_spiking_accuracy(
    results: SpikingAccuracy | Mapping[str, SpikingAccuracy],
    ax: Axes | None = None,
    title: str | None = None,
) -> Axes:
    """Draw accuracy against the number of steps, and the artificial network's as a line.

    Parameters
    ----------
    results : SpikingAccuracy or mapping of str to SpikingAccuracy
        What `brainsleep.spiking_accuracy` returned; several by label.
    ax : Axes, optional
        Default: a new figure's.
    title : str, optional
        Default: none.

    Returns
    -------
    Axes
        Steps to the right, from 1; accuracy in %.

    Raises
    ------
    ParameterError
        If `ax` is no Axes.
    UnitsError
        If `results` are none.

    Examples
    --------
    >>> plot_spiking_accuracy({"constant": one, "poisson": other})  # doctest: +SKIP
    """
    if not isinstance(results, Mapping):
        results = {"spiking network": results}
    for result in results.values():
        if not hasattr(result, "ann_accuracy"):
            raise UnitsError(f"results must be of bs.spiking_accuracy, not {brief(result)}.")
    ax = single_axes(ax, 4.5, 3)
    for number, (label, result) in enumerate(results.items()):
        steps = np.arange(1, result.n_steps + 1)
        ax.plot(steps, 100 * result.accuracy, color=COLOURS[number % len(COLOURS)], label=label)
    legend = "artificial network"
    for ann in dict.fromkeys(each.ann_accuracy for each in results.values()):
        ax.axhline(100 * ann, color="0.4", linestyle="--", linewidth=1, label=legend)
        legend = "_" + legend  # named once
    ax.set_xlabel("Steps")
    ax.set_ylabel("Accuracy (%)")
    ax.set_ylim(0, 102)
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, loc="lower right")
    if title is not None:
        ax.set_title(title)
    return ax
