"""Nearest class mean and streaming LDA, against scikit-learn and NumPy."""

import numpy as np
import pytest
import torch
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.neighbors import NearestCentroid
from test_learning import learn
from toy_tasks import assert_same_weights, random_dataset, weights

from brainsleep import wake
from brainsleep.errors import ParameterError


def learned(kind, network, tasks, **parameters):
    strategy = wake.build_strategy(kind, **parameters)
    for k in range(len(tasks)):
        learn(strategy, network, tasks, k)
    return strategy


@pytest.fixture
def noisy():
    """Tasks that no classifier solves in full."""
    rng = np.random.default_rng(3)

    def blurred(seed):
        data = random_dataset(40, seed=seed)
        images = np.clip(0.4 * data.images + 0.6 * rng.random(data.images.shape), 0, 1)
        return wake.Dataset("noisy", images.astype(np.float32), data.labels, (4, 4))

    return wake.class_incremental(wake.Split(blurred(0), blurred(1)), [(0, 1), (2, 3), (4, 5)])


def together(tasks):
    train, test = (
        wake.concatenate([getattr(task, part) for task in tasks]) for part in ("train", "test")
    )
    return train.images.astype(float), train.labels, test.images


def test_nearest_class_mean_is_that_of_scikit_learn(network, noisy):
    before = weights(network)
    strategy = learned("nearest_class_mean", network, noisy)
    assert_same_weights(weights(network), before)  # of pixels: nothing is trained
    images, labels, shown = together(noisy)
    expected = NearestCentroid().fit(images, labels).predict(shown)
    assert np.array_equal(wake.predict(strategy.readout(network), shown), expected)
    assert not np.array_equal(expected, together(noisy)[1])
    assert strategy.stored_bytes == 6 * 16 * 4 + 6 * 8  # means, and counts of images


def test_nearest_class_mean_by_angle(network, noisy):
    """The cosine does not ask how bright images are: halved images have the same answers."""
    strategy = learned("nearest_class_mean", network, noisy, metric="cosine")
    images, labels, shown = together(noisy)
    means = np.stack([images[labels == label].mean(axis=0) for label in range(6)])
    cosines = (shown @ means.T) / np.linalg.norm(means, axis=1)
    found = strategy.readout(network)
    assert np.array_equal(wake.predict(found, shown), cosines.argmax(axis=1))
    assert np.array_equal(wake.predict(found, shown / 2), cosines.argmax(axis=1))
    nearest = learned("nearest_class_mean", network, noisy).readout(network)
    assert not np.array_equal(wake.predict(nearest, shown / 2), cosines.argmax(axis=1))
    with pytest.raises(ParameterError, match=r"metric.*cosine"):
        wake.build_strategy("nearest_class_mean", metric="cosin")


@pytest.mark.filterwarnings("ignore:self.within_class_std_dev_:UserWarning")
def test_class_means_of_a_layer(network, noisy):
    """The network learns the first task, and no other."""
    once = wake.train_strategy("sequential", network, noisy[:1], progress=False, seed=2)
    strategy = wake.build_strategy("nearest_class_mean", layer="last")
    readout = wake.train_strategy(strategy, network, noisy, progress=False, seed=2)
    assert_same_weights(weights(readout.features.network), weights(once))
    images, labels, shown = together(noisy)
    with torch.no_grad():
        images, shown_features = (
            once.eval()[:6](torch.tensor(one, dtype=torch.float32)).numpy()
            for one in (images, shown)
        )
    expected = NearestCentroid().fit(images, labels).predict(shown_features)
    assert np.array_equal(wake.predict(readout, shown), expected)


def test_streaming_lda_is_that_of_scikit_learn(network, noisy):
    strategy = learned("streaming_lda", network, noisy, layer="pixels", shrinkage=1e-9)
    images, labels, shown = together(noisy)
    lda = LinearDiscriminantAnalysis(solver="lsqr", priors=np.full(6, 1 / 6)).fit(images, labels)
    readout = strategy.readout(network)
    assert np.array_equal(wake.predict(readout, shown), lda.predict(shown))
    with torch.no_grad():
        scores = readout.eval()(torch.tensor(shown)).double().numpy()
    expected = lda.decision_function(shown)
    centred = [one - one.mean(1, keepdims=True) for one in (scores, expected)]
    np.testing.assert_allclose(*centred, rtol=1e-3, atol=1e-3)


def test_shrunk_lda_by_hand(network, noisy):
    strategy = learned("streaming_lda", network, noisy, layer="pixels", shrinkage=0.2)
    images, labels, shown = together(noisy)
    means = np.array([images[labels == label].mean(0) for label in range(6)])
    centred = images - means[labels]
    covariance = centred.T @ centred / len(images)
    np.testing.assert_allclose(strategy.kept["covariance"], covariance, rtol=1e-5, atol=1e-7)
    precision = np.linalg.inv(0.8 * covariance + 0.2 * np.eye(16))
    scores = shown @ precision @ means.T - 0.5 * np.einsum("kd,de,ke->k", means, precision, means)
    with torch.no_grad():
        found = strategy.readout(network).eval()(torch.tensor(shown)).numpy()
    np.testing.assert_allclose(found, scores, rtol=1e-4, atol=1e-4)
    assert strategy.stored_bytes == (6 * 16 + 16 * 16) * 4 + 6 * 8


def test_a_class_that_comes_again_goes_on(network, noisy):
    """The same images, cut otherwise: the same means and covariance."""
    images, labels, _ = together(noisy)
    order = np.random.default_rng(0).permutation(len(labels))
    data = wake.Dataset("mixed", images[order].astype(np.float32), labels[order], (4, 4))
    mixed = [
        wake.Task(k, tuple(range(6)), data.subset(part), data)
        for k, part in enumerate(np.array_split(np.arange(len(labels)), 4))
    ]
    one, other = (
        learned("streaming_lda", network, tasks, layer="pixels").kept for tasks in (noisy, mixed)
    )
    for name in one:
        np.testing.assert_allclose(one[name], other[name], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", ["nearest_class_mean", "streaming_lda"])
def test_before_and_after_the_first_task(kind, network, noisy):
    strategy = wake.build_strategy(kind)
    assert strategy.readout(network) is network
    learn(strategy, network, noisy, 0)
    assert set(wake.predict(strategy.readout(network), noisy[2].test.images)) <= {0, 1}
    with pytest.raises(ParameterError, match="layer"):
        learn(wake.build_strategy(kind, layer="nowhere"), network, noisy, 0)
