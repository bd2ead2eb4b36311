"""A night of replay in plain loops over steps, cells and synapses."""

from __future__ import annotations

import numpy as np


def nearest(pattern, centres) -> int:
    """Return the number of the centre with the smallest squared distance, the first of equals."""
    best, found = None, -1
    for number, centre in enumerate(centres):
        distance = sum((a - b) ** 2 for a, b in zip(pattern, centre, strict=True))
        if best is None or distance < best:
            best, found = distance, number
    return found


def codes_of(pattern, book) -> list[int]:
    """Return the code of each part of a pattern, part by part."""
    size = book.levels.shape[2]
    return [
        nearest(
            pattern[part * size : (part + 1) * size], book.unit * book.levels[part].astype(float)
        )
        for part in range(len(book.levels))
    ]


def rebuilt(codes, book) -> list[float]:
    """Return the activity that codes stand for, neuron by neuron."""
    return [
        book.unit * float(level)
        for part, code in enumerate(codes)
        for level in book.levels[part][code]
    ]


def night(output, bias, patterns, labels, plan, recipe, mean_activity, mean_square):
    """Return the output weights after a night, and the spikes of the hidden layer.

    Parameters
    ----------
    output : ndarray, shape (n_outputs, n_hidden)
        Output weights before.
    bias : ndarray, shape (n_outputs,)
        Of the outputs.
    patterns : list of list of float
        What each stored image gives to each hidden cell in a step.
    labels : sequence of int
        The output of each.
    plan : StagePlan
        Which is replayed, and the signals.
    recipe, mean_activity, mean_square
        The constants.
    """
    w = output.copy()
    n_outputs, n_hidden = w.shape
    scale = recipe.code_activity / mean_activity
    rate = recipe.learning_rate / (n_hidden * mean_square) * scale / recipe.code_activity**2
    steps, spikes = plan.presentation_steps, []
    for number, stored in enumerate(plan.order):
        v, counts = np.zeros(n_hidden), np.zeros(n_hidden)
        evidence = np.zeros(n_outputs)
        for step in range(steps):
            at = number * steps + step
            on = {name: values[at] for name, values in plan.signals.items()}
            fired = np.zeros(n_hidden, dtype=bool)
            for cell in range(n_hidden):
                if on["replay"] > 0.5:
                    v[cell] += on["top_down"] * patterns[stored][cell]
                if v[cell] >= 1:
                    v[cell] -= 1
                    fired[cell] = True
                    counts[cell] += on["gather"]
            spikes.append(fired)
            for out in range(n_outputs):
                drive = sum(w[out, cell] for cell in range(n_hidden) if fired[cell])
                evidence[out] += on["gather"] * (drive + scale * bias[out])
            if on["compete"] == 0:
                continue
            noisy = [evidence[k] + scale * on[f"noise{k}"] for k in range(n_outputs)]
            winner = int(np.argmax(noisy))
            for out in range(n_outputs):
                wanted = labels[stored] == out and on["replay"] > 0.5
                error = float(wanted) - float(out == winner)
                factor = recipe.potentiation if error > 0 else recipe.depression
                for cell in range(n_hidden):
                    change = on["learning"] * rate * counts[cell] * error * factor
                    w[out, cell] += change
                    evidence[out] += change * counts[cell]
    return w, np.array(spikes)
