"""Signals of every step, and projections that lead back without neurons of delay, against loops."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from brian2 import ms
from helpers import random_spikes, raster

import brainsleep as bs
from brainsleep.circuit import Circuit, Population, Projection
from brainsleep.devices.cuda.coverage import unsupported_by_cuda
from brainsleep.errors import ParameterError, UnitsError
from brainsleep.neurons import NeuronEquations
from brainsleep.plasticity import SynapseEquations

NUMPY = bs.devices.Runtime("numpy")
DEVICES = ("cpp", "cpp_stock", NUMPY)
N_INPUTS, N_A, N_B, N_STEPS = 12, 10, 6, 150
RULE = bs.SRC(5e-3, 2e-3, weight_factor="additive", tau_pre=3 * ms)


@dataclass(frozen=True)
class Cell:
    """A cell that `restart` sets back, and whose input `gate` lets through in part."""

    signals: tuple[str, ...] = ("restart", "gate")
    gain: float = 1.0
    threshold: float = 0.8
    gain_scale: float = 1.0
    target_rate: float | None = None
    constants_unit = None
    delay_steps: int = 0

    def equations(self) -> NeuronEquations:
        signals = {"restart": "(1 - restart)*", "gate": "gate*"}
        kept, passed = (signals[name] if name in self.signals else "" for name in signals)
        return NeuronEquations(
            model="v : 1\nv_threshold : 1 (shared, constant)",
            on_input=f"v = {kept}v*0.9 + {passed}drive",
            threshold="v >= v_threshold",
            reset="v = 0",
            signals=self.signals,
        )

    def parameters(self, layer_names, gains, thresholds) -> list[dict[str, float]]:
        return [{"v_threshold": threshold} for threshold in thresholds]


def weights(n_post: int, n_pre: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.2, 0.3, (n_post, n_pre))


def arriving(w: np.ndarray, fired: np.ndarray) -> np.ndarray:
    """Sum the weights of spikes one after the other, as synapses do."""
    total = np.zeros(len(w))
    for neuron in np.flatnonzero(fired):
        total += w[:, neuron]
    return total


def learn(w: np.ndarray, fired: np.ndarray, trace: np.ndarray) -> None:
    w[fired] += RULE.increase * trace - RULE.decrease * (1 - trace)


class Trace:
    """What is left of a population's spikes; the steps are those of the population."""

    def __init__(self, n_neurons: int) -> None:
        self.values = np.zeros(n_neurons)

    def step(self, fired: np.ndarray) -> None:
        self.values = np.where(fired, 1.0, self.values * np.exp(-1 / 3))


# Signals


def signalled(*, rule=None) -> Circuit:
    """Return two populations, the second with one of the two signals."""
    cells = {"a": Population(N_A, Cell()), "b": Population(N_B, Cell(("gate",)))}
    links = [
        Projection("input", "a", weights(N_A, N_INPUTS, 1), plasticity=rule),
        Projection("a", "b", weights(N_B, N_A, 2)),
    ]
    return Circuit(N_INPUTS, cells, links)


def given_signals(n_steps: int = N_STEPS) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(5)
    return {"gate": rng.random(n_steps), "restart": rng.random(n_steps) < 0.1}


def loop_of_signals(spikes, signals, modulation):
    v, w = {"a": np.zeros(N_A), "b": np.zeros(N_B)}, weights(N_A, N_INPUTS, 1)
    trace, table = Trace(N_INPUTS), {"a": [], "b": []}
    for row, gate, restart, factor in zip(spikes, *signals, modulation, strict=True):
        trace.step(row)
        v["a"] = (1 - restart) * v["a"] * 0.9 + gate * arriving(w, row)
        a = v["a"] >= 0.8
        w[a] += RULE.increase * factor * trace.values - RULE.decrease * factor * (1 - trace.values)
        v["b"] = v["b"] * 0.9 + gate * arriving(weights(N_B, N_A, 2), a)
        b = v["b"] >= 0.8
        v["a"][a], v["b"][b] = 0, 0
        table["a"].append(a), table["b"].append(b)
    return {name: np.array(rows) for name, rows in table.items()}, w, v


@pytest.mark.parametrize("device", DEVICES, ids=str)
def test_signals_and_modulation_against_a_loop(device) -> None:
    spikes, signals = random_spikes(N_STEPS, N_INPUTS, 0.2), given_signals()
    modulation = np.random.default_rng(6).random(N_STEPS)
    found = signalled(rule=RULE).run(
        spikes,
        device=device,
        dtype="float64",
        signals=signals,
        modulation=modulation,
        final_values=[("a", "v"), ("b", "v")],
    )
    values = signals["gate"], signals["restart"].astype(float)
    expected, w, v = loop_of_signals(spikes, values, modulation)
    for name, table in expected.items():
        assert table.sum() > 40
        np.testing.assert_array_equal(raster(found, name), table)
        np.testing.assert_array_equal(found.final_values[name, "v"], v[name])
    np.testing.assert_allclose(found.weights["input -> a"], w, rtol=0, atol=1e-14)


@dataclass(frozen=True)
class Counting:
    """A weight grows by the signal `gate` for each spike that arrives."""

    def equations(self) -> SynapseEquations:
        return SynapseEquations(model="w : 1", on_pre="drive_post += w\nw += gate_post")

    def synapse_parameters(self, layer_names) -> list[dict[str, float]]:
        return [{} for _ in layer_names]

    def presynaptic_parameters(self, dt: float) -> dict[str, float]:
        return {}


@pytest.mark.parametrize("device", ["cpp", NUMPY], ids=str)
def test_rules_may_use_signals_of_their_postsynaptic_neurons(device) -> None:
    gate = np.arange(40) / 64  # of which sums are exact
    cells = {"a": Population(3, Cell(("gate",)))}
    circuit = Circuit(N_INPUTS, cells, [Projection("input", "a", 0.0, plasticity=Counting())])
    spikes = random_spikes(40, N_INPUTS, 0.2)
    found = circuit.run(spikes, device=device, dtype="float64", signals={"gate": gate})
    np.testing.assert_array_equal(found.weights["input -> a"], np.tile(gate @ spikes, (3, 1)))


def test_signals_are_of_a_run_and_not_of_the_program() -> None:
    prepared = signalled().prepare("cpp", dtype="float64")
    spikes, signals = random_spikes(60, N_INPUTS, 0.2), given_signals(60)
    first = prepared.run(spikes, signals=signals)
    closed = prepared.run(spikes, signals=signals | {"gate": np.zeros(60)})
    assert len(first.spikes["a"]) > 20
    assert len(closed.spikes["a"]) == 0
    again = prepared.run(spikes, signals=signals)
    np.testing.assert_array_equal(raster(again, "b"), raster(first, "b"))


@pytest.mark.parametrize(
    ("changed", "error", "words"),
    [
        (None, ParameterError, "'a' gets the signal 'restart'; pass signals={'restart': ...}"),
        ({"gate": np.ones(9)}, ParameterError, "'a' gets the signal 'restart'"),
        ({"gat": np.ones(9)}, ParameterError, "Did you mean 'gate'"),
        ({"modulation": np.ones(9)}, ParameterError, "no population gets a signal 'modulation'"),
        ({"gate": np.ones(8), "restart": np.ones(9)}, ParameterError, r"shape \(9,\), not \(8,\)"),
        ({"gate": 1.0, "restart": np.ones(9)}, ParameterError, r"shape \(9,\), not \(\)"),
        ({"gate": np.full(9, np.nan), "restart": np.ones(9)}, ParameterError, "'gate'.*NaN"),
        ({"gate": ["open"] * 9, "restart": np.ones(9)}, UnitsError, "must be numbers"),
        (np.ones(9), UnitsError, "signals must be arrays by name"),
        ({3: np.ones(9)}, UnitsError, "names are text"),
    ],
)
def test_signals_that_make_no_sense(changed, error, words: str) -> None:
    with pytest.raises(error, match=words):
        signalled().run(np.full(N_INPUTS, 0.1), 9, device=NUMPY, signals=changed)


def test_nobody_gets_a_signal() -> None:
    cells = {"a": Population(N_A, Cell(()))}
    circuit = Circuit(N_INPUTS, cells, [Projection("input", "a")])
    with pytest.raises(ParameterError, match="no population gets a signal 'gate'"):
        circuit.run(np.full(N_INPUTS, 0.1), 9, device=NUMPY, signals={"gate": np.ones(9)})


@pytest.mark.parametrize("name", ["v", "bias", "drive", "v_threshold", "two words", ""])
def test_names_that_no_signal_can_have(name: str) -> None:
    cell = Cell()
    equations = replace(cell.equations(), signals=(name,))
    object.__setattr__(cell, "equations", lambda: equations)
    with pytest.raises(ParameterError, match="cannot get a signal called"):
        Circuit(N_INPUTS, {"a": Population(N_A, cell)}, [Projection("input", "a")])


def test_nights_and_gpus_have_no_signals() -> None:
    from helpers import mlp

    with pytest.raises(ParameterError, match=r"gets signals \(gate, restart\).*use bs.circuit"):
        bs.sleep(mlp((12, 5)), np.full(12, 0.1), duration=5, neuron=Cell(), device=NUMPY)
    plan = signalled().prepare(NUMPY).plan
    assert unsupported_by_cuda(plan) == "its neurons get signals (restart, gate)"


# Feedback


def looped() -> Circuit:
    """Return two populations joined in all ways there are, all of which learn."""
    cells = {"a": Population(N_A, Cell(())), "b": Population(N_B, Cell(()))}
    sizes = {"input": N_INPUTS, "a": N_A, "b": N_B}
    links = [
        Projection(source, target, back(sizes, source, target), plasticity=RULE)
        for source, target in WAYS
    ]
    return Circuit(N_INPUTS, cells, links)


#: Forward; to itself; back.
WAYS = [("input", "a"), ("a", "a"), ("b", "a"), ("a", "b"), ("b", "b"), ("input", "b")]


def back(sizes, source: str, target: str) -> np.ndarray:
    drawn = weights(sizes[target], sizes[source], 10 + WAYS.index((source, target)))
    return drawn if source == "input" else drawn - 0.35  # more inhibition than excitation


def loop_of_feedback(spikes):
    sizes = {"input": N_INPUTS, "a": N_A, "b": N_B}
    w = {way: back(sizes, *way) for way in WAYS}
    sent = {name: np.zeros(n, dtype=bool) for name, n in sizes.items()}
    traces = {name: Trace(n) for name, n in sizes.items()}
    v, tables = {"a": np.zeros(N_A), "b": np.zeros(N_B)}, {"a": [], "b": []}
    for row in spikes:
        sent["input"] = row
        traces["input"].step(row)
        for name in ("a", "b"):  # in this order, so that `sent` and `traces` are as they are read
            ways = [way for way in WAYS if way[1] == name]
            drives = [arriving(w[way], sent[way[0]]) for way in ways]
            v[name] = v[name] * 0.9 + sum(drives[1:], start=drives[0])
            fired = v[name] >= 0.8
            v[name][fired] = 0
            for way in ways:
                learn(w[way], fired, traces[way[0]].values)
            sent[name] = fired
            traces[name].step(fired)
            tables[name].append(fired)
    return {name: np.array(rows) for name, rows in tables.items()}, w


@pytest.mark.parametrize("device", DEVICES, ids=str)
def test_feedback_without_delay_against_a_loop(device) -> None:
    spikes = random_spikes(N_STEPS, N_INPUTS, 0.2)
    found = looped().run(spikes, device=device, dtype="float64")
    expected, w = loop_of_feedback(spikes)
    for name, table in expected.items():
        assert 60 < table.sum() < 0.8 * table.size
        np.testing.assert_array_equal(raster(found, name), table)
    for (source, target), values in w.items():
        name = f"{source} -> {target}"
        assert np.abs(values - back({"input": N_INPUTS, "a": N_A, "b": N_B}, source, target)).max()
        np.testing.assert_allclose(found.weights[name], values, rtol=0, atol=1e-13)


def test_without_feedback_the_order_of_parts_changes_nothing() -> None:
    """A feedback of weight 0 leaves all else as it is without: there traces change elsewhere."""
    cells = {"a": Population(N_A, Cell(())), "b": Population(N_B, Cell(()))}
    forward = [
        Projection("input", "a", weights(N_A, N_INPUTS, 1), plasticity=RULE),
        Projection("a", "b", weights(N_B, N_A, 2), plasticity=RULE),
    ]
    spikes = random_spikes(N_STEPS, N_INPUTS, 0.2)
    runs = [
        Circuit(N_INPUTS, cells, links).run(spikes, device=NUMPY, dtype="float64")
        for links in (forward, [*forward, Projection("b", "a", 0.0)])
    ]
    assert len(runs[0].spikes["b"]) > 40
    for name in ("a", "b"):
        np.testing.assert_array_equal(raster(runs[0], name), raster(runs[1], name))
    for name in ("input -> a", "a -> b"):
        np.testing.assert_array_equal(runs[0].weights[name], runs[1].weights[name])
