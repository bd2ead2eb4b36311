"""What `spiking_accuracy` is asked for: one frozen request."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from brian2.units import Quantity, ms

from ..devices import Device
from ..neurons import IntegrateAndFire, Neuron
from ..support.quantities import Time
from ..translation import Translation
from ..wake.given_data import Images, LabelledImages
from .coding import Coding

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, kw_only=True, eq=False)
class InferenceRequest:
    """Images, and how a network is to see them.

    The fields are the arguments of `brainsleep.spiking_accuracy`, which explains them.
    """

    ann: nn.Module | Translation
    data: LabelledImages
    n_steps: int = 100
    n_images: int | None = None
    coding: str | Coding = "constant"
    max_rate: Quantity | str | None = None
    neuron: Neuron = field(default_factory=IntegrateAndFire)
    normalisation: str = "percentile"
    percentile: float = 99.9
    calibration_data: Images | None = None
    device: str | Device = "cpp"
    dtype: str = "float32"
    dt: Time = field(default_factory=lambda: 1 * ms)
    seed: int = 0
