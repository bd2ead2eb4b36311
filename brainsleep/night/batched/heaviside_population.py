"""One layer of a batch of nights, and one step of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import torch

from ...errors import TranslationError
from ...translation import Layer, Translation

#: A factor g of a weight and of the width of g, for those that have one.
Factor: TypeAlias = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]

#: The factors g(w) of `brainsleep.plasticity.WEIGHT_FACTORS`, written so that nothing overflows.
FACTORS: dict[str, Factor] = {
    "tadros2022": lambda w, _: 2 * torch.sigmoid(-w / 0.001),
    "tadros2022_relative": lambda w, width: 2 * torch.sigmoid(-w / width),
    "sigmoid": lambda w, _: torch.sigmoid(w),
    "multiplicative": lambda w, _: w,
    "additive": lambda w, _: torch.ones_like(w),
}


@dataclass(kw_only=True)
class HeavisidePopulation:
    """One layer in all nights.

    Attributes
    ----------
    source : str
        The population whose spikes arrive.
    weight : Tensor, shape (n_nights, n_out, n_in)
        The weights, changed in place.
    v : Tensor, shape (n_nights, n_out)
        Potentials of the neurons.
    constant : Tensor, shape (n_out,)
        What is added in each step, before `bias_gain`; never changed.
    bias : Tensor, shape (n_nights, n_out), or None
        What is added, too, and learns as the weight of an input that fires in every step.
    factor : callable
        g(w), one of `FACTORS`.
    learns : bool
        Whether weights and `bias` change; those of a frozen layer do not.
    mask : Tensor of bool, shape (n_out, n_in), or None
        Where there are synapses; None if they all are there.
    gain, bias_gain, v_threshold, decay, increase, decrease, factor_width : Tensor, (n_nights, 1)
        See `HeavisideConstants`.
    """

    source: str
    weight: torch.Tensor
    v: torch.Tensor
    constant: torch.Tensor
    bias: torch.Tensor | None
    factor: Factor
    learns: bool
    mask: torch.Tensor | None
    gain: torch.Tensor
    bias_gain: torch.Tensor
    v_threshold: torch.Tensor
    decay: torch.Tensor
    increase: torch.Tensor
    decrease: torch.Tensor
    factor_width: torch.Tensor

    def step(self, arriving: torch.Tensor) -> torch.Tensor:
        """Integrate, spike, learn and reset.

        Parameters
        ----------
        arriving : Tensor of bool, shape (n_nights, n_in)
            Which neurons of the source spike in this step.

        Returns
        -------
        Tensor of bool, shape (n_nights, n_out)
            Which neurons of this layer spike.
        """
        rows = arriving.to(self.v.dtype).unsqueeze(1)
        # rows times matrices: on CPUs, matrices times columns take several times as long
        drive = torch.bmm(rows, self.weight.transpose(1, 2)).squeeze(1)
        constant = self.constant if self.bias is None else self.constant + self.bias
        self.v = self.decay * self.v + self.gain * drive + self.bias_gain * constant
        spiking = self.v >= self.v_threshold
        if self.learns:
            self._learn(arriving, spiking)
        self.v.masked_fill_(spiking, 0.0)
        return spiking

    def _learn(self, arriving: torch.Tensor, spiking: torch.Tensor) -> None:
        """Change the weights of the neurons that spike, and no others."""
        night, neuron = torch.nonzero(spiking, as_tuple=True)
        rows = self.weight[night, neuron]
        rate = torch.where(arriving[night], self.increase[night], -self.decrease[night])
        changed = rows + rate * self.factor(rows, self.factor_width[night])
        if self.mask is not None:
            changed = torch.where(self.mask[neuron], changed, 0)
        self.weight[night, neuron] = changed
        if self.bias is not None:
            bias = self.bias[night, neuron]
            factor = self.factor(bias, self.factor_width[night, 0])
            self.bias[night, neuron] = bias + self.increase[night, 0] * factor


def require_dense(translation: Translation) -> None:
    """Check that each layer of a network is fully connected to one before it.

    Raises
    ------
    TranslationError
        Naming the first layer that is not.
    """
    for layer in translation.layers:
        obstacle = _other_than_dense(layer)
        if obstacle is not None:
            raise TranslationError(
                f"HeavisideTorch runs fully connected layers only, but layer {layer.name!r} "
                f"{obstacle}; use bs.sleep."
            )


def _other_than_dense(layer: Layer) -> str | None:
    """Say what a layer does or has instead of one full connection; None if it has that."""
    if layer.kind != "neurons":
        return "pools"
    if layer.winners is not None:
        return f"lets at most {layer.winners} neurons be active (KWinners)"
    if len(layer.connections) > 1:
        return f"has {len(layer.connections)} connections"
    kind = layer.connections[0].kind
    return None if kind == "dense" else f"has a connection of kind {kind!r}"
