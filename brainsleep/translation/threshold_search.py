"""Find the thresholds at which every layer fires at its target rate."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..support.calls import public
from ..support.progress import bars_if, progress_bar
from ..support.user_warnings import warn_user

#: A layer is calibrated when its rate is this close to the target, as a fraction of the target.
TOLERANCE = 0.03
#: Most trials per layer.
MAX_TRIALS = 20
#: A rate this many times above or below its target is reported.
REPORTED_FACTOR = 2.0
#: A layer that is silent at this fraction of its first threshold is silent at any (with a lower one
#: rounding errors fire), and one that runs away at this multiple does so at any.
LOWEST, HIGHEST = 1e-4, 1e8
#: A bracket as narrow as this (of log threshold) holds a jump of the rate.
NARROWEST = 1e-3
#: How log rate falls with log threshold, as a first guess.
SLOPE = 2.0
#: The largest first step, and that where nothing fires, in log threshold.
STRIDE = math.log(4.0)
#: Layers after the one that is searched follow it once its rate is within this factor.
CLOSE_FACTOR = 2.0


class CalibrationWarning(UserWarning):
    """A layer that misses its target rate at every threshold tried."""


@dataclass(frozen=True)
class FoundThresholds:
    """What a search found, one entry per layer.

    Attributes
    ----------
    thresholds : list of float
        In layer order.
    rates : list of float
        The rates in Hz that they gave.
    trials : list of int
        In how many simulations each was searched; one may serve several layers.
    """

    thresholds: list[float]
    rates: list[float]
    trials: list[int]


@public
def calibrate_thresholds(
    simulate: Callable[[list[float]], Sequence[float]],
    target_rate: Sequence[float],
    layer_names: Sequence[str],
    start: Sequence[float] | None = None,
    *,
    progress: bool = True,
) -> list[float]:
    """Find thresholds, layer by layer, so that simulated rates are those wanted.

    A layer's rate falls with its own threshold and does not depend on later layers, so the
    layers are calibrated first to last: by interpolation between thresholds at which the rate is
    known to be too high and too low, by bisection where that gets nowhere. Each simulation tells
    about all layers, so later ones follow meanwhile and are nearly there when their turn comes.

    Parameters
    ----------
    simulate : callable
        Takes one threshold per layer and returns the mean firing rate of each layer in Hz, under
        the night's stimulus and with plasticity off.
    target_rate : sequence of float
        Wanted mean rate of each layer in Hz.
    layer_names : sequence of str
        Names of the layers, for warnings.
    start : sequence of float, optional
        The threshold tried first in each layer, for example its gain, as only gain/threshold
        matters; 1 unless given.
    progress : bool
        Show a progress bar where there is a terminal or a notebook.

    Returns
    -------
    list of float
        One threshold per layer; for a layer that cannot reach its rate, the nearest found.

    Warns
    -----
    CalibrationWarning
        By layer name, about a layer whose rate is far from its target.
    """
    with bars_if(progress):
        found = search_thresholds(simulate, target_rate, start)
    report(found, target_rate, layer_names)
    return found.thresholds


def search_thresholds(
    simulate: Callable[[list[float]], Sequence[float]],
    target_rate: Sequence[float],
    start: Sequence[float] | None = None,
) -> FoundThresholds:
    """Find thresholds as `calibrate_thresholds` does, and tell how; nothing is warned of."""
    starts = [1.0] * len(target_rate) if start is None else start
    layers = [_Search(target, one) for target, one in zip(target_rate, starts, strict=True)]
    current = 0
    with progress_bar(len(layers), "calibrate", unit="layer") as bar:
        while current < len(layers):
            rates = [float(rate) for rate in simulate([layer.threshold for layer in layers])]
            bar.set_postfix_str(f"trial {layers[current].trials + 1}")
            found = _settled(layers[current:], rates[current:])
            current += found
            bar.update(found)
    return FoundThresholds(
        [layer.threshold for layer in layers],
        [layer.best_rate for layer in layers],
        [layer.trials for layer in layers],
    )


def _settled(layers: Sequence[_Search], rates: Sequence[float]) -> int:
    """Let layers learn their rates in one trial; return how many of them are done.

    The rates of a layer count as long as those before it have the thresholds of the trial. Later
    ones follow by a guess, once the one that is searched is near its target.
    """
    for number, (layer, rate) in enumerate(zip(layers, rates, strict=True)):
        layer.take(rate)
        if not layer.is_finished:
            if layer.is_close(rate):
                for later, its_rate in zip(layers[number + 1 :], rates[number + 1 :], strict=True):
                    later.follow(its_rate)
            return number
        if not layer.settle():
            return number + 1
    return len(layers)


class _Search:
    """The search for one layer's threshold; it thinks in logarithms."""

    def __init__(self, target: float, start: float) -> None:
        self.target = target
        self.threshold = start
        self.trials = 0
        self.is_finished = False
        self.best_rate = math.nan
        self._best = (math.inf, start)  # distance from the target, and the threshold
        self._too_low: tuple[float, float] | None = None  # log threshold, log (rate / target)
        self._too_high: tuple[float, float] | None = None
        self._limits = math.log(start * LOWEST), math.log(start * HIGHEST)
        self._stretch = 1.0
        self._last_side = 0

    def is_close(self, rate: float) -> bool:
        """Tell whether a rate is near enough for later layers to follow."""
        return self._error(rate) <= math.log(CLOSE_FACTOR)

    def take(self, rate: float) -> None:
        """Learn the rate at the present threshold, and go on to the next."""
        self.trials += 1
        if self._error(rate) < self._best[0]:
            self._best, self.best_rate = (self._error(rate), self.threshold), rate
        if abs(rate - self.target) <= TOLERANCE * self.target or self.trials == MAX_TRIALS:
            self.is_finished = True
            return
        log_threshold = math.log(self.threshold)
        excess = math.log(rate / self.target) if rate > 0 else -math.inf
        side = 1 if excess > 0 else -1
        if side > 0:
            self._too_low = log_threshold, excess
        else:
            self._too_high = log_threshold, excess
        following = self._next(log_threshold, excess, is_repeated=side == self._last_side)
        self._last_side = side
        if following is None:
            self.is_finished = True
        else:
            self.threshold = math.exp(following)

    def settle(self) -> bool:
        """Take the best threshold; tell whether it is the last one tried."""
        is_last = self.threshold == self._best[1]
        self.threshold = self._best[1]
        return is_last

    def follow(self, rate: float) -> None:
        """Move towards the target by a guess, while an earlier layer is still searched."""
        excess = math.log(rate / self.target) if rate > 0 else -math.inf
        step = min(STRIDE, max(-STRIDE, excess / SLOPE))
        self.threshold = math.exp(self._within(math.log(self.threshold) + step))

    def _next(self, log_threshold: float, excess: float, *, is_repeated: bool) -> float | None:
        """Return the next log threshold; None if there is nothing left to try."""
        if self._too_low is None or self._too_high is None:
            return self._further(log_threshold, excess)
        (low, above), (high, below) = self._too_low, self._too_high
        if high - low < NARROWEST:
            return None
        if is_repeated or math.isinf(below):
            return (low + high) / 2
        share = above / (above - below)
        return low + min(0.9, max(0.1, share)) * (high - low)

    def _further(self, log_threshold: float, excess: float) -> float | None:
        """Step towards the target where only one side of it is known, ever further."""
        step = self._stretch * min(STRIDE, max(STRIDE / 8, abs(excess) / SLOPE))
        self._stretch *= 2
        following = self._within(log_threshold + (step if excess > 0 else -step))
        return None if abs(following - log_threshold) < NARROWEST else following

    def _within(self, log_threshold: float) -> float:
        low, high = self._limits
        return min(high, max(low, log_threshold))

    def _error(self, rate: float) -> float:
        return abs(math.log(max(rate, 1e-9) / self.target))


def report(
    found: FoundThresholds,
    target_rate: Sequence[float],
    layer_names: Sequence[str],
    constant: str = "threshold",
    values: Sequence[float] | None = None,
) -> None:
    """Warn about layers far from their targets; of a constant other than that found, if given."""
    values = found.thresholds if values is None else values
    for name, rate, target, value in zip(
        layer_names, found.rates, target_rate, values, strict=True
    ):
        if rate == 0:
            what = "stays silent"
        elif rate > REPORTED_FACTOR * target:
            what = "runs away"
        elif rate < target / REPORTED_FACTOR:
            what = "fires too little"
        else:
            continue
        warn_user(
            f"layer {name!r} {what}: {rate:.3g} Hz at {constant} {value:.3g}, where "
            f"{target:.3g} Hz were wanted. Check its weights, its gain and the stimulus.",
            CalibrationWarning,
        )
