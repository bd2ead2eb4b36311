"""What figures of classes and populations have in common: names on axes, heat maps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.image import AxesImage

from ..errors import ParameterError
from ..support.names import items, table
from .canvas import Axes

#: From blue over white to red, for values of both signs; for colour-blind eyes.
SIGNED_MAP = "RdBu_r"
#: Where there is no value.
MISSING = "0.9"


def class_names(classes: Sequence[object] | None, n_classes: int) -> list[str]:
    """Return what the classes are called; their numbers from 0 unless given.

    Raises
    ------
    ParameterError
        If there are not as many names as classes.
    """
    if classes is None:
        return [str(number) for number in range(n_classes)]
    found = items(classes, "classes", "names or numbers of classes")
    if len(found) != n_classes:
        raise ParameterError(f"classes: {len(found)} given, but there are {n_classes}.")
    return [str(one) for one in found]


def label_of(name: str, labels: Mapping[str, str] | None) -> str:
    """Return what a population is called in a picture.

    Raises
    ------
    KindError
        If `labels` are no labels by population.
    """
    return (
        str(table(labels, "labels", "labels by name, as night.labels").get(name, name))
        if (labels is not None)
        else name
    )


def class_ticks(ax: Axes, names: Sequence[str], axis: str = "x") -> None:
    """Write the names of the classes on an axis."""
    places = np.arange(len(names))
    if axis == "x":
        ax.set_xticks(places, names)
    else:
        ax.set_yticks(places, names)


def signed_heat_map(
    ax: Axes, values: npt.NDArray[np.float64], highest: float, **options: Any
) -> AxesImage:
    """Draw values of both signs, white being 0; blank where a value is NaN."""
    limit = highest if highest > 0 else 1.0
    ax.set_facecolor(MISSING)
    image: AxesImage = ax.imshow(values, cmap=SIGNED_MAP, vmin=-limit, vmax=limit, **options)
    return image


def largest(values: npt.NDArray[np.float64]) -> float:
    """Return the largest magnitude that is there; 0 without any."""
    finite = np.abs(values[np.isfinite(values)])
    return float(finite.max(initial=0.0))
