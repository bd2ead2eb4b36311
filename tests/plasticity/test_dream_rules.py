"""The rules by which dreams learn, against plain loops, on every device."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from brian2 import ms
from helpers import random_spikes, raster
from torch import nn

import brainsleep as bs
from brainsleep.circuit import Circuit, Population, Projection
from brainsleep.errors import ParameterError
from brainsleep.neurons import LayeredNeuron, NeuronEquations

NUMPY = bs.devices.Runtime("numpy")
DEVICES = ("cpp", "cpp_stock", NUMPY)
N_INPUTS, N_CELLS, N_STEPS = 9, 6, 150


def one_projection(rule, neuron, start) -> Circuit:
    link = Projection("input", "cells", start, plasticity=rule)
    return Circuit(N_INPUTS, {"cells": Population(N_CELLS, neuron)}, [link])


def run(circuit, spikes, device="cpp", **options):
    return circuit.run(spikes, dtype="float64", device=device, progress=False, **options)


# Soft bounds

HEBB = bs.SoftBoundHebb(0.2, potentiation=0.5, depression=0.75)
DELAYED = bs.LIF(gain=1, threshold=0.9, tau_m=4 * ms)


def hebbian_loop(spikes: np.ndarray, fired: np.ndarray, w: np.ndarray, rate=None) -> np.ndarray:
    """A spike arrives a step after it was sent, and finds who spiked in the step it was sent."""
    w = w.copy()
    rate = np.full(len(spikes), 0.2) if rate is None else rate
    for t in range(1, len(spikes)):
        sent, spiked = spikes[t - 1], fired[t - 1][:, None]
        up, down = rate[t] * 0.5 * spiked * (1 - w), rate[t] * 0.75 * (1 - spiked) * w
        w += (up - down) * sent
    return w


@pytest.mark.parametrize("modulated", [False, True], ids=["plain", "modulated"])
@pytest.mark.parametrize("device", DEVICES, ids=str)
def test_soft_bounds_against_a_loop(device, modulated) -> None:
    start = np.random.default_rng(1).random((N_CELLS, N_INPUTS))
    spikes = random_spikes(N_STEPS, N_INPUTS, 0.3, 2)
    factor = np.random.default_rng(3).random(N_STEPS) if modulated else None
    found = run(one_projection(HEBB, DELAYED, start), spikes, device, modulation=factor)
    fired = raster(found, "cells")
    assert 0.1 < fired.mean() < 0.9
    rate = None if factor is None else 0.2 * factor
    expected = hebbian_loop(spikes, fired, start, rate)
    np.testing.assert_allclose(found.weights["input -> cells"], expected, atol=1e-12)
    change = expected - start
    assert (change > 0).any()
    assert (change < 0).any()
    assert expected.min() >= 0
    assert expected.max() <= 1


def test_weights_go_to_the_probability_of_a_spike_together() -> None:
    """A neuron that follows the first input alone: its weights from others go to that one's."""
    start = np.full((1, 2), 0.5)
    rng = np.random.default_rng(0)
    drive, other = rng.random(6000) < 0.3, rng.random(6000) < 0.5
    circuit = Circuit(
        2,
        {"cell": Population(1, bs.LIF(gain=1, threshold=0.2, tau_m=1e-3 * ms))},
        [Projection("input", "cell", start, plasticity=bs.SoftBoundHebb(0.02))],
    )
    # it spikes one step after an input, where that input's weight is above the threshold
    found = run(circuit, np.column_stack([drive, other]))
    fired = raster(found, "cell")[:, 0]
    for k, sent in enumerate((drive, other)):
        together = (fired & sent).sum() / sent.sum()
        assert found.weights["input -> cell"][0, k] == pytest.approx(together, abs=0.15)


def test_without_potentiation_weights_only_fall() -> None:
    start = np.random.default_rng(1).random((N_CELLS, N_INPUTS))
    spikes = random_spikes(N_STEPS, N_INPUTS, 0.3, 2)
    for rule, sign in (
        (bs.SoftBoundHebb(0.1, potentiation=0), -1),
        (bs.SoftBoundHebb(0.1, depression=0), 1),
    ):
        found = run(one_projection(rule, DELAYED, start), spikes)
        change = sign * (found.weights["input -> cells"] - start)
        assert change.min() >= 0
        assert change.max() > 0.1


# Errors


@dataclass(frozen=True)
class Wanting(LayeredNeuron):
    """Spikes at a threshold; wants the first two of its population to spike in each step."""

    constants_unit = gain_unit = None
    delay_steps = 0

    def equations(self) -> NeuronEquations:
        return NeuronEquations(
            model="v : 1\nerror : 1\ngain : 1 (shared, constant)\nbias_gain : 1 (shared, constant)"
            "\nv_threshold : 1 (shared, constant)",
            on_input="v = gain*drive\nerror = int(i < 2)",
            threshold="v >= v_threshold",
            reset="error -= 1",
        )


WANTING = Wanting(gain=1, threshold=0.6)


def delta_loop(spikes, w, potentiation, depression, trace_decay, rate):
    """Each step: what the neurons lack or have too much goes to what spiked before them."""
    w, trace, fired = w.copy(), np.zeros(N_INPUTS), []
    for t, row in enumerate(spikes):
        trace = np.where(row, 1.0, trace * trace_decay)
        drive = np.zeros(N_CELLS)
        for sent in np.flatnonzero(row):
            drive += w[:, sent]
        fired.append(drive >= 0.6)
        error = (np.arange(N_CELLS) < 2) * 1.0 - fired[-1]
        factor = np.where(error > 0, potentiation, depression) * error
        w += rate[t] * factor[:, None] * trace
    return w, np.array(fired)


@pytest.mark.parametrize("modulated", [False, True], ids=["plain", "modulated"])
@pytest.mark.parametrize("tau_pre", [0, 3])
@pytest.mark.parametrize("device", DEVICES, ids=str)
def test_errors_against_a_loop(device, tau_pre, modulated) -> None:
    start = np.random.default_rng(1).normal(0.2, 0.3, (N_CELLS, N_INPUTS))
    spikes = random_spikes(N_STEPS, N_INPUTS, 0.3, 2)
    rule = bs.ErrorDriven(0.02, potentiation=0.8, depression=1.5, tau_pre=tau_pre * ms)
    factor = np.random.default_rng(3).random(N_STEPS) if modulated else np.ones(N_STEPS)
    circuit = one_projection(rule, WANTING, start)
    found = run(circuit, spikes, device, modulation=factor if modulated else None)
    decay = np.exp(-1 / tau_pre) if tau_pre else 0.0
    expected, fired = delta_loop(spikes, start, 0.8, 1.5, decay, 0.02 * factor)
    np.testing.assert_array_equal(raster(found, "cells"), fired)
    np.testing.assert_allclose(found.weights["input -> cells"], expected, atol=1e-12)
    assert fired[-50:, :2].mean() > fired[:50, :2].mean() + 0.1  # the error became smaller
    assert fired[-50:, 2:].mean() < fired[:50, 2:].mean() - 0.1


def test_one_side_of_the_error_alone() -> None:
    start = np.random.default_rng(1).normal(0.2, 0.3, (N_CELLS, N_INPUTS))
    spikes = random_spikes(N_STEPS, N_INPUTS, 0.3, 2)
    for rule, sign in (
        (bs.ErrorDriven(0.02, potentiation=0), -1),
        (bs.ErrorDriven(0.02, depression=0), 1),
    ):
        found = run(one_projection(rule, WANTING, start), spikes)
        change = sign * (found.weights["input -> cells"] - start)
        assert change.min() >= 0
        assert change.max() > 0.05


@dataclass(frozen=True)
class Counting(Wanting):
    """Counts its spikes, and sums what reaches it."""

    def equations(self) -> NeuronEquations:
        own = super().equations()
        return replace(
            own,
            model=f"{own.model}\ncount : 1\nsummed : 1",
            on_input=f"{own.on_input}\nsummed += drive",
            reset=f"{own.reset}\ncount += 1",
        )


@pytest.mark.parametrize("device", DEVICES, ids=str)
def test_evidence_is_the_sum_with_the_new_weights(device) -> None:
    first = np.random.default_rng(1).normal(0.3, 0.3, (8, N_INPUTS))
    second = np.random.default_rng(2).normal(0.1, 0.1, (N_CELLS, 8))
    rule = bs.ErrorDriven(1e-3, depression=0.5, presynaptic="count", evidence="summed")
    cells = Counting(gain=1, threshold=0.6)
    circuit = Circuit(
        N_INPUTS,
        {"first": Population(8, cells), "second": Population(N_CELLS, cells)},
        [
            Projection("input", "first", first),
            Projection("first", "second", second, plasticity=rule),
        ],
    )
    wanted = [("first", "count"), ("second", "summed")]
    found = run(circuit, random_spikes(60, N_INPUTS, 0.3, 2), device, final_values=wanted)
    weights, counts = found.weights["first -> second"], found.final_values["first", "count"]
    assert counts.max() > 10
    change = weights - second
    assert change.max() > 0.05
    assert change.min() < -0.05
    np.testing.assert_allclose(found.final_values["second", "summed"], weights @ counts, atol=1e-12)


def test_names_of_variables_are_checked() -> None:
    for options in ({"presynaptic": "a + b"}, {"evidence": ""}, {"evidence": 3}):
        with pytest.raises(ParameterError, match=f"plasticity: {next(iter(options))}"):
            bs.ErrorDriven(**options)
    rule = bs.ErrorDriven(presynaptic="count")
    with pytest.raises(ParameterError, match="reads count_pre"):
        run(one_projection(rule, WANTING, 0.1), np.ones((3, N_INPUTS)))


# A rule that names what the neurons do not have


def test_a_neuron_without_an_error_is_told_before_anything_runs() -> None:
    circuit = one_projection(bs.ErrorDriven(), bs.Heaviside(gain=1, threshold=1), 0.1)
    with pytest.raises(ParameterError, match="'input' -> 'cells' reads error_post") as circuits:
        run(circuit, np.ones((3, N_INPUTS)))
    ann = nn.Sequential(nn.Linear(N_INPUTS, N_CELLS, bias=False))
    with pytest.raises(ParameterError, match=r"'0' reads error_post.* 'error'") as nights:
        bs.sleep(ann, np.full(N_INPUTS, 0.1), duration=5, plasticity=bs.ErrorDriven())
    assert "\n" not in str(circuits.value) + str(nights.value)


@pytest.mark.parametrize("statement", ["w += 0.1*height_post", "w += 0.1*depth_pre"])
def test_any_variable_that_is_not_there_is_named(statement: str) -> None:
    @dataclass(frozen=True)
    class Foreign(bs.plasticity.LayeredRule):
        def equations(self):
            return bs.plasticity.SynapseEquations("w : 1", "drive_post += w", statement)

    circuit = one_projection(Foreign(), bs.Heaviside(gain=1, threshold=1), 0.1)
    with pytest.raises(ParameterError, match=statement.rpartition("*")[2]):
        run(circuit, np.ones((3, N_INPUTS)))
