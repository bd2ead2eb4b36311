"""Stable ranks and principal components, against NumPy's and scikit-learn's decompositions."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.decomposition import PCA

from brainsleep import measures
from brainsleep.errors import ParameterError
from brainsleep.measures import labelled_activity, projections, weight_ranks


@pytest.mark.parametrize("all_values", [300, 1])
@pytest.mark.parametrize("shape", [(30, 50), (50, 30), (6, 3, 5, 5)])
def test_stable_rank_is_that_of_all_singular_values(monkeypatch, shape, all_values):
    monkeypatch.setattr(weight_ranks, "_ALL_SINGULAR_VALUES", all_values)
    weights = np.random.default_rng(0).normal(size=shape)
    sigma = np.linalg.svd(weights.reshape(shape[0], -1), compute_uv=False)
    expected = (sigma**2).sum() / sigma[0] ** 2
    assert measures.stable_rank(weights) == pytest.approx(expected, rel=1e-10)
    assert measures.stable_rank(1e-200 * weights) == pytest.approx(expected, rel=1e-10)


def test_stable_rank_of_known_matrices():
    assert measures.stable_rank(np.eye(7)) == pytest.approx(7)
    assert measures.stable_rank(np.outer([1, 2, 3], [4, 5])) == pytest.approx(1)
    assert measures.stable_rank(np.zeros((3, 4))) == 0
    ranks = measures.stable_ranks({"0.weight": np.eye(2), "0.bias": np.ones(2)})
    assert ranks == {"0.weight": pytest.approx(2)}
    with pytest.raises(ParameterError, match="at least two dimensions, not 1"):
        measures.stable_rank(np.ones(3))
    with pytest.raises(ParameterError, match=r"'0\.weight': holds NaN"):
        measures.stable_ranks({"0.weight": [[np.nan]]})


@pytest.mark.parametrize(("n_images", "n_neurons"), [(60, 12), (9, 40)])
@pytest.mark.parametrize("all_components", [300, 1])
def test_projection_is_that_of_the_singular_vectors_of_both(
    monkeypatch, n_images, n_neurons, all_components
):
    monkeypatch.setattr(labelled_activity, "LEAST_ROWS", 1)
    monkeypatch.setattr(labelled_activity, "BLOCK_VALUES", 100)
    monkeypatch.setattr(projections, "_ALL_COMPONENTS", all_components)
    rng = np.random.default_rng(0)
    before = rng.normal(size=(n_images, n_neurons)) * np.linspace(3, 1, n_neurons)
    after = before * 0.7 + rng.normal(size=before.shape)
    kept = before.copy(), after.copy()
    found = measures.activation_pca({"0": before}, {"0": after}, 4)["0"]
    assert_allclose((before, after), kept, rtol=0)
    both = np.concatenate([before, after])
    centred = both - both.mean(axis=0)
    _, sigma, directions = np.linalg.svd(centred, full_matrices=False)
    for component, expected in zip(found.components, directions, strict=False):
        assert abs(component @ expected) == pytest.approx(1)
        assert component[np.abs(component).argmax()] > 0
    assert_allclose(found.before, centred[:n_images] @ found.components.T, atol=1e-9)
    assert_allclose(found.difference, (after - before) @ found.components.T, atol=1e-9)
    assert_allclose(found.explained, (sigma**2 / (sigma**2).sum())[:4])
    assert_allclose(found.explained, PCA(4).fit(both).explained_variance_ratio_)


def test_few_neurons_are_shown_as_they_are():
    before, after = np.eye(3), np.eye(3)[::-1]
    found = measures.activation_pca({"6": before}, {"6": after}, 3)["6"]
    assert_allclose((found.before, found.after), (before, after))
    assert found.explained.sum() == pytest.approx(1)
    silent = measures.activation_pca({"6": 0 * before}, {"6": 0 * after}, 2)["6"]
    assert not silent.before.any()
    assert np.isnan(silent.explained).all()


def test_whole_numbers_and_few_images():
    before = np.arange(8).reshape(1, 8)
    found = measures.activation_pca({"0": before}, {"0": before + 1}, 5)["0"]
    assert found.components.shape == (2, 8)  # of two images there are no more
    with pytest.raises(ParameterError, match="only one of them has '0'"):
        measures.activation_pca({"0": before}, {"1": before})
    with pytest.raises(ParameterError, match="n_components"):
        measures.activation_pca({"0": before}, {"0": before}, 0)
