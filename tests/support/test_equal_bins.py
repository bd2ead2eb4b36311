"""Histograms in equal bins, against NumPy's."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from brainsleep.support.equal_bins import counts_in_bins


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(1,), (400, 500)])
def test_counts_are_those_of_numpy(dtype, shape):
    values = np.random.default_rng(1).normal(size=shape).astype(dtype)
    for low, high in ((-6.0, 6.0), (-5.5, 7.25)):
        counts = counts_in_bins(values, low, high, 77)
        assert_array_equal(counts, np.histogram(values.astype(np.float64), 77, (low, high))[0])
        assert counts.sum() == values.size


def test_both_ends_are_in_a_bin():
    values = np.array([0.1, 0.3, 0.3])
    assert_array_equal(counts_in_bins(values, 0.1, 0.3, 7), [1, 0, 0, 0, 0, 0, 2])
    assert_array_equal(counts_in_bins(np.zeros((0, 3)), 0.0, 1.0, 2), [0, 0])
