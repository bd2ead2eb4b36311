"""Activations of classes: correlations against numpy and scipy, pair by pair, image by image."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import cosine

from brainsleep import measures
from brainsleep.errors import ParameterError
from brainsleep.measures import labelled_activity


def made_up(seed=0, n_images=20):
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(n_images) % 3)
    values = np.maximum(rng.normal(size=(n_images, 9)) + np.eye(3, 9)[labels], 0)
    return {"0": values.astype(np.float32), "2": values[:, :4]}, labels


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(labelled_activity, "LEAST_ROWS", 1)
    monkeypatch.setattr(labelled_activity, "BLOCK_VALUES", 30)


def test_class_means():
    activations, labels = made_up()
    found = measures.class_means(activations, labels)
    for name, values in activations.items():
        for label in range(3):
            expected = values[labels == label].mean(axis=0, dtype=float)
            assert_allclose(found[name][label], expected)


def test_class_correlation_is_that_of_all_pairs():
    activations, labels = made_up()
    activations["0"][3] = 0  # this image does not count
    found = measures.class_correlation(activations, labels)["0"]
    there = np.arange(20) != 3
    every = np.corrcoef(activations["0"][there].astype(float))
    classes = labels[there]
    np.fill_diagonal(every, np.nan)
    for first in range(3):
        for second in range(3):
            pairs = every[classes == first][:, classes == second]
            assert found[first, second] == pytest.approx(np.nanmean(pairs))


def test_class_correlation_of_a_single_image_has_no_pair():
    found = measures.class_correlation({"0": [[1.0, 0, 0], [0, 1, 0]]}, [4, 7])["0"]
    assert np.isnan(found.diagonal()).all()
    assert found[0, 1] == found[1, 0] == pytest.approx(-0.5)


def test_cosine_differences_are_scipys():
    before, labels = made_up()
    after, _ = made_up(seed=1)
    before["2"][4], after["2"][5] = 0, 0  # these images have no angle
    found = measures.cosine_differences(before, after, labels)
    for name, values in before.items():
        pairs = [(x, y) for x, y in zip(values, after[name], strict=True)]
        each = np.array([cosine(x, y) if x.any() and y.any() else np.nan for x, y in pairs])
        for label in range(3):
            expected = np.nanmean(each[labels == label])
            assert found[name][label] == pytest.approx(expected, rel=1e-5)


def test_no_change_is_no_difference():
    activations, labels = made_up()
    doubled = {name: 2 * values for name, values in activations.items()}
    for values in measures.cosine_differences(activations, doubled, labels).values():
        assert_allclose(values, 0, atol=1e-12)
    silent = {name: 0 * values for name, values in activations.items()}
    for values in measures.cosine_differences(activations, silent, labels).values():
        assert_array_equal(values, [np.nan] * 3)


def test_cosine_differences_want_the_same_populations():
    activations, labels = made_up()
    with pytest.raises(ParameterError, match="only one of them has '2'"):
        measures.cosine_differences(activations, {"0": activations["0"]}, labels)
    after = {**activations, "2": activations["2"][:, :3]}
    with pytest.raises(ParameterError, match=r"\(20, 4\) before, but \(20, 3\) after"):
        measures.cosine_differences(activations, after, labels)
