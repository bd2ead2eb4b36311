"""Colours of images of weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..measures.trains import FloatArray
from .class_axis import SIGNED_MAP

#: Larger weights than these of all have the colour of the largest.
_QUANTILE = 0.995


def weight_colours(weights: FloatArray) -> dict[str, Any]:
    """Return colour map and limits for `imshow`: white is 0, on which grey or blue and red stand.

    Of weights that are all of one sign, the larger ones are darker; of both signs, negative ones
    are blue and positive ones red.
    """
    if not (weights < 0).any():
        return {"cmap": "gray_r", "vmin": 0, "vmax": _limit(weights)}
    limit = _limit(np.abs(weights))
    return {"cmap": SIGNED_MAP, "vmin": -limit, "vmax": limit}


def _limit(sizes: FloatArray) -> float:
    """Return the size that has the last colour."""
    return float(np.quantile(sizes, _QUANTILE)) or float(sizes.max(initial=0.0)) or 1.0
