"""States and weights in the course of a night: those of a NumPy loop, on every device."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from brian2 import ms, mV
from helpers import mlp, random_spikes, weight_matrices
from numpy_night import Reference, heaviside_night, lif_night

import brainsleep as bs

SIZES, N_STEPS = (30, 25, 20, 10), 300
CONSTANTS = {"gains": [1.0, 1.3, 1.1], "thresholds": [0.5, 0.4, 0.3]}
RATES = {"increase": 2e-3, "decrease": 5e-4, "weight_factor": "additive"}
LAYERS = ("0", "2", "4")
NUMPY = bs.devices.Runtime("numpy")
DEVICES = {"cpp": "cpp", "cpp_stock": "cpp_stock", "runtime": NUMPY}

#: Everything, so that one program serves all tests of a device; of some neurons and synapses.
STATES = {"input": "trace", "0": ["v", "trace"], "2": "v", "4": ["v"]}
SOME = bs.Record(
    states=STATES,
    neurons={"0": [24, 3, 7], "4": np.arange(10) == 2},
    weights={"0.weight": [0, 24], "2.weight": 17},
    every=7,
)
ALL = bs.Record(states=STATES, weights={"0.weight": range(25), "2.weight": 20 * 25})


def sleep(device: Any = "cpp", **arguments: Any) -> bs.Night:
    """Sleep a night of LIF neurons in which all kinds of state change."""
    arguments.setdefault("duration", N_STEPS)
    return bs.sleep(
        mlp(SIZES),
        random_spikes(arguments["duration"], SIZES[0], 0.2),
        neuron=bs.LIF(
            gain=CONSTANTS["gains"],
            threshold=CONSTANTS["thresholds"],
            tau_m=20 * ms,
            v_rest=-65 * mV,
            v_reset=-65.07 * mV,
            refractory=4 * ms,
            delay_steps=0,
        ),
        plasticity=bs.SRC(**RATES, tau_pre=5 * ms),
        device=device,
        dtype="float64",
        progress=False,
        **arguments,
    )


@pytest.fixture(scope="module")
def expected() -> Reference:
    """Return what a NumPy loop makes of this night."""
    return lif_night(
        weight_matrices(mlp(SIZES)),
        random_spikes(N_STEPS, SIZES[0], 0.2),
        **CONSTANTS,
        tau_m=20.0,
        increase=[RATES["increase"]] * 3,
        decrease=[RATES["decrease"]] * 3,
        factor="additive",
        tau_pre=5.0,
        refractory_steps=4,
        v_reset=-0.07,
        keep_weights=True,
    )


def assert_close(found: Any, reference: np.ndarray) -> None:
    """Assert that values, rows in time, are those of the loop, and that they change."""
    found = np.asarray(found)
    assert found.shape == reference.T.shape
    assert (reference.max(axis=0) > reference.min(axis=0)).any()
    np.testing.assert_allclose(found, reference.T, rtol=0, atol=1e-12)


@pytest.mark.parametrize("device", DEVICES)
def test_recordings_are_those_of_a_numpy_loop(device: str, expected: Reference) -> None:
    night = sleep(DEVICES[device], record=ALL)
    for layer, v in zip(LAYERS, expected.v, strict=True):
        assert_close((night.states[layer].v + 65 * mV) / mV, v)
    for population, trace in zip(("input", "0"), expected.traces, strict=False):
        assert_close(night.states[population].trace, trace)
    for name, course in zip(("0.weight", "2.weight"), expected.course, strict=False):
        assert_close(night.weight_traces[name].w, course.reshape(N_STEPS, -1))

    some = sleep(DEVICES[device], record=SOME)
    if device != "runtime":
        assert some.timings["build_cached"], "neurons and steps are no part of the program"
    times = np.arange(0, N_STEPS, 7)
    state = some.states["0"]
    assert state.neurons.tolist() == [3, 7, 24]
    assert some.states["4"].neurons.tolist() == [2]
    assert len(state) == len(times)
    np.testing.assert_allclose(state.t / ms, times)
    assert_close((state.v + 65 * mV) / mV, expected.v[0][times][:, [3, 7, 24]])
    assert_close(state.trace, expected.traces[1][times][:, [3, 7, 24]])
    rows, drawn = some.weight_traces["0.weight"], some.weight_traces["2.weight"]
    assert set(rows.post) == {0, 24}
    assert len(rows.pre) == 2 * 30
    assert len(drawn.post) == 17
    assert_close(rows.w, expected.course[0][times][:, rows.post, rows.pre])
    assert_close(drawn.w, expected.course[1][times][:, drawn.post, drawn.pre])
    for name, values in night.weights_after.items():
        np.testing.assert_array_equal(values, some.weights_after[name])


@pytest.mark.parametrize("every", [1, 50])
def test_layers_of_several_tiles_in_blocks_of_steps(every: int) -> None:
    """A tile goes through all steps of a block before the next does."""
    sizes = (400, 90, 10)
    ann, spikes = mlp(sizes), random_spikes(N_STEPS, 400, 0.05)
    expected = heaviside_night(
        weight_matrices(ann),
        spikes,
        gains=[1.0, 1.3],
        thresholds=[0.3, 0.3],
        decays=[0.95] * 2,
        increase=[2e-3] * 2,
        decrease=[5e-4] * 2,
        factor="additive",
        keep_weights=True,
    )
    night = bs.sleep(
        ann,
        spikes,
        neuron=bs.Heaviside(gain=[1.0, 1.3], threshold=0.3, decay=0.95),
        plasticity=bs.SRC(**RATES),
        dtype="float64",
        record=bs.Record(states={"0": "v"}, weights={"0.weight": 5000}, every=every),
        progress=False,
    )
    trace = night.weight_traces["0.weight"]
    assert trace.post.min() < 16
    assert trace.post.max() >= 80
    assert len(set(trace.pre)) > 350
    assert_close(night.states["0"].v, expected.v[0][::every])
    assert_close(trace.w, expected.course[0][::every, trace.post, trace.pre])
