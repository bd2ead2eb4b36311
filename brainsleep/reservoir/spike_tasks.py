"""Tasks of spikes, made from a seed: jittered templates, and patterns like spoken digits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from brian2.units import Hz, ms
from numpy.typing import NDArray

from ..errors import ParameterError
from ..support.calls import public
from ..support.checks import number, read_seed, whole_number
from ..support.quantities import Time, quantity

#: Formants of a spoken pattern, and points that each passes through.
_N_FORMANTS, _N_POINTS = 3, 5
#: Formants stay two channels away from the lowest and the highest.
_FEWEST_CHANNELS = 5


@dataclass(frozen=True)
class SpikeTask:
    """Sequences of spikes, and what they are.

    Attributes
    ----------
    spikes : ndarray of bool, shape (n, n_steps, n_inputs)
        In steps of 1 ms.
    labels : ndarray of int, shape (n,)
        The class of each.
    n_classes : int
        Number of classes, all of them as likely.
    """

    spikes: NDArray[np.bool_]
    labels: NDArray[np.int64]
    n_classes: int

    @property
    def chance(self) -> float:
        """Accuracy of guessing."""
        return 1 / self.n_classes


@public
def spike_templates(
    n: int,
    *,
    n_templates: int = 4,
    n_segments: int = 3,
    asked: int | Sequence[int] = 1,
    n_inputs: int = 20,
    segment: Time = 100 * ms,
    pause: Time = 0 * ms,
    rate: Time = 20 * Hz,
    jitter: Time = 4 * ms,
    seed: int = 0,
) -> SpikeTask:
    """Make sequences of jittered templates; the question is which came in some of the segments.

    Each segment is one of some templates, drawn at random: Poisson spikes, which are the same every
    time but for a Gaussian jitter. Who is asked at the end of the sequence for an earlier segment
    has to remember it. Asked for several segments, the class is the sum of their templates' numbers
    modulo `n_templates`: with two templates, whether two segments differ, of which sums of filtered
    spikes get three of four combinations right at most.

    Parameters
    ----------
    n : int
        Number of sequences.
    n_templates : int
        Templates to choose from in each segment; classes of the task.
    n_segments : int
        Segments of a sequence.
    asked : int or sequence of int
        The segments that decide the class, numbered from 0.
    n_inputs : int
        Spike trains of a template.
    segment : Quantity or str
        How long a segment is.
    pause : Quantity or str
        Silence between two segments.
    rate : Quantity or str
        Of each spike train.
    jitter : Quantity or str
        Standard deviation of a spike's time.
    seed : int
        Of templates and sequences.

    Returns
    -------
    SpikeTask

    Raises
    ------
    KindError, ParameterError, UnitsError
        Naming the argument.

    References
    ----------
    Maass, Natschläger, Markram 2002, Neural Computation 14:2531, section 4.
    """
    sizes = {"n": n, "n_templates": n_templates, "n_segments": n_segments, "n_inputs": n_inputs}
    for name, size in sizes.items():
        whole_number(size, f"task: {name}", minimum=1)
    segments = list(asked) if isinstance(asked, (list, tuple, range, np.ndarray)) else [asked]
    if not segments:
        raise ParameterError("task: asked is empty; give the number of a segment, or several.")
    for one in segments:
        if not 0 <= whole_number(one, "task: asked") < n_segments:
            raise ParameterError(f"task: asked must be one of {n_segments} segments, not {one}.")
    rng = np.random.default_rng([read_seed(seed), 0])
    length = round(quantity(segment, ms, "task: segment", minimum=1) * 1e3)
    between = length + round(quantity(pause, ms, "task: pause", minimum=0) * 1e3)
    probability = quantity(rate, Hz, "task: rate", minimum=0) * 1e-3
    number(probability, "task: rate, in spikes per step of 1 ms,", maximum=1)
    spread = quantity(jitter, ms, "task: jitter", minimum=0) * 1e3
    templates = rng.random((n_segments, n_templates, length, n_inputs)) < probability
    chosen = rng.integers(n_templates, size=(n, n_segments))
    spikes = np.zeros((n, (n_segments - 1) * between + length, n_inputs), dtype=bool)
    for k in range(n_segments):
        example, step, channel = np.nonzero(templates[k, chosen[:, k]])
        moved = np.rint(step + k * between + rng.normal(0, spread, len(step))).astype(np.int64)
        spikes[example, np.clip(moved, 0, spikes.shape[1] - 1), channel] = True
    labels = chosen[:, segments].sum(axis=1) % n_templates
    return SpikeTask(spikes, labels, n_templates)


@public
def spoken_digits(
    n: int,
    *,
    n_classes: int = 10,
    n_inputs: int = 32,
    duration: Time = 400 * ms,
    max_rate: Time = 120 * Hz,
    noise: Time = 6 * Hz,
    warp: float = 0.15,
    shift: float = 1.5,
    seed: int = 0,
) -> SpikeTask:
    """Make patterns like those of spoken digits in a cochlea: energy that moves over frequencies.

    Each class has three formants, which move through frequency channels while a word is spoken,
    louder and softer. Each example is spoken at its own speed, which changes on the way, by a voice
    that is higher or lower, at its own loudness, as Poisson spikes among noise.

    Parameters
    ----------
    n : int
        Number of examples.
    n_classes, n_inputs : int
        Numbers of words and of frequency channels, of which there are at least 5.
    duration : Quantity or str
        Of a sequence; a word takes about four fifths of it.
    max_rate, noise : Quantity or str
        Rate of a channel that a formant is in at its loudest, and of a channel without any.
    warp : float
        Standard deviation of the speed of parts of a word, relative to their own.
    shift : float
        Standard deviation of the height of a voice, in channels.
    seed : int
        Of words and examples.

    Returns
    -------
    SpikeTask

    Raises
    ------
    KindError, ParameterError, UnitsError
        Naming the argument.
    """
    for name, size in (("n", n), ("n_classes", n_classes)):
        whole_number(size, f"task: {name}", minimum=1)
    whole_number(n_inputs, "task: n_inputs", minimum=_FEWEST_CHANNELS)
    number(warp, "task: warp", minimum=0)
    number(shift, "task: shift", minimum=0)
    rng = np.random.default_rng([read_seed(seed), 1])
    n_steps = round(quantity(duration, ms, "task: duration", minimum=1) * 1e3)
    peak = quantity(max_rate, Hz, "task: max_rate", minimum=0) * 1e-3
    floor = quantity(noise, Hz, "task: noise", minimum=0) * 1e-3
    heights = rng.uniform(2, n_inputs - 3, (n_classes, _N_FORMANTS, _N_POINTS))
    loudness = rng.uniform(0.2, 1, (n_classes, _N_FORMANTS, _N_POINTS))
    labels = rng.integers(n_classes, size=n)
    channels, points = np.arange(n_inputs), np.linspace(0, 1, _N_POINTS)
    spikes = np.zeros((n, n_steps, n_inputs), dtype=bool)
    for example, label in enumerate(labels):
        place, is_spoken = _places(rng, n_steps, warp)
        rates = np.full((n_steps, n_inputs), floor)
        voice, volume = rng.normal(0, shift), rng.uniform(0.7, 1)
        for at, loud in zip(heights[label], loudness[label], strict=True):
            center = np.interp(place, points, at) + voice
            level = volume * np.interp(place, points, loud) * is_spoken
            rates += peak * level[:, None] * np.exp(-0.5 * (channels - center[:, None]) ** 2)
        spikes[example] = rng.random(rates.shape) < rates
    return SpikeTask(spikes, labels, n_classes)


def _places(
    rng: np.random.Generator, n_steps: int, warp: float
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return how far a word has come at each step, from 0 to 1, and whether it is spoken then."""
    speeds = np.exp(rng.normal(0, warp, _N_POINTS - 1))
    times = np.concatenate([[0.0], np.cumsum(speeds)]) / (_N_POINTS - 1) * 0.8 * n_steps
    steps = np.arange(n_steps) - rng.uniform(0, 0.1) * n_steps
    place = np.interp(steps, times, np.linspace(0, 1, _N_POINTS))
    return place, (steps >= 0) & (steps < times[-1])
