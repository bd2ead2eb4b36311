"""Circuits put together by hand: what is checked, loops over steps, and all devices."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import ms, mV
from helpers import random_spikes, raster

import brainsleep as bs
from brainsleep.circuit import Circuit, Population, Projection
from brainsleep.errors import ParameterError, UnitsError
from brainsleep.network.wiring import Wiring

NUMPY = bs.devices.Runtime("numpy")
DEVICES = ("cpp", "cpp_stock", NUMPY)
N_INPUTS, N_E, N_I, N_STEPS = 12, 10, 5, 200
LIF = bs.LIF(gain=1, threshold=0.6, tau_m=10 * ms)
RULE = bs.SRC(2e-2, 1e-3, weight_factor="additive", tau_pre=3 * ms)
#: From each population to each; those from "i" are strengths of inhibition.
WIRINGS = {
    ("e", "e"): Wiring(fan_in=4, seed=1),
    ("e", "i"): Wiring(fan_in=3, seed=2),
    ("i", "e"): Wiring(fan_in=2, seed=3),
    ("i", "i"): Wiring(fan_in=2, seed=4),
}
SIZES = {"input": N_INPUTS, "e": N_E, "i": N_I}


def input_weights() -> np.ndarray:
    return np.random.default_rng(7).normal(0.25, 0.3, (N_E, N_INPUTS))


def strengths(source: str, target: str) -> np.ndarray:
    """Return weights of a wired projection, one per pair of neurons."""
    n_pairs = WIRINGS[source, target].n_synapses(SIZES[source], SIZES[target])
    return np.random.default_rng(8).uniform(0.1, 0.4, n_pairs)


def both(plasticity=None, neuron=LIF) -> Circuit:
    """Return an excitatory and an inhibitory population; the input drives the first."""
    links = [Projection("input", "e", input_weights(), plasticity=plasticity)]
    links += [
        Projection(source, target, strengths(source, target), wiring, inhibitory=source == "i")
        for (source, target), wiring in WIRINGS.items()
    ]
    return Circuit(N_INPUTS, {"e": Population(N_E, neuron), "i": Population(N_I, neuron)}, links)


def run(circuit: Circuit, device="cpp", n_steps=N_STEPS, seed=0, **options):
    """Run it on random spikes."""
    spikes = random_spikes(n_steps, circuit.n_inputs, 0.2, seed)
    return circuit.run(spikes, dtype="float64", device=device, **options)


def matrix(source: str, target: str) -> np.ndarray:
    """Return the weights of a wired projection as a matrix, inhibition below 0."""
    full = np.zeros((SIZES[target], SIZES[source]))
    pre, post = WIRINGS[source, target].pairs(SIZES[source], SIZES[target], source == target)
    full[post, pre] = strengths(source, target) * (-1 if source == "i" else 1)
    return full


def loop(spikes, rule=None) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Simulate the circuit step by step: spikes take one step, and the rule reads what arrives."""
    decay, trace_decay = np.exp(-1 / 10), np.exp(-1 / 3)
    w = input_weights()
    v = {"e": np.zeros(N_E), "i": np.zeros(N_I)}
    sent = {"input": np.zeros(N_INPUTS), "e": np.zeros(N_E), "i": np.zeros(N_I)}
    trace = np.zeros(N_INPUTS)
    tables: dict[str, list[np.ndarray]] = {"e": [], "i": []}
    for row in spikes:
        for name in v:
            arriving = sum(matrix(source, name) @ sent[source] for source in v)
            v[name] = decay * v[name] + arriving
        v["e"] += w @ sent["input"]
        fired = {name: v[name] >= 0.6 for name in v}
        if rule is not None:
            w[fired["e"]] += rule.increase * trace - rule.decrease * (1 - trace)
        for name in v:
            v[name][fired[name]] = 0
            tables[name].append(fired[name])
        sent = {"input": row.astype(float)} | {name: fired[name].astype(float) for name in v}
        trace = np.where(row, 1.0, trace * trace_decay)
    return {name: np.array(table) for name, table in tables.items()}, w


# What a circuit is


def test_names_and_sizes() -> None:
    circuit = both()
    assert circuit.names == ["input", "e", "i"]
    assert circuit.sizes == SIZES
    found = run(circuit)
    assert list(found.spikes) == list(found.rates) == ["input", "e", "i"]
    assert list(found.weights) == ["input -> e", "e -> e", "e -> i", "i -> e", "i -> i"]
    assert found.weights["input -> e"].shape == (N_E, N_INPUTS)
    assert found.weights["i -> e"].shape == (2 * N_E,)
    assert found.duration == N_STEPS * ms
    assert found.spikes["i"].n_neurons == N_I


def test_what_is_recorded() -> None:
    found = run(both(), record=bs.Record(["i"], rates=["e"]))
    whole = run(both())
    assert list(found.spikes) == ["i"]
    assert list(found.rates) == ["e", "i"]
    np.testing.assert_array_equal(found.rates["e"].counts, raster(whole, "e").sum(axis=1))


CELLS = {"cells": Population(5, LIF)}
DRIVE = Projection("input", "cells")


@pytest.mark.parametrize(
    ("populations", "links", "error", "words"),
    [
        (CELLS, [Projection("inptu", "cells")], ParameterError, "source.*Did you mean 'input'"),
        (CELLS, [Projection("input", "cell")], ParameterError, "target.*Did you mean 'cells'"),
        (CELLS, [Projection("cells", "input")], ParameterError, "the target of projection"),
        (CELLS, [DRIVE, DRIVE], ParameterError, "two projections 'input -> cells'"),
        (CELLS, [], ParameterError, "no projection leads to population 'cells'"),
        ({}, [], ParameterError, "at least one population"),
        ({"input": Population(5, LIF)}, [], ParameterError, "'input' another name"),
        (CELLS, [Projection("input", "cells", np.ones((3, 5)))], ParameterError, r"\(5, 3\)"),
        (CELLS, [Projection("input", "cells", np.ones(4), Wiring(fan_in=2))], ParameterError, "10"),
        (CELLS, [Projection("input", "cells", np.nan)], ParameterError, "holds NaN"),
        (CELLS, [Projection("input", "cells", "strong")], UnitsError, "must be numbers"),
        (
            {**CELLS, "more": Population(5, bs.LIF(gain=1, threshold=1, delay_steps=0))},
            [DRIVE, Projection("input", "more")],
            ParameterError,
            "same delay_steps",
        ),
    ],
)
def test_circuits_that_make_no_sense(populations, links, error, words: str) -> None:
    with pytest.raises(error, match=words):
        Circuit(3, populations, links)


def test_populations_check_themselves() -> None:
    with pytest.raises(ParameterError, match="n_neurons"):
        Population(0, LIF)
    with pytest.raises(UnitsError, match="must be a model like"):
        Population(5, bs.LIF)
    with pytest.raises(UnitsError, match="mean_inhibition"):
        Population(5, LIF, mean_inhibition="much")


def test_strengths_of_inhibition_are_not_negative() -> None:
    cells = {"cells": Population(5, bs.ConductanceLIF())}
    circuit = Circuit(3, cells, [Projection("input", "cells", -1.0, inhibitory=True)])
    words = "strengths of inhibition and must be at least 0, but the smallest is -1"
    with pytest.raises(ParameterError, match=words):
        circuit.prepare(NUMPY)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"weights": {"input -> cell": np.ones((5, 3))}}, "Did you mean 'input -> cells'"),
        ({"weights": {"input -> cells": np.ones((3, 5))}}, r"must have shape \(5, 3\)"),
        ({"parameters": {"cell": {"tau_m": 1e-2}}}, "Did you mean 'cells'"),
        ({"modulation": np.ones(7)}, "prepared without"),
        ({"stimulus": np.full(4, 0.1)}, "has 4 inputs"),
    ],
)
def test_runs_that_make_no_sense(options, words: str) -> None:
    prepared = Circuit(3, CELLS, [DRIVE]).prepare(NUMPY)
    arguments = {"stimulus": np.full(3, 0.1), "duration": 7, **options}
    with pytest.raises(ParameterError, match=words):
        prepared.run(**arguments)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"final_values": [("cell", "v")]}, "Did you mean 'cells'"),
        ({"final_values": [("cells", "vv")]}, "'vv'"),
        ({"parameters": {"cells": {"tau_mm": 1e-2}}}, "Did you mean 'tau_m'"),
        ({"parameters": {"cells": {"v_threshold": np.zeros(4)}}}, "v_threshold"),
        ({"weights": {"input -> cells": np.full((5, 3), np.nan)}}, "holds NaN"),
    ],
)
def test_runs_say_by_name_what_they_do_not_know(options, words: str) -> None:
    prepared = Circuit(3, CELLS, [DRIVE]).prepare(NUMPY)
    with pytest.raises(ParameterError, match=words):
        prepared.run(np.full(3, 0.1), 7, **options)


def test_a_modulation_has_one_number_per_step() -> None:
    links = [Projection("input", "cells", plasticity=RULE)]
    with pytest.raises(ParameterError, match=r"shape \(7,\)"):
        Circuit(3, CELLS, links).run(np.full(3, 0.1), 7, device=NUMPY, modulation=np.ones(6))


# What it does


@pytest.mark.parametrize("device", DEVICES, ids=str)
def test_excitation_and_inhibition_against_a_loop(device) -> None:
    found = run(both(), device)
    expected, _ = loop(raster(found, "input"))
    for name, table in expected.items():
        assert table.sum() > 50
        np.testing.assert_array_equal(raster(found, name), table)


def test_inhibition_counts() -> None:
    """Without the inhibitory population the excitatory one fires more."""
    links = [link for link in both().projections if "i" not in (link.source, link.target)]
    alone = run(Circuit(N_INPUTS, {"e": Population(N_E, LIF)}, links))
    assert len(alone.spikes["e"]) > 1.1 * len(run(both()).spikes["e"])


@pytest.mark.parametrize("device", DEVICES, ids=str)
def test_learning_against_a_loop(device) -> None:
    found = run(both(RULE), device)
    expected, weights = loop(raster(found, "input"), RULE)
    np.testing.assert_array_equal(raster(found, "e"), expected["e"])
    np.testing.assert_allclose(found.weights["input -> e"], weights, rtol=0, atol=1e-12)
    assert np.abs(weights - input_weights()).max() > 0.05


def test_what_does_not_learn_stays() -> None:
    learning, still = both(RULE), both(RULE)
    changed = run(learning).weights["input -> e"]
    found = run(still, plastic=False)
    assert not np.array_equal(changed, input_weights())
    np.testing.assert_array_equal(found.weights["input -> e"], input_weights())
    np.testing.assert_array_equal(raster(found, "e"), loop(raster(found, "input"))[0]["e"])


def test_a_modulation_of_zero_stops_learning_and_one_changes_nothing() -> None:
    plain = run(both(RULE))
    ones = run(both(RULE), modulation=np.ones(N_STEPS))
    none = run(both(RULE), modulation=np.zeros(N_STEPS))
    np.testing.assert_array_equal(ones.weights["input -> e"], plain.weights["input -> e"])
    np.testing.assert_array_equal(none.weights["input -> e"], input_weights())


def test_weights_and_parameters_of_a_run() -> None:
    """What a run changes is gone in the next one; nothing is compiled in between."""
    prepared = both().prepare("cpp", dtype="float64")
    spikes = random_spikes(N_STEPS, N_INPUTS, 0.2)
    first = prepared.run(spikes)
    silent = prepared.run(spikes, weights={"input -> e": np.zeros((N_E, N_INPUTS))})
    assert len(silent.spikes["e"]) == 0
    eager = prepared.run(spikes, parameters={"e": {"v_threshold": -0.0698}})
    assert len(eager.spikes["e"]) > len(first.spikes["e"])
    again = prepared.run(spikes)
    np.testing.assert_array_equal(raster(again, "e"), raster(first, "e"))


@pytest.mark.parametrize("device", DEVICES, ids=str)
def test_thresholds_are_carried_over_from_run_to_run(device) -> None:
    """theta_start is an array with one value per neuron: what the last run ended with."""
    neuron = bs.ConductanceLIF(threshold=3.0, theta_increment=0.1 * mV, tau_theta=300 * ms)
    cells = {"cells": Population(6, neuron)}
    prepared = Circuit(8, cells, [Projection("input", "cells", 0.8)]).prepare(
        device, dtype="float64"
    )
    theta = np.linspace(0, 2e-3, 6)
    for part in range(3):
        found = prepared.run(
            random_spikes(150, 8, 0.1, seed=part),
            parameters={"cells": {"theta_start": theta}},
            final_values=[("cells", "theta"), ("cells", "v")],
        )
        fired = raster(found, "cells")
        for row in fired:
            theta = theta * np.exp(-1 / 300) + 1e-4 * row
        assert fired.any(axis=0).all()
        np.testing.assert_allclose(found.final_values["cells", "theta"], theta, rtol=1e-12)
        assert found.final_values["cells", "v"].shape == (6,)
    assert np.ptp(theta) > 1e-4


def test_mean_inhibition_is_subtracted_from_the_drive() -> None:
    weights = input_weights()
    cells = {"e": Population(N_E, LIF, mean_inhibition=0.7)}
    found = run(Circuit(N_INPUTS, cells, [Projection("input", "e", weights)]))
    v, arriving, table = np.zeros(N_E), np.zeros(N_INPUTS), []
    for row in raster(found, "input"):
        drive = weights @ arriving
        v = np.exp(-1 / 10) * v + drive - 0.7 * drive.mean()
        table.append(v >= 0.6)
        v[table[-1]] = 0
        arriving = row.astype(float)
    np.testing.assert_array_equal(raster(found, "e"), table)
    assert np.sum(table) > 50


def test_equal_seeds_give_equal_runs() -> None:
    one, same, other = (
        both().run(np.full(N_INPUTS, 0.2), 100, seed=seed, dtype="float64") for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(raster(one, "e"), raster(same, "e"))
    assert (raster(one, "input") != raster(other, "input")).any()


def test_wiring_without_a_way_back_is_the_same_with_queues_of_spikes() -> None:
    """No population of our own loop over blocks has wired synapses; it goes step by step."""
    weights = np.random.default_rng(8).uniform(0.1, 0.4, 4 * N_E)
    links = [Projection("input", "e", weights, Wiring(fan_in=4, seed=1))]
    circuit = Circuit(N_INPUTS, {"e": Population(N_E, LIF)}, links)
    ours, stock = (run(circuit, device) for device in ("cpp", "cpp_stock"))
    assert len(ours.spikes["e"]) > 10
    np.testing.assert_array_equal(raster(ours, "e"), raster(stock, "e"))
