"""States and weights in the course of a night: those of a NumPy loop, on every device."""

from __future__ import annotations

import copy
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from brian2 import ms, mV
from helpers import mlp, random_spikes, weight_matrices
from numpy_night import Reference, lif_night
from torch import nn

import brainsleep as bs
from brainsleep.errors import DirectoryError, ParameterError, UnitsError, UnknownNameError

#: The first layer has two tiles on "cpp": the neurons of one go through a block of steps first.
SIZES, N_STEPS = (400, 90, 20, 10), 300
CONSTANTS = {"gains": [1.0, 1.3, 1.1], "thresholds": [0.3, 0.3, 0.3]}
RATES = {"increase": 2e-3, "decrease": 5e-4, "weight_factor": "additive"}
LAYERS = ("0", "2", "4")
NUMPY = bs.devices.Runtime("numpy")
DEVICES = {"cpp": "cpp", "cpp_stock": "cpp_stock", "runtime": NUMPY}

#: Everything, so that one program serves all tests of a device; of some neurons and synapses.
STATES = {"input": "trace", "0": ["v", "trace"], "2": "v", "4": ["v"]}
SOME = bs.Record(
    states=STATES,
    neurons={"0": [85, 3, 7], "4": np.arange(10) == 2},
    weights={"0.weight": [0, 85], "2.weight": 17},
    every=7,
)
ALL = bs.Record(states=STATES, weights={"0.weight": range(0, 90, 5), "2.weight": 90 * 20})


def sleep(device: Any = "cpp", **arguments: Any) -> bs.Night:
    """Sleep a night of LIF neurons in which all kinds of state change."""
    arguments.setdefault("duration", N_STEPS)
    return bs.sleep(
        mlp(SIZES),
        random_spikes(arguments["duration"], SIZES[0], 0.05),
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
        random_spikes(N_STEPS, SIZES[0], 0.05),
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
    rows = expected.course[0][:, ::5].reshape(N_STEPS, -1)
    assert_close(night.weight_traces["0.weight"].w, rows)
    assert_close(night.weight_traces["2.weight"].w, expected.course[1].reshape(N_STEPS, -1))

    some = sleep(DEVICES[device], record=SOME)
    if device != "runtime":
        assert some.timings["build_cached"], "neurons and steps are no part of the program"
    times = np.arange(0, N_STEPS, 7)
    state = some.states["0"]
    assert state.neurons.tolist() == [3, 7, 85]
    assert some.states["4"].neurons.tolist() == [2]
    assert len(state) == len(times)
    np.testing.assert_allclose(state.t / ms, times)
    assert_close((state.v + 65 * mV) / mV, expected.v[0][times][:, [3, 7, 85]])
    assert_close(state.trace, expected.traces[1][times][:, [3, 7, 85]])
    few, drawn = some.weight_traces["0.weight"], some.weight_traces["2.weight"]
    assert set(few.post) == {0, 85}
    assert len(few.pre) == 2 * 400
    assert len(drawn.post) == 17
    assert_close(few.w, expected.course[0][times][:, few.post, few.pre])
    assert_close(drawn.w, expected.course[1][times][:, drawn.post, drawn.pre])
    for name, values in night.weights_after.items():
        np.testing.assert_array_equal(values, some.weights_after[name])


def assert_same(night: bs.Night, other: bs.Night) -> None:
    """Assert that two nights kept the very same states and weights."""
    assert list(night.states) == list(other.states)
    assert list(night.weight_traces) == list(other.weight_traces)
    for name, state in night.states.items():
        found = other.states[name]
        np.testing.assert_array_equal(state.neurons, found.neurons)
        np.testing.assert_array_equal(state.t, found.t)
        assert state.variables == found.variables
        for variable in state.variables:
            assert getattr(state[variable], "dim", None) is getattr(found[variable], "dim", None)
            assert state[variable].dtype == found[variable].dtype
            np.testing.assert_array_equal(state[variable], found[variable])
    for name, trace in night.weight_traces.items():
        found = other.weight_traces[name]
        np.testing.assert_array_equal(trace.index, found.index)
        np.testing.assert_array_equal(trace.w, found.w)
        np.testing.assert_array_equal(trace.t, found.t)


@pytest.fixture(scope="module")
def whole() -> bs.Night:
    """Return a night that was not interrupted, in memory."""
    return sleep(record=SOME)


def test_saved_nights_have_them(whole: bs.Night, tmp_path: Path) -> None:
    whole.save(tmp_path / "night")
    loaded = bs.Night.load(tmp_path / "night")
    assert_same(whole, loaded)
    loaded.save(tmp_path / "copy")
    assert_same(whole, bs.Night.load(tmp_path / "copy"))
    assert_same(whole, loaded.again(progress=False))
    assert loaded.again(record=ALL, progress=False).states["0"].v.shape == (90, N_STEPS)


@pytest.mark.parametrize("device", ["cpp", "cpp_stock"])
def test_nights_on_disk_go_on_with_the_very_same(
    device: str, whole: bs.Night, tmp_path: Path
) -> None:
    """Snapshots fall between samples, and in the middle of a block of the stream."""
    asked: list[int] = []

    def in_the_middle() -> bool:
        asked.append(1)
        return len(asked) > 5

    place = tmp_path / "night"
    with pytest.warns(UserWarning, match="was stopped after"):
        stopped = sleep(
            device,
            record=SOME,
            save=bs.Save(place, snapshot_every=50),
            should_stop=in_the_middle,
        )
    assert 50 < stopped.n_steps < N_STEPS
    assert len(stopped.states["0"]) == -(-stopped.n_steps // 7)
    np.testing.assert_array_equal(
        stopped.states["0"].v, whole.states["0"].v[:, : len(stopped.states["0"])]
    )
    go_on = bs.Save(place, snapshot_every=50, resume=True)
    night = sleep(device, record=SOME, save=go_on)
    assert_same(whole, night)
    loaded = bs.Night.load(place)
    assert_same(whole, loaded)
    loaded.save(tmp_path / "copy")
    assert_same(whole, bs.Night.load(tmp_path / "copy"))
    read_back = sleep(device, record=SOME, save=go_on)
    assert_same(whole, read_back)
    with pytest.raises(DirectoryError, match=r"differs: record: every \(7 there, 8 here\)\."):
        sleep(
            device,
            record=replace(SOME, every=8),
            save=go_on,
        )

    file = place / "stream" / "layer1.v.state"
    content = bytearray(file.read_bytes())
    content[9] ^= 1
    file.write_bytes(content)
    with pytest.raises(DirectoryError, match=r"layer1\.v\.state was damaged: block 1 of 1"):
        bs.Night.load(place).states["0"].v  # noqa: B018
    assert bs.Night.load(place, verify=False).states["0"].v.shape == (3, 43)
    file.write_bytes(content[:-8])
    with pytest.raises(DirectoryError, match=r"layer1\.v\.state has 128 values, but"):
        bs.Night.load(place)


def test_a_weight_of_a_kernel_is_followed() -> None:
    """After the last step it is the weight with which the network wakes up."""
    torch.manual_seed(0)
    ann = nn.Sequential(
        nn.Conv2d(1, 3, 3, bias=False), nn.ReLU(), nn.Flatten(), nn.Linear(48, 4, bias=False)
    )
    night = bs.sleep(
        bs.translate(ann, input_shape=(1, 6, 6)),
        np.full(36, 0.3),
        duration=150,
        neuron=bs.Heaviside(gain=1, threshold=[0.3, 0.5], decay=0.9),
        plasticity=bs.SRC(1e-2, 1e-3),
        record=bs.Record(states={"0": "v"}, weights={"0.weight": [0, 2], "3.weight": 9}),
        progress=False,
    )
    kernel, dense = night.weight_traces["0.weight"], night.weight_traces["3.weight"]
    assert kernel.index.shape == (18, 4)
    assert set(kernel.index[:, 0]) == {0, 2}
    for name, trace in night.weight_traces.items():
        place = tuple(trace.index.T)
        np.testing.assert_array_equal(trace.w[:, -1], night.weights_after[name][place])
        began, first = night.weights_before[name][place], trace.w[:, 0]
        assert np.abs(first - began).max() < np.abs(trace.w[:, -1] - began).max()
    assert night.states["0"].v.shape == (48, 150)
    assert "index_3" in kernel.to_pandas()
    assert dense.post.max() < 4
    with pytest.raises(ParameterError, match="index says where"):
        kernel.pre  # noqa: B018


def night_in_process(ann: nn.Module, record: bs.Record, **arguments: Any) -> bs.Night:
    """Sleep for 30 steps without a compiler."""
    return bs.sleep(
        ann,
        np.full(12, 0.3),
        duration=30,
        neuron=bs.Heaviside(gain=1, threshold=0.2, decay=0.9),
        plasticity=bs.SRC(1e-2, 1e-3),
        device=NUMPY,
        record=record,
        progress=False,
        **arguments,
    )


def test_absent_synapses_are_no_part_of_rows_and_draws() -> None:
    mask = np.random.default_rng(0).random((10, 12)) < 0.3
    n_synapses = int(mask.sum())
    for wanted in (n_synapses, range(10)):
        record = bs.Record(weights={"0.weight": wanted})
        trace = night_in_process(mlp((12, 10, 5)), record, masks={"0": mask}).weight_traces
        np.testing.assert_array_equal(trace["0.weight"].index, np.argwhere(mask))
    with pytest.raises(ParameterError, match=f"there are {n_synapses} synapses, not 120"):
        night_in_process(mlp((12, 10, 5)), bs.Record(weights={"0.weight": 120}), masks={"0": mask})


def test_a_bias_that_learns_is_followed() -> None:
    """The populations that carry biases have numbers of their own, and no names."""
    night = night_in_process(
        mlp((12, 10, 5), bias=True),
        bs.Record(states={"2": "v"}, weights={"0.bias": 4, "2.weight": [1]}),
        biases="learn",
    )
    for name, trace in night.weight_traces.items():
        place = tuple(trace.index.T)
        np.testing.assert_array_equal(trace.w[:, -1], night.weights_after[name][place])
    assert np.ptp(night.weight_traces["0.bias"].w) > 0
    assert night.states["2"].v.shape == (5, 30)
    with pytest.raises(ParameterError, match="a bias joins none"):
        night.weight_traces["0.bias"].pre  # noqa: B018


def test_a_recording_as_users_see_it() -> None:
    night = night_in_process(
        mlp((12, 10, 5)),
        bs.Record(states={"0": ["v"]}, neurons={"0": [4, 1]}, weights={"0.weight": 3}, every=10),
    )
    state, trace = night.states["0"], night.weight_traces["0.weight"]
    assert repr(state) == "RecordedState(v of 2 neurons, 3 samples, one every 10. ms)"
    assert repr(trace) == "RecordedWeights(3 synapses, 3 samples, one every 10. ms)"
    assert "v" in dir(state)
    np.testing.assert_array_equal(state.v, state["v"])
    for other in (copy.deepcopy(state), pickle.loads(pickle.dumps(state))):
        np.testing.assert_array_equal(state.v, other.v)
    table = state.to_pandas()
    assert list(table) == ["time_s", "neuron", "v"]
    np.testing.assert_array_equal(table.neuron, [1, 4] * 3)
    np.testing.assert_allclose(table.time_s, np.repeat([0, 0.01, 0.02], 2))
    np.testing.assert_array_equal(table.v, np.asarray(state.v).T.ravel())
    table = trace.to_pandas()
    assert list(table) == ["time_s", "post", "pre", "w"]
    np.testing.assert_array_equal(table.w, trace.w.T.ravel())
    with pytest.raises(AttributeError, match=r"no variable 'u' was recorded here"):
        state.u  # noqa: B018
    with pytest.raises(UnknownNameError, match=r"Expected one of: 'v'"):
        state["u"]
    with pytest.raises(UnknownNameError, match=r"Expected one of: '0'"):
        night.states["2"]
    nothing = night_in_process(mlp((12, 10, 5)), bs.Record())
    with pytest.raises(UnknownNameError, match=r"bs\.Record\(states=\{'0': \['v'\]\}\)"):
        nothing.states["0"]
    with pytest.raises(UnknownNameError, match=r"bs\.Record\(weights=\{'0\.weight': 100\}\)"):
        nothing.weight_traces["0.weight"]


#: What cannot be recorded, and what is said of it.
WRONG = {
    "layer": ({"states": {"1": "v"}}, r"states: no population is called '1'\. Expected"),
    "variable": ({"states": {"0": ["v", "u"]}}, r"of '0': no variable is called 'u'\. .*'v'"),
    "parameter": ({"states": {"0": "decay"}}, r"no variable is called 'decay'"),
    "no variable": ({"states": {"0": []}}, r"states of '0': name a variable; there are v\."),

    "table": ({"states": ["v"]}, r"states must be a dict by layer, like"),
    "neurons alone": ({"neurons": {"0": [1]}}, r"neurons: no state of '0' is recorded"),
    "neuron": ({"states": {"0": "v"}, "neurons": {"0": [10]}}, r"of '0' must lie between 0 and 9"),
    "no neuron": ({"states": {"0": "v"}, "neurons": {"0": []}}, r"of '0' must name a neuron"),
    "kind of neuron": ({"states": {"0": "v"}, "neurons": {"0": [0.5]}}, r"of '0' must be a whole"),
    "every": ({"states": {"0": "v"}, "every": 0}, r"every must be at least 1"),
    "weight": ({"weights": {"0": 3}}, r"no weight is called '0'\. .*'0\.weight'"),
    "number": ({"weights": {"0.weight": 121}}, r"of '0\.weight': there are 120 synapses, not 121"),
    "no number": ({"weights": {"0.weight": 0}}, r"of '0\.weight' must be at least 1"),
    "half": ({"weights": {"0.weight": 1.5}}, r"of '0\.weight' must be a whole number"),
    "row": ({"weights": {"0.weight": [10]}}, r"of '0\.weight' must lie between 0 and 9"),
    "text": ({"weights": {"0.weight": "all"}}, r"of '0\.weight' must be a whole number"),
    "frozen": ({"weights": {"2.weight": 1}}, r"of '2\.weight': its layer is frozen"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_recorded_is_refused_by_name(name: str) -> None:
    arguments, message = WRONG[name]
    with pytest.raises((ParameterError, UnitsError), match=message):
        night_in_process(bs.translate(mlp((12, 10, 5)), frozen=["2"]), bs.Record(**arguments))


def test_what_memory_does_not_hold_is_refused_before_anything_is_built() -> None:
    with pytest.raises(ParameterError, match=r"take [0-9.]+ GB of memory, .* or a larger every"):
        bs.sleep(
            mlp((12, 5)),
            np.full(12, 0.1),
            duration=2 * 10**9,
            record=bs.Record(states={"0": "v"}),
        )


def sleep_on(device: Any) -> None:
    """Ask a device for states."""
    bs.sleep(mlp((12, 5)), np.full(12, 0.1), record=bs.Record(states={"0": "v"}), device=device)


def test_devices_that_record_none_refuse_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bs.devices.Cuda, "check", lambda self, plan: None)
    monkeypatch.setattr(bs.devices.Cuda, "prepare", lambda self, plan, progress: 1 / 0)
    with pytest.raises(ParameterError, match=r"device 'cuda' records no states or weights, only"):
        sleep_on("cuda")


def test_a_circuit_keeps_none() -> None:
    cells = {"e": bs.circuit.Population(2, bs.Heaviside(gain=1, threshold=1))}
    circuit = bs.circuit.Circuit(3, cells, [bs.circuit.Projection("input", "e", weights=0.5)])
    with pytest.raises(ParameterError, match="a circuit keeps spikes and rates"):
        circuit.prepare(NUMPY, record=bs.Record(states={"e": "v"}))
