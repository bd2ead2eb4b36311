"""Figures of reactivation, of what classes look like to a network, and of weights by sign."""

import numpy as np
import pytest
from brian2 import ms
from made_up import given_axes, make_night, picture
from numpy.testing import assert_allclose

from brainsleep import figures, measures
from brainsleep.errors import KindError, ParameterError

pytestmark = pytest.mark.filterwarnings("error:::matplotlib", "error:::brainsleep")

LABELS = {"0": "hidden 1 (0)", "2": "output (2)"}
CLASSES = np.arange(30) % 3


def activity(seed=0):
    rng = np.random.default_rng(seed)
    return {
        name: np.maximum(rng.normal(size=(30, size)), 0) for name, size in (("0", 20), ("2", 3))
    }


def reactivation(seed=0):
    rng = np.random.default_rng(seed)
    counts = {"0": rng.poisson(3, 20), "2": [0, 0, 0] if seed == 9 else [5, 0, 1]}
    return measures.reactivation(counts, activity(seed), CLASSES)


def heights(ax):
    return [bar.get_height() for bar in ax.containers[0].patches]


def image(ax):
    (found,) = ax.images
    return np.ma.filled(found.get_array().astype(float), np.nan)


def test_reactivation_of_one_night(tmp_path):
    found = reactivation()
    groups = {"learned last": [2], "learned before": (0, 1)}
    axes = figures.plot_reactivation(
        found, nulls={"untrained": reactivation(1)}, groups=groups, labels=LABELS
    )
    assert [ax.get_title(loc="left") for ax in axes] == ["hidden 1 (0)", "output (2)"]
    assert_allclose(heights(axes[0]), found.mean["0"])
    lower, upper = np.array(axes[0].containers[1].lines[2][0].get_segments())[:, :, 1].T
    assert_allclose(upper - lower, 2 * found.sd["0"])
    (null,) = [patch for patch in axes[0].patches if hasattr(patch, "get_data")]
    assert_allclose(null.get_data().values, 2 * found.null_sd["0"])
    assert_allclose(axes[0].lines[-1].get_ydata(), reactivation(1).mean["0"])
    words = [text.get_text() for text in axes[1].get_legend().get_texts()]
    assert words[:2] == list(groups)
    assert set(words[2:]) == {"shuffled neurons (0 ± 2 SD)", "untrained"}
    assert "mean ± SD, images" in axes[0].get_ylabel()
    bars = axes[0].containers[0].patches
    assert bars[0].get_facecolor() == bars[1].get_facecolor() != bars[2].get_facecolor()
    picture(tmp_path, axes)


def test_reactivation_of_several_nights_and_of_a_silent_population(tmp_path):
    several = [reactivation(seed) for seed in range(3)]
    axes = figures.plot_reactivation(several, given_axes(2))
    each = np.array([one.mean["0"] for one in several])
    assert_allclose(heights(axes[0]), each.mean(axis=0))
    lower, upper = np.array(axes[0].containers[1].lines[2][0].get_segments())[:, :, 1].T
    assert_allclose(upper - lower, 2 * each.std(axis=0, ddof=1))
    assert "mean ± SD, 3 nights" in axes[0].get_ylabel()
    for ax, name in zip(axes, ("0", "2"), strict=True):  # all bars are seen as a whole
        every = np.array([one.mean[name] for one in several])
        ends = every.mean(axis=0) + np.outer([-1, 1], every.std(axis=0, ddof=1))
        assert ax.get_ylim()[0] < ends.min() < ends.max() < ax.get_ylim()[1]
    picture(tmp_path, figures.plot_reactivation(reactivation(9)))


def test_reactivation_refuses():
    found = reactivation()
    with pytest.raises(KindError, match=r"what bs\.measures\.reactivation returns"):
        figures.plot_reactivation([1])
    with pytest.raises(ParameterError, match="no reactivation to draw"):
        figures.plot_reactivation([])
    other = measures.reactivation({"0": np.arange(20)}, activity(), CLASSES)
    with pytest.raises(ParameterError, match="populations differ"):
        figures.plot_reactivation(found, nulls={"other": other})
    other = measures.reactivation({"0": np.arange(20), "2": [1, 2, 3]}, activity(), CLASSES + 1)
    with pytest.raises(ParameterError, match="classes differ"):
        figures.plot_reactivation([found, other])


def test_windowed_reactivation(tmp_path):
    train, means = make_night().spikes["0"], measures.class_means(activity(), CLASSES)["0"]
    found = measures.windowed_reactivation(train, means, n_steps=205, dt=1 * ms, window="20 ms")
    ax = figures.plot_windowed_reactivation(found, classes=["a", "b", "c"], title="hidden")
    (mesh,) = ax.collections
    assert_allclose(np.ma.filled(mesh.get_array(), np.nan), found.correlation.T)
    edges = mesh.get_coordinates()[0, :, 0]
    assert_allclose(edges, [*range(0, 201, 20), 205])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b", "c"]
    assert ax.get_xlabel() == "Time (ms)"
    picture(tmp_path, ax)
    with pytest.raises(ParameterError, match="classes: 2 given, but there are 3"):
        figures.plot_windowed_reactivation(found, classes=[1, 2])


def test_class_correlation(tmp_path):
    before, after = (measures.class_correlation(activity(seed), CLASSES) for seed in (0, 1))
    axes = figures.plot_class_correlation(before, after, labels=LABELS)
    assert axes.shape == (2, 3)
    for ax, values in zip(
        axes[0], (before["0"], after["0"], after["0"] - before["0"]), strict=True
    ):
        assert_allclose(image(ax), values)
    assert axes[1, 2].get_title(loc="left") == "output (2): after - before"
    picture(tmp_path, axes)
    with pytest.raises(ParameterError, match="the same populations in the same shapes"):
        figures.plot_class_correlation(before, {"0": after["0"]})


def test_cosine_differences(tmp_path):
    before = activity()
    before["2"][CLASSES == 1] = 0  # no value for this class
    found = measures.cosine_differences(before, activity(1), CLASSES)
    ax = figures.plot_cosine_differences(found, labels=LABELS)
    assert_allclose(image(ax), [found["0"], found["2"]])
    assert ax.texts[0].get_text() == f"{found['0'][0]:.2f}"
    assert len(ax.texts) == 5
    assert [label.get_text() for label in ax.get_yticklabels()] == list(LABELS.values())
    picture(tmp_path, ax)
    with pytest.raises(ParameterError, match="a value for each of the same classes"):
        figures.plot_cosine_differences({"0": [1.0], "2": [1.0, 2.0]})


def test_activation_pca(tmp_path):
    found = measures.activation_pca(activity(), activity(1), 4)
    axes = figures.plot_activation_pca(found, CLASSES, labels=LABELS)
    assert axes.shape == (3, 2)
    order = np.argsort(CLASSES, kind="stable")
    assert_allclose(image(axes[0, 0]), found["0"].before[order])
    assert_allclose(image(axes[2, 1]), found["2"].difference[order])
    assert axes[2, 0].get_xlabel() == "Principal component"
    assert axes[2, 1].get_xlabel() == "Neuron"
    assert_allclose(axes[0, 0].get_yticks(), [4.5, 14.5, 24.5])
    picture(tmp_path, axes)
    with pytest.raises(ParameterError, match=r"must have shape \(30,\)"):
        figures.plot_activation_pca(found, CLASSES[:5])


def test_stable_ranks(tmp_path):
    before = [{"0.weight": 9.0, "2.weight": 3.0}, {"0.weight": 7.0, "2.weight": 2.0}]
    after = [{"0.weight": 8.0, "2.weight": 2.5}, {"0.weight": 5.0, "2.weight": 2.2}]
    ax = figures.plot_stable_ranks(before, after, labels={"0.weight": "hidden 1 (0.weight)"})
    assert_allclose([line.get_ydata() for line in ax.lines], [[9, 7], [8, 5], [3, 2], [2.5, 2.2]])
    words = [text.get_text() for text in ax.get_legend().get_texts()]
    assert words == ["hidden 1 (0.weight)", "2.weight"]
    picture(tmp_path, ax)
    with pytest.raises(ParameterError, match="as many nights, at least one, not 2 and 1"):
        figures.plot_stable_ranks(before, after[:1])
    with pytest.raises(ParameterError, match="all nights must have the same weights"):
        figures.plot_stable_ranks(before, [after[0], {"0.weight": 1.0}])


def test_weight_change_by_sign(tmp_path):
    change = measures.weight_change_by_sign([1.0, 1.0, -1.0, -1.0, -1.0], [2.0, 1.0, -1.0, -2.0, 0])
    ax = figures.plot_weight_change_by_sign({"0.weight": change})
    assert_allclose([bar.get_height() for bar in ax.patches], [50, 0, 100 / 3, -100 / 3])
    words = [text.get_text() for text in ax.get_legend().get_texts()]
    assert words == ["positive before", "negative before"]
    assert ax.get_ylabel().startswith("Weights (%)")
    picture(tmp_path, ax)
    with pytest.raises(KindError, match="weight_change_by_sign returns"):
        figures.plot_weight_change_by_sign({"0.weight": 3})
    with pytest.raises(ParameterError, match="no layer to draw"):
        figures.plot_weight_change_by_sign({})
