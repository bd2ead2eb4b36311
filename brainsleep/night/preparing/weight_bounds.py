"""Weights that lie outside the bounds of a rule: told before the night, which would cut them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...support.user_warnings import warn_user
from .assembly import Assembly


class WeightBoundsWarning(UserWarning):
    """Weights lie outside the bounds of the plasticity rule, and will be set to them."""


def warn_of_weights_outside(assembly: Assembly) -> None:
    """Warn if weights that learn lie outside the bounds of their rule.

    Rules with bounds hold the weight in them whenever they act on it. So a weight outside is set to
    the bound at its first spike (or reward), even if all rates of learning are zero.

    Parameters
    ----------
    assembly : Assembly
        The layers and the rule.

    Warns
    -----
    WeightBoundsWarning
        Naming the layers, with the range of their weights and the share outside.
    """
    outside = list(_outside(assembly))
    if outside:
        name = type(assembly.plasticity).__name__
        warn_user(
            f"plasticity: weights outside the bounds of {name} are set to the bound as soon as the "
            f"rule acts on them: {'; '.join(outside)}. Give {name} bounds that hold them, or take "
            "another rule.",
            WeightBoundsWarning,
        )


def _outside(assembly: Assembly) -> Iterator[str]:
    """Describe each connection with weights outside the bounds; a rule without bounds has none."""
    names = assembly.translation.layer_names
    values = dict(zip(names, assembly.plasticity.synapse_parameters(names), strict=True))
    for layer, link in assembly.links:
        if link.weight is None or layer.name in assembly.frozen:
            continue
        if "w_max" not in values[layer.name]:
            continue
        there = link.weight if link.mask is None else link.weight[link.mask]
        # in the type of the weights: one at the bound may lie beside it in another
        low = there.dtype.type(values[layer.name].get("w_min", 0.0))
        high = there.dtype.type(values[layer.name]["w_max"])
        share = float(np.mean((there < low) | (there > high))) if there.size else 0.0
        if share > 0:
            yield (
                f"layer {layer.name!r} has weights from {there.min():.3g} to {there.max():.3g}, "
                f"{100 * share:.2g} % of them outside [{low:g}, {high:g}]"
            )
