"""What a night does to a network's own activity: python analyses/activity_before_after.py RUN ...

Each night of each run is slept again for 3 s, with the same stimulus, seed, gains and thresholds
but without learning: once with the weights before it, once with those after it. Prints measures of
the spikes, averaged over the nights of a run, as mean ± SD over runs, and draws rates and intervals
of the last night of the first run. Then it asks, of the nights as they were, whether neurons fire
in the same order in windows of 50 ms. For perceptrons, as the default run has them.
"""

from __future__ import annotations

import argparse
import warnings
from collections import OrderedDict, defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from brian2 import ms
from rundir import command
from torch import nn

import brainsleep as bs
from brainsleep import measures
from brainsleep.figures.canvas import new_figure

#: Label and number format of each column of the table.
COLUMNS = {
    "rate": ("rate (Hz)", ".1f"),
    "silent": ("silent (%)", ".0f"),
    "cv2": ("CV2", ".2f"),
    "lv": ("LV", ".2f"),
    "fano": ("Fano, 50 ms", ".2f"),
    "chi": ("χ √N", ".1f"),
    "rho": ("correlation, 5 ms", ".3f"),
}


NULLS = ("times", "shifts", "neurons")


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN")
    parser.add_argument("--steps", type=int, default=3000, help="length of each night")
    parser.add_argument("--out", type=Path, help="default: FIRST RUN/figures/activity.png")
    arguments = parser.parse_args(argv)
    found = defaultdict(list)  # by population and state: measures of each run
    for directory in arguments.runs:
        nights = list(bs.load_run(directory).nights)
        for key, several in of_run(nights, arguments.steps).items():
            found[key].append(
                {name: np.nanmean([one[name] for one in several]) for name in COLUMNS}
            )
    print(table(found))
    print(
        orders([night for directory in arguments.runs for night in bs.load_run(directory).nights])
    )
    first = bs.load_run(arguments.runs[0]).nights[-1]
    out = arguments.out or arguments.runs[0] / "figures" / "activity.png"
    return bs.figures.save_figure(drawn(first, arguments.steps), out)


def of_run(nights, n_steps):
    """Return, by population and state, the measures of each night."""
    found = defaultdict(list)
    for night in nights:
        for state, weights in states(night):
            slept = without_learning(night, weights, n_steps)
            for name, train in slept.spikes.items():
                found[night.labels[name], state].append(measured(slept, name, train))
    return found


def states(night):
    return (("before", night.weights_before), ("after", night.weights_after))


def without_learning(night, weights, n_steps):
    """Sleep a night again with some weights, which stay as they are."""
    setup = night.setup
    modules = OrderedDict()
    for name, values in weights.items():
        layer = name.removesuffix(".weight")
        modules[layer] = nn.Linear(values.shape[1], values.shape[0], bias=False)
        modules[f"after {layer}"] = nn.ReLU()
    modules.popitem()
    network = nn.Sequential(modules)
    network.load_state_dict({name: torch.tensor(values) for name, values in weights.items()})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bs.NightWarning)  # that weights did not change
        return bs.sleep(
            network,
            setup.stimulus,
            duration=n_steps,
            dt=night.dt,
            neuron=replace(setup.neuron, gain=night.gains, threshold=night.thresholds),
            plasticity=bs.SRC(increase=0, decrease=0),
            seed=setup.seed,
            dtype="float64",
            progress=False,
        )


def measured(night, name, train):
    """Return the measures of one population."""
    clock = {"n_steps": night.n_steps, "dt": night.dt}
    rates = measures.firing_rates({name: train}, night.duration)[name]
    together = measures.synchrony(train, **clock)
    return {
        "rate": rates.mean(),
        "silent": 100 * np.mean(rates == 0),
        "cv2": measures.cv2(train).mean,
        "lv": measures.local_variation(train).mean,
        "fano": measures.fano_factor(train, **clock).mean,
        "chi": together.chi[0] * np.sqrt(together.n_active[0]),
        "rho": together.correlation[0],
    }


def table(found):
    """Return mean ± SD over runs."""
    lines = [["population", "", *(label for label, _ in COLUMNS.values())]]
    for (label, state), runs in found.items():
        cells = [
            f"{np.nanmean([one[name] for one in runs]):{form}}"
            + (f" ± {np.nanstd([one[name] for one in runs], ddof=1):{form}}" if runs[1:] else "")
            for name, (_, form) in COLUMNS.items()
        ]
        lines.append([label, state, *cells])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def orders(nights):
    """Return rank correlations of all nights, those of each null, and how many nights exceed it."""
    lines = ["population", "recorded", *(f"{null}: mean, nights" for null in NULLS)]
    rows = [lines]
    for name in list(nights[0].spikes)[:-1]:
        found = {null: [order(night, name, null) for night in nights] for null in NULLS}
        recorded = np.mean([one.mean for one in found["times"]])
        cells = [
            f"{np.mean([one.null_means.mean() for one in several]):.2f}, "
            f"{sum(one.p_of_mean <= 0.05 for one in several)} of {len(nights)}"
            for several in found.values()
        ]
        rows.append([nights[0].labels[name], f"{recorded:.2f}", *cells])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def order(night, name, null):
    """Return the rank order of a population in windows of 50 ms."""
    starts = np.arange(0, float(night.duration / ms) - 49, 50)
    windows = (starts * ms, (starts + 50) * ms)
    return measures.rank_order(night.spikes[name], windows, null=null)


def drawn(night, n_steps):
    """Draw rates and intervals of the last hidden layer, before and after."""
    name = list(night.spikes)[-2]
    slept = {s: without_learning(night, w, n_steps) for s, w in states(night)}
    rates = {
        state: measures.firing_rates({name: one.spikes[name]}, one.duration)[name]
        for state, one in slept.items()
    }
    intervals = {
        state: measures.interspike_intervals(one.spikes[name]) for state, one in slept.items()
    }
    with bs.figures.style():
        figure = new_figure(8, 3)
        left, right = figure.subplots(1, 2)
        bs.figures.plot_firing_rates(rates, left).set_title(night.labels[name])
        bs.figures.plot_intervals(intervals, right).set_title(night.labels[name])
    return figure


if __name__ == "__main__":
    command(main)
