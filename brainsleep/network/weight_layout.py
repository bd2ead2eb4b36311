"""How the weights of a projection, and its mask, are laid out in Brian2's arrays."""

from __future__ import annotations

import numpy as np

from .plan import NetworkPlan


def flat_weights(plan: NetworkPlan, index: int, values: np.ndarray) -> np.ndarray:
    """Check one projection's weights and lay them out as computed synapses hold them.

    Parameters
    ----------
    plan : NetworkPlan
        Gives sizes and data type.
    index : int
        Number of the projection, 0 for the first.
    values : ndarray
        A torch weight or a mask, of the shape that :meth:`NetworkPlan.weight_shape` says.

    Returns
    -------
    ndarray, shape (n_post * n_pre,) or (kernel size,)

    Raises
    ------
    ValueError
        If the weights have another shape.
    """
    expected = plan.weight_shape(plan.projections[index])
    if values.shape != expected:
        # Brian2 itself prints to stderr and silently keeps zeros
        raise ValueError(f"projection {index}: weights of shape {values.shape}, not {expected}")
    return np.ascontiguousarray(values, dtype=plan.dtype).reshape(-1)


def stock_weights(plan: NetworkPlan, index: int, values: np.ndarray) -> np.ndarray:
    """Check one projection's weights and lay them out as stock synapses hold them.

    Each position of a kernel has weights of its own there.

    Parameters
    ----------
    plan, index, values
        As in :func:`flat_weights`.

    Returns
    -------
    ndarray, shape (n_synapses,)

    Raises
    ------
    ValueError
        If the weights have another shape.
    """
    flat = flat_weights(plan, index, values)
    window = plan.projections[index].window
    return flat if window is None else flat[window.unrolled()[2]]
