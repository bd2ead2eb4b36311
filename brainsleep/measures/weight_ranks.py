"""How many directions weights use: the stable rank of their matrix."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from ..errors import ParameterError
from ..support.array_values import numbers
from ..support.calls import public
from ..support.names import table
from .trains import FloatArray

#: Up to this number of rows or columns all singular values are computed, beyond it the largest.
_ALL_SINGULAR_VALUES = 300


@public
def stable_rank(weights: npt.ArrayLike) -> float:
    r"""Return the stable rank of a matrix of weights.

    .. math:: \mathrm{sr}(W) = \left( \frac{\|W\|_F}{\|W\|_2} \right)^2
        = \frac{\sum_k \sigma_k^2}{\max_k \sigma_k^2}

    with the singular values :math:`\sigma_k`: how many directions count as much as the strongest
    one. It is at most the rank, and changes little with small changes of the weights.

    Parameters
    ----------
    weights : array_like, shape (n_out, n_in) or (n_out, n_in, ...)
        Of one layer; kernels count as rows, one per channel. Not changed.

    Returns
    -------
    float
        Between 1 and the smaller size of the matrix; 0 if all weights are 0.

    Raises
    ------
    ParameterError, KindError
        If there are no weights, they have fewer than two dimensions, or one is NaN or infinite.

    References
    ----------
    Rudelson and Vershynin 2007, Journal of the ACM 54(4):21. As a measure of the capacity that
    networks use: the replica ``agbld/sleep-replay-consolidation-python``.

    Examples
    --------
    >>> print(f"{stable_rank([[3.0, 0.0], [0.0, 3.0]]):.2f}")
    2.00
    >>> print(f"{stable_rank([[2.0, 0.0], [0.0, 1.0]]):.2f}")
    1.25
    """
    array = numbers(weights, "weights")
    if array.ndim < 2:
        raise ParameterError(f"weights must have at least two dimensions, not {array.ndim}.")
    matrix = array.reshape(len(array), -1)
    scale = np.abs(matrix).max()
    if scale == 0:
        return 0.0
    matrix = matrix / scale  # squares of tiny and huge weights would be 0 or infinite
    return float((matrix**2).sum() / _largest_singular_value(matrix) ** 2)


@public
def stable_ranks(weights: Mapping[str, npt.ArrayLike]) -> dict[str, float]:
    r"""Return the stable rank of each layer's weights.

    For each layer, :func:`stable_rank` of :math:`W`. Biases, which are no matrix, are left out.

    Parameters
    ----------
    weights : mapping of str to array_like
        By name, as `Night.weights_before` and `Night.weights_after`. Not changed.

    Returns
    -------
    dict of str to float
        By name.

    Raises
    ------
    ParameterError, KindError
        As :func:`stable_rank`.

    Examples
    --------
    >>> found = stable_ranks({"0.weight": [[1.0, 0.0], [0.0, 1.0]], "2.weight": [[4.0, 4.0]]})
    >>> {name: round(rank, 3) for name, rank in found.items()}
    {'0.weight': 2.0, '2.weight': 1.0}
    """
    arrays = {
        name: numbers(values, f"weights {name!r}")
        for name, values in table(weights, "weights", "arrays by name").items()
    }
    return {name: stable_rank(values) for name, values in arrays.items() if values.ndim > 1}


def _largest_singular_value(matrix: FloatArray) -> float:
    """Return the largest singular value."""
    if min(matrix.shape) <= _ALL_SINGULAR_VALUES:
        return float(np.linalg.norm(matrix, 2))
    start = np.random.default_rng(0).standard_normal(min(matrix.shape))  # the same result each time
    from scipy.sparse.linalg import svds  # slow to import

    return float(svds(matrix, k=1, v0=start, return_singular_vectors=False)[0])
