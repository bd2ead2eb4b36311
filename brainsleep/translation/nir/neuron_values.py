"""What the neurons of a NIR node do in one time step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...errors import TranslationError
from .graph_paths import READOUTS
from .node_values import common, kind_of, one_value, subtracts, values
from .time_steps import NOTHING_LEFT, as_text, time_constant

if TYPE_CHECKING:
    import nir

#: A threshold that no neuron reaches: that of a readout, which does not spike.
NEVER = 1e30

#: A threshold above 0 that every potential above 0 reaches, in float32, too: NIR's neurons with a
#: threshold of 0 are silent at rest.
ABOVE_ZERO = float(np.finfo(np.float32).tiny)


@dataclass(frozen=True, eq=False, kw_only=True)
class NeuronValues:
    """Neurons of one layer, their potentials counted from rest.

    Attributes
    ----------
    decay : float
        Part of a potential that is left after one step.
    gain : float
        What a step with an input of 1 adds.
    threshold, reset : float
        Potentials.
    rows : ndarray or None
        Factor on what leads to each neuron, where thresholds or resistances differ between them.
    subtracts : bool
        Whether a spike takes the threshold from the potential, in place of a reset.
    """

    decay: float
    gain: float
    threshold: float
    reset: float = 0.0
    rows: NDArray[np.float64] | None = None
    subtracts: bool = False


def neuron_values(name: str, node: nir.NIRNode | None, dt: float | None) -> NeuronValues:
    """Return what the neurons of a node do.

    Parameters
    ----------
    name : str
        Their node's name.
    node : NIRNode or None
        None for outputs without neurons: their potential is the input of the step.
    dt : float or None
        Time step in seconds, of Euler's method.

    Raises
    ------
    TranslationError
        Naming the node, and what about it cannot sleep.
    """
    if node is None:
        return NeuronValues(decay=0.0, gain=1.0, threshold=NEVER)
    decay, gain = _decay_and_gain(name, node, dt)
    leak = values(name, node, "v_leak") if kind_of(node) in ("LIF", "LI") else np.zeros(())
    usual_gain = _mean(gain)
    rows = gain / usual_gain if usual_gain > 0 else np.ones(())
    if kind_of(node) in READOUTS:
        return NeuronValues(decay=decay, gain=usual_gain, threshold=NEVER, rows=_factors(rows))
    field = "threshold" if kind_of(node) == "Threshold" else "v_threshold"
    threshold = values(name, node, field) - leak
    reset = values(name, node, "v_reset") - leak if field == "v_threshold" else np.zeros(())
    _check_potentials(name, field, threshold, reset)
    usual = _mean(threshold)
    relative = usual / threshold if usual > 0 else np.ones(())
    return NeuronValues(
        decay=decay,
        gain=usual_gain,
        threshold=usual if usual > 0 else ABOVE_ZERO,
        reset=one_value(name, "v_reset", reset * relative),
        rows=_factors(rows * relative),
        subtracts=subtracts(node),
    )


def _decay_and_gain(
    name: str, node: nir.NIRNode, dt: float | None
) -> tuple[float, NDArray[np.float64]]:
    """Return the part of a potential that is left after a step, and what an input of 1 adds."""
    if kind_of(node) == "Threshold":
        return 0.0, np.ones(())
    assert dt is not None  # all other neurons depend on it
    r = values(name, node, "r")
    if (r < 0).any():
        raise TranslationError(f"node {name!r}: r must be at least 0, but is {r.min():g}.")
    if kind_of(node) in ("IF", "I"):
        return 1.0, r * dt
    tau = one_value(name, "tau", time_constant(name, node))
    decay = 1 - dt / tau
    if decay < NOTHING_LEFT:
        raise TranslationError(
            f"node {name!r}: tau is {as_text(tau)}, shorter than dt ({as_text(dt)}); pass a "
            "smaller dt."
        )
    return max(decay, 0.0), r * dt / tau


def _check_potentials(
    name: str, field: str, threshold: NDArray[np.float64], reset: NDArray[np.float64]
) -> None:
    """Refuse thresholds below rest, and resets that are not below the threshold."""
    if (threshold < 0).any():
        raise TranslationError(
            f"node {name!r}: {field} must be at least 0, counted from v_leak, but is "
            f"{threshold.min():g}."
        )
    if (threshold == 0).any() and common(threshold) is None:
        raise TranslationError(f"node {name!r}: {field} is 0 for some neurons only.")
    try:
        too_high = (reset >= threshold) & (reset != 0)
    except ValueError:
        raise TranslationError(
            f"node {name!r}: v_reset and {field} differ in shape, {reset.shape} and "
            f"{threshold.shape}."
        ) from None
    if too_high.any():
        raise TranslationError(
            f"node {name!r}: v_reset ({reset.max():g}) must be below {field} "
            f"({threshold.max():g}), both counted from v_leak."
        )


def _mean(array: NDArray[np.float64]) -> float:
    """Return the value that neurons share, else their mean."""
    shared = common(array)
    return float(array.mean()) if shared is None else shared


def _factors(rows: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return factors by neuron; None where all are 1."""
    return None if common(rows) is not None else rows
