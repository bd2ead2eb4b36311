"""NIR nodes of neurons."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .membranes import Membrane
from .nir_package import import_nir

if TYPE_CHECKING:
    import nir


def neuron_node(
    membrane: Membrane, shape: tuple[int, ...], dt: float, *, spikes: bool = True
) -> nir.NIRNode:
    """Return the node of a layer's neurons.

    Parameters
    ----------
    membrane : Membrane
        The neurons.
    shape : tuple of int
        Shape of the layer.
    dt : float
        Time step of the simulator that is to read the graph, in seconds.
    spikes : bool
        Whether they spike; those of a readout do not, and leak.

    Returns
    -------
    nir.NIRNode
        LIF or IF; LI where they do not spike. Its metadata hold the gains that are part of the
        weights, and ``reset="subtract"`` where a spike takes the threshold from the potential.
    """
    package = import_nir()
    metadata: dict[str, float | str] = {**gains_metadata(membrane)}
    if membrane.subtracts:
        metadata["reset"] = "subtract"

    def full(value: float) -> NDArray[np.float64]:
        return np.full(shape, value, dtype=np.float64)

    if membrane.decay == 1:
        threshold, reset = full(membrane.v_threshold), full(membrane.v_reset)
        return package.IF(full(1 / dt), threshold, reset, metadata=metadata)
    lost = 1 - membrane.decay
    common = {"tau": full(dt / lost), "r": full(1 / lost), "v_leak": full(0)}
    if not spikes:
        return package.LI(**common, metadata=metadata)
    return package.LIF(
        **common,
        v_threshold=full(membrane.v_threshold),
        v_reset=full(membrane.v_reset),
        metadata=metadata,
    )


def gains_metadata(membrane: Membrane) -> dict[str, float]:
    """Return the gains that are part of weights, as the metadata of a node."""
    gains = {"gain": membrane.gain, "bias_gain": membrane.bias_gain}
    return {key: value for key, value in gains.items() if value > 0}
