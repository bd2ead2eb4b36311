"""Images shown to a network of integers, step by step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import NightError
from ..translation import INPUT
from .chip_layers import ChipLayer
from .fixed_point import DECAY_BITS, FixedPoint

Activity = Mapping[str, NDArray[np.floating[Any]]]


@dataclass(eq=False)
class ChipRun:
    """A network of integers that is shown some images at a time.

    Parameters
    ----------
    layers : sequence of ChipLayer
        Each after all that lead to it; the last one is read.
    format_ : FixedPoint
        Widths.
    delay_steps : int
        Steps that a spike takes to the next layer: 0 or 1.
    currents : mapping of str to ndarray of int, shape (n_neurons, n_images)
        By layer: what each step adds besides biases and spikes.
    """

    layers: Sequence[ChipLayer]
    format_: FixedPoint
    delay_steps: int
    currents: Mapping[str, NDArray[np.int64]]
    counts: dict[str, NDArray[np.int32]] = field(default_factory=dict)
    saturated: dict[str, int] = field(default_factory=dict)

    def choices(
        self, steps: Iterator[NDArray[np.float32]], n_images: int
    ) -> Iterator[NDArray[np.int64]]:
        """Yield the output of the highest potential after each step, one per image.

        Parameters
        ----------
        steps : iterator of ndarray, shape (n_inputs, n_images)
            Input spikes.
        n_images : int
            Number of images.
        """
        potentials = {
            layer.name: np.zeros((layer.n_neurons, n_images), dtype=self._type(layer))
            for layer in self.layers
        }
        self.counts = {
            layer.name: np.zeros((layer.n_neurons, n_images), dtype=np.int32)
            for layer in self.layers
            if layer.threshold is not None
        }
        self.saturated = dict.fromkeys(potentials, 0)
        before: Activity = {}
        for spikes in steps:
            now = {INPUT: spikes}
            for layer in self.layers:
                v = potentials[layer.name]
                self._advance(layer, v, before if self.delay_steps else now)
                if layer.threshold is not None:
                    now[layer.name] = self._fire(layer, v)
            before = now
            yield potentials[self.layers[-1].name].argmax(axis=0)

    def _type(self, layer: ChipLayer) -> type[np.signedinteger[Any]]:
        """Return the smallest integers of NumPy that hold whatever a step makes of a potential."""
        most = self.format_.largest_state + int(np.abs(layer.bias).max(initial=0))
        if layer.name in self.currents:
            most += int(np.abs(self.currents[layer.name]).max(initial=0))
        most += sum(one.largest for one in layer.sums) << layer.exponent
        leaks = layer.kept < 2**DECAY_BITS
        return np.int64 if leaks or most > np.iinfo(np.int32).max else np.int32

    def _advance(
        self, layer: ChipLayer, v: NDArray[np.signedinteger[Any]], arriving: Activity
    ) -> None:
        """Let potentials decay, and add what arrives."""
        if layer.kept < 2**DECAY_BITS:
            np.multiply(np.sign(v), (np.abs(v) * layer.kept) >> DECAY_BITS, out=v)
        if layer.name in self.currents:
            v += self.currents[layer.name].astype(v.dtype, copy=False)
        elif layer.bias.any():
            v += layer.bias[:, None].astype(v.dtype)
        for source, weighted in zip(layer.sources, layer.sums, strict=True):
            if source in arriving and (source != INPUT or layer.name not in self.currents):
                v += weighted(arriving[source]).astype(v.dtype) << layer.exponent
        most = self.format_.largest_state
        if v.max() > most or v.min() < -most - 1:
            self._saturate(layer, v)

    def _saturate(self, layer: ChipLayer, v: NDArray[np.signedinteger[Any]]) -> None:
        """Cut potentials off at the ends of their range, or refuse to."""
        if self.format_.overflow == "refuse":
            raise NightError(
                f"layer {layer.name!r}: potentials leave their range of "
                f"{self.format_.state_bits} bits; give more state_bits, fewer weight_bits, or "
                "overflow='saturate'."
            )
        most = self.format_.largest_state
        self.saturated[layer.name] += int(np.count_nonzero((v > most) | (v < -most - 1)))
        np.clip(v, -most - 1, most, out=v)

    def _fire(self, layer: ChipLayer, v: NDArray[np.signedinteger[Any]]) -> NDArray[np.float32]:
        """Reset the neurons that spike and return them."""
        assert layer.threshold is not None
        fired = v >= layer.threshold
        if layer.reset is None:
            v -= fired * v.dtype.type(layer.threshold)
        else:
            v[fired] = layer.reset
        self.counts[layer.name] += fired
        return fired.astype(np.float32)
