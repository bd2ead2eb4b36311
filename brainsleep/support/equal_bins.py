"""Histograms of many numbers in few equal bins, several times as fast as NumPy's."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

#: Values that are counted at a time: what is computed of them stays in the processor's cache.
_BLOCK = 2**16


def counts_in_bins(
    values: npt.NDArray[np.floating], low: float, high: float, n_bins: int
) -> npt.NDArray[np.int64]:
    """Count numbers in bins of equal width.

    Parameters
    ----------
    values : ndarray of float
        Finite numbers from `low` to `high`, in any shape; computed with in float64.
    low, high : float
        Where the first bin begins and the last ends; `high` is above `low`, and in the last bin.
    n_bins : int
        How many there are.

    Returns
    -------
    ndarray of int64, shape (n_bins,)
        As of `numpy.histogram`, but that a number within rounding of an edge may be counted on
        either side of it.
    """
    flat, scale = values.reshape(-1), n_bins / (high - low)
    counts = np.zeros(n_bins + 1, np.int64)
    for start in range(0, flat.size, _BLOCK):
        places = (flat[start : start + _BLOCK].astype(np.float64) - low) * scale
        counts += np.bincount(places.astype(np.intp), minlength=n_bins + 1)
    counts[n_bins - 1] += counts[n_bins]
    return counts[:n_bins]
