"""Populations of which only the neurons with the highest potentials spike, against loops."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from brian2 import ms
from helpers import random_spikes, raster

import brainsleep as bs
from brainsleep.circuit import Circuit, Population, Projection
from brainsleep.devices.cuda.coverage import unsupported_by_cuda
from brainsleep.errors import ParameterError, UnitsError
from brainsleep.neurons import NeuronEquations

NUMPY = bs.devices.Runtime("numpy")
DEVICES = ("cpp", "cpp_stock", NUMPY)
N_INPUTS, N_A, N_B, N_STEPS = 12, 20, 6, 150
CELL = bs.Heaviside(gain=1, threshold=1, decay=0.5)
RULE = bs.SRC(1 / 64, 1 / 128, weight_factor="additive")


def weights(n_post: int, n_pre: int, seed: int) -> np.ndarray:
    """Return weights of which there are few, so that potentials are often equal."""
    return np.random.default_rng(seed).integers(-1, 4, (n_post, n_pre)) / 4


def competing(k_a=3, k_b=1, *, delay=0, refractory=0 * ms, rule=RULE, back=False) -> Circuit:
    """Return two populations that compete."""
    neuron = CELL
    if delay or refractory:
        neuron = bs.LIF(
            gain=1,
            threshold=1,
            tau_m=-1 / np.log(0.5) * ms,
            delay_steps=delay,
            refractory=refractory,
        )
    cells = {"a": Population(N_A, neuron, winners=k_a), "b": Population(N_B, neuron, winners=k_b)}
    links = [
        Projection("input", "a", weights(N_A, N_INPUTS, 1), plasticity=rule),
        Projection("a", "b", weights(N_B, N_A, 2)),
    ]
    if back:
        links.append(Projection("b", "a", weights(N_A, N_B, 3)))
    return Circuit(N_INPUTS, cells, links)


def winners(v: np.ndarray, k: int, ready=True) -> np.ndarray:
    """Return which neurons spike, found by sorting potentials and then numbers."""
    at_threshold = [(-value, index) for index, value in enumerate(v) if value >= 1]
    chosen = [index for _, index in sorted(at_threshold)][:k]
    return np.isin(np.arange(len(v)), chosen) & ready


def loop(spikes, k_a: int, k_b: int, *, back: bool):
    w, to_b, to_a = weights(N_A, N_INPUTS, 1), weights(N_B, N_A, 2), weights(N_A, N_B, 3) * back
    a, b = np.zeros(N_A), np.zeros(N_B)
    fired_b, tables, n_at_threshold = np.zeros(N_B, dtype=bool), ([], []), 0
    for row in spikes:
        a = 0.5 * a + w @ row + to_a @ fired_b
        fired_a = winners(a, k_a)
        n_at_threshold += (a >= 1).sum()
        w[fired_a] += np.where(row, RULE.increase, -RULE.decrease)
        b = 0.5 * b + to_b @ fired_a
        fired_b = winners(b, k_b)
        a[fired_a], b[fired_b] = 0, 0
        tables[0].append(fired_a), tables[1].append(fired_b)
    return np.array(tables[0]), np.array(tables[1]), w, n_at_threshold


@pytest.mark.parametrize("device", DEVICES, ids=str)
@pytest.mark.parametrize("back", [False, True])
def test_winners_against_a_loop(device, back: bool) -> None:
    spikes = random_spikes(N_STEPS, N_INPUTS, 0.2)
    found = competing(back=back).run(spikes, device=device, dtype="float64")
    a, b, w, n_at_threshold = loop(spikes, 3, 1, back=back)
    assert a.sum(axis=1).max() == 3
    assert b.sum(axis=1).max() == 1
    assert n_at_threshold > 1.5 * a.sum()  # many lose
    np.testing.assert_array_equal(raster(found, "a"), a)
    np.testing.assert_array_equal(raster(found, "b"), b)
    np.testing.assert_array_equal(found.weights["input -> a"], w)


@pytest.mark.parametrize("device", ["cpp", NUMPY], ids=str)
def test_winners_in_single_precision(device) -> None:
    """Sums and halves of quarters are exact in single precision, too, for some steps."""
    spikes = random_spikes(12, N_INPUTS, 0.2)
    found = competing(back=True).run(spikes, device=device, dtype="float32")
    expected = loop(spikes, 3, 1, back=True)
    for name, table in zip(("a", "b"), expected, strict=False):
        np.testing.assert_array_equal(raster(found, name), table)


def test_devices_agree_with_delays_and_refractory_neurons() -> None:
    circuit = competing(delay=1, refractory=2 * ms, back=True, rule=None)
    spikes = random_spikes(N_STEPS, N_INPUTS, 0.3)
    runs = [circuit.run(spikes, device=device, dtype="float64") for device in DEVICES]
    free = competing(N_A, N_B, delay=1, refractory=2 * ms, back=True, rule=None)
    for name, most in (("a", 3), ("b", 1)):
        table = raster(runs[0], name)
        assert table.sum(axis=1).max() == most
        assert not (table[1:] & table[:-1]).any()
        for other in runs[1:]:
            np.testing.assert_array_equal(raster(other, name), table)
    assert len(free.run(spikes, device=NUMPY).spikes["a"]) > 1.5 * len(runs[0].spikes["a"])


def test_as_many_winners_as_neurons_change_nothing() -> None:
    spikes = random_spikes(N_STEPS, N_INPUTS, 0.2)
    all_win = competing(N_A, N_B).run(spikes, device=NUMPY)
    nobody_competes = competing(None, None).run(spikes, device=NUMPY)
    for name in ("a", "b"):
        assert len(all_win.spikes[name]) > 100
        np.testing.assert_array_equal(raster(all_win, name), raster(nobody_competes, name))


@dataclass(frozen=True)
class NoPotential:
    """Neurons that spike at once, and have nothing by which to compete."""

    gain = threshold = gain_scale = 1.0
    target_rate = constants_unit = None
    delay_steps = 0

    def equations(self) -> NeuronEquations:
        return NeuronEquations("u : 1", "u = drive", "u > 0", "u = 0")

    def parameters(self, layer_names, gains, thresholds) -> list[dict[str, float]]:
        return [{} for _ in layer_names]


def test_what_cannot_compete() -> None:
    cells = {"cells": Population(4, NoPotential(), winners=1)}
    with pytest.raises(ParameterError, match="'cells' compete by their potential v"):
        Circuit(3, cells, [Projection("input", "cells")])
    for value, error in ((0, ParameterError), (1.5, UnitsError), ("few", UnitsError)):
        with pytest.raises(error, match="winners"):
            Population(4, CELL, winners=value)
    plan = competing().prepare(NUMPY).plan
    assert unsupported_by_cuda(plan) == "only some neurons of a population may spike at a time"
