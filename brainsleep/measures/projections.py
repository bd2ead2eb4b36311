"""Activations before and after, for example a night, in few dimensions: one projection for both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..support.calls import public
from ..support.checks import whole_number
from .labelled_activity import blocks, read_populations, require_alike
from .short_reprs import ShortRepr
from .trains import FloatArray

#: Up to this many images or neurons all components are computed, beyond it the first ones alone.
_ALL_COMPONENTS = 300


@dataclass(frozen=True, eq=False, repr=False)
class ActivationPCA(ShortRepr):
    """Activations of one population, projected.

    Attributes
    ----------
    before, after : ndarray of float64, shape (n_images, n_components)
        Each image along each component, less the mean over images, before and after.
    components : ndarray of float64, shape (n_components, n_neurons)
        Orthonormal directions; the entry with the largest magnitude of each is positive.
    mean : ndarray of float64, shape (n_neurons,)
        Of all images, before and after; 0 where nothing was projected.
    explained : ndarray of float64, shape (n_components,)
        Share of the variance over images, before and after, along each component, in [0, 1]; NaN
        if there is no variance.
    """

    before: FloatArray
    after: FloatArray
    components: FloatArray
    mean: FloatArray
    explained: FloatArray

    @property
    def difference(self) -> FloatArray:
        """After less before, shape (n_images, n_components)."""
        return self.after - self.before


@public
def activation_pca(
    before: Mapping[str, npt.ArrayLike],
    after: Mapping[str, npt.ArrayLike],
    n_components: int = 10,
) -> dict[str, ActivationPCA]:
    r"""Project activations before and after onto the principal components of both.

    .. math:: p_k(x) = u_k \cdot (a(x) - \bar a), \quad p'_k(x) = u_k \cdot (a'(x) - \bar a)

    with the activations :math:`a(x)` and :math:`a'(x)` of a population for image :math:`x` before
    and after, their mean :math:`\bar a` over all images of both, and the first principal
    components :math:`u_k` of both together. So before, after and their difference
    :math:`p'_k - p_k = u_k \cdot (a' - a)` can be compared component by component. A population
    that has no more neurons than `n_components` is not projected: :math:`p_k` is the activation of
    neuron :math:`k`.

    Parameters
    ----------
    before, after : mapping of str to array_like, shape (n_images, n_neurons)
        Activations by population, for the same images. Not changed.
    n_components : int, optional
        Components of each population; no more than there are images or neurons.

    Returns
    -------
    dict of str to ActivationPCA
        By population.

    Raises
    ------
    ParameterError, KindError
        If populations or shapes differ, or a value is NaN or infinite.

    References
    ----------
    The replica ``agbld/sleep-replay-consolidation-python``, "Neuron Activity Visualization".
    Computed by scikit-learn's ``PCA``.

    Examples
    --------
    Two neurons that change together, along one component:

    >>> before, after = {"0": [[0.0, 0.0], [3.0, 4.0]]}, {"0": [[0.0, 0.0], [6.0, 8.0]]}
    >>> found = activation_pca(before, after, n_components=1)["0"]
    >>> found.components.round(3).tolist()
    [[0.6, 0.8]]
    >>> found.difference.round(3).tolist()
    [[0.0], [5.0]]
    """
    n_components = whole_number(n_components, "n_components", minimum=1)
    first, second = read_populations(before, "before"), read_populations(after, "after")
    require_alike(first, second)
    return {name: _projected(first[name], second[name], n_components) for name in first}


def _projected(before: np.ndarray, after: np.ndarray, n_components: int) -> ActivationPCA:
    """Project the activations of one population."""
    n_neurons = before.shape[1]
    if n_neurons <= n_components:
        components, mean = np.eye(n_neurons), np.zeros(n_neurons)
    else:
        components, mean = _principal_components(before, after, n_components)
    first, second = (
        np.concatenate([(block - mean) @ components.T for _, block in blocks(values)])
        for values in (before, after)
    )
    explained = _explained(before, after, np.concatenate([first, second]))
    return ActivationPCA(first, second, components, mean, explained)


def _principal_components(
    before: np.ndarray, after: np.ndarray, n_components: int
) -> tuple[FloatArray, FloatArray]:
    """Return the first components of both together, and their mean."""
    from sklearn.decomposition import PCA  # takes a second to load

    both = np.concatenate([before, after])
    if both.dtype.kind != "f":
        both = both.astype(np.float64)
    n_components = min(n_components, *both.shape)
    few = min(both.shape) <= _ALL_COMPONENTS
    pca = PCA(n_components, svd_solver="full" if few else "arpack", random_state=0, copy=False)
    with np.errstate(invalid="ignore"):  # shares of no variance
        pca.fit(both)
    components = pca.components_.astype(np.float64)
    largest = np.abs(components).argmax(axis=1)
    signs = np.sign(components[np.arange(len(components)), largest])
    return components * signs[:, None], pca.mean_.astype(np.float64)


def _explained(before: np.ndarray, after: np.ndarray, projected: FloatArray) -> FloatArray:
    """Return the share of the variance along each component."""
    n, sums, squares = 0, np.zeros(before.shape[1]), np.zeros(before.shape[1])
    mean = before.mean(axis=0, dtype=np.float64)
    for values in (before, after):
        for _, block in blocks(values):
            shifted = block - mean
            n, sums, squares = (
                n + len(block),
                sums + shifted.sum(axis=0),
                squares + (shifted**2).sum(axis=0),
            )
    total = (squares - sums**2 / n).sum()
    variances = projected.var(axis=0) * n
    return variances / total if total > 0 else np.full(len(variances), np.nan)
