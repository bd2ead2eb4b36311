"""Ticks that are placed once: the pictures are the same, and nothing is left behind."""

from contextlib import nullcontext

import numpy as np
import pytest
from made_up import AFTER
from matplotlib.figure import Figure

from brainsleep import figures
from brainsleep.figures import saving


def own_figure():
    """Draw what our own figures have not: ticks that change with the size, twins, powers of ten."""
    figure = Figure(layout="constrained", figsize=(4, 3))
    axes = figure.subplots(2, 2, sharex="col")
    for number, ax in enumerate(axes.flat):
        ax.plot(np.arange(9), 10.0 ** (6 - 2 * number) * np.arange(9))
        ax.set_title("title", loc="left")
        ax.set_ylabel("label")
    axes[0, 1].twinx().plot([0, 8], [1e7, 3e8])
    axes[1, 0].set_yscale("log")
    axes[1, 1].inset_axes((0.6, 0.6, 0.3, 0.3)).plot([1, 2e-4])
    figure.align_ylabels()
    return axes


@pytest.mark.filterwarnings("error:::matplotlib", "error:::brainsleep")
@pytest.mark.parametrize(
    "draw",
    [
        own_figure,
        lambda: figures.plot_accuracy_before_after(AFTER, AFTER, chance=0.1),
        "raster",
        "weights",
    ],
    ids=["own", "heat maps", "raster", "weights"],
)
def test_pictures_are_the_same(draw, night, tmp_path, monkeypatch):
    ours = {"raster": figures.plot_raster, "weights": figures.plot_weight_histograms}
    files = []
    for name in ("known", "anew"):
        axes = draw() if callable(draw) else ours[draw](night)
        if name == "anew":
            monkeypatch.setattr(saving, "known_ticks", lambda figure: nullcontext())
        files.append(figures.save_figure(axes, tmp_path / f"{name}.png").read_bytes())
    assert files[0] == files[1]


def test_changes_show_in_the_next_file(tmp_path):
    ax = Figure(layout="constrained").add_subplot()
    ax.set_xlim(0, 1)
    first = figures.save_figure(ax, tmp_path / "figure.png").read_bytes()
    assert not [name for name in vars(ax.xaxis) if name in ("_update_ticks",)]
    ax.set_xticks([0.5], ["half"])
    assert figures.save_figure(ax, tmp_path / "figure.png").read_bytes() != first
    ax.xaxis.set_ticks([], [])
    ax.set_xticks([0.0, 0.25, 0.5, 0.75, 1.0], ["0", "1", "2", "3", "4"])
    assert figures.save_figure(ax, tmp_path / "figure.svg").exists()
