"""Sleep replay as a plain NumPy loop, written from docs/explanation/algorithm.md alone.

It shares nothing with the package: no equation, no weight factor, no schedule. Everything is
float64 and dense, in the order of that page: integrate, spike, learn, reset, next layer.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

#: The four weight factors g(w).
FACTORS = {
    "tadros2022": lambda w: 2 * (1 - expit(w / 0.001)),
    "sigmoid": expit,
    "multiplicative": lambda w: w,
    "additive": np.ones_like,
}


@dataclass
class Reference:
    """Spikes of every population (input first) as (n_steps, n) bool, and the final weights.

    `rises` and `falls` count the single weight changes upwards and downwards, per layer. After each
    step: `v` of each layer and, of LIF neurons, the trace of what arrives there, (n_steps, n); and
    the weights into each layer, (n_steps, n_post, n_pre), if they are kept.
    """

    spikes: list
    weights: list
    rises: list
    falls: list
    v: list
    traces: list
    course: list
    biases: list


def heaviside_night(
    weights,
    input_spikes,
    *,
    gains,
    thresholds,
    decays,
    increase,
    decrease,
    factor,
    biases=None,
    bias_gains=None,
    learn_biases=False,
    masks=None,
    keep_weights=False,
):
    """Run one time step after the other, all layers in the same step. Constants are per layer.

    `masks` hold, per layer, True where there is a synapse; one that is absent has weight 0.
    """
    g = FACTORS[factor]
    weights = [np.array(w, dtype=np.float64) for w in weights]
    masks = masks or [np.ones(w.shape, dtype=bool) for w in weights]
    weights = [np.where(mask, w, 0) for mask, w in zip(masks, weights, strict=True)]
    n_layers, n_steps = len(weights), len(input_spikes)
    if biases is None:
        biases = [np.zeros(len(w)) for w in weights]
    biases = [np.array(b) for b in biases]
    if bias_gains is None:
        bias_gains = gains
    v = [np.zeros(len(w)) for w in weights]
    spikes = [np.asarray(input_spikes, dtype=bool)]
    spikes += [np.zeros((n_steps, len(w)), dtype=bool) for w in weights]
    rises, falls = [0] * n_layers, [0] * n_layers
    kept_v, kept_traces, course = ([[] for _ in weights] for _ in range(3))

    for step in range(n_steps):
        for k in range(n_layers):
            pre = spikes[k][step]
            # integrate
            v[k] = (
                decays[k] * v[k]
                + gains[k] * (weights[k] @ pre.astype(np.float64))
                + bias_gains[k] * biases[k]
            )
            # spike
            post = v[k] >= thresholds[k]
            spikes[k + 1][step] = post
            # learn: rows of spiking neurons only
            rows = weights[k][post]
            changed = rows + np.where(pre, increase[k], -decrease[k]) * g(rows)
            changed = np.where(masks[k][post], changed, 0)
            rises[k] += int((changed > rows).sum())
            falls[k] += int((changed < rows).sum())
            weights[k][post] = changed
            if learn_biases:  # weights of an input that fires in every step
                biases[k][post] += increase[k] * g(biases[k][post])
            # reset
            v[k][post] = 0
            kept_v[k].append(v[k].copy())
            if keep_weights:
                course[k].append(weights[k].copy())
    kept = map(arrays, (kept_v, kept_traces, course))
    return Reference(spikes, weights, rises, falls, *kept, biases)


def lif_night(
    weights,
    input_spikes,
    *,
    gains,
    thresholds,
    tau_m,
    increase,
    decrease,
    factor,
    tau_pre=0.0,
    delay=0,
    refractory_steps=0,
    v_reset=0.0,
    biases=None,
    learn_biases=False,
    dt=1.0,
    masks=None,
    keep_weights=False,
):
    """Run the same with LIF neurons, in ms and in mV above rest.

    A spike reaches the next layer `delay` steps after it was fired. A neuron that spiked is
    held at `v_reset` and takes no input for `refractory_steps` steps, the spike's own included.
    """
    g = FACTORS[factor]
    weights = [np.array(w, dtype=np.float64) for w in weights]
    masks = masks or [np.ones(w.shape, dtype=bool) for w in weights]
    weights = [np.where(mask, w, 0) for mask, w in zip(masks, weights, strict=True)]
    n_layers, n_steps = len(weights), len(input_spikes)
    if biases is None:
        biases = [np.zeros(len(w)) for w in weights]
    biases = [np.array(b) for b in biases]
    v = [np.zeros(len(w)) for w in weights]
    last_spike = [np.full(len(w), -(10**9)) for w in weights]
    traces = [np.zeros(w.shape[1]) for w in weights]
    spikes = [np.asarray(input_spikes, dtype=bool)]
    spikes += [np.zeros((n_steps, len(w)), dtype=bool) for w in weights]
    rises, falls = [0] * n_layers, [0] * n_layers
    kept_v, kept_traces, course = ([[] for _ in weights] for _ in range(3))

    for step in range(n_steps):
        for k in range(n_layers):
            sent = step - delay
            arriving = spikes[k][sent] if sent >= 0 else np.zeros(weights[k].shape[1], bool)
            # the presynaptic trace: 1 at a spike's arrival, else decaying
            traces[k] = traces[k] * np.exp(-dt / tau_pre) if tau_pre > 0 else 0 * traces[k]
            traces[k][arriving] = 1
            # leak and integrate, unless refractory
            awake = step - last_spike[k] >= refractory_steps
            # where biases learn, spikes of their inputs take as long as all others
            constant = 1.0 if sent >= 0 or not learn_biases else 0.0
            current = weights[k] @ arriving.astype(np.float64) + constant * biases[k]
            current = gains[k] * current
            v[k] = np.where(awake, v[k] * np.exp(-dt / tau_m) + current, v[k])
            # spike
            post = awake & (v[k] >= thresholds[k])
            spikes[k + 1][step] = post
            last_spike[k][post] = step
            # learn
            rows, x = weights[k][post], traces[k]
            changed = rows + (increase[k] * x - decrease[k] * (1 - x)) * g(rows)
            changed = np.where(masks[k][post], changed, 0)
            rises[k] += int((changed > rows).sum())
            falls[k] += int((changed < rows).sum())
            weights[k][post] = changed
            if learn_biases:
                rate = increase[k] * constant - decrease[k] * (1 - constant)
                biases[k][post] += rate * g(biases[k][post])
            # reset
            v[k][post] = v_reset
            kept_v[k].append(v[k].copy())
            kept_traces[k].append(traces[k].copy())
            if keep_weights:
                course[k].append(weights[k].copy())
    kept = map(arrays, (kept_v, kept_traces, course))
    return Reference(spikes, weights, rises, falls, *kept, biases)


def arrays(lists):
    """Return an array of what was kept of each layer."""
    return [np.array(values) for values in lists]
