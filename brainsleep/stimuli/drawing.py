"""Input spikes drawn from probabilities, a chunk of steps at a time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

#: Steps drawn at a time, each chunk from a random generator of its own: a night's first
#: steps do not depend on how long it is.
STEPS_PER_CHUNK = 256
#: Rows of random numbers that are drawn and compared while they are in the cache.
ROWS_AT_ONCE = 16
#: Probabilities that are the same in all steps and at most this large: spikes are so few that
#: drawing how far apart they are takes less time than a number for every step and input.
RARE = 1 / 32

Floats = npt.NDArray[np.floating]
Spikes = npt.NDArray[np.bool_]


def draw_chunk(
    probabilities: Floats,
    rng: np.random.Generator,
    n_steps: int,
    n_inputs: int,
    gate: Floats | None = None,
) -> Spikes:
    """Draw the spikes of the first steps of a chunk.

    Parameters
    ----------
    probabilities : ndarray of float, shape (STEPS_PER_CHUNK, n_inputs) or (1, n_inputs)
        Of a spike, in each step or in all steps.
    rng : numpy.random.Generator
        The chunk's own.
    n_steps : int
        How many steps are wanted, up to `STEPS_PER_CHUNK`; those left out would come after them.
    n_inputs : int
        Number of inputs.
    gate : ndarray of float, shape (n_steps, 1), optional
        Factor on all probabilities of a step. Where it is 1, spikes are those without a gate.

    Returns
    -------
    ndarray of bool, shape (n_steps, n_inputs)
    """
    if len(probabilities) == 1 and probabilities.max(initial=0) <= RARE:
        return _rare(probabilities[0], rng, n_steps, gate)
    given = np.broadcast_to(probabilities, (STEPS_PER_CHUNK, n_inputs))[:n_steps]
    return _below(given if gate is None else given * gate, rng)


def _below(probabilities: Floats, rng: np.random.Generator) -> Spikes:
    """Compare probabilities with uniform numbers, drawn in order, few rows at a time (cache)."""
    n_steps, n_inputs = probabilities.shape
    spikes = np.empty((n_steps, n_inputs), dtype=bool)
    numbers = np.empty((min(ROWS_AT_ONCE, n_steps), n_inputs))
    for first in range(0, n_steps, ROWS_AT_ONCE):
        rows = slice(first, min(first + ROWS_AT_ONCE, n_steps))
        drawn = rng.random(out=numbers[: rows.stop - first])
        np.less(drawn, probabilities[rows], out=spikes[rows])
    return spikes


def _rare(
    probabilities: Floats, rng: np.random.Generator, n_steps: int, gate: Floats | None
) -> Spikes:
    """Draw spikes at the highest probability by the gaps between them, and thin them out.

    Gaps between Bernoulli trials that succeed have a geometric distribution. Each candidate is kept
    with its own probability, divided by the highest.
    """
    n_inputs = len(probabilities)
    spikes = np.zeros((n_steps, n_inputs), dtype=bool)
    factor = 1.0 if gate is None else max(1.0, float(gate.max(initial=0)))
    highest = min(1.0, factor * float(probabilities.max(initial=0)))
    if highest == 0:
        return spikes
    places = _places(highest, STEPS_PER_CHUNK * n_inputs, rng)
    keep = rng.random(len(places))  # for all of the chunk: the first steps need not know its length
    wanted = places < n_steps * n_inputs
    places, keep = places[wanted], keep[wanted]
    chance = probabilities[places % n_inputs]
    if gate is not None:
        chance = chance * gate[places // n_inputs, 0]
    spikes.reshape(-1)[places[keep * highest < chance]] = True
    return spikes


def _places(probability: float, n: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Return which of n Bernoulli trials succeed, in order."""
    likely = n * probability
    found, last = [], -1
    while last < n:
        gaps = rng.geometric(probability, size=int(likely + 6 * np.sqrt(likely)) + 16)
        found.append(last + np.cumsum(np.minimum(gaps, n + 1)))  # no sum overflows
        last = int(found[-1][-1])
    places = np.concatenate(found)
    return places[places < n]
