"""Find the thresholds at which every layer fires at its target rate."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence

from ..support.calls import public
from ..support.progress import progress_bar
from ..support.user_warnings import warn_user

#: A layer is calibrated when its rate is this close to the target, as a fraction of the target.
TOLERANCE = 0.03
#: Most trials per layer, bracketing and bisection together.
MAX_TRIALS = 30
#: A rate this many times above or below its target is reported.
REPORTED_FACTOR = 2.0
#: Factor on the threshold from one trial of the bracketing search to the next.
STRIDE = 4.0
#: A layer that is silent at this fraction of its first threshold is silent at any.
LOWEST = 1e-4


class CalibrationWarning(UserWarning):
    """A layer that misses its target rate at every threshold tried."""


@public
def calibrate_thresholds(
    simulate: Callable[[list[float]], Sequence[float]],
    target_rate: Sequence[float],
    layer_names: Sequence[str],
    start: Sequence[float] | None = None,
    *,
    progress: bool = True,
) -> list[float]:
    """Find thresholds, layer by layer, by bisection of the simulated rate.

    A layer's rate falls with its own threshold and does not depend on later layers, so the
    layers are calibrated first to last.

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
    thresholds = [1.0] * len(target_rate) if start is None else list(start)
    with progress_bar(len(thresholds), "calibrate", progress, unit="layer") as bar:
        for index, (target, name) in enumerate(zip(target_rate, layer_names, strict=True)):
            trials = itertools.count(1)

            def rate_at(
                threshold: float, index: int = index, trials: Iterator[int] = trials
            ) -> float:
                bar.set_postfix_str(f"trial {next(trials)}")
                trial = [*thresholds[:index], threshold, *thresholds[index + 1 :]]
                return float(simulate(trial)[index])

            thresholds[index], rate = _bisect(rate_at, target, thresholds[index])
            bar.update(1)
            _report(name, rate, target, thresholds[index])
    return thresholds


def _bisect(
    rate_at: Callable[[float], float], target: float, threshold: float
) -> tuple[float, float]:
    """Return the best threshold found for one layer, and its rate."""
    too_low: float | None = None  # highest threshold known to give too high a rate
    too_high: float | None = None  # lowest threshold known to give too low a rate
    lowest = LOWEST * threshold
    best = (math.inf, threshold, math.nan)
    for _ in range(MAX_TRIALS):
        rate = rate_at(threshold)
        error = abs(math.log(max(rate, 1e-9) / target))
        best = min(best, (error, threshold, rate))
        if abs(rate - target) <= TOLERANCE * target:
            break
        if rate > target:
            too_low = threshold
        else:
            too_high = threshold
        if too_low is None:
            threshold /= STRIDE
            if threshold < lowest:
                break
        elif too_high is None:
            threshold *= STRIDE
        else:
            threshold = math.sqrt(too_low * too_high)
            if too_high / too_low < 1 + 1e-6:
                break
    return best[1], best[2]


def _report(name: str, rate: float, target: float, threshold: float) -> None:
    """Warn about a layer far from its target."""
    if rate == 0:
        what = "stays silent"
    elif rate > REPORTED_FACTOR * target:
        what = "runs away"
    elif rate < target / REPORTED_FACTOR:
        what = "fires too little"
    else:
        return
    warn_user(
        f"layer {name!r} {what}: {rate:.3g} Hz at threshold {threshold:.3g}, where "
        f"{target:.3g} Hz were wanted. Check its weights, its gain and the stimulus.",
        CalibrationWarning,
    )
