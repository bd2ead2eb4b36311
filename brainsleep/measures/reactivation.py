"""Reactivation: whether neurons that a class of images drives awake are those that fire asleep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import ParameterError
from ..support.array_values import numbers
from ..support.calls import public
from ..support.names import table
from .labelled_activity import LabelledActivity, blocks, read_labelled_activity, unit_rows
from .short_reprs import ShortRepr
from .trains import FloatArray, IntArray


@dataclass(frozen=True, eq=False, repr=False)
class Reactivation(ShortRepr):
    """How alike activations awake and spike counts asleep are, by population and class.

    Attributes
    ----------
    classes : ndarray of int64, shape (n_classes,)
        The classes, in ascending order.
    mean : dict of str to ndarray of float64, shape (n_classes,)
        By population: correlation, mean over the images of each class, in [-1, 1].
    sd : dict of str to ndarray of float64, shape (n_classes,)
        Sample standard deviation over these images.
    n_images : dict of str to ndarray of int64, shape (n_classes,)
        Images that have a correlation: those whose activation varies from neuron to neuron. 0 for
        all classes if the spike counts do not vary, as those of a silent population.
    null_sd : dict of str to ndarray of float64, shape (n_classes,)
        Standard deviation of `mean` if the neurons of the spike counts were shuffled; its mean is
        then 0.
    """

    classes: IntArray
    mean: dict[str, FloatArray]
    sd: dict[str, FloatArray]
    n_images: dict[str, IntArray]
    null_sd: dict[str, FloatArray]


@public
def reactivation(
    counts: Mapping[str, npt.ArrayLike],
    activations: Mapping[str, npt.ArrayLike],
    labels: npt.ArrayLike,
    *,
    specific: bool = False,
) -> Reactivation:
    r"""Correlate what neurons do for the images of each class with how often they spike asleep.

    .. math:: R_c = \frac{1}{N_c} \sum_{x \in c} \mathrm{corr}_i (a_i(x), n_i)

    where :math:`a_i(x)` is the activation of neuron :math:`i` of a population for image :math:`x`,
    :math:`n_i` its number of spikes in a night, :math:`\mathrm{corr}_i` Pearson's correlation over
    the neurons, and :math:`N_c` the number of images of class :math:`c`.

    Two nulls belong to it. *Shuffled neurons*: over all permutations of the spike counts,
    :math:`R_c` has the mean 0 and the standard deviation
    :math:`| \bar z_c | / \sqrt{N - 1}`, where :math:`\bar z_c` is the mean of the images'
    activations, each centred and of length 1, and :math:`N` the number of neurons; these are exact
    (Pitman 1937), so none is drawn. *Other weights*: the same counts with the activations of an
    untrained network.

    A positive value says that both are driven alike. Forward drive alone makes them so: a night
    that shows images to any network, trained or not, has such correlations. Compare with a night
    of an untrained network, and with classes that were not learned yet.

    Parameters
    ----------
    counts : mapping of str to array_like, shape (n_neurons,)
        Spikes of each neuron by population, as :func:`spike_counts` returns them.
    activations : mapping of str to array_like, shape (n_images, n_neurons)
        By population, as `brainsleep.translation.activations` returns them. Not changed.
        Populations that are not in both are left out.
    labels : array_like of int, shape (n_images,)
        The classes of the images.
    specific : bool, optional
        Whether what all classes have in common is taken away first: from each activation the mean
        over classes of that neuron, classes counting alike. What remains tells classes apart.

    Returns
    -------
    Reactivation
        Mean, standard deviation and null, by population and class.

    Raises
    ------
    ParameterError, KindError
        If no population is in both, shapes do not fit together, or a value is NaN or infinite.

    References
    ----------
    Tadros, Krishnan, Ramyaa, Bazhenov 2022, Nature Communications 13:7742 (``digit_reactivation``
    of its code). Pitman 1937, Journal of the Royal Statistical Society, Supplement 4:225.

    Examples
    --------
    Class 0 drives the neurons that fire asleep, class 1 the others:

    >>> found = reactivation({"0": [9, 0, 0]}, {"0": [[2.0, 0, 0], [0, 1, 1]]}, [0, 1])
    >>> found.classes.tolist()
    [0, 1]
    >>> [round(float(value), 3) for value in found.mean["0"]]
    [1.0, -1.0]
    >>> [round(float(value), 3) for value in found.null_sd["0"]]  # one over the root of 3 - 1
    [0.707, 0.707]
    """
    activity = read_labelled_activity(activations, labels)
    found = Reactivation(activity.classes, {}, {}, {}, {})
    for name, spikes in table(counts, "counts", "spike counts by population").items():
        if name in activity.populations:
            _add_population(found, activity, name, spikes, specific)
    if not found.mean:
        raise ParameterError(
            "counts and activations have no population in common; both are by name, as "
            "bs.measures.spike_counts and bs.translation.activations return them."
        )
    return found


def _add_population(
    found: Reactivation,
    activity: LabelledActivity,
    name: str,
    spikes: npt.ArrayLike,
    specific: bool,
) -> None:
    """Compute what there is for one population."""
    values = activity.populations[name]
    n_neurons = values.shape[1]
    counts = numbers(spikes, f"counts of {name!r}", shape=(n_neurons,))
    direction = unit_rows(counts[None])[0]
    common = activity.class_means(values).mean(axis=0) if specific else np.zeros(n_neurons)
    correlations, sums = np.full(len(values), np.nan), np.zeros((len(activity.classes), n_neurons))
    for rows, block in blocks(values):
        units = unit_rows(block - common)
        correlations[rows] = units @ direction
        sums += activity.class_sums(units, rows)
    n = activity.counts(correlations)
    found.mean[name], found.sd[name] = activity.mean_and_sd(correlations)
    found.n_images[name] = n
    with np.errstate(invalid="ignore", divide="ignore"):
        length = np.linalg.norm(sums, axis=1) / n
        found.null_sd[name] = np.where(n > 0, length / np.sqrt(n_neurons - 1), np.nan)
