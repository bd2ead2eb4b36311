"""The circuits of NREM and REM as sketches, for dream_picture.py."""

from __future__ import annotations

import numpy as np
from matplotlib.patches import FancyArrowPatch

from brainsleep.figures.canvas import COLOURS, Axes

#: What each colour stands for, in sketches and below them.
COLOUR = {"dreamed": COLOURS[0], "tagged": COLOURS[4], "learning": COLOURS[2], "rest": "0.55"}
#: Height of each layer.
LEVEL = {"image": 0.0, "hidden 1": 1.6, "code": 3.2, "outputs": 5.2}
LEFT, RIGHT, LABELS = 2.4, 8.0, 2.0


def draw_nrem(ax: Axes, image: np.ndarray) -> None:
    """Draw NREM: the output that wins teaches its feedback weights what the code does."""
    _network(ax, image, "NREM: feedback learns what is typical of an output")
    winner = _cells(ax, "outputs", {8: COLOUR["tagged"]})[8]
    _arrow(ax, (3.9, "code"), (3.9, "outputs"), "rest")
    _words(ax, 3.75, 4.2, "readout O", "rest", "right")
    _arrow(ax, (winner, "outputs"), (winner, "code"), "learning", width=2.6)
    _words(
        ax,
        winner - 0.2,
        4.3,
        "feedback Q learns:\nup to each spike,\ndown to each silence",
        "learning",
        "right",
    )
    _words(ax, winner, LEVEL["outputs"] + 0.42, "of today's outputs\nthe winner spikes", "tagged")


def draw_rem(ax: Axes, image: np.ndarray) -> None:
    """Draw REM: feedback of two outputs shifts the code, and the readout learns from errors."""
    _network(ax, image, "REM: a dream, by which the readout learns")
    at = _cells(ax, "outputs", {3: COLOUR["dreamed"], 8: COLOUR["tagged"]})
    _arrow(ax, (3.0, "code"), (3.0, "outputs"), "learning", width=2.6)
    _words(ax, 2.85, 4.2, "readout O\nlearns:\ndreamed\n− winner", "learning", "right")
    _arrow(ax, (at[3], "outputs"), (at[3], "code"), "dreamed", width=2.0)
    _words(ax, at[3] + 0.15, 4.2, "+ Q of what\nis dreamed", "dreamed", "left")
    _arrow(ax, (at[8], "outputs"), (at[8], "code"), "tagged", width=2.0)
    _words(ax, at[8] + 0.15, 4.2, "− Q of what the\nimage is taken for", "tagged", "left")
    _words(ax, at[3], LEVEL["outputs"] + 0.42, "dreamed: drawn from\nall learned so far", "dreamed")
    _words(ax, at[8], LEVEL["outputs"] + 0.42, "tagged: highest of\ntoday's, at first", "tagged")


def _network(ax: Axes, image: np.ndarray, title: str) -> None:
    """Draw an image, two hidden layers, and what leads up to them."""
    ax.set(xlim=(0, 10), ylim=(-0.9, 6.6))
    ax.set_axis_off()
    ax.set_title(title, loc="left")
    middle = (LEFT + RIGHT) / 2
    ax.imshow(image, cmap="Greys", extent=(middle - 0.8, middle + 0.8, -0.85, 0.85), aspect="auto")
    for layer in ("hidden 1", "code"):
        _cells(ax, layer, {})
    for below, above in (("image", "hidden 1"), ("hidden 1", "code")):
        start = 0.8 if below == "image" else LEVEL[below]
        _arrow(ax, (middle, start), (middle, above), "rest")
    _words(ax, middle + 0.95, 0.0, "an image of today, no label", "rest", "left")
    _words(ax, middle + 0.2, 2.4, "fixed random weights", "rest", "left")


def _cells(ax: Axes, layer: str, coloured: dict[int, str]) -> np.ndarray:
    """Draw the neurons of a layer, and return where they are."""
    at = np.linspace(LEFT, RIGHT, 10 if layer == "outputs" else 16)
    colours = [coloured.get(k, "white") for k in range(len(at))]
    ax.scatter(
        at,
        np.full(len(at), LEVEL[layer]),
        s=42,
        c=colours,
        edgecolors="0.35",
        zorder=3,
        linewidths=0.8,
    )
    ax.text(LABELS, LEVEL[layer], layer, ha="right", va="center")
    return at


def _arrow(ax: Axes, start: tuple, stop: tuple, colour: str, width: float = 1.3) -> None:
    """Draw an arrow between two layers, or from a height."""
    ends = [(x, LEVEL.get(y, y)) for x, y in (start, stop)]
    way = np.sign(ends[1][1] - ends[0][1])
    (x0, y0), (x1, y1) = ends
    ax.add_patch(
        FancyArrowPatch(
            (x0, y0 + 0.2 * way),
            (x1, y1 - 0.2 * way),
            arrowstyle="-|>",
            mutation_scale=9,
            shrinkA=0,
            shrinkB=0,
            linewidth=width,
            color=COLOUR[colour],
        )
    )


def _words(ax: Axes, x: float, y: float, words: str, colour: str, side: str = "center") -> None:
    """Write words in a colour; above a point if they are centred, else beside it."""
    vertical = "bottom" if side == "center" else "center"
    shade = "0.35" if colour == "rest" else COLOUR[colour]
    ax.text(x, y, words, color=shade, ha=side, va=vertical, fontsize="small", linespacing=1.1)
