"""Experiments side by side: what is drawn, and what is refused."""

import copy

import pytest
from made_up import AFTER, BEFORE, assert_no_ticks_overlap, given_axes, picture
from numpy.testing import assert_allclose

from brainsleep import figures
from brainsleep.errors import ParameterError

pytestmark = pytest.mark.filterwarnings("error:::matplotlib", "error:::brainsleep")


def make_run(rates=(10.0, 30.0)):
    return {
        "before_sleep": BEFORE,
        "after_sleep": AFTER,
        "rates": [{"input": rate, "0": 2 * rate} for rate in rates],
        "weight_change": [{"0.weight": 0.1}, {"0.weight": 0.3}],
        "timings": [
            {"build": 5.0, "run": 1.0, "total": 8.0, "steps": 300},
            {"build": 0.0, "run": 2.0, "total": 3.0, "steps": 300},
        ],
    }


def test_comparison(tmp_path):
    runs = {"A": make_run(), "B": make_run(rates=(4.0,))}
    kept = copy.deepcopy(runs)
    axes = figures.plot_comparison(runs)
    assert axes.shape == (2, 2)
    accuracy, rates, weights, seconds = axes.ravel()
    lines = {line.get_label(): line.get_ydata() for line in accuracy.lines}
    assert list(lines) == ["A, before sleep", "A, after sleep", "B, before sleep", "B, after sleep"]
    assert_allclose(lines["A, before sleep"], [90, 45])
    assert_allclose(lines["A, after sleep"], [80, 70])
    assert [bar.get_height() for bar in rates.patches] == pytest.approx([20, 40, 4, 8])
    assert [label.get_text() for label in rates.get_xticklabels()] == ["input", "0"]
    assert rates.get_ylabel() == "Rate (Hz)\nmean ± SD over nights"
    assert weights.get_ylabel() == "|Change of weight|\nmean ± SD over nights"
    assert accuracy.get_ylabel().endswith("(%)")
    assert [bar.get_height() for bar in weights.patches] == pytest.approx([0.2, 0.2])
    # build, run and the rest, for A and B each
    assert [bar.get_width() for bar in seconds.patches] == pytest.approx([5, 5, 3, 3, 3, 3])
    assert [text.get_text() for text in seconds.texts] == ["A", "B"]
    assert [text.get_text() for text in axes[0, 0].figure.legends[0].get_texts()] == ["A", "B"]
    assert runs == kept
    picture(tmp_path, axes)


def test_comparison_of_networks_with_other_layers(tmp_path):
    deep = make_run()
    deep["rates"] = [{"input": 1.0, "0": 2.0, "2": 3.0}]
    axes = figures.plot_comparison({"A": make_run(), "deep": deep})
    rates = axes[0, 1]
    assert [label.get_text() for label in rates.get_xticklabels()] == ["input", "0", "2"]
    assert [bar.get_height() for bar in rates.patches] == pytest.approx([20, 40, 0, 1, 2, 3])
    picture(tmp_path, axes)


@pytest.mark.parametrize("n_runs", [1, 4, 9])
def test_comparison_gives_every_run_a_colour_of_its_own(n_runs, tmp_path):
    axes = figures.plot_comparison({f"run {number}": make_run() for number in range(n_runs)})
    bars = axes[0, 1].containers
    colours = {bar.patches[0].get_facecolor() for bar in bars if hasattr(bar, "patches")}
    assert len(colours) == n_runs
    assert len(axes[1, 1].texts) == n_runs
    picture(tmp_path, axes)


def test_comparison_in_given_axes():
    mine = given_axes(4)
    axes = figures.plot_comparison({"A": make_run()}, axes=mine)
    assert list(axes.ravel()) == list(mine)
    assert mine[1].get_legend() is not None
    assert mine[0].figure.legends == []


def test_comparison_refuses():
    with pytest.raises(ParameterError, match="none to draw"):
        figures.plot_comparison({})
    misspelt = make_run()
    misspelt["rate"] = misspelt.pop("rates")
    with pytest.raises(ParameterError, match=r"A: no 'rates'.*Did you mean 'rate'"):
        figures.plot_comparison({"A": misspelt})


def test_without_error_bars_none_is_named(tmp_path):
    one = make_run(rates=(3.0,))
    axes = figures.plot_comparison({"A": one})
    assert axes[0, 1].get_ylabel() == "Rate (Hz)"


@pytest.mark.parametrize("n_layers", [3, 12])
def test_layers_are_called_by_their_labels_which_do_not_overlap(n_layers):
    run = make_run()
    run["rates"] = [{str(number): 1.0 for number in range(n_layers)}]
    labels = {str(number): f"hidden {number} ({number})" for number in range(n_layers)}
    axes = figures.plot_comparison({"A": run}, labels=labels)
    ax = axes[0, 1]
    assert ax.get_xticklabels()[2].get_text() == "hidden 2\n(2)"
    ax.figure.draw_without_rendering()
    assert_no_ticks_overlap(ax.figure)
