"""The accuracy of each class, from what was taken for what."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..errors import ParameterError
from ..support.array_values import numbers
from ..support.calls import public
from .trains import FloatArray


@public
def per_class_accuracy(confusion: npt.ArrayLike) -> FloatArray:
    r"""Return the share of each class's images that are classified right.

    .. math:: a_i = C_{i,i} / \sum_j C_{i,j}

    Parameters
    ----------
    confusion : array_like, shape (n_classes, n_classes)
        Entry [i, j]: images of class i that were classified as j, as
        ``bs.wake.confusion_matrix`` returns it. Not changed.

    Returns
    -------
    ndarray of float64, shape (n_classes,)
        Between 0 and 1; NaN for a class without images. (The recall of the class.)

    Raises
    ------
    ParameterError, KindError
        If it is not a square matrix of numbers of at least 0.

    References
    ----------
    The recall of Sokolova, Lapalme 2009, Information Processing & Management 45:427.

    Examples
    --------
    >>> per_class_accuracy([[3, 1], [0, 4]]).tolist()
    [0.75, 1.0]
    """
    counts = numbers(confusion, "confusion", shape=(None, None), minimum=0)
    if counts.shape[0] != counts.shape[1]:
        raise ParameterError(
            f"confusion must be a square matrix, one row and one column per class, not of shape "
            f"{counts.shape}."
        )
    with np.errstate(invalid="ignore"):  # 0 / 0 for a class without images
        return np.asarray(np.diagonal(counts) / counts.sum(axis=1))
