"""A night of dreams as plain loops over steps, written from the algorithm and not from circuits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass
class LoopNight:
    """Weights after the night, and who spiked: by stage and population, (n_steps, n)."""

    output: np.ndarray
    feedback: np.ndarray
    spikes: dict[str, dict[str, np.ndarray]]


def summed(weights: np.ndarray, spikes: np.ndarray) -> np.ndarray:
    """Add the columns of the neurons that spike, one after the other as devices do."""
    total = np.zeros(len(weights))
    for sender in np.flatnonzero(spikes):
        total += weights[:, sender]
    return total


class Hidden:
    """Hidden layers: integrate, spike, subtract."""

    def __init__(self, weights: list[np.ndarray], thresholds) -> None:
        self.weights, self.thresholds = weights, thresholds
        self.begin()

    def begin(self) -> None:
        self.v = [np.zeros(len(w)) for w in self.weights]

    def step(self, spikes: np.ndarray, added=0.0, from_below: bool = True) -> list[np.ndarray]:
        """Return the spikes of all hidden layers; `added` comes to the last."""
        fired = []
        for k, (w, theta) in enumerate(zip(self.weights, self.thresholds, strict=True)):
            is_code = k == len(self.weights) - 1
            drive = summed(w, spikes) if from_below or not is_code else 0.0
            self.v[k] = self.v[k] + drive + (added if is_code else 0.0)
            spikes = self.v[k] >= theta
            self.v[k][spikes] -= theta
            fired.append(spikes)
        return fired


def winner(v: np.ndarray, candidates) -> int:
    """Return the candidate with the highest potential, the first of equal ones."""
    return max(sorted(candidates), key=lambda j: v[j])


def night(
    weights, feedback, thresholds, recipe, nrem_input, rem_input, cues, today, learned
) -> LoopNight:
    """Go through a night.

    `weights` are those of all layers, first to last; the inputs have a last step in which nothing
    happens, as in the stages of `bs.dream`.
    """
    *below, output = (np.array(w, dtype=float) for w in weights)
    feedback = np.array(feedback, dtype=float)
    hidden = Hidden(below, thresholds)
    tables: dict = {"nrem": [], "rem": []}
    tables["nrem"] = nrem(hidden, output, feedback, recipe, nrem_input, today)
    tables["rem"] = rem(hidden, output, feedback, recipe, rem_input, cues, today, learned)
    return LoopNight(output, feedback, tables)


def rate(start: float, recipe, k: int, n: int) -> float:
    return start * (1 - (1 - recipe.learning_end) * k / n)


def nrem(hidden, output, feedback, recipe, spikes, today) -> list:
    """Change feedback in place; return the spikes of hidden layers and outputs, step by step."""
    table = []
    for k in range(recipe.nrem_presentations):
        hidden.begin()
        v = np.zeros(len(output))
        e = rate(recipe.nrem_learning_rate, recipe, k, recipe.nrem_presentations)
        for t in range(recipe.nrem_steps):
            fired = hidden.step(spikes[k * recipe.nrem_steps + t])
            v = v + summed(output, fired[-1])
            answer = np.zeros(len(output), dtype=bool)
            if t >= recipe.nrem_onset:
                w = winner(v, today)
                answer[w] = True
                code, q = fired[-1], feedback[w]
                up, down = recipe.nrem_potentiation, recipe.nrem_depression
                feedback[w] = q + e * (up * code * (1 - q) - down * (1 - code) * q)
            table.append([*fired, answer])
    return table


def rem(hidden, output, feedback, recipe, spikes, cues, today, learned) -> list:
    """Change the output weights in place; return spikes as `nrem` does."""
    table, steps = [], recipe.bottom_up_steps + recipe.top_down_steps
    theta = hidden.thresholds[-1]
    for k, cue in enumerate(cues):
        hidden.begin()
        v = np.zeros(len(output))
        e = rate(recipe.rem_learning_rate, recipe, k, recipe.rem_dreams)
        for t in range(recipe.bottom_up_steps):
            fired = hidden.step(spikes[k * steps + t])
            v = v + summed(output, fired[-1])
            answer = np.zeros(len(output), dtype=bool)
            table.append([*fired, answer])
        tagged = winner(v, today)
        answer[tagged] = True
        dreamed = tagged if cue < 0 else cue
        hidden.v[-1][:] = 0
        v = np.zeros(len(output))
        shift = feedback[dreamed] - feedback[tagged] if recipe.residue else feedback[dreamed]
        below = recipe.residue or cue < 0
        for t in range(recipe.bottom_up_steps, steps):
            added = recipe.feedback_gain * theta * shift
            fired = hidden.step(spikes[k * steps + t], added, below)
            v = v + summed(output, fired[-1])
            won = winner(v, learned)
            if won != dreamed:
                output[dreamed] += e * recipe.rem_potentiation * fired[-1]
                output[won] -= e * recipe.rem_depression * fired[-1]
            answer = np.zeros(len(output), dtype=bool)
            answer[won] = True
            table.append([*fired, answer])
    return table
