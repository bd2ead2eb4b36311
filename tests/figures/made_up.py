"""What tests of figures share: made-up nights, accuracies and axes."""

import itertools

import numpy as np
from brian2 import ms
from matplotlib.figure import Figure

from brainsleep import figures
from brainsleep.devices.activity import Spikes
from brainsleep.night.result import Night

BEFORE = [[0.9, None], [0.1, 0.8]]
AFTER = [[0.8, None], [0.5, 0.9]]


def make_night(seed=0, silent=False, n_neurons=(30, 20, 0), n_steps=200):
    """A night of made-up spikes; the last population has no neurons at all."""
    rng = np.random.default_rng(seed)
    names = ["input", "0", "2"]
    spikes = {}
    for name, size in zip(names, n_neurons, strict=True):
        n_spikes = 0 if silent or size == 0 else 5 * size
        i = rng.integers(0, max(size, 1), n_spikes).astype(np.int32)
        spikes[name] = Spikes(i, np.sort(rng.integers(0, n_steps, n_spikes)) * ms, size)
    before = {"0.weight": rng.normal(size=(20, 30)), "2.weight": rng.normal(size=(1, 20))}
    after = {name: weights.copy() for name, weights in before.items()}
    after["0.weight"][:4] += 0.1  # 120 of 600 go up,
    after["0.weight"][4] -= 0.3  # 30 go down; the other layer stays as it is
    return Night(
        ann=None,
        spikes=spikes,
        weights_before=before,
        weights_after=after,
        timings={"run": 1.0, "build": 0.5, "total": 2.0},
        gains={"0": 1.0, "2": 1.0},
        thresholds={"0": 1.0, "2": 1.0},
        sizes=dict(zip(names, n_neurons, strict=True)),
        n_steps=n_steps,
        dt=1 * ms,
    )


def given_axes(n):
    return Figure().subplots(1, n, squeeze=False)[0]


def picture(tmp_path, drawn):
    """Save, so that everything is really drawn."""
    return figures.save_figure(drawn, tmp_path / "figure.png")


def assert_no_ticks_overlap(figure):
    """Fail if labels of the ticks of an axis lie upon one another, or touch; draw it before."""
    for ax in figure.axes:
        for axis in (ax.xaxis, ax.yaxis):
            boxes = [
                label.get_window_extent()
                for label in axis.get_ticklabels()
                if label.get_visible() and label.get_text()
            ]
            # those outside the limits are not drawn
            low, high = sorted(axis.get_view_interval())
            inside = [low <= place <= high for place in axis.get_ticklocs()]
            boxes = [box for box, shown in zip(boxes, inside, strict=False) if shown]
            for one, other in itertools.combinations(boxes, 2):
                assert not one.padded(1).overlaps(other), (ax.get_title(loc="left"), axis)
