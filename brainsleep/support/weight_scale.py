"""How large weights are: the scale of which learning rates may be a percentage."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

#: Weights that are squared at a time.
_BLOCK = 2**16


def weight_scale(weights: Sequence[NDArray[np.number]], n_inputs: int) -> float:
    """Return the root mean square of some weights.

    Parameters
    ----------
    weights : sequence of ndarray
        Those of all synapses of a layer.
    n_inputs : int
        Inputs of a neuron. Where all weights are 0, or there are none, the scale is that of torch's
        default initialisation, 1/sqrt(3 n_inputs).
    """
    squares = math.fsum(_sum_of_squares(one.ravel()) for one in weights)
    if squares > 0:
        return math.sqrt(squares / sum(one.size for one in weights))
    return 1 / math.sqrt(3 * max(n_inputs, 1))


def _sum_of_squares(weights: NDArray[np.number]) -> float:
    """Sum squares in float64, a block at a time: a copy of all weights would cost memory.

    NumPy's own loops sum them: a product of vectors is shared out among the cores there are, and
    rounds accordingly.
    """
    blocks = (weights[start : start + _BLOCK] for start in range(0, weights.size, _BLOCK))
    return math.fsum(float(np.square(block, dtype=np.float64).sum()) for block in blocks)
