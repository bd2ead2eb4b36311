"""Synaptic currents and conductances: closed forms, loops over steps, and all devices."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from brian2 import ms, mV, nS, pA
from helpers import assert_same_nights, mlp, random_spikes, raster

import brainsleep as bs
from brainsleep.circuit import Circuit, Population, Projection
from brainsleep.errors import ParameterError, UnitsError

NUMPY = bs.devices.Runtime("numpy")
DEVICES = ("cpp", "cpp_stock", NUMPY)
DT = 0.1 * ms


def driven(neuron, weights, spikes, variables, device="cpp", dt=DT, **state):
    """Run neurons driven by the input; weights have shape (n_post, n_pre)."""
    cells = {"cells": Population(len(weights), neuron)}
    circuit = Circuit(weights.shape[1], cells, [Projection("input", "cells", weights)])
    return circuit.run(
        np.asarray(spikes, dtype=bool),
        dtype="float64",
        device=device,
        dt=dt,
        final_values=[("cells", name) for name in variables],
        **state,
    )


def one_spike(n_steps: int) -> np.ndarray:
    """Return a single spike in the first step."""
    return np.arange(n_steps)[:, None] == 0


# CurrentLIF


@pytest.mark.parametrize(("tau_m", "tau_syn"), [(20.0, 5.0), (10.0, 30.0)])
def test_a_current_lifts_v_by_a_difference_of_exponentials(tau_m: float, tau_syn: float) -> None:
    """A spike of the first step arrives in the second, and acts from the third step on."""
    neuron = bs.CurrentLIF(gain=2.0, threshold=50.0, tau_m=tau_m * ms, tau_syn=tau_syn * ms)
    for n_steps in (2, 3, 4, 12, 52, 202, 1002):
        run = driven(neuron, np.array([[3.0]]), one_spike(n_steps), ["v", "ri"])
        t = 0.1 * (n_steps - 2)
        current = 2.0 * 3.0 * np.exp(-t / tau_syn)
        rise = 6.0 * tau_syn / (tau_m - tau_syn) * (np.exp(-t / tau_m) - np.exp(-t / tau_syn))
        assert 1e3 * run.final_values["cells", "ri"][0] == pytest.approx(current, abs=1e-9)
        assert 1e3 * run.final_values["cells", "v"][0] == pytest.approx(-70 + rise, abs=1e-9)


def test_a_current_goes_on_while_the_neuron_is_refractory() -> None:
    neuron = bs.CurrentLIF(gain=1.0, threshold=0.5, refractory=4 * ms, v_reset=-72 * mV)
    long = driven(neuron, np.array([[20.0]]), one_spike(80), ["v", "ri"])
    spike = round(float(long.spikes["cells"].t[0] / DT))
    for n_steps in (spike + 1, spike + 20, spike + 40):
        run = driven(neuron, np.array([[20.0]]), one_spike(n_steps), ["v", "ri"])
        assert 1e3 * run.final_values["cells", "v"][0] == pytest.approx(-72, abs=1e-9)
        current = 20 * np.exp(-0.1 * (n_steps - 2) / 5)
        assert 1e3 * run.final_values["cells", "ri"][0] == pytest.approx(current, abs=1e-9)
    after = driven(neuron, np.array([[20.0]]), one_spike(spike + 41), ["v"])
    assert 1e3 * after.final_values["cells", "v"][0] > -72


def test_equal_time_constants_are_refused() -> None:
    with pytest.raises(ParameterError, match="tau_syn must not equal tau_m"):
        bs.CurrentLIF(tau_m=10 * ms, tau_syn=10 * ms)


# ConductanceLIF


class ConductanceLoop:
    """ConductanceLIF by hand, for one layer; mV, ms, leak conductances; exponential Euler."""

    def __init__(self, n: int, neuron: bs.ConductanceLIF, dt: float) -> None:
        self.v = np.full(n, float(neuron.v_rest / mV))
        self.v_rest, self.v_reset = float(neuron.v_rest / mV), float(neuron.v_reset / mV)
        self.e_e, self.e_i = float(neuron.e_excitation / mV), float(neuron.e_inhibition / mV)
        self.tau_m = float(neuron.tau_m / ms)
        self.g_e, self.g_i, self.theta = np.zeros(n), np.zeros(n), np.zeros(n)
        self.decay_e = np.exp(-dt / float(neuron.tau_excitation / ms))
        self.decay_i = np.exp(-dt / float(neuron.tau_inhibition / ms))
        self.decay_theta = np.exp(-dt / float(neuron.tau_theta / ms))
        self.increment = float(neuron.theta_increment / mV)
        self.dead = round(float(neuron.refractory / ms) / dt)
        self.since = np.full(n, 10**9)
        self.dt = dt

    def step(self, excitation, inhibition, threshold: float) -> np.ndarray:
        """Make one step: integrate, add what arrives, spike, reset; return which neurons spike."""
        self.since += 1
        awake = self.since >= self.dead
        leak = -(1 + self.g_e + self.g_i) / self.tau_m
        pull = (self.v_rest + self.g_e * self.e_e + self.g_i * self.e_i) / self.tau_m
        moved = -pull / leak + (self.v + pull / leak) * np.exp(leak * self.dt)
        self.v = np.where(awake, moved, self.v)
        self.g_e = self.g_e * self.decay_e + excitation
        self.g_i = self.g_i * self.decay_i + inhibition
        self.theta = self.theta * self.decay_theta
        fired = (self.v >= self.v_rest + threshold + self.theta) & awake
        self.v[fired] = self.v_reset
        self.theta[fired] += self.increment
        self.since[fired] = 0
        return fired


ADAPTING = bs.ConductanceLIF(
    threshold=8.0, tau_m=20 * ms, theta_increment=0.7 * mV, tau_theta=200 * ms
)


def signed(n_post: int, n_pre: int) -> np.ndarray:
    """Return weights of both signs, with more excitation."""
    return np.random.default_rng(3).normal(0.3, 1.0, (n_post, n_pre))


@pytest.mark.parametrize("device", DEVICES, ids=str)
def test_conductances_against_a_loop(device) -> None:
    weights, spikes = signed(20, 15), random_spikes(1500, 15, 0.02)
    names = ["v", "g_e", "g_i", "theta"]
    found = driven(ADAPTING, weights, spikes, names, device)
    loop, arriving, table = ConductanceLoop(20, ADAPTING, 0.1), np.zeros(15), []
    for row in spikes:
        table.append(
            loop.step(np.maximum(weights, 0) @ arriving, np.maximum(-weights, 0) @ arriving, 8.0)
        )
        arriving = row.astype(float)
    np.testing.assert_array_equal(raster(found, "cells"), table)
    assert np.sum(table) > 100
    for name, unit in zip(names, (mV, 1, 1, mV), strict=True):
        np.testing.assert_allclose(
            found.final_values["cells", name] / float(unit),
            getattr(loop, name),
            rtol=1e-9,
            atol=1e-12,
        )


def test_reversal_potentials_bound_v() -> None:
    """For any strength of input v stays between them; a current would drive it beyond."""
    neuron = bs.ConductanceLIF(threshold=200.0, tau_m=10 * ms)
    weights = np.array([[1e3, 0.0], [0.0, -1e3], [50.0, -50.0]])
    for n_steps in (10, 55, 200):
        run = driven(neuron, weights, random_spikes(n_steps, 2, 0.5), ["v"])
        v = 1e3 * run.final_values["cells", "v"]
        assert (v <= 0).all()
        assert (v >= -100).all()
    assert v[0] > -1
    assert v[1] < -99
    assert -99 < v[2] < -1


def test_theta_grows_by_the_increment_for_each_spike() -> None:
    neuron = bs.ConductanceLIF(theta_increment=0.05 * mV, threshold=13.0)
    found = driven(neuron, np.full((5, 20), 0.5), random_spikes(10_000, 20, 0.01), ["theta"])
    n_spikes = np.bincount(found.spikes["cells"].i, minlength=5)
    assert (n_spikes > 20).all()
    theta = 1e3 * found.final_values["cells", "theta"]
    # less what decays in one second, with a time constant of 10,000 s
    np.testing.assert_allclose(theta, 0.05 * n_spikes, rtol=2e-4)


def layers_loop(spikes, weights, neuron, thresholds) -> list[np.ndarray]:
    """Run two layers; every spike takes one step."""
    loops = [ConductanceLoop(len(w), neuron, 1.0) for w in weights]
    arriving = [np.zeros(w.shape[1]) for w in weights]
    tables: list[list[np.ndarray]] = [[], []]
    for row in spikes:
        fired = [
            loop.step(np.maximum(w, 0) @ sent, np.maximum(-w, 0) @ sent, threshold)
            for loop, w, sent, threshold in zip(loops, weights, arriving, thresholds, strict=True)
        ]
        for table, who in zip(tables, fired, strict=True):
            table.append(who)
        arriving = [row.astype(float), fired[0].astype(float)]
    return [np.array(table) for table in tables]


def test_signed_weights_of_a_network_excite_and_inhibit() -> None:
    neuron = bs.ConductanceLIF(1.0, [4.0, 3.0], tau_m=20 * ms, refractory=2 * ms)
    nights = [
        bs.sleep(
            mlp((12, 10, 5), dtype=torch.float64, scale=1.5),
            random_spikes(300, 12, 0.2),
            neuron=neuron,
            plasticity=bs.SRC(0, 0),
            device=device,
            dtype="float64",
            progress=False,
        )
        for device in DEVICES
    ]
    matrices = list(nights[0].weights_before.values())
    assert all((w < 0).any() and (w > 0).any() for w in matrices)
    expected = layers_loop(raster(nights[0], "input"), matrices, neuron, [4.0, 3.0])
    for name, table in zip(("0", "2"), expected, strict=True):
        assert table.sum() > 50
        np.testing.assert_array_equal(raster(nights[0], name), table)
    for other in nights[1:]:
        assert_same_nights(nights[0], other)


def test_what_learns_may_change_its_sign() -> None:
    """Weights that a rule moves below 0 inhibit from then on."""
    nights = [
        bs.sleep(
            mlp((12, 10, 5), dtype=torch.float64, scale=1.5),
            random_spikes(400, 12, 0.2),
            neuron=bs.ConductanceLIF(1.0, [4.0, 3.0], tau_m=20 * ms),
            plasticity=bs.SRC(2e-2, 1e-2, weight_factor="additive"),
            device=device,
            dtype="float64",
            progress=False,
        )
        for device in DEVICES
    ]
    before, after = nights[0].weights_before["0.weight"], nights[0].weights_after["0.weight"]
    assert ((before > 0) & (after < 0)).any()
    for other in nights[1:]:
        assert_same_nights(nights[0], other, tolerance=1e-13)


# ConductanceAdEx


def adex_loop(weights, spikes, b: float) -> tuple[np.ndarray, np.ndarray]:
    """Integrate by hand, the defaults of ConductanceAdEx: Euler; mV, pA, nS, pF, ms."""
    n = len(weights)
    v, w, g_e, g_i = np.full(n, -63.0), np.zeros(n), np.zeros(n), np.zeros(n)
    since, arriving, table = np.full(n, 10**9), np.zeros(weights.shape[1]), []
    for row in spikes:
        since += 1
        awake = since >= 50
        upstroke = 10 * 2 * np.exp(np.clip((v + 50) / 2, -50, 20))
        synaptic = g_e * (0 - v) + g_i * (-80 - v)
        slope = (10 * (-63 - v) + upstroke - w + synaptic) / 200
        w = w + 0.1 * (0.5 * (v + 63) - w) / 500
        v = np.where(awake, v + 0.1 * slope, v)
        g_e = g_e - 0.1 * g_e / 5 + np.maximum(weights, 0) @ arriving
        g_i = g_i - 0.1 * g_i / 5 + np.maximum(-weights, 0) @ arriving
        fired = (v >= -40) & awake
        v[fired] = -63
        w[fired] += b
        since[fired] = 0
        table.append(fired)
        arriving = row.astype(float)
    return np.array(table), w


@pytest.mark.parametrize("device", DEVICES, ids=str)
def test_conductance_adex_against_a_loop(device) -> None:
    weights, spikes = 2.0 * signed(20, 30), random_spikes(3000, 30, 0.01)
    neuron = bs.ConductanceAdEx(b=20 * pA, a=0.5 * nS)
    found = driven(neuron, weights, spikes, ["w_adapt"], device)
    table, w = adex_loop(weights, spikes, b=20.0)
    assert table.sum() > 100
    np.testing.assert_array_equal(raster(found, "cells"), table)
    np.testing.assert_allclose(1e12 * found.final_values["cells", "w_adapt"], w, rtol=1e-9)


def test_adaptation_spaces_spikes_out() -> None:
    weights, spikes = np.full((1, 30), 1.0), random_spikes(10_000, 30, 0.015)
    counts = [
        len(driven(bs.ConductanceAdEx(b=b * pA), weights, spikes, []).spikes["cells"])
        for b in (1, 60)
    ]
    assert counts[1] < 0.5 * counts[0]


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: bs.ConductanceLIF(tau_excitation=0 * ms), ParameterError, "tau_excitation"),
        (lambda: bs.ConductanceLIF(theta_increment=-1 * mV), ParameterError, "theta_increment"),
        (lambda: bs.ConductanceLIF(e_inhibition=-100), UnitsError, "e_inhibition"),
        (lambda: bs.ConductanceAdEx(b=60 * mV), UnitsError, "b must be in pA"),
        (lambda: bs.ConductanceAdEx(delta_t=0 * mV), ParameterError, "delta_t"),
    ],
)
def test_bad_parameters(make, error, words: str) -> None:
    with pytest.raises(error, match=words):
        make()
