"""Integers in place of real numbers: how wide they are, and how weights become such."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ParameterError
from ..support.calls import public
from ..support.checks import known_name, whole_number

#: Fewest and most bits.
WIDTHS = {"weight_bits": (2, 24), "state_bits": (16, 48), "bias_bits": (4, 24)}

#: How a real number becomes an integer.
ROUNDINGS: dict[str, Callable[[Any], NDArray[np.float64]]] = {
    "nearest": np.rint,
    "toward_zero": np.trunc,
    "floor": np.floor,
}

#: How the size of a weight step is chosen.
WEIGHT_SCALES = ("maximum", "least_squares")

#: What happens to potentials that leave their range.
OVERFLOWS = ("saturate", "refuse")

#: Bits of a decay, and of a pixel without its sign.
DECAY_BITS, INPUT_BITS = 12, 8

#: By how many binary places a weight may be shifted to the left on its way to a potential.
LARGEST_EXPONENT = 13

#: A threshold takes at most this part of the range of potentials, in bits: the rest is for what
#: inhibition makes of them.
HEADROOM_BITS = 6

#: Sizes of a weight step that are tried, as parts of the one that the largest weight needs.
TRIED_STEPS = np.linspace(0.05, 1.0, 96)


@public
@dataclass(frozen=True)
class FixedPoint:
    """Widths of integers, and how numbers are rounded to them.

    Parameters
    ----------
    weight_bits : int
        Bits of a weight, its sign included: from ``-(2**(bits - 1) - 1)`` to
        ``2**(bits - 1) - 1``; 2 to 24.
    state_bits : int
        Bits of a potential, its sign included; 16 to 48.
    bias_bits : int
        Bits of a bias, its sign included; 4 to 24. Biases of a layer are multiples of the power of
        two that the largest of them needs.
    rounding : str
        How weights, biases and thresholds become integers: ``"nearest"`` (ties to even),
        ``"toward_zero"`` or ``"floor"``.
    weight_scale : str
        Size of a weight step, one per layer: ``"maximum"``: the largest weight is the largest
        integer. ``"least_squares"``: the step that leaves the smallest sum of squared errors, with
        weights beyond the largest integer cut off, for weights of 2 bits.
    overflow : str
        What happens to a potential that leaves its range: ``"saturate"``: it stays at the end of
        it. ``"refuse"``: the emulation ends with an error that names the layer.

    Raises
    ------
    ParameterError, UnitsError
        Naming the argument.
    """

    weight_bits: int = 8
    _: KW_ONLY
    state_bits: int = 24
    bias_bits: int = 13
    rounding: str = "nearest"
    weight_scale: str = "maximum"
    overflow: str = "saturate"

    def __post_init__(self) -> None:
        for name, (low, high) in WIDTHS.items():
            value = whole_number(getattr(self, name), name, minimum=low)
            if value > high:
                raise ParameterError(f"{name} must be at most {high}, but is {value}.")
        known_name(self.rounding, "rounding", tuple(ROUNDINGS))
        known_name(self.weight_scale, "weight_scale", WEIGHT_SCALES)
        known_name(self.overflow, "overflow", OVERFLOWS)

    @property
    def largest_weight(self) -> int:
        """The largest integer that a weight can be."""
        return int(2 ** (self.weight_bits - 1) - 1)

    @property
    def largest_state(self) -> int:
        """The largest potential; the smallest is one below its negative."""
        return int(2 ** (self.state_bits - 1) - 1)

    def rounded(self, values: Any) -> NDArray[np.int64]:
        """Return numbers as integers."""
        return ROUNDINGS[self.rounding](np.asarray(values, dtype=np.float64)).astype(np.int64)

    def as_weights(self, values: NDArray[np.float64], step: float) -> NDArray[np.int64]:
        """Return weights in units of a step, cut off at the largest."""
        return self.rounded(values / step).clip(-self.largest_weight, self.largest_weight)

    def step(self, values: NDArray[np.float64]) -> float:
        """Return the size of a weight step for the weights of one layer; 1 where all are 0."""
        largest = float(np.abs(values).max(initial=0.0))
        if largest == 0:
            return 1.0
        whole = largest / self.largest_weight
        if self.weight_scale == "maximum":
            return whole
        tried = whole * TRIED_STEPS
        errors = [np.square(values - s * self.as_weights(values, s)).sum() for s in tried]
        return float(tried[int(np.argmin(errors))])

    def exponent(self, size: float, room: int = 0) -> int:
        """Return by how many places weights are shifted, so that potentials are fine.

        Parameters
        ----------
        size : float
            What potentials have to hold, in weight steps.
        room : int
            Bits of their range that it must leave.
        """
        if size <= 0:
            return LARGEST_EXPONENT
        free = np.floor(np.log2((self.largest_state >> room) / size))
        return int(np.clip(free, 0, LARGEST_EXPONENT))

    def as_biases(self, values: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return biases as multiples of a power of two, one for the layer.

        Parameters
        ----------
        values : ndarray
            Biases in units of potentials.
        """
        largest = float(np.abs(values).max(initial=0.0))
        most = 2 ** (self.bias_bits - 1) - 1
        exponent = max(0, int(np.ceil(np.log2(largest / most)))) if largest > 0 else 0
        return self.rounded(values / 2**exponent).clip(-most, most) << exponent
