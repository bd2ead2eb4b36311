"""Histograms of weights: what is drawn, and what is refused."""

import copy
from types import SimpleNamespace

import numpy as np
import pytest
from made_up import assert_no_ticks_overlap, given_axes, picture
from matplotlib.colors import to_rgba
from numpy.testing import assert_array_equal
from torch import nn

import brainsleep as bs
from brainsleep import figures
from brainsleep.errors import ParameterError

pytestmark = pytest.mark.filterwarnings("error:::matplotlib", "error:::brainsleep")


def counts(ax):
    return [patch.get_data().values for patch in ax.patches]


def test_weight_histograms(night, tmp_path):
    kept = copy.deepcopy(night.weights_after)
    axes = figures.plot_weight_histograms(night)
    assert axes.shape == (2, 2)
    before, after = counts(axes[0, 0])
    assert before.sum() == after.sum() == 600
    edges = axes[0, 0].patches[0].get_data().edges
    assert_array_equal(after, np.histogram(night.weights_after["0.weight"], edges)[0])
    assert axes[0, 0].get_yscale() == "log"
    assert [text.get_text() for text in axes[0, 0].get_legend().get_texts()] == ["before", "after"]
    assert axes[0, 0].get_title(loc="left") == "0.weight"
    change = axes[0, 1].patches[0].get_data()
    assert change.values.sum() == 150
    assert change.values[change.edges[:-1] >= 0].sum() == 120
    assert change.values[change.edges[1:] <= 0].sum() == 30
    assert axes[0, 1].get_title(loc="left") == "0.weight: 20 % up, 5 % down"
    assert axes[1, 0].get_xlabel() == "Weight"
    assert axes[1, 1].get_xlabel().startswith("Change of weight")
    for name, weights in kept.items():
        assert_array_equal(night.weights_after[name], weights)
    picture(tmp_path, axes)


@pytest.mark.parametrize("seed", range(20))
def test_no_changed_weight_falls_out_of_the_histogram(night, seed):
    rng = np.random.default_rng(seed)
    scale = 10.0 ** rng.integers(-8, 3)
    night.weights_after["0.weight"] = night.weights_before["0.weight"] - scale * rng.random(
        (20, 30)
    )
    axes = figures.plot_weight_histograms(night)
    assert counts(axes[0, 1])[0].sum() == 600
    assert counts(axes[0, 0])[1].sum() == 600


@pytest.mark.parametrize("value", [0.0, -2.0, 1e-12, 1e6])
def test_weight_histograms_of_a_night_without_change(night, value, tmp_path):
    same = {"0.weight": np.full((3, 4), value)}
    night.weights_before, night.weights_after = same, same
    axes = figures.plot_weight_histograms(night)
    assert [c.sum() for c in counts(axes[0, 0])] == [12, 12]
    assert counts(axes[0, 1])[0].sum() == 0
    assert axes[0, 1].get_title(loc="left") == "0.weight: 0 % up, 0 % down"
    picture(tmp_path, axes)


def test_weight_histograms_in_given_axes(night):
    mine = given_axes(4)
    assert list(figures.plot_weight_histograms(night, axes=mine).ravel()) == list(mine)
    with pytest.raises(ParameterError, match="3 given, but there are 4 panels"):
        figures.plot_weight_histograms(night, axes=given_axes(3))
    night.weights_before = {}
    with pytest.raises(ParameterError, match="no weights"):
        figures.plot_weight_histograms(night)


@pytest.mark.parametrize(
    ("centre", "low", "high"),
    [
        (0, -3.7e-4, 1.4e-4),
        (1, -3.7e-4, 1.4e-4),
        (0, -1e-8, 4e-8),
        (1, -0.111, 0.9),
        (0, -4e5, 1e6),
    ],
)
def test_ticks_do_not_overlap_at_any_scale(night, centre, low, high):
    """The first of these changes had ticks -0.0004, -0.0003, ..., which ran into one another."""
    before = {"0.weight": centre + np.linspace(low, high, 600).reshape(20, 30)}
    after = {"0.weight": before["0.weight"] + np.linspace(low, high, 600).reshape(20, 30)}
    night.weights_before, night.weights_after = before, after
    axes = figures.plot_weight_histograms(night)
    axes[0, 0].figure.draw_without_rendering()
    assert_no_ticks_overlap(axes[0, 0].figure)


def test_the_legend_is_not_lost_on_the_histogram(night):
    """It stands above the panel, and on white wherever it is moved."""
    ax = figures.plot_weight_histograms(night)[0, 0]
    ax.figure.draw_without_rendering()
    legend = ax.get_legend()
    assert legend.get_window_extent().y0 >= ax.get_window_extent().y1
    frame = legend.get_frame()
    assert frame.get_visible()
    assert to_rgba(frame.get_facecolor())[:3] == (1, 1, 1)
    assert frame.get_alpha() > 0.8
    assert not legend.get_window_extent().overlaps(ax._left_title.get_window_extent())


def test_layers_are_called_by_what_they_are(night):
    ann = nn.Sequential(nn.Linear(30, 20), nn.ReLU(), nn.Linear(20, 1))
    night.source = SimpleNamespace(setup=bs.translate(ann))
    axes = figures.plot_weight_histograms(night)
    assert axes[0, 0].get_title(loc="left") == "hidden 1 (0.weight)"
    assert axes[1, 1].get_title(loc="left") == "output (2.weight): 0 % up, 0 % down"
