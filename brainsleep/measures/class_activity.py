"""How alike the activations of classes are, and how they change, for example in a night."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from ..support.calls import public
from .labelled_activity import (
    blocks,
    read_labelled_activity,
    read_populations,
    require_alike,
    unit_rows,
)
from .trains import FloatArray


@public
def class_means(
    activations: Mapping[str, npt.ArrayLike], labels: npt.ArrayLike
) -> dict[str, FloatArray]:
    r"""Return the mean activation of each neuron for each class.

    .. math:: \bar a_{c,i} = \frac{1}{N_c} \sum_{x \in c} a_i(x)

    over the :math:`N_c` images :math:`x` of class :math:`c`, for neuron :math:`i`.

    Parameters
    ----------
    activations : mapping of str to array_like, shape (n_images, n_neurons)
        By population, as `brainsleep.translation.activations` returns them. Not changed.
    labels : array_like of int, shape (n_images,)
        The classes of the images.

    Returns
    -------
    dict of str to ndarray of float64, shape (n_classes, n_neurons)
        By population; classes in ascending order.

    Raises
    ------
    ParameterError, KindError
        If shapes do not fit together, or a value is NaN or infinite.

    Examples
    --------
    >>> class_means({"0": [[1.0, 0.0], [3.0, 0.0], [0.0, 5.0]]}, [0, 0, 1])["0"].tolist()
    [[2.0, 0.0], [0.0, 5.0]]
    """
    activity = read_labelled_activity(activations, labels)
    return {name: activity.class_means(values) for name, values in activity.populations.items()}


@public
def class_correlation(
    activations: Mapping[str, npt.ArrayLike], labels: npt.ArrayLike
) -> dict[str, FloatArray]:
    r"""Correlate the activations for images of each class with those for images of each other one.

    .. math:: C_{c,d} = \frac{1}{N_{c,d}} \sum_{x \in c, \, y \in d, \, x \ne y}
        \mathrm{corr}_i (a_i(x), a_i(y))

    where :math:`\mathrm{corr}_i` is Pearson's correlation over the neurons :math:`i` of a
    population, and :math:`N_{c,d}` the number of pairs of different images. (The source also counts
    each image with itself on the diagonal.) Images whose activation does not vary do not count.

    Parameters
    ----------
    activations : mapping of str to array_like, shape (n_images, n_neurons)
        By population, as `brainsleep.translation.activations` returns them. Not changed.
    labels : array_like of int, shape (n_images,)
        The classes of the images.

    Returns
    -------
    dict of str to ndarray of float64, shape (n_classes, n_classes)
        By population, symmetric, in [-1, 1]; classes in ascending order. NaN where there is no
        pair.

    Raises
    ------
    ParameterError, KindError
        If shapes do not fit together, or a value is NaN or infinite.

    References
    ----------
    Tadros, Krishnan, Ramyaa, Bazhenov 2022, Nature Communications 13:7742
    (``compute_activation_correlation`` of its code).

    Examples
    --------
    >>> images = [[1.0, 0.0, 0.0], [2.0, 0.0, 0.0], [0.0, 1.0, 1.0], [1.0, 3.0, 3.0]]
    >>> class_correlation({"0": images}, [0, 0, 1, 1])["0"].round(3).tolist()
    [[1.0, -1.0], [-1.0, 1.0]]
    """
    activity = read_labelled_activity(activations, labels)
    found = {}
    for name, values in activity.populations.items():
        sums, n = (
            np.zeros((len(activity.classes), values.shape[1])),
            np.zeros(len(activity.classes)),
        )
        for rows, block in blocks(values):
            units = unit_rows(block)
            sums += activity.class_sums(units, rows)
            there = ~np.isnan(units).any(axis=1)
            n += np.bincount(activity.members[rows][there], minlength=len(n))
        total, pairs = sums @ sums.T, np.outer(n, n)
        total[np.diag_indices(len(n))] -= n  # of each image with itself
        pairs[np.diag_indices(len(n))] -= n
        with np.errstate(invalid="ignore", divide="ignore"):
            found[name] = np.where(pairs > 0, total / pairs, np.nan)
    return found


@public
def cosine_differences(
    before: Mapping[str, npt.ArrayLike],
    after: Mapping[str, npt.ArrayLike],
    labels: npt.ArrayLike,
) -> dict[str, FloatArray]:
    r"""Measure how much the activations for each class changed, for example in a night.

    .. math:: D_c = \frac{1}{N_c} \sum_{x \in c} \left( 1 -
        \frac{a(x) \cdot a'(x)}{|a(x)| \, |a'(x)|} \right)

    where :math:`a(x)` and :math:`a'(x)` are the activations of a population for image :math:`x`
    before and after. Images for which one of both is 0 everywhere have no angle and do not count.

    Parameters
    ----------
    before, after : mapping of str to array_like, shape (n_images, n_neurons)
        Activations by population, for the same images. Not changed.
    labels : array_like of int, shape (n_images,)
        The classes of the images.

    Returns
    -------
    dict of str to ndarray of float64, shape (n_classes,)
        By population: 0 for no change of direction, 1 for a right angle; of activations that are
        rectified at most 1. Classes in ascending order; NaN where no image counts.

    Raises
    ------
    ParameterError, KindError
        If populations or shapes differ, or a value is NaN or infinite.

    References
    ----------
    The replica ``agbld/sleep-replay-consolidation-python``, "Hidden States Difference".

    Examples
    --------
    >>> before, after = {"0": [[1.0, 0.0], [1.0, 0.0]]}, {"0": [[2.0, 0.0], [0.0, 3.0]]}
    >>> cosine_differences(before, after, [0, 1])["0"].tolist()
    [0.0, 1.0]
    """
    activity = read_labelled_activity(before, labels, "before")
    later = read_populations(after, "after")
    require_alike(activity.populations, later)
    found = {}
    for name, values in activity.populations.items():
        differences = np.full(len(values), np.nan)
        for rows, block in blocks(values):
            now = later[name][rows].astype(np.float64)
            lengths = np.linalg.norm(block, axis=1) * np.linalg.norm(now, axis=1)
            with np.errstate(invalid="ignore", divide="ignore"):
                cosine = np.where(lengths > 0, (block * now).sum(axis=1) / lengths, np.nan)
            differences[rows] = 1 - np.clip(cosine, -1, 1)
        found[name], _ = activity.mean_and_sd(differences)
    return found
