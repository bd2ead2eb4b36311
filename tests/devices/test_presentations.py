"""Presentations: many inputs in one run are the same as each in a run of its own."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from brian2 import ms

import brainsleep as bs
from brainsleep.devices import CppStandalone, Job, Runtime
from brainsleep.network.plan import NetworkPlan
from brainsleep.night.preparing.assembly import FROZEN

SIZES = (12, 9, 4)
NEURONS = {
    "Heaviside": bs.Heaviside(gain=1, threshold=0.6, decay=0.9),
    "LIF": bs.LIF(gain=1, threshold=0.6, refractory=2 * ms),
}
DEVICES = {
    "cpp": CppStandalone(),
    "cpp_stock": CppStandalone("cpp_stock"),
    "runtime": Runtime("numpy"),
}


def plan_for(neuron, device):
    plan = NetworkPlan.chain(
        SIZES,
        neuron.equations(),
        FROZEN,
        delay_steps=neuron.delay_steps,
        dt=1e-3,
        dtype="float64",
        recorded=(0, 1, 2),
    )
    return replace(plan, watched=((2, "v"),), tallied=(0, 1))


def job_for(neuron, spikes, biases=None, steps=0):
    rng = np.random.default_rng(0)
    layers = neuron.parameters(["0", "2"], [1.0] * 2, [0.6] * 2)
    return Job(
        input_spikes=iter([spikes]),
        n_steps=len(spikes),
        weights=[rng.normal(0.2, 0.3, (post, pre)) for pre, post in pairwise(SIZES)],
        biases=[None, None] if biases is None or steps else [biases[0], None],
        population_parameters=[{}, *layers],
        projection_parameters=[{}, {}],
        presentation_steps=steps,
        presentation_biases=[biases, None] if steps and biases is not None else None,
    )


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("neuron", NEURONS)
@pytest.mark.parametrize("n_steps", [150, 1100])
def test_presentations_start_at_rest(neuron, device, n_steps):
    rng = np.random.default_rng(2)
    model = NEURONS[neuron]
    spikes = rng.random((3 * n_steps, SIZES[0])) < 0.1
    currents = rng.normal(0.02, 0.05, (3, SIZES[1]))
    engine = DEVICES[device].prepare(plan_for(model, device))
    whole = engine.run(job_for(model, spikes, currents, n_steps))
    assert whole.n_steps == 3 * n_steps
    for number in range(3):
        part = slice(number * n_steps, (number + 1) * n_steps)
        alone = engine.run(job_for(model, spikes[part], currents[number : number + 1]))
        for population in range(3):
            indices, steps = whole.spikes[population]
            chosen = (steps >= part.start) & (steps < part.stop)
            assert chosen.any()
            np.testing.assert_array_equal(indices[chosen], alone.spikes[population][0])
            np.testing.assert_array_equal(steps[chosen] - part.start, alone.spikes[population][1])
            if population < 2:
                counts = np.bincount(indices[chosen], minlength=SIZES[population])
                np.testing.assert_array_equal(whole.tallies[population][number], counts)
                assert alone.tallies[population].shape == (0, SIZES[population])
        np.testing.assert_array_equal(whole.states[2, "v"][part], alone.states[2, "v"])
        assert np.ptp(alone.states[2, "v"]) > 0


def test_watched_states_are_the_same_on_every_device():
    model = NEURONS["Heaviside"]
    spikes = np.random.default_rng(3).random((200, SIZES[0])) < 0.1
    states = [
        device.prepare(plan_for(model, name)).run(job_for(model, spikes)).states[2, "v"]
        for name, device in DEVICES.items()
    ]
    assert states[0].shape == (200, SIZES[2])
    np.testing.assert_array_equal(states[0], states[1])
    np.testing.assert_allclose(states[0], states[2], rtol=0, atol=1e-12)
