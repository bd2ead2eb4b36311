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
        Whether they spike; those of a readout do not.

    Returns
    -------
    nir.NIRNode
        LIF or IF, LI or I. Its metadata hold the gains that are part of the weights, and
        ``reset="subtract"`` where a spike takes the threshold from the potential.
    """
    package = import_nir()
    metadata: dict[str, float | str] = {
        key: value
        for key, value in (("gain", membrane.gain), ("bias_gain", membrane.bias_gain))
        if value > 0
    }
    if membrane.subtracts and spikes:
        metadata["reset"] = "subtract"

    def full(value: float) -> NDArray[np.float64]:
        return np.full(shape, value, dtype=np.float64)

    if membrane.decay == 1:
        r = full(1 / dt)
        if not spikes:
            return package.I(r, metadata=metadata)
        threshold, reset = full(membrane.v_threshold), full(membrane.v_reset)
        return package.IF(r, threshold, reset, metadata=metadata)
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
