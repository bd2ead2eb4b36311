"""Dendritic zones: closed forms, a loop over steps on all devices, sparse patterns, coincidence."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from brian2 import ms, mV, nS
from helpers import assert_same_nights, mlp, random_spikes, raster
from scipy.stats import hypergeom

import brainsleep as bs
from brainsleep.circuit import Circuit, Population, Projection
from brainsleep.errors import ParameterError, UnitsError

NUMPY = bs.devices.Runtime("numpy")
DEVICES = ("cpp", "cpp_stock", NUMPY)
N_INPUTS, N_CELLS = 40, 12
STATE = ("v", "v_zone_0", "v_zone_1", "plateau_left_0", "n_plateaus_0", "n_plateaus_1")


class Loop:
    """DendriticLIF by hand, step by step; mV, ms, nS, pF."""

    def __init__(self, neuron: bs.DendriticLIF, n: int) -> None:
        self.neuron = neuron
        self.v = np.full(n, -70.0)
        self.z = np.full((neuron.zones, n), -70.0)
        self.left = np.zeros((neuron.zones, n), dtype=int)  # steps of a plateau to come
        self.count = np.zeros((neuron.zones, n))
        self.since = np.full(n, 10**9)

    def step(self, drive: np.ndarray, zones: np.ndarray) -> np.ndarray:
        """Go on by 1 ms; `drive` and `zones` are the summed weights that arrive."""
        neuron = self.neuron
        g = float(neuron.g_coupling / nS)
        threshold = float(neuron.zone_threshold / mV)
        self.since += 1
        awake = self.since >= 2
        own = 10 + g * neuron.zones
        v_end = (10 * -70 + g * self.z.sum(axis=0)) / own
        z_end = (1 * -70 + g * self.v) / (1 + g)
        v = np.where(awake, v_end + (self.v - v_end) * np.exp(-own / 200), self.v)
        self.z = z_end + (self.z - z_end) * np.exp(-(1 + g) / 35)
        self.v = v
        ends = self.left == 1
        self.left = np.maximum(self.left - 1, 0)
        self.z = np.where(ends, -70, self.z) + zones
        begins = (self.left == 0) & (self.z >= -70 + threshold)
        self.left[begins] = round(float(neuron.plateau_duration / ms))
        self.count += begins
        self.z = np.where(self.left > 0, -20, self.z)
        self.v = np.where(awake, self.v + drive, self.v)  # lost while refractory
        fired = (self.v >= -55) & awake
        self.v[fired] = -70
        self.since[fired] = 0
        self.z += float(neuron.backpropagation / mV) * (fired & (self.left == 0))
        return fired


def circuit(neuron: bs.DendriticLIF, weights: dict[str, np.ndarray]) -> Circuit:
    """Return cells that the input reaches at each receptor; weights are (n_post, n_pre)."""
    (n_post, n_pre) = next(iter(weights.values())).shape
    cells = {"cells": Population(n_post, neuron)}
    links = [Projection("input", "cells", w, receptor=name) for name, w in weights.items()]
    return Circuit(n_pre, cells, links)


def two_zones(**changed) -> bs.DendriticLIF:
    given = {"zones": 2, "zone_threshold": 4.5 * mV, "plateau_duration": 12 * ms} | changed
    return bs.DendriticLIF(gain=1, **given)


def random_weights() -> dict[str, np.ndarray]:
    """Return weights of both signs, excitatory on the whole."""
    rng = np.random.default_rng(0)
    shape = (N_CELLS, N_INPUTS)
    return {
        "drive": rng.normal(1.0, 0.8, shape),
        "zone_0": rng.normal(0.6, 0.8, shape),
        "zone_1": rng.normal(0.5, 0.8, shape),
    }


@pytest.mark.parametrize("backpropagation", [0.0, 1.5])
def test_every_device_against_a_loop(backpropagation: float) -> None:
    neuron = two_zones(backpropagation=backpropagation * mV)
    weights, spikes = random_weights(), random_spikes(400, N_INPUTS, 0.03)
    loop, expected, arriving = Loop(neuron, N_CELLS), [], np.zeros(N_INPUTS)
    for row in spikes:  # a spike takes one step
        zones = np.array([weights["zone_0"] @ arriving, weights["zone_1"] @ arriving])
        expected.append(loop.step(weights["drive"] @ arriving, zones))
        arriving = row.astype(float)
    assert 0.02 < np.mean(expected) < 0.3
    assert (loop.count.min(axis=0) > 3).all()
    wanted = [("cells", name) for name in STATE]
    runs = [
        circuit(neuron, weights).run(spikes, device=device, dtype="float64", final_values=wanted)
        for device in DEVICES
    ]
    for run in runs:
        np.testing.assert_array_equal(raster(run, "cells"), expected)
        state = {name: run.final_values["cells", name] for name in STATE}
        np.testing.assert_allclose(1e3 * state["v"], loop.v, rtol=0, atol=1e-9)
        for k in (0, 1):
            np.testing.assert_array_equal(state[f"n_plateaus_{k}"], loop.count[k])
            np.testing.assert_allclose(1e3 * state[f"v_zone_{k}"], loop.z[k], rtol=0, atol=1e-9)
        np.testing.assert_allclose(1e3 * state["plateau_left_0"], loop.left[0], rtol=0, atol=1e-9)
        for name, values in state.items():
            np.testing.assert_array_equal(values, runs[0].final_values["cells", name])


def test_zones_leak_as_two_coupled_compartments_do() -> None:
    """Below threshold the potentials are those of the matrix exponential, in small steps."""
    neuron = bs.DendriticLIF(gain=1)
    rates = np.array([[-16 / 200, 6 / 200], [6 / 35, -7 / 35]])  # 1/ms
    values, vectors = np.linalg.eig(rates)
    for n_steps in (200, 1000, 4000):
        run = circuit(neuron, {"drive": np.array([[3.0]]), "zone_0": np.array([[8.0]])}).run(
            np.arange(n_steps)[:, None] == 0,
            device=NUMPY,
            dtype="float64",
            dt=0.005 * ms,
            final_values=[("cells", "v"), ("cells", "v_zone_0")],
        )
        t = 0.005 * (n_steps - 2)
        exact = vectors @ (np.exp(values * t) * np.linalg.solve(vectors, [3.0, 8.0]))
        found = [1e3 * run.final_values["cells", name][0] + 70 for name in ("v", "v_zone_0")]
        np.testing.assert_allclose(found, exact, rtol=5e-3, atol=1e-3)


def presented(patterns: np.ndarray, steps: int) -> np.ndarray:
    """Return spikes in which each pattern, a row, is active in the first step of its turn."""
    spikes = np.zeros((len(patterns) * steps, patterns.shape[1]), dtype=bool)
    spikes[::steps] = patterns
    return spikes


def test_sparse_patterns_are_detected_as_counting_says() -> None:
    """A zone detects a pattern of which it has so many synapses; how often: hypergeometric."""
    rng = np.random.default_rng(1)
    n, active, synapses, threshold, steps = 200, 30, 20, 6, 40
    segments = np.zeros((300, n))
    for row in segments:
        row[rng.choice(n, synapses, replace=False)] = 1
    patterns = np.zeros((30, n), dtype=bool)
    for row in patterns:
        row[rng.choice(n, active, replace=False)] = True
    neuron = bs.DendriticLIF(gain=1, zone_threshold=(threshold - 0.5) * mV)
    run = circuit(neuron, {"zone_0": segments}).run(
        presented(patterns, steps), presentation_steps=steps
    )
    found = raster(run, "cells").reshape(30, steps, 300).any(axis=1)
    np.testing.assert_array_equal(found, patterns @ segments.T >= threshold)
    probability = hypergeom(n, synapses, active).sf(threshold - 1)
    assert 0.03 < probability < 0.1
    # standard error of the mean over 30 patterns that 300 neurons see
    assert abs(found.mean() - probability) < 4 * found.mean(axis=1).std() / np.sqrt(30)


def test_spikes_that_are_spread_out_do_nothing() -> None:
    """Ten spikes at once make a plateau; ten in turn, 3 ms apart, leave the soma near rest."""
    steps = 60
    at_once, in_turn = np.zeros((2, steps, 10), dtype=bool)
    at_once[0] = True
    in_turn[3 * np.arange(10), np.arange(10)] = True
    neuron, link = bs.DendriticLIF(gain=1), {"zone_0": np.ones((1, 10))}
    counts = {}
    for name, spikes in (("at once", at_once), ("in turn", in_turn)):
        run = circuit(neuron, link).run(spikes, final_values=[("cells", "n_plateaus_0")])
        counts[name] = (len(run.spikes["cells"]), run.final_values["cells", "n_plateaus_0"][0])
    assert counts["at once"][0] >= 2
    assert counts["at once"][1] == 1
    assert counts["in turn"] == (0, 0)


def test_a_spike_of_the_soma_and_input_together_make_a_plateau() -> None:
    neuron = bs.DendriticLIF(gain=1, backpropagation=6 * mV)
    weights = {"drive": np.array([[20.0, 0.0]]), "zone_0": np.array([[0.0, 6.0]])}
    plateaus = []
    for pair in ((1, 0), (0, 1), (1, 1)):
        spikes = np.zeros((20, 2), dtype=bool)
        spikes[0, 0], spikes[1, 1] = pair
        run = circuit(neuron, weights).run(spikes, final_values=[("cells", "n_plateaus_0")])
        plateaus.append(run.final_values["cells", "n_plateaus_0"][0])
    assert plateaus == [0, 0, 1]


def test_one_neuron_computes_exclusive_or() -> None:
    """Each zone takes one group of inputs, which the other group inhibits."""
    groups = np.repeat([[1.0, -1.0]], 12, axis=0).T.ravel()[None]  # 12 inputs A, then 12 B
    cases = [(0, 0), (1, 0), (0, 1), (1, 1)]
    patterns = np.array([np.repeat(case, 12) for case in cases], dtype=bool)
    run = circuit(bs.DendriticLIF(gain=1, zones=2), {"zone_0": groups, "zone_1": -groups}).run(
        presented(patterns, 60), presentation_steps=60
    )
    found = raster(run, "cells").reshape(4, 60).any(axis=1)
    assert found.tolist() == [False, True, True, False]


def test_layers_of_a_night_are_detectors_of_coincidence() -> None:
    neuron = bs.DendriticLIF(
        [12.0, 10.0], drive_at="zone", plateau_duration=30 * ms, g_coupling=12 * nS
    )
    nights = [
        bs.sleep(
            mlp((12, 10, 5), dtype=torch.float64, scale=1.5),
            random_spikes(400, 12, 0.1),
            neuron=neuron,
            plasticity=bs.SRC(2e-2, 1e-2, weight_factor="additive"),
            device=device,
            dtype="float64",
            progress=False,
        )
        for device in ("cpp", NUMPY)
    ]
    assert all(len(nights[0].spikes[name]) > 20 for name in ("0", "2"))
    assert_same_nights(nights[0], nights[1], tolerance=1e-13)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: bs.DendriticLIF(zones=0), ParameterError, "zones must be at least 1"),
        (lambda: bs.DendriticLIF(zones=1.5), UnitsError, "zones must be a whole number"),
        (lambda: bs.DendriticLIF(drive_at="zones"), ParameterError, "Did you mean 'zone'"),
        (lambda: bs.DendriticLIF(v_plateau=-80 * mV), ParameterError, r"v_plateau \(-80 mV\)"),
        (lambda: bs.DendriticLIF(g_coupling=-1 * nS), ParameterError, "g_coupling"),
        (lambda: bs.DendriticLIF(zone_threshold=10), UnitsError, "zone_threshold needs units"),
    ],
)
def test_bad_parameters(make, error, words: str) -> None:
    with pytest.raises(error, match=words):
        make()


def test_a_zone_that_is_not_there() -> None:
    with pytest.raises(ParameterError, match=r"no receptor 'zone_1'.*Did you mean 'zone_0'"):
        circuit(bs.DendriticLIF(gain=1), {"zone_1": np.ones((1, 2))})


@pytest.mark.slow
def test_cython_rounds_as_all_devices_do() -> None:
    """Brian2's own flags for Cython let sums be reordered: the last digit differed.

    One projection, and no spikes kept: each has code objects of its own, compiled for seconds.
    """
    weights, spikes = {"zone_0": random_weights()["zone_0"]}, random_spikes(400, N_INPUTS, 0.03)
    runs = [
        circuit(two_zones(), weights).run(
            spikes, device=device, dtype="float64", record=None, final_values=[("cells", "v")]
        )
        for device in (NUMPY, bs.devices.Runtime("cython"))
    ]
    np.testing.assert_array_equal(*(run.final_values["cells", "v"] for run in runs))
