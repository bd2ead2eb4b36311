"""Histograms of weights: what is drawn, and what is refused."""

import copy

import numpy as np
import pytest
from made_up import given_axes, picture
from numpy.testing import assert_array_equal

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
    assert axes[0, 1].get_title(loc="left") == "0.weight: 20% up, 5% down"
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
    assert axes[0, 1].get_title(loc="left") == "0.weight: 0% up, 0% down"
    picture(tmp_path, axes)


def test_weight_histograms_in_given_axes(night):
    mine = given_axes(4)
    assert list(figures.plot_weight_histograms(night, axes=mine).ravel()) == list(mine)
    with pytest.raises(ParameterError, match="3 given, but there are 4 panels"):
        figures.plot_weight_histograms(night, axes=given_axes(3))
    night.weights_before = {}
    with pytest.raises(ParameterError, match="no weights"):
        figures.plot_weight_histograms(night)
