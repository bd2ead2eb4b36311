"""Calibration and accuracy per class: by hand, image by image, and against scikit-learn."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import confusion_matrix, recall_score

from brainsleep import measures
from brainsleep.errors import ParameterError


def by_image(outputs, labels, n_bins):
    """Return the expected calibration error, image by image as the source says it."""
    bins = [[] for _ in range(n_bins)]
    for row, label in zip(outputs, labels, strict=True):
        shares = [math.exp(value - max(row)) for value in row]
        confidence = max(shares) / sum(shares)
        place = next(m for m in range(n_bins) if m / n_bins < confidence <= (m + 1) / n_bins)
        bins[place].append((confidence, int(np.argmax(row)) == label))
    gaps = [abs(sum(right for _, right in one) - sum(sure for sure, _ in one)) for one in bins]
    return sum(gaps) / len(labels)


@pytest.mark.parametrize("n_bins", [1, 2, 10, 15, 100])
@pytest.mark.parametrize("scale", [0.1, 1.0, 30.0, 2000.0])
def test_against_the_definition_image_by_image(n_bins, scale):
    rng = np.random.default_rng(0)
    outputs, labels = scale * rng.normal(size=(500, 7)), rng.integers(7, size=500)
    found = measures.reliability(outputs, labels, n_bins)
    assert found.error == pytest.approx(by_image(outputs.tolist(), labels, n_bins), abs=1e-12)
    assert measures.calibration_error(outputs, labels, n_bins) == found.error
    assert found.counts.sum() == 500
    assert len(found.edges) == n_bins + 1
    full = found.counts > 0
    assert ((found.edges[:-1] < found.confidence) | ~full).all()
    assert ((found.confidence <= found.edges[1:] + 1e-12) | ~full).all()
    assert np.isnan(found.accuracy[~full]).all()
    overall = np.nansum(found.accuracy * found.counts) / 500
    assert overall == pytest.approx((outputs.argmax(axis=1) == labels).mean())


def test_by_hand():
    """Confidence 0.9 in ten images, 8 right; 0.6 in ten others, 9 right."""
    outputs = np.log([[0.9, 0.1]] * 10 + [[0.6, 0.4]] * 10)
    labels = [0] * 8 + [1] * 2 + [0] * 9 + [1]
    found = measures.reliability(outputs, labels, 10)
    assert found.error == pytest.approx((0.1 + 0.3) / 2)
    assert_array_equal(np.flatnonzero(found.counts), [5, 8])  # bins hold their upper edges
    assert_allclose(found.accuracy[[5, 8]], [0.9, 0.8])


def test_sure_and_right_is_calibrated_sure_and_wrong_is_not():
    outputs = 1e4 * np.eye(3)
    assert measures.calibration_error(outputs, [0, 1, 2]) == 0
    assert measures.calibration_error(outputs, [1, 2, 0]) == 1


def test_outputs_that_do_not_compete():
    """Minus infinity is an output of probability 0, as if it were not there."""
    rng = np.random.default_rng(0)
    outputs, labels = rng.normal(size=(50, 3)), rng.integers(3, size=50)
    more = np.full((50, 5), -np.inf)
    more[:, :3] = outputs
    assert measures.calibration_error(more, labels) == measures.calibration_error(outputs, labels)


@pytest.mark.parametrize(
    ("outputs", "labels", "message"),
    [
        (np.zeros((0, 3)), [], "at least one"),
        (np.zeros(3), [0, 1, 2], r"shape \(3,\)"),
        ([[0.0, math.nan]], [0], "NaN or infinite"),
        ([[0.0, math.inf]], [0], "NaN or infinite"),
        ([[-math.inf, -math.inf]], [0], "NaN or infinite"),
        ([["a", "b"]], [0], "numbers of shape"),
        ([[0.0, 1.0]], [0, 1], "each of 1 images"),
        ([[0.0, 1.0]], [0.0], "class number"),
        ([[0.0, 1.0]], [2], "range from 2 to 2"),
        ([[0.0, 1.0]], [-1], "between 0 and 1"),
    ],
)
def test_what_is_no_outputs_and_labels(outputs, labels, message):
    with pytest.raises(ParameterError, match=message):
        measures.calibration_error(outputs, labels)


def test_accuracy_per_class_is_recall():
    rng = np.random.default_rng(0)
    labels, taken = rng.integers(5, size=200), rng.integers(5, size=200)
    found = measures.per_class_accuracy(confusion_matrix(labels, taken))
    assert_allclose(found, recall_score(labels, taken, average=None))


def test_a_class_without_images_has_no_accuracy():
    found = measures.per_class_accuracy([[2, 2, 0], [0, 0, 0], [0, 0, 3]])
    assert_array_equal(found, [0.5, np.nan, 1.0])
    with pytest.raises(ParameterError, match="square"):
        measures.per_class_accuracy([[1, 2, 3], [4, 5, 6]])
