"""Accuracy of spiking networks that classify."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ..errors import KindError, brief
from ..support.calls import public
from ..support.names import table, text
from .canvas import COLOURS, Axes, hide_frame, single_axes
from .style import styled

if TYPE_CHECKING:
    from ..awake.accuracy import SpikingAccuracy

#: Lines differ in more than their colour, so that they can be told apart in grey print.
_LINES = ("-", "--", "-.")


@public
@styled
def plot_spiking_accuracy(
    results: SpikingAccuracy | Mapping[str, SpikingAccuracy],
    ax: Axes | None = None,
    *,
    title: str | None = None,
) -> Axes:
    """Draw accuracy in % against the number of time steps; the artificial network's is dotted.

    Parameters
    ----------
    results : SpikingAccuracy or mapping of str to SpikingAccuracy
        What `brainsleep.spiking_accuracy` returned; several by label.
    ax : Axes, optional
        Default: that of a new figure.
    title : str, optional
        Default: none.

    Returns
    -------
    Axes
        Time steps to the right, from 1; accuracy in % upwards.

    Raises
    ------
    ParameterError
        If `ax` is no Axes.
    KindError
        If `results` are something else.

    Examples
    --------
    >>> plot_spiking_accuracy({"constant": one, "poisson": other})  # doctest: +SKIP
    """
    if not isinstance(results, Mapping):
        results = {"spiking network": results}
    table(results, "results", "a dict by label")
    for result in results.values():
        if not isinstance(getattr(result, "n_steps", None), int):
            raise KindError(
                f"results must be what bs.spiking_accuracy returns, not {brief(result)}."
            )
    ax = single_axes(ax, 4.5, 3)
    for number, (label, result) in enumerate(results.items()):
        steps = np.arange(1, result.n_steps + 1)
        colour, line = COLOURS[number % len(COLOURS)], _LINES[number % len(_LINES)]
        ax.plot(steps, 100 * result.accuracy, color=colour, linestyle=line, label=label)
    legend = "artificial network"
    for ann in dict.fromkeys(each.ann_accuracy for each in results.values()):
        ax.axhline(100 * ann, color="0.4", linestyle=":", linewidth=1.3, label=legend)
        legend = "_" + legend  # leaves further lines out of the legend
    ax.set_xlabel("Steps")
    ax.set_ylabel("Accuracy (%)")
    ax.set_ylim(0, 102)
    hide_frame(ax)
    ax.legend(loc="lower right")
    if title is not None:
        ax.set_title(text(title, "title"))
    return ax
