"""The dense device: the same night as stock Brian2, bit for bit, in a fraction of the memory."""

from __future__ import annotations

import logging
import re
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from brian2 import NeuronGroup, ms
from helpers import assert_same_nights, mlp
from torch import nn

import brainsleep as bs
from brainsleep.devices import CppStandalone
from brainsleep.devices.compiler import compile_program, compiler_flags
from brainsleep.devices.cpp.unity import UnityDevice
from brainsleep.devices.dense import (
    DenseSynapses,
    blocks,
    connect_computed,
    reason_for_single_steps,
    unsupported_by_computed,
)
from brainsleep.devices.isolation import isolated_brian2
from brainsleep.devices.rendering import render
from brainsleep.network.plan import NetworkPlan
from brainsleep.network.stock import connect_stock
from brainsleep.night import NightRequest, prepare_night

N_STEPS = 200


def network(seed: int = 0) -> nn.Sequential:
    """Return a network whose weights are drawn from a normal distribution."""
    rng = np.random.default_rng(seed)
    layers = nn.Sequential(
        nn.Linear(100, 30), nn.ReLU(), nn.Linear(30, 20), nn.ReLU(), nn.Linear(20, 5)
    )
    for parameter in layers.parameters():
        parameter.data.numpy()[:] = rng.normal(0.01, 0.08, parameter.shape)
    return layers.double()


def spikes(seed: int = 0) -> np.ndarray:
    """Return input spikes."""
    return np.random.default_rng(seed).random((N_STEPS, 100)) < 0.05


HEAVISIDE = bs.Heaviside(gain=1, threshold=0.25, decay=0.95)
LIF = bs.LIF(gain=1, threshold=0.25, tau_m=20 * ms, refractory=2 * ms)
RULES = {
    "tadros2022": bs.SRC(1e-3, 1e-3, weight_factor="tadros2022"),
    "multiplicative": bs.SRC(1e-2, 1e-3, weight_factor="multiplicative", tau_pre=5 * ms),
}


@pytest.mark.parametrize(("neuron", "rule"), [(HEAVISIDE, "tadros2022"), (LIF, "multiplicative")])
def test_same_spikes_and_weights_as_stock_bit_for_bit(neuron: object, rule: str) -> None:
    dense, stock = (
        bs.sleep(
            network(),
            spikes(),
            neuron=neuron,
            plasticity=RULES[rule],
            device=device,
            dtype="float64",
            progress=False,
        )
        for device in ("cpp", "cpp_stock")
    )
    for population, train in stock.spikes.items():
        assert len(train) > 0
        assert np.array_equal(train.i, dense.spikes[population].i)
        assert np.array_equal(train.t, dense.spikes[population].t)
    for name, weights in stock.weights_after.items():
        assert (weights != stock.weights_before[name]).any()
        assert np.array_equal(weights, dense.weights_after[name])


def wide_network() -> nn.Sequential:
    """Return a network whose middle layer is several tiles in both of its projections."""
    rng = np.random.default_rng(5)
    layers = nn.Sequential(nn.Linear(101, 700), nn.ReLU(), nn.Linear(700, 83), nn.ReLU())
    layers.append(nn.Linear(83, 5))
    for parameter in layers.parameters():
        parameter.data.numpy()[:] = rng.normal(0.004, 0.06, parameter.shape)
    return layers.double()


NEURONS = {
    "LIF, next step": bs.LIF(gain=1, threshold=[0.3, 0.6, 0.4], refractory=2 * ms),
    "LIF, same step": bs.LIF(gain=1, threshold=[0.3, 0.6, 0.4], delay_steps=0),
}


@pytest.mark.parametrize("neuron", NEURONS)
def test_tiles_and_blocks_change_nothing(neuron: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # small tiles: many of them; 300 steps: two whole blocks and a part of one
    monkeypatch.setattr(blocks, "TILE_BYTES", 32 * 1024)
    input_spikes = np.random.default_rng(1).random((300, 101)) < 0.05
    nights = [
        bs.sleep(
            wide_network(),
            input_spikes,
            neuron=NEURONS[neuron],
            plasticity=bs.SRC(2e-3, 5e-4, weight_factor="sigmoid", tau_pre=5 * ms),
            device=device,
            dtype="float64",
            progress=False,
        )
        for device in ("cpp", "cpp_stock")
    ]
    for population, train in nights[1].spikes.items():
        assert len(train) > 50, population
        assert np.array_equal(train.i, nights[0].spikes[population].i)
        assert np.array_equal(train.t, nights[0].spikes[population].t)
    for name, weights in nights[1].weights_after.items():
        assert (weights != nights[1].weights_before[name]).any()
        assert np.array_equal(weights, nights[0].weights_after[name])


def with_rule(plan: NetworkPlan, rule: bs.SRC) -> NetworkPlan:
    """Return a plan with another rule."""
    synapse = rule.equations()
    return replace(
        plan, projections=tuple(replace(link, synapse=synapse) for link in plan.projections)
    )


@dataclass(frozen=True)
class Tiring(bs.SRC):
    """A rule that changes a presynaptic variable which it also reads."""

    def equations(self) -> bs.plasticity.SynapseEquations:
        whole = super().equations()
        return replace(whole, on_post=whole.on_post + "\ntrace_pre *= 0.5")


@dataclass(frozen=True)
class Noisy(bs.Heaviside):
    """A neuron that draws random numbers."""

    def equations(self) -> bs.neurons.NeuronEquations:
        whole = super().equations()
        return replace(whole, on_input=whole.on_input + "\nv += 0.01*randn()")


@dataclass(frozen=True)
class Counting(bs.Heaviside):
    """Neurons that share a variable which changes."""

    def equations(self) -> bs.neurons.NeuronEquations:
        whole = super().equations()
        return replace(whole, model=whole.model + "\nactivity : 1 (shared)")


@pytest.mark.usefixtures("empty_cache")  # it is said when a program is built
def test_what_must_go_step_by_step_does_and_says_why(caplog: pytest.LogCaptureFixture) -> None:
    plan = prepare_night(
        NightRequest(
            ann=network(), stimulus=spikes(), neuron=HEAVISIDE, plasticity=RULES["tadros2022"]
        )
    ).plan
    assert reason_for_single_steps(plan) is None
    reasons = [
        (with_rule(plan, Tiring()), "trace_pre"),
        (replace(plan, neurons=(Noisy().equations(),) * 3), "randn"),
        (replace(plan, neurons=(Counting().equations(),) * 3), "activity"),
    ]
    for other, reason in reasons:
        assert reason in (reason_for_single_steps(other) or "")
    with caplog.at_level(logging.INFO, logger="brainsleep"):
        nights = [
            bs.sleep(
                network(),
                spikes()[:60],
                neuron=HEAVISIDE,
                plasticity=Tiring(1e-3, 1e-3, tau_pre=5 * ms),
                device=device,
                dtype="float64",
                progress=False,
            )
            for device in ("cpp", "cpp_stock")
        ]
    assert "step by step: the rule changes trace_pre" in caplog.text
    for name, weights in nights[1].weights_after.items():
        assert (weights != nights[1].weights_before[name]).any()
        assert np.array_equal(weights, nights[0].weights_after[name])


def test_single_precision_stays_close_to_double() -> None:
    nights = [
        bs.sleep(
            network(),
            spikes()[:20],
            neuron=HEAVISIDE,
            plasticity=RULES["tadros2022"],
            dtype=dtype,
            progress=False,
        )
        for dtype in ("float32", "float64")
    ]
    for name, weights in nights[1].weights_after.items():
        np.testing.assert_allclose(nights[0].weights_after[name], weights, atol=1e-5)


def test_exp_of_single_precision_loops(tmp_path: Path) -> None:
    """It is as exact as it says, 0 far below and infinite far above; in double it is std::exp."""
    source = tmp_path / "exp.cpp"
    source.write_text(
        "#include <cmath>\n#include <cstdint>\n#include <cstdio>\n#include <cstring>\n"
        + render("dense/templates/exp.cpp")
        + """
        const int n = 100000;
        float x[n], y[n]; double x2[n], y2[n];
        int main()
        {
            for (int k = 0; k < n; k++) x2[k] = x[k] = -100 + 0.002f*k;
            for (int k = 0; k < n; k++) y[k] = _exp_in_kind(x[k]);
            for (int k = 0; k < n; k++) y2[k] = _exp_in_kind(x2[k]);
            fwrite(x, sizeof x, 1, stdout);
            fwrite(y, sizeof y, 1, stdout);
            fwrite(y2, sizeof y2, 1, stdout);
        }
        """
    )
    compile_program(source, tmp_path / "exp", compiler_flags("float32"))
    printed = subprocess.run([tmp_path / "exp"], capture_output=True, check=True).stdout
    x, y = np.frombuffer(printed[:800000], np.float32).reshape(2, -1).astype(float)
    expected = np.exp(x)
    normal = (x > -87.3) & (x < 88.7)
    np.testing.assert_allclose(y[normal], expected[normal], rtol=4e-7)
    assert (y[x < -87.4] < 2e-38).all()
    assert np.isinf(y[x > 88.8]).all()
    np.testing.assert_allclose(np.frombuffer(printed[800000:]), expected, rtol=1e-14)


def test_simulation_takes_little_more_than_its_weights() -> None:
    layers = nn.Sequential(nn.Linear(784, 2000), nn.ReLU(), nn.Linear(2000, 2000))
    night = bs.sleep(
        layers,
        np.full(784, 0.01),
        duration=5,
        neuron=bs.Heaviside(gain=1, threshold=0.3),
        plasticity=bs.SRC(),
        progress=False,
    )
    assert 4 < night.timings["peak_memory"] / night.timings["synapses"] < 6  # float32


def test_memory_is_estimated_by_kind_of_synapse() -> None:
    prepared = prepare_night(
        NightRequest(
            ann=network(), stimulus=spikes(), neuron=HEAVISIDE, plasticity=RULES["tadros2022"]
        )
    )
    stock, dense = (CppStandalone(name).memory(prepared.plan) for name in ("cpp_stock", "cpp"))
    assert dense == 4 * prepared.plan.n_synapses
    assert stock == 20 * prepared.plan.n_synapses


@dataclass(frozen=True)
class LeakyWeights(bs.SRC):
    """A rule whose weights decay at every synapse in every step, with a time constant of 0.1 s."""

    def equations(self) -> bs.plasticity.SynapseEquations:
        whole = super().equations()
        leak = "dw/dt = -w/(0.1*second) : 1 (clock-driven)"
        return replace(whole, model=re.sub(r"^\s*w : 1.*$", leak, whole.model, flags=re.MULTILINE))


def test_weights_that_decay_in_every_step() -> None:
    """Weights of silent neurons are w exp(-t / 0.1 s); with spikes, all devices agree."""
    options = {"neuron": HEAVISIDE, "plasticity": LeakyWeights(2e-3, 5e-4), "dtype": "float64"}
    silent = bs.sleep(mlp((100, 30, 20, 5)), np.zeros((50, 100), dtype=bool), **options)
    for name, before in silent.weights_before.items():
        np.testing.assert_allclose(silent.weights_after[name], before * np.exp(-0.5), rtol=1e-12)
    one, *others = (
        bs.sleep(network(), spikes(), device=device, **options)
        for device in ("cpp", "cpp_stock", bs.devices.Runtime("numpy"))
    )
    assert all(len(train) > 0 for train in one.spikes.values())
    for other in others:
        assert_same_nights(one, other, tolerance=1e-12)


def test_rule_that_is_not_covered_falls_back_and_says_why(caplog: pytest.LogCaptureFixture) -> None:
    device = CppStandalone("cpp")
    prepared = prepare_night(
        NightRequest(
            ann=network(), stimulus=spikes(), neuron=HEAVISIDE, plasticity=LeakyWeights(1, 1)
        )
    )
    with caplog.at_level(logging.INFO, logger="brainsleep"):
        device.prepare(prepared.plan)
    (message,) = (one.message for one in caplog.records if "stock synapses" in one.message)
    assert "integrates w" in message
    assert device.join(prepared.plan) is connect_stock
    covered = with_rule(prepared.plan, bs.SRC())
    assert device.join(covered) is connect_computed
    assert unsupported_by_computed(covered) is None


def test_what_dense_synapses_do_not_cover_is_refused() -> None:
    with isolated_brian2(UnityDevice(), {}):
        group = NeuronGroup(10, "v : 1", threshold="v > 1", reset="v = 0")
        with pytest.raises(NotImplementedError, match="delays"):
            DenseSynapses(group, group, "w : 1", on_pre="v_post += w", delay=1 * ms)
        with pytest.raises(NotImplementedError, match="subgroups"):
            DenseSynapses(group[:5], group, "w : 1", on_pre="v_post += w")
        with pytest.raises(NotImplementedError, match="event-driven"):
            DenseSynapses(
                group,
                group,
                "w : 1\ndx/dt = -x/(10*ms) : 1 (event-driven)",
                on_pre="v_post += w",
            )
