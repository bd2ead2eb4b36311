"""How classes are represented before and after a night: correlations, angles, projections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from ..errors import KindError, ParameterError, brief
from ..measures import ActivationPCA
from ..support.array_values import numbers, read_array
from ..support.calls import public
from ..support.names import table
from .canvas import Axes, AxesArray, AxesLike, axes_grid, set_title, single_axes
from .class_axis import MISSING, class_names, class_ticks, label_of, largest, signed_heat_map
from .style import styled

_STAGES = ("Before", "After", "After - before")


@public
@styled
def plot_class_correlation(
    before: Mapping[str, npt.ArrayLike],
    after: Mapping[str, npt.ArrayLike],
    axes: AxesLike | None = None,
    *,
    classes: Sequence[object] | None = None,
    labels: Mapping[str, str] | None = None,
) -> AxesArray:
    """Draw how alike the activations of classes are before and after, one row per population.

    Parameters
    ----------
    before, after : mapping of str to array_like, shape (n_classes, n_classes)
        As `brainsleep.measures.class_correlation` returns them. Not changed.
    axes : array_like of Axes, optional
        Three per population, row by row. Default: those of a new figure.
    classes : sequence, optional
        What the classes are called; their numbers from 0 unless given.
    labels : mapping of str to str, optional
        What populations are called, as `Night.labels`; their names unless given.

    Returns
    -------
    ndarray of Axes, shape (n_populations, 3)
        Before, after, and the difference, whose colours are on a scale of their own.

    Raises
    ------
    ParameterError, KindError
        If populations or shapes differ.

    Examples
    --------
    >>> before = bs.measures.class_correlation(asleep, labels)  # doctest: +SKIP
    >>> axes = plot_class_correlation(before, after, labels=night.labels)  # doctest: +SKIP
    """
    pairs = _pairs(before, after)
    panels = axes_grid(axes, len(pairs), 3, width=9.5, height=0.5 + 2.6 * len(pairs))
    highest = [1.0, 1.0, max(largest(new - old) for old, new in pairs.values())]
    for row, (name, (old, new)) in zip(panels, pairs.items(), strict=True):
        names = class_names(classes, len(old))
        for ax, values, limit, stage in zip(
            row, (old, new, new - old), highest, _STAGES, strict=True
        ):
            image = signed_heat_map(ax, values, limit)
            class_ticks(ax, names)
            class_ticks(ax, names, "y")
            set_title(ax, f"{label_of(name, labels)}: {stage.lower()}")
            if ax is not row[0]:
                label = "Correlation" if ax is row[1] else "Change of correlation"
                ax.figure.colorbar(image, ax=ax if ax is row[2] else list(row[:2]), label=label)
        row[0].set_ylabel("Class")
    for ax in panels[-1]:
        ax.set_xlabel("Class")
    return panels


@public
@styled
def plot_cosine_differences(
    differences: Mapping[str, npt.ArrayLike],
    ax: Axes | None = None,
    *,
    classes: Sequence[object] | None = None,
    labels: Mapping[str, str] | None = None,
) -> Axes:
    """Draw how much the activations for each class changed, as a heat map with numbers.

    Parameters
    ----------
    differences : mapping of str to array_like, shape (n_classes,)
        By population, as `brainsleep.measures.cosine_differences` returns them. Not changed.
    ax : Axes, optional
        Default: that of a new figure.
    classes : sequence, optional
        What the classes are called; their numbers from 0 unless given.
    labels : mapping of str to str, optional
        What populations are called, as `Night.labels`; their names unless given.

    Returns
    -------
    Axes
        Classes to the right, populations downwards; grey where a class has no value.

    Raises
    ------
    ParameterError, KindError
        If there is no population, or shapes differ.

    Examples
    --------
    >>> found = bs.measures.cosine_differences(before, after, classes)  # doctest: +SKIP
    >>> plot_cosine_differences(found, labels=night.labels)  # doctest: +SKIP
    """
    rows = {
        name: _values(values, f"differences of {name!r}", 1)
        for name, values in table(differences, "differences", "arrays by population").items()
    }
    if len({len(values) for values in rows.values()}) != 1:
        raise ParameterError("differences: populations need a value for each of the same classes.")
    matrix = np.array(list(rows.values()))
    names = class_names(classes, matrix.shape[1])
    ax = single_axes(ax, 2.6 + 0.5 * len(names), 0.9 + 0.4 * len(rows))
    top = max(largest(matrix), 1e-12)
    ax.set_facecolor(MISSING)
    image = ax.imshow(matrix, cmap="cividis", vmin=0, vmax=top, aspect="auto")
    for (row, column), value in np.ndenumerate(matrix):
        if np.isfinite(value):
            colour = "white" if value < top / 2 else "black"
            number = ax.text(column, row, f"{value:.2f}", color=colour, size=7.5)
            number.set(ha="center", va="center", in_layout=False)  # it is within its cell
    class_ticks(ax, names)
    ax.set_yticks(range(len(rows)), [label_of(name, labels) for name in rows])
    ax.set_xlabel("Class")
    ax.figure.colorbar(image, ax=ax, label="1 - cosine", pad=0.02)
    return ax


@public
@styled
def plot_activation_pca(
    found: Mapping[str, ActivationPCA],
    image_classes: npt.ArrayLike,
    axes: AxesLike | None = None,
    *,
    labels: Mapping[str, str] | None = None,
) -> AxesArray:
    """Draw activations in few dimensions, before, after and their difference, image by image.

    Parameters
    ----------
    found : mapping of str to ActivationPCA
        By population, as `brainsleep.measures.activation_pca` returns them.
    image_classes : array_like of int, shape (n_images,)
        The classes of the images, which are drawn class by class.
    axes : array_like of Axes, optional
        Three per population: all before, all after, all differences. Default: those of a new
        figure.
    labels : mapping of str to str, optional
        What populations are called, as `Night.labels`; their names unless given.

    Returns
    -------
    ndarray of Axes, shape (3, n_populations)
        Components to the right, images downwards. Colours of a population are on one scale.

    Raises
    ------
    ParameterError, KindError
        If something else is given, or not as many classes as images.

    Examples
    --------
    >>> found = bs.measures.activation_pca(before, after)  # doctest: +SKIP
    >>> axes = plot_activation_pca(found, test.labels, labels=night.labels)  # doctest: +SKIP
    """
    populations = table(found, "found", "what bs.measures.activation_pca returns")
    if not populations:
        raise ParameterError("found: there is no population to draw.")
    for one in populations.values():
        if not isinstance(one, ActivationPCA):
            raise KindError(
                f"found must hold what bs.measures.activation_pca returns, not {brief(one)}."
            )
    classes = read_array(image_classes, "image_classes")
    order = np.argsort(classes.ravel(), kind="stable")
    panels = axes_grid(
        axes, 3, len(populations), width=1 + 2.4 * len(populations), height=7, sharey=True
    )
    for column, (name, one) in zip(panels.T, populations.items(), strict=True):
        if classes.shape != (len(one.before),):
            raise ParameterError(
                f"image_classes must have shape ({len(one.before)},), one for each image of "
                f"{name!r}, not {classes.shape}."
            )
        stages = (one.before, one.after, one.difference)
        limit = max(largest(values) for values in stages)
        for ax, values, stage in zip(column, stages, _STAGES, strict=True):
            image = signed_heat_map(ax, values[order], limit, aspect="auto", interpolation="auto")
            ax.set_xticks(range(values.shape[1]), [str(k) for k in range(values.shape[1])])
            _class_borders(ax, classes[order])
            if ax is column[0]:
                set_title(ax, label_of(name, labels))
            if column is panels.T[0] or name == next(iter(populations)):
                ax.set_ylabel(f"{stage}\nclass")
        is_projected = len(one.components) < one.components.shape[1]
        column[-1].set_xlabel("Principal component" if is_projected else "Neuron")
        column[0].figure.colorbar(
            image, ax=list(column), orientation="horizontal", label="Activation", pad=0.02
        )
    return panels


def _class_borders(ax: Axes, sorted_classes: npt.NDArray[np.int64]) -> None:
    """Part the classes by lines, and name each in its middle."""
    names, starts, counts = np.unique(sorted_classes, return_index=True, return_counts=True)
    for start in starts[1:]:
        ax.axhline(start - 0.5, color="0.35", linewidth=0.5)
    ax.set_yticks(starts + counts / 2 - 0.5, [str(name) for name in names])


def _pairs(
    before: Mapping[str, npt.ArrayLike], after: Mapping[str, npt.ArrayLike]
) -> dict[str, tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]]:
    """Read matrices before and after of the same populations."""
    old, new = (
        {
            name: _values(values, f"{field} of {name!r}", 2)
            for name, values in table(given, field, "matrices by population").items()
        }
        for given, field in ((before, "before"), (after, "after"))
    )
    if {name: one.shape for name, one in old.items()} != {
        name: one.shape for name, one in new.items()
    } or not old:
        raise ParameterError("before and after must hold the same populations in the same shapes.")
    return {name: (old[name], new[name]) for name in old}


def _values(values: npt.ArrayLike, field: str, n_dimensions: int) -> npt.NDArray[np.float64]:
    """Read numbers, of which some may be NaN."""
    array = read_array(values, field)
    if array.dtype.kind == "f":
        finite = numbers(np.nan_to_num(array), field, shape=(None,) * n_dimensions)
        return np.where(np.isnan(array), np.nan, finite)
    return numbers(array, field, shape=(None,) * n_dimensions)
