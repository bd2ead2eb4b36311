"""Whether a classifier is right as often as it is sure of itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import ParameterError
from ..support.array_values import read_array
from ..support.calls import public
from ..support.checks import whole_number
from .short_reprs import ShortRepr
from .trains import FloatArray, IntArray


@dataclass(frozen=True, eq=False, repr=False)
class Reliability(ShortRepr):
    """How sure a classifier is, and how often it is right.

    Attributes
    ----------
    error : float
        Expected calibration error, between 0 and 1; as :func:`calibration_error`.
    edges : ndarray of float64, shape (n_bins + 1,)
        Of the bins of confidence, from 0 to 1. A bin holds its upper edge, not its lower one.
    counts : ndarray of int64, shape (n_bins,)
        Images in each bin.
    confidence, accuracy : ndarray of float64, shape (n_bins,)
        Mean confidence, and share of the images classified right, in each bin; NaN in empty ones.
    """

    error: float
    edges: FloatArray
    counts: IntArray
    confidence: FloatArray
    accuracy: FloatArray


@public
def reliability(outputs: npt.ArrayLike, labels: npt.ArrayLike, n_bins: int = 15) -> Reliability:
    r"""Compare how sure a classifier is with how often it is right, in bins of confidence.

    The confidence of an image is the largest of the softmax of its outputs.

    .. math:: \mathrm{ECE} = \sum_{m=1}^{M} \frac{n_m}{n}
        \left| \mathrm{acc}(m) - \mathrm{conf}(m) \right|

    where :math:`n_m` of :math:`n` images have a confidence in bin :math:`m`,
    :math:`((m-1)/M, m/M]`, :math:`\mathrm{acc}(m)` is the share of them that is classified right,
    and :math:`\mathrm{conf}(m)` is their mean confidence. All images count alike, whatever their
    class.

    Parameters
    ----------
    outputs : array_like, shape (n_images, n_classes)
        What the network returns, before any softmax; minus infinity for classes that do not
        compete. (Give logarithms of probabilities that have been normalised already.)
    labels : array_like of int, shape (n_images,)
        The classes.
    n_bins : int, optional
        Number of bins of equal width. Default: 15, as in the source.

    Returns
    -------
    Reliability
        The error, and what a reliability diagram shows.

    Raises
    ------
    ParameterError, KindError
        If the shapes do not fit together, there is no image, an output is NaN or infinite, or a
        label has no output.

    References
    ----------
    Guo, Pleiss, Sun, Weinberger 2017, On Calibration of Modern Neural Networks.

    Examples
    --------
    Four images, each with the confidence 0.75; three are classified right, then two.

    >>> import numpy as np
    >>> outputs = np.log([[0.75, 0.25]] * 4)
    >>> print(f"{reliability(outputs, [0, 0, 0, 1]).error:.3f}")
    0.000
    >>> found = reliability(outputs, [0, 0, 1, 1])
    >>> print(f"{found.error:.3f}, all in bin {found.counts.argmax()}")
    0.250, all in bin 11
    """
    values, classes = _checked(outputs, labels)
    n_bins = whole_number(n_bins, "n_bins", minimum=1, maximum=1_000_000)
    powers = np.exp(values - values.max(axis=1, keepdims=True))
    confidences = powers.max(axis=1) / powers.sum(axis=1)
    right = values.argmax(axis=1) == classes
    edges = np.linspace(0, 1, n_bins + 1)
    bins = np.clip(np.searchsorted(edges, confidences, side="left") - 1, 0, n_bins - 1)
    counts = np.bincount(bins, minlength=n_bins)
    with np.errstate(invalid="ignore"):  # 0 / 0 in bins without images
        confidence = np.bincount(bins, confidences, minlength=n_bins) / counts
        accuracy = np.bincount(bins, right, minlength=n_bins) / counts
    gaps = np.nan_to_num(np.abs(accuracy - confidence))
    error = float(counts @ gaps) / len(values)
    return Reliability(error, edges, counts, confidence, accuracy)


@public
def calibration_error(outputs: npt.ArrayLike, labels: npt.ArrayLike, n_bins: int = 15) -> float:
    r"""Return the expected calibration error (ECE) of a classifier's outputs.

    .. math:: \mathrm{ECE} = \sum_{m=1}^{M} \frac{n_m}{n}
        \left| \mathrm{acc}(m) - \mathrm{conf}(m) \right|

    as :func:`reliability`, which returns the bins as well, defines it.

    Parameters
    ----------
    outputs, labels, n_bins
        As in :func:`reliability`.

    Returns
    -------
    float
        Between 0 and 1; 0 if the classifier is right as often as it is sure.

    Raises
    ------
    ParameterError, KindError
        As :func:`reliability`.

    References
    ----------
    Guo, Pleiss, Sun, Weinberger 2017, On Calibration of Modern Neural Networks.

    Examples
    --------
    >>> calibration_error([[0.0, 0.0], [0.0, 0.0]], [0, 1])
    0.0
    """
    return reliability(outputs, labels, n_bins).error


def _checked(outputs: npt.ArrayLike, labels: npt.ArrayLike) -> tuple[FloatArray, IntArray]:
    """Read outputs and labels that fit together."""
    values, classes = read_array(outputs, "outputs"), read_array(labels, "labels")
    if values.ndim != 2 or values.size == 0 or values.dtype.kind not in "biuf":
        raise ParameterError(
            "outputs must be numbers of shape (n_images, n_classes) with at least one of each, not "
            f"{values.dtype} of shape {values.shape}."
        )
    values = values.astype(np.float64)
    if np.isnan(values).any() or not np.isfinite(values.max(axis=1)).all():
        raise ParameterError(
            "outputs: each image needs finite outputs, or minus infinity for classes that do not "
            "compete; one is NaN or infinite."
        )
    if classes.shape != (len(values),) or classes.dtype.kind not in "iu":
        raise ParameterError(
            f"labels must be a class number for each of {len(values)} images, not {classes.dtype} "
            f"of shape {classes.shape}."
        )
    if not 0 <= int(classes.min()) <= int(classes.max()) < values.shape[1]:
        raise ParameterError(
            f"labels must lie between 0 and {values.shape[1] - 1}, as there are "
            f"{values.shape[1]} outputs, but range from {classes.min()} to {classes.max()}."
        )
    return values, classes.astype(np.int64)
