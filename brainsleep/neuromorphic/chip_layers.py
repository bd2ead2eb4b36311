"""The layers of a converted network in integers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..errors import ParameterError
from ..translation import Connection, Layer
from ..translation.nir.membranes import Membrane
from ..translation.nir.neuron_values import NEVER
from .fixed_point import DECAY_BITS, HEADROOM_BITS, FixedPoint
from .integer_sums import IntegerSum, integer_sum

#: How a spike resets a potential.
RESETS = ("graph", "zero")


@dataclass(frozen=True, eq=False, kw_only=True)
class ChipLayer:
    """One population in integers.

    Attributes
    ----------
    name : str
        Name of the layer.
    n_neurons : int
        Number of neurons.
    sources : tuple of str
        Names of the populations that lead to it.
    weights : tuple of ndarray of int
        One array per source, of the shape of the connection's weights; a single 1 where it has
        none.
    exponent : int
        A spike adds its weight times ``2**exponent`` to a potential.
    step : float
        What a weight of 1 stands for.
    bias : ndarray of int, shape (n_neurons,)
        What each step adds to a potential.
    threshold : int or None
        Potential at which a neuron spikes; None for outputs, which do not.
    kept : int
        A step leaves ``kept / 4096`` of a potential, rounded toward zero; 4096: all.
    reset : int or None
        Potential after a spike; None where the threshold is subtracted.
    error : float
        Root of the mean squared error of the weights, as a part of their root mean square.
    """

    name: str
    n_neurons: int
    sources: tuple[str, ...]
    weights: tuple[NDArray[np.int64], ...]
    exponent: int
    step: float
    bias: NDArray[np.int64]
    threshold: int | None
    kept: int = 2**DECAY_BITS
    reset: int | None = None
    error: float = 0.0
    sums: tuple[IntegerSum, ...] = field(default=(), repr=False)


def chip_layer(
    layer: Layer, membrane: Membrane | None, format_: FixedPoint, n_steps: int, reset: str
) -> ChipLayer:
    """Return a layer in integers.

    Parameters
    ----------
    layer : Layer
        The layer, with weights as real numbers.
    membrane : Membrane or None
        Its neurons; None for average pooling.
    format_ : FixedPoint
        Widths and rounding.
    n_steps : int
        For how many steps outputs sum up at most.
    reset : str
        ``"graph"``: as the network has it; ``"zero"``: to 0 in any case.

    Raises
    ------
    ParameterError
        If the threshold does not fit into a potential.
    """
    if membrane is None:
        return _pooling(layer)
    weights = [_real_weights(link, membrane.gain) for link in layer.connections]
    step = format_.step(np.concatenate([one.ravel() for one in weights]))
    integers = tuple(format_.as_weights(one, step) for one in weights)
    sums = tuple(map(integer_sum, layer.connections, integers))
    bias = np.zeros(layer.n_out)
    if layer.bias is not None:
        bias = membrane.bias_gain * np.asarray(layer.bias, dtype=np.float64) / step
    spikes = membrane.v_threshold < NEVER / 2
    if spikes:
        exponent = format_.exponent(membrane.v_threshold / step, HEADROOM_BITS)
    else:
        most = sum(one.largest for one in sums) + float(np.abs(bias).max(initial=0.0))
        exponent = format_.exponent(n_steps * most)
    return ChipLayer(
        name=layer.name,
        n_neurons=layer.n_out,
        sources=tuple(link.source for link in layer.connections),
        weights=integers,
        exponent=exponent,
        step=step,
        bias=format_.as_biases(bias * 2**exponent),
        threshold=_threshold(layer.name, membrane, step, exponent, format_) if spikes else None,
        kept=_kept(membrane, spikes),
        reset=_reset(membrane, step, exponent, format_, reset),
        error=_relative_error(weights, integers, step),
        sums=sums,
    )


def _pooling(layer: Layer) -> ChipLayer:
    """Return average pooling: a spike for as many spikes as a window has neurons."""
    (link,) = layer.connections
    assert link.window is not None
    one = np.ones(1, dtype=np.int64)
    return ChipLayer(
        name=layer.name,
        n_neurons=layer.n_out,
        sources=(link.source,),
        weights=(one,),
        exponent=0,
        step=1.0,
        bias=np.zeros(layer.n_out, dtype=np.int64),
        threshold=math.prod(link.window.kernel_size),
        sums=(integer_sum(link, one),),
    )


def _real_weights(link: Connection, gain: float) -> NDArray[np.float64]:
    """Return what a spike adds; activity that is passed on adds the gain."""
    if link.weight is None:
        return np.full(1, gain)
    return gain * np.asarray(link.weight, dtype=np.float64)


def _threshold(
    name: str, membrane: Membrane, step: float, exponent: int, format_: FixedPoint
) -> int:
    """Return a threshold, at least 1."""
    found = int(format_.rounded(membrane.v_threshold / step * 2**exponent))
    if found > format_.largest_state:
        raise ParameterError(
            f"layer {name!r}: its threshold is {found:,} weight steps, more than a potential of "
            f"{format_.state_bits} bits holds; give weight_bits below {format_.weight_bits}, or "
            "more state_bits."
        )
    return max(found, 1)


def _kept(membrane: Membrane, spikes: bool) -> int:
    """Return what a step leaves of a potential, in 4096ths.

    Where a graph ends in mere weights, whoever reads it sums what they pass on.
    """
    if not spikes and membrane.decay == 0:
        return 2**DECAY_BITS
    return round(membrane.decay * 2**DECAY_BITS)


def _reset(
    membrane: Membrane, step: float, exponent: int, format_: FixedPoint, reset: str
) -> int | None:
    """Return the potential after a spike; None where the threshold is subtracted."""
    if reset == "zero":
        return 0
    if membrane.subtracts:
        return None
    return int(format_.rounded(membrane.v_reset / step * 2**exponent))


def _relative_error(
    weights: Sequence[NDArray[np.float64]], integers: Sequence[NDArray[np.int64]], step: float
) -> float:
    """Return the root mean squared error of weights as a part of their root mean square."""
    lost = sum(
        np.square(real - step * whole).sum() for real, whole in zip(weights, integers, strict=True)
    )
    total = sum(np.square(real).sum() for real in weights)
    return float(np.sqrt(lost / total)) if total > 0 else 0.0
