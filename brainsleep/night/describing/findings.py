"""What went wrong in a night that ran to its end: findings by layer, each with its remedy.

A night in which a layer is silent or fires without pause, or whose weights stay as they were, grow
much or run into their bounds, is seldom what was wanted, and no error. It is found here, and
`brainsleep.sleep` warns of it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: A layer is silent without a single spike, if at this rate chance alone would hardly explain it:
#: `EXPECTED_SPIKES` of them were to be expected, and none has a probability of 5 %. So nothing is
#: said of the ten outputs of a night of 5 ms.
SLOWEST_RATE_HZ = 10.0
EXPECTED_SPIKES = 3.0

#: A layer is saturated above this share of the steps in which it could fire: more input cannot even
#: double its rate, so it hardly tells inputs apart.
SATURATED_SHARE = 0.5

#: Weights are at their bounds if the night brought more than this share of a layer there: most of
#: what the network had learned is then gone. Weights that were there before do not count, so that
#: rules such as STDP, which gather weights at both bounds, are not reported night after night.
BOUND_SHARE = 0.5

#: A layer's weights grew much if the night made their root mean square larger by more than this
#: factor. Default nights of a perceptron make it 1.06 to 1.18 times as large; those of the default
#: experiment 1.03 to 1.08 times in hidden layers and, as few weights are large there after the
#: first task, up to 1.58 times in the output layer (the most of four seeds). For slower growth that
#: goes on from night to night there is `GROWTH_OF_NIGHTS`.
GROWTH = 1.75

#: A layer's weights grew much over several nights if these, without the training between, made
#: their root mean square larger by more than this factor. Five nights of the default experiments
#: make it 1.2 to 1.8 times as large in hidden layers, and up to 3.2 times in the output layer; of
#: other perceptrons that sleep helps, up to 5.2 times. Of a convolutional network that sleep harms
#: it was 8 to 23 times, by 1.4 to 1.8 times in each night.
GROWTH_OF_NIGHTS = 6.0

#: What to do about growth.
_LESS_GROWTH = "lower what the rule adds (its increase or potentiation), or regulate the weights"


class NightWarning(UserWarning):
    """A night with layers that were silent or saturated, or whose weights did not learn."""


@dataclass(frozen=True)
class Finding:
    """One thing about one layer of a night that is seldom wanted.

    Attributes
    ----------
    layer : str
        The layer, or ``"input"``.
    kind : str
        ``"silent"``, ``"saturated"``, ``"unchanged"``, ``"grown"`` or ``"at_bound"``: the last
        three are of the layer's weights. In a run, also ``"grown_over_nights"``.
    value : float
        Silent: its rate in Hz. Saturated: the share of the steps, of those in which it could fire.
        Unchanged: the share of its weights that changed. Grown: the factor by which the root mean
        square of its weights grew, more than `GROWTH` or `GROWTH_OF_NIGHTS`. At bound: the share of
        its weights that the night brought to a bound.
    text : str
        The same in words.
    remedy : str
        What to do; empty where it follows from another finding of the same layer.
    """

    layer: str
    kind: str
    value: float
    text: str
    remedy: str


@dataclass(frozen=True)
class Activity:
    """How much a population fired.

    Attributes
    ----------
    n_spikes, n_neurons, n_steps : int
        Its spikes in all, its size, and the length of the night in time steps.
    dt : float
        Time step in seconds.
    steps_per_spike : float
        Steps from one spike of a neuron to the next that it can fire; 1 without refractory period.
    """

    n_spikes: int
    n_neurons: int
    n_steps: int
    dt: float
    steps_per_spike: float = 1.0

    @property
    def rate(self) -> float:
        """Mean rate of a neuron in Hz."""
        return self.n_spikes / self._neuron_seconds if self.n_steps else 0.0

    @property
    def share(self) -> float:
        """Share of the steps in which a neuron fired, of those in which it could."""
        return self.steps_per_spike * self.rate * self.dt

    @property
    def is_silent(self) -> bool:
        """Whether it did not fire, and chance alone hardly explains it."""
        return self.n_spikes == 0 and self.is_long_enough

    @property
    def is_long_enough(self) -> bool:
        """Whether the night was long enough to tell."""
        return self._neuron_seconds * SLOWEST_RATE_HZ >= EXPECTED_SPIKES

    @property
    def is_saturated(self) -> bool:
        """Whether it fired in nearly every step in which it could."""
        return self.share > SATURATED_SHARE

    @property
    def _neuron_seconds(self) -> float:
        return self.n_neurons * self.n_steps * self.dt

    def in_words(self) -> str:
        """Return the rate and, of a population that fires, the share of steps."""
        if not self.n_spikes:
            return "silent (0 Hz)"
        steps = "the steps in which it can" if self.steps_per_spike > 1 else "all steps"
        share = f"{100 * self.share:.0f} % of {steps}"
        return f"saturated ({self.rate:.3g} Hz: it fires in {share})"


def changed_share(
    before: Sequence[NDArray[np.floating]], after: Sequence[NDArray[np.floating]]
) -> float:
    """Return the share of some weights that changed; 1 if there are none."""
    changed = [one != other for one, other in zip(before, after, strict=True)]
    return _share(changed, otherwise=1.0)


def growth(before: Sequence[NDArray[np.floating]], after: Sequence[NDArray[np.floating]]) -> float:
    """Return the factor by which the root mean square of some weights grew; 1 if all were 0."""
    old, new = (
        sum(float(np.sum(np.square(one, dtype=np.float64))) for one in weights)
        for weights in (before, after)
    )
    return math.sqrt(new / old) if old else 1.0


def grown(layer: str, factor: float) -> Finding | None:
    """Say that a night made a layer's weights much larger; None if it did not."""
    if factor <= GROWTH:
        return None
    text = f"its weights grew {factor:.3g}-fold (root mean square)"
    return Finding(layer, "grown", factor, text, _LESS_GROWTH)


def grown_over_nights(layer: str, factors: Sequence[float]) -> Finding | None:
    """Say that nights together made a layer's weights much larger; None if they did not.

    Parameters
    ----------
    layer : str
        The layer.
    factors : sequence of float
        What :func:`growth` gave for each night so far.
    """
    factor = math.prod(factors)
    if len(factors) < 2 or factor <= GROWTH_OF_NIGHTS:
        return None
    text = (
        f"its weights grew {factor:.3g}-fold over {len(factors)} nights (root mean square), "
        f"{factors[-1]:.3g}-fold in the last"
    )
    return Finding(layer, "grown_over_nights", factor, text, _LESS_GROWTH)


def share_brought_to_bounds(
    before: Sequence[NDArray[np.floating]],
    after: Sequence[NDArray[np.floating]],
    bounds: tuple[float, float],
) -> float:
    """Return the share of some weights that lie at a bound and did not before."""
    reached = [_at(new, bounds) & ~_at(old, bounds) for old, new in zip(before, after, strict=True)]
    return _share(reached, otherwise=0.0)


def summary(findings: Sequence[Finding]) -> str:
    """Return findings as text, a line for each layer or for several alike; empty without any."""
    layers: dict[str, list[str]] = {}
    for name in dict.fromkeys(finding.layer for finding in findings):
        own = [finding for finding in findings if finding.layer == name]
        said = [", ".join(finding.text for finding in own), *(finding.remedy for finding in own)]
        layers.setdefault("; ".join(dict.fromkeys(filter(None, said))), []).append(name)
    return "\n".join(f"  {', '.join(names)}: {text}" for text, names in layers.items())


def _at(weights: NDArray[np.floating], bounds: tuple[float, float]) -> NDArray[np.bool_]:
    """Tell which weights equal a bound, in their own data type."""
    low, high = (np.asarray(bound, weights.dtype) for bound in bounds)
    return (weights == low) | (weights == high)


def _share(flags: Sequence[NDArray[np.bool_]], *, otherwise: float) -> float:
    """Return the share of True."""
    number = sum(one.size for one in flags)
    return sum(int(one.sum()) for one in flags) / number if number else otherwise
