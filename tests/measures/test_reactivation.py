"""Reactivation: against numpy.corrcoef image by image, and its null against drawn shuffles."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from brainsleep import measures
from brainsleep.errors import KindError, ParameterError
from brainsleep.measures import labelled_activity

N_NEURONS = 12


def made_up(seed=0, n_images=30, n_classes=3):
    """Activations of two populations, with some neurons at 0, and spike counts like class 0's."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(n_images) % n_classes) * 2 + 1  # classes 1, 3, 5
    activations = {
        name: np.maximum(rng.normal(size=(n_images, size)), 0).astype(dtype)
        for name, size, dtype in (("input", 7, np.float64), ("0", N_NEURONS, np.float32))
    }
    counts = {name: rng.poisson(3, values.shape[1]) for name, values in activations.items()}
    counts["0"] += (10 * activations["0"][labels == 1].mean(axis=0)).astype(int)
    return counts, activations, labels


def test_reactivation_is_the_mean_of_numpys_correlations(monkeypatch):
    monkeypatch.setattr(labelled_activity, "LEAST_ROWS", 1)
    monkeypatch.setattr(labelled_activity, "BLOCK_VALUES", 40)  # three or five images at a time
    counts, activations, labels = made_up()
    found = measures.reactivation(counts, activations, labels)
    assert_array_equal(found.classes, [1, 3, 5])
    for name, values in activations.items():
        each = np.array([np.corrcoef(row, counts[name])[0, 1] for row in values.astype(float)])
        for k, label in enumerate(found.classes):
            assert found.mean[name][k] == pytest.approx(each[labels == label].mean())
            assert found.sd[name][k] == pytest.approx(each[labels == label].std(ddof=1))
            assert found.n_images[name][k] == 10


def test_specific_reactivation_takes_away_the_mean_over_classes():
    counts, activations, labels = made_up()
    labels[:5] = 1  # classes of different sizes
    values = activations["0"].astype(float)
    common = np.mean([values[labels == label].mean(axis=0) for label in (1, 3, 5)], axis=0)
    found = measures.reactivation(counts, activations, labels, specific=True)
    each = np.array([np.corrcoef(row - common, counts["0"])[0, 1] for row in values])
    for k, label in enumerate(found.classes):
        assert found.mean["0"][k] == pytest.approx(each[labels == label].mean())


@pytest.mark.parametrize("specific", [False, True])
def test_null_is_that_of_drawn_shuffles(specific):
    counts, activations, labels = made_up()
    found = measures.reactivation(counts, activations, labels, specific=specific)
    rng = np.random.default_rng(1)
    drawn = [
        measures.reactivation(
            {"0": rng.permutation(counts["0"])}, activations, labels, specific=specific
        ).mean["0"]
        for _ in range(2000)
    ]
    assert_allclose(np.mean(drawn, axis=0), 0, atol=4 * found.null_sd["0"].max() / np.sqrt(2000))
    assert_allclose(np.std(drawn, axis=0), found.null_sd["0"], rtol=0.06)


def test_reactivation_leaves_out_what_does_not_vary():
    activations = {"0": [[1.0, 0, 2], [0, 0, 0], [3, 3, 3], [0, 0, 1]], "2": np.ones((4, 1))}
    counts = {"0": [1, 0, 2], "2": [5], "elsewhere": [1, 2]}
    found = measures.reactivation(counts, activations, [0, 0, 1, 0])
    assert list(found.mean) == ["0", "2"]
    assert_array_equal(found.n_images["0"], [2, 0])
    assert np.isnan([found.mean["0"][1], found.sd["0"][1], found.null_sd["0"][1]]).all()
    assert_array_equal(found.n_images["2"], [0, 0])  # a single neuron has no correlation
    silent = measures.reactivation({"0": [0, 0, 0]}, {"0": activations["0"]}, [0, 0, 1, 0])
    assert np.isnan(silent.mean["0"]).all()
    assert silent.n_images["0"].sum() == 0


def test_reactivation_refuses():
    counts, activations, labels = made_up()
    with pytest.raises(ParameterError, match="no population in common"):
        measures.reactivation({"1": [1, 2]}, activations, labels)
    with pytest.raises(ParameterError, match=r"counts of '0' must have shape \(12,\), not \(3,\)"):
        measures.reactivation({"0": [1, 2, 3]}, activations, labels)
    with pytest.raises(ParameterError, match="a class number for each of 30 images"):
        measures.reactivation(counts, activations, labels[:-1])
    with pytest.raises(ParameterError, match="'0': holds NaN"):
        measures.reactivation(counts, {"0": np.full((30, N_NEURONS), np.nan)}, labels)
    with pytest.raises(KindError, match="activations must be arrays by population"):
        measures.reactivation(counts, np.ones((30, N_NEURONS)), labels)
