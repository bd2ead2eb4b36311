"""A night of dreams as plain loops over steps, written from the algorithm and not from circuits.

x is the activity of the last hidden layer in units of its mean; O are the output weights on x.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass
class Today:
    """What is shown and drawn: images by presentation, what each dream is of, noise by step."""

    nrem_images: np.ndarray
    rem_images: np.ndarray
    cues: np.ndarray
    noise: np.ndarray
    today: list[int]
    learned: list[int]
    #: Input spikes by stage and step, where the input spikes.
    spikes: dict[str, np.ndarray] | None = None


class Hidden:
    """Hidden layers: integrate, spike, subtract. Lists are from the first layer to the last."""

    def __init__(self, weights, biases, thresholds, rate) -> None:
        self.weights, self.biases, self.thresholds, self.rate = weights, biases, thresholds, rate

    def begin(self) -> None:
        self.v = [np.zeros(len(w)) for w in self.weights]

    def step(self, image, input_spikes=None, added=0.0, from_below=True) -> list[np.ndarray]:
        """Return the spikes of all hidden layers; `added` comes to the last."""
        below, scale, fired = (
            image * self.rate if input_spikes is None else input_spikes,
            self.rate,
            [],
        )
        for k, (w, b, theta) in enumerate(
            zip(self.weights, self.biases, self.thresholds, strict=True)
        ):
            is_code = k == len(self.weights) - 1
            if from_below or not is_code:
                self.v[k] += w @ below + scale * b
            if is_code:
                self.v[k] += added
            below = (self.v[k] >= theta).astype(float)
            self.v[k] -= theta * below
            scale /= theta
            fired.append(below)
        return fired


def winner(v: np.ndarray, candidates) -> int:
    """Return the candidate with the highest value, the first of equal ones."""
    return max(sorted(candidates), key=lambda j: v[j])


def one(j: int, n: int) -> np.ndarray:
    return np.arange(n) == j


def night(weights, biases, memory, recipe, day: Today):
    """Go through a night; return output weights, feedback weights, and spikes by stage and step.

    `weights` and `biases` are those of all layers; `memory` has feedback, thresholds, mean_square.
    """
    *below, dusk = (np.array(w, dtype=float) for w in weights)
    *lower_biases, bias = (np.array(b, dtype=float) for b in biases)
    hidden = Hidden(below, lower_biases, memory.thresholds, recipe.pixel_rate)
    mean = recipe.code_activity * np.prod(memory.thresholds) / recipe.pixel_rate
    feedback = np.array(memory.feedback, dtype=float)
    shown = nrem(hidden, dusk * mean, bias, feedback, recipe, day)
    output = dusk * mean
    dreamed = rem(hidden, dusk * mean, output, bias, feedback, memory.mean_square, recipe, day)
    return output / mean, feedback, {"nrem": shown, "rem": dreamed}


def falling(end: float, k: int, n: int) -> float:
    return 1 - (1 - end) * k / n


def nrem(hidden, output, bias, feedback, recipe, day) -> list:
    """Change feedback in place; return the spikes of hidden layers and outputs, step by step."""
    table, n = [], len(output)
    for k, image in enumerate(day.nrem_images):
        hidden.begin()
        count = np.zeros(output.shape[1])
        e = recipe.nrem_learning_rate * falling(recipe.nrem_learning_end, k, len(day.nrem_images))
        for t in range(recipe.nrem_steps):
            fired = hidden.step(image, spikes_of(day, "nrem", len(table)))
            code = fired[-1]
            count += code
            answer = np.zeros(n, dtype=bool)
            if t >= recipe.nrem_onset:
                w = winner(output @ count / recipe.code_activity + (t + 1) * bias, day.today)
                answer, q = one(w, n), feedback[w]
                up, down = recipe.nrem_potentiation, recipe.nrem_depression
                feedback[w] = q + e * (up * code * (1 - q) - down * (1 - code) * q)
            table.append([*fired, answer])
        fired = hidden.step(image * 0, spikes_of(day, "nrem", len(table)), from_below=False)
        table.append(None)  # feedback arrives: not looked at
    return table


def spikes_of(day: Today, stage: str, step: int):
    return None if day.spikes is None else day.spikes[stage][step]


def rem(hidden, dusk, output, bias, feedback, mean_square, recipe, day) -> list:
    """Change the output weights in place; return spikes as `nrem` does."""
    table, (n, n_code) = [], output.shape
    up, activity = recipe.bottom_up_steps, recipe.code_activity
    for k, (image, cue) in enumerate(zip(day.rem_images, day.cues, strict=True)):
        hidden.begin()
        count = np.zeros(n_code)
        e = recipe.rem_learning_rate / (n_code * mean_square)
        e *= falling(recipe.rem_learning_end, k, len(day.cues))
        e *= (len(day.today) / len(day.learned)) ** recipe.today_power
        for t in range(up):
            fired = hidden.step(image, spikes_of(day, "rem", len(table)))
            count += fired[-1] * (t >= recipe.bottom_up_onset)
            table.append([*fired, np.zeros(n, dtype=bool)])
        a = winner(dusk @ count / activity + (up - recipe.bottom_up_onset) * bias, day.today)
        c = a if cue < 0 else cue
        shift = feedback[c] - feedback[a] * recipe.residue if c != a else np.zeros(n_code)
        added = recipe.feedback_gain * hidden.thresholds[-1] * shift
        hidden.v[-1][:], count, counted = 0, np.zeros(n_code), 0
        for t in range(recipe.top_down_steps):
            step = len(table)
            fired = hidden.step(image, spikes_of(day, "rem", step), added, recipe.residue or c == a)
            if t >= recipe.top_down_onset:
                count, counted = count + fired[-1], counted + 1
            answer = np.zeros(n, dtype=bool)
            if t >= recipe.learning_onset:
                x = count / (counted * activity)
                y = winner(output @ x + bias + day.noise[step], range(n))
                answer = one(y, n)
                if y != c:
                    output[c] += e * recipe.rem_potentiation * x
                    output[y] -= e * recipe.rem_depression * x
            table.append([*fired, answer])
    return table
