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

    def __init__(self, weights, biases, thresholds, recipe) -> None:
        self.weights, self.biases, self.thresholds = weights, biases, thresholds
        self.rate, self.learns = recipe.pixel_rate, recipe.hidden_learning_rate > 0
        self.code = 0 if recipe.feedback_to == "first" else len(weights) - 1
        #: Spikes per step for an activation of 1: of the input and of each layer.
        self.scales = self.rate / np.cumprod([1.0, *thresholds])
        self.dream()

    def begin(self) -> None:
        self.v = [np.zeros(len(w)) for w in self.weights]

    def step(self, image, input_spikes=None, added=0.0, from_below=True) -> list[np.ndarray]:
        """Return the spikes of all hidden layers; `added` comes to the one that is dreamed in."""
        below, scale, fired = (
            image * self.rate if input_spikes is None else input_spikes,
            self.rate,
            [],
        )
        for k, (w, b, theta) in enumerate(
            zip(self.weights, self.biases, self.thresholds, strict=True)
        ):
            is_code = k == self.code
            arriving = np.zeros(len(w))
            if from_below or not is_code:
                arriving += w @ below + scale * b
            if is_code:
                arriving += added
            below = self.fire(k, arriving, theta)
            scale /= theta
            fired.append(below)
        return fired

    def fire(self, k: int, arriving: np.ndarray, theta: float) -> np.ndarray:
        """Return the spikes of a layer, given what arrives in this step in units of weight."""
        self.v[k] += arriving
        fired = (self.v[k] >= theta).astype(float)
        self.v[k] -= theta * fired
        return fired

    def dream(self) -> None:
        """Begin a dream: layers it goes through are zeroed, nothing is counted or sent back yet."""
        for v in getattr(self, "v", [])[self.code :]:
            v[:] = 0
        self.counts = [np.zeros(len(w)) for w in self.weights]
        self.credit = [np.zeros(len(w)) for w in self.weights]

    def learn(self, fired, is_counted, rates) -> None:
        """Let the layers above the code learn from what was sent back in the step before."""
        had_spiked = [count > 0 for count in self.counts]
        for count, spikes in zip(self.counts, fired, strict=True):
            count += spikes * is_counted
        errors = [sent * some for sent, some in zip(self.credit, had_spiked, strict=True)]
        self.credit = [np.zeros(len(w)) for w in self.weights]
        for k in range(self.code + 1, len(self.weights)):
            self.credit[k - 1] += self.weights[k].T @ errors[k]
            if self.learns:
                self.weights[k] += rates[k] * np.outer(errors[k], self.counts[k - 1])


class LeakyHidden(Hidden):
    """Leaky cells with a reset to rest; v in units of weight. `kept` is what a step leaves of v."""

    kept = 1.0

    def fire(self, k: int, arriving: np.ndarray, theta: float) -> np.ndarray:
        self.v[k] = self.kept * self.v[k] + arriving
        fired = (self.v[k] >= theta).astype(float)
        self.v[k][fired > 0] = 0
        return fired


class AdaptingHidden(Hidden):
    """AdEx cells, by Euler's method in ms, mV, nS, pA, pF; v from rest, which is the reset, too.

    Values are those of Brette, Gerstner 2005, and a weight of theta adds 20.2 mV.
    """

    def begin(self) -> None:
        super().begin()
        self.w = [np.zeros(len(w)) for w in self.weights]
        self.restarting = set()

    def dream(self) -> None:
        """Let potentials go to rest after the step that begins a dream, before what arrives."""
        v = [one.copy() for one in getattr(self, "v", [])]
        super().dream()
        self.v, self.restarting = v, set(range(self.code, len(v)))

    def fire(self, k: int, arriving: np.ndarray, theta: float) -> np.ndarray:
        v, w = self.v[k], self.w[k]
        upstroke = 30 * 2 * np.exp(np.clip((v - 20.2) / 2, -50, 20))
        self.w[k] = w + (4 * v - w) / 144
        before = 0 if k in self.restarting else v + (-30 * v + upstroke - w) / 281
        self.restarting.discard(k)
        self.v[k] = before + arriving / theta * 20.2
        fired = (self.v[k] >= 90.6).astype(float)
        self.v[k][fired > 0] = 0
        self.w[k] += 80.5 * fired
        return fired


def winner(v: np.ndarray, candidates) -> int:
    """Return the candidate with the highest value, the first of equal ones."""
    return max(sorted(candidates), key=lambda j: v[j])


def one(j: int, n: int) -> np.ndarray:
    return np.arange(n) == j


def night(weights, biases, memory, recipe, day: Today):
    """Go through a night; return all weights, feedback weights, and spikes by stage and step.

    `weights` and `biases` are those of all layers; `memory` has feedback, thresholds, mean_square.
    """
    *below, dusk = (np.array(w, dtype=float) for w in weights)
    *lower_biases, bias = (np.array(b, dtype=float) for b in biases)
    hidden = Hidden(below, lower_biases, memory.thresholds, recipe)
    mean = recipe.code_activity * np.prod(memory.thresholds) / recipe.pixel_rate
    feedback = np.array(memory.feedback, dtype=float)
    shown = nrem(hidden, dusk * mean, bias, feedback, recipe, day)
    output = dusk * mean
    dreamed = rem(hidden, dusk * mean, output, bias, feedback, memory.mean_square, recipe, day)
    return [*hidden.weights, output / mean], feedback, {"nrem": shown, "rem": dreamed}


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
            code = fired[hidden.code]
            count += fired[-1]
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
    mean = activity / hidden.scales[-1]  # of the last layer's activation
    for k, (image, cue) in enumerate(zip(day.rem_images, day.cues, strict=True)):
        hidden.begin()
        count = np.zeros(n_code)
        slower = falling(recipe.rem_learning_end, k, len(day.cues))
        slower *= (len(day.today) / len(day.learned)) ** recipe.today_power
        e = slower * recipe.rem_learning_rate / (n_code * mean_square)
        for t in range(up):
            fired = hidden.step(image, spikes_of(day, "rem", len(table)))
            count += fired[-1] * (t >= recipe.bottom_up_onset)
            table.append([*fired, np.zeros(n, dtype=bool)])
        a = winner(dusk @ count / activity + (up - recipe.bottom_up_onset) * bias, day.today)
        c = a if cue < 0 else cue
        shift = feedback[c] - feedback[a] * recipe.residue if c != a else 0 * feedback[c]
        added = recipe.feedback_gain * hidden.thresholds[hidden.code] * shift
        count, counted = np.zeros(n_code), 0
        hidden.dream()
        for t in range(recipe.top_down_steps):
            step = len(table)
            fired = hidden.step(image, spikes_of(day, "rem", step), added, recipe.residue or c == a)
            if t >= recipe.top_down_onset:
                count, counted = count + fired[-1], counted + 1
            rates = hidden_rates(hidden, mean_square, recipe, slower / max(counted, 1))
            hidden.learn(fired, t >= recipe.top_down_onset, rates * (t >= recipe.learning_onset))
            answer = np.zeros(n, dtype=bool)
            if t >= recipe.learning_onset:
                x = count / (counted * activity)
                y = winner(output @ x + bias + day.noise[step], range(n))
                answer = one(y, n)
                if y != c:
                    hidden.credit[-1] += (output[c] - output[y]) / mean
                    output[c] += e * recipe.rem_potentiation * x
                    output[y] -= e * recipe.rem_depression * x
            table.append([*fired, answer])
    return table


def hidden_rates(hidden, mean_square, recipe, slower) -> np.ndarray:
    """Return learning rates of weights to each hidden layer, for counts of the layer below."""
    n = len(hidden.weights)
    activity = np.array([recipe.hidden_activity] * (n - 1) + [recipe.code_activity])
    means = activity / hidden.scales[1:]  # of activations
    rates = np.zeros(n)
    for k in range(1, n):
        e = recipe.hidden_learning_rate / (hidden.weights[k].shape[1] * mean_square)
        # of weights by which activity in units of its mean gives activity in units of its mean
        rates[k] = e * slower * means[k] ** 2 / means[k - 1] / activity[k - 1]
    return rates
