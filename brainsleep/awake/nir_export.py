"""The spiking network of an inference as a NIR graph."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from brian2.units import second

from ..errors import ParameterError, TranslationError
from ..neurons import IntegrateAndFire, given_gains, given_thresholds
from ..support.quantities import Time
from ..translation.nir import write_nir

if TYPE_CHECKING:
    from .accuracy import SpikingAccuracy


def write_inference(
    result: SpikingAccuracy, path: str | os.PathLike[str], dt: Time | None = None
) -> None:
    """Write the network of a result; see `SpikingAccuracy.to_nir`."""
    assembly = result.assembly
    if assembly is None or result.dt is None:
        raise ParameterError(
            "this result does not hold its network; write the NIR graph of one that "
            "bs.spiking_accuracy returns."
        )
    neuron, network = assembly.neuron, assembly.translation
    if result.current_layers and neuron.delay_steps:
        raise TranslationError(
            f"layer {result.current_layers[0]!r}: the image reaches it as a current at once, while "
            "spikes take a time step; use neurons of delay_steps=0, or coding='poisson'."
        )
    step = 1 * second if isinstance(neuron, IntegrateAndFire) else result.dt
    write_nir(
        path,
        network,
        neuron,
        gains=given_gains(neuron, network.layer_names),
        thresholds=given_thresholds(neuron, network.layer_names),
        night_dt=result.dt,
        dt=step if dt is None else dt,
        factors=assembly.factors,
        readout=True,
        currents=result.current_layers,
    )
