"""Synapses that nothing changes: the same as in Brian2 itself, bit for bit."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

import brainsleep as bs
from brainsleep.devices import CppStandalone, Job
from brainsleep.devices.cpp.engine import CppEngine
from brainsleep.devices.dense import blocks, is_frozen, synapses
from brainsleep.devices.dense.suitability import reason_for_single_steps
from brainsleep.errors import ParameterError
from brainsleep.network.plan import NetworkPlan, ProjectionPlan
from brainsleep.network.wiring import Wiring

N_STEPS = 300  # two whole blocks and a part of one
CELL = bs.Heaviside(gain=1, threshold=0.25, decay=0.9)
LIF = bs.LIF(gain=1, threshold=0.3)
RULE = bs.SRC(1e-3, 1e-3)


def circuit(
    neuron: object = CELL, *, pooled: bool = False, back: bool = False
) -> bs.circuit.Circuit:
    """Return a circuit with a shortcut, inhibition, a rule that learns, and many frozen synapses.

    Two projections of each kind meet in one population, and sizes are no multiples of a tile.
    """
    rng = np.random.default_rng(3)

    def link(source: str, target: str, n_pre: int, n_post: int, **options: object) -> object:
        weights = rng.normal(0.02, 0.1, (n_post, n_pre))
        return bs.circuit.Projection(source, target, weights, **options)

    populations = {
        "wide": bs.circuit.Population(131, neuron, mean_inhibition=0.1 * pooled),
        "next": bs.circuit.Population(83, neuron),
        "last": bs.circuit.Population(7, neuron),
    }
    links = [
        link("input", "wide", 57, 131),
        link("wide", "next", 131, 83),
        link("input", "next", 57, 83, inhibitory=True),
        link("next", "last", 83, 7),
        link("wide", "last", 131, 7, plasticity=RULE),
    ]
    if back:
        links.append(link("next", "wide", 83, 131, inhibitory=True))
        links.append(link("last", "last", 7, 7))
    return bs.circuit.Circuit(57, populations, links)


CIRCUITS = {
    "in blocks": circuit(),
    "in blocks, next step": circuit(LIF),
    "step by step": circuit(pooled=True),
    "recurrent": circuit(LIF, back=True),
}


def plan_of(one: bs.circuit.Circuit) -> NetworkPlan:
    """Return the plan of a circuit."""
    return one.prepare(dtype="float64", progress=False).plan


@pytest.fixture
def small_tiles(monkeypatch: pytest.MonkeyPatch, empty_cache: object) -> None:
    """Tiles of 16 neurons, so that all layers but the last have several, and a part of one.

    Steps of a block are added ten neurons at a time, where that may be.
    """
    for module in (blocks, synapses):
        monkeypatch.setattr(module, "FROZEN_MULTIPLE", 16)
    monkeypatch.setattr(synapses, "AHEAD_BYTES", 10 * 16 * 8)
    monkeypatch.setattr(blocks, "AHEAD_TILE", 32)
    monkeypatch.setattr(blocks, "FROZEN_TILE_BYTES", 1)
    monkeypatch.setattr(blocks, "TILE_BYTES", 1)


@pytest.mark.parametrize("kind", CIRCUITS)
@pytest.mark.usefixtures("small_tiles")
def test_same_as_brian2_itself_bit_for_bit(kind: str) -> None:
    spikes = np.random.default_rng(1).random((N_STEPS, 57)) < 0.1
    frozen, plain = (
        CIRCUITS[kind].run(
            spikes,
            device=device,
            dtype="float64",
            final_values=[(name, "v") for name in ("wide", "next", "last")],
            progress=False,
        )
        for device in ("cpp", bs.devices.Runtime("numpy"))
    )
    for population, train in plain.spikes.items():
        assert len(train) > 50, population
        assert np.array_equal(train.i, frozen.spikes[population].i)
        assert np.array_equal(train.t, frozen.spikes[population].t)
    # exp of a C++ library and of NumPy, which LIF neurons need, may differ in the last digit
    tolerance = 0 if CIRCUITS[kind].populations["wide"].neuron is CELL else 1e-13
    for variable, values in plain.final_values.items():
        np.testing.assert_allclose(frozen.final_values[variable], values, rtol=0, atol=tolerance)
    for name, weights in plain.weights.items():
        np.testing.assert_allclose(frozen.weights[name], weights, rtol=0, atol=1e-13)
        learned = (weights != CIRCUITS[kind].weights[name]).any()
        assert learned == (name == "wide -> last")


@pytest.mark.usefixtures("small_tiles")
def test_threads_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "WEIGHTS_PER_THREAD", 1)
    spikes = np.random.default_rng(1).random((N_STEPS, 57)) < 0.1
    prepared = CIRCUITS["in blocks"].prepare(dtype="float64", progress=False)
    environment, told = CppEngine.environment, []

    def noted(engine: CppEngine, job: Job) -> dict[str, str]:
        found = environment(engine, job)
        told.append(found["BRAINSLEEP_THREADS"])
        return found

    monkeypatch.setattr(CppEngine, "environment", noted)
    runs = []
    for n_cores, n_threads in ((1, None), (3, None), (1, 2)):
        monkeypatch.setattr(blocks, "n_cores", lambda n_cores=n_cores: n_cores)
        runs.append(
            prepared.run(spikes, presentation_steps=70, n_threads=n_threads, progress=False)
        )
    assert told == ["1", "3", "2"]
    for run in runs[1:]:
        for population, train in runs[0].spikes.items():
            assert len(train) > 50, population
            assert np.array_equal(train.i, run.spikes[population].i)
            assert np.array_equal(train.t, run.spikes[population].t)
        for name, weights in runs[0].weights.items():
            assert np.array_equal(weights, run.weights[name])
    with pytest.raises(ParameterError, match="n_threads must be at least 1"):
        prepared.run(spikes, n_threads=0)


def test_which_circuits_go_step_by_step() -> None:
    reasons = {kind: reason_for_single_steps(plan_of(one)) for kind, one in CIRCUITS.items()}
    assert [reason is None for reason in reasons.values()] == [True, True, False, False]


def test_new_weights_need_no_new_program() -> None:
    prepared = circuit().prepare(dtype="float64", progress=False)
    spikes = np.random.default_rng(1).random((20, 57)) < 0.1
    silent = {name: np.zeros_like(weights) for name, weights in prepared.circuit.weights.items()}
    one, none, again = (
        prepared.run(spikes, weights=weights, progress=False) for weights in (None, silent, None)
    )
    assert len(one.spikes["next"]) > 0
    assert len(none.spikes["next"]) == 0
    assert np.array_equal(one.spikes["next"].i, again.spikes["next"].i)


def test_memory_holds_frozen_weights_twice() -> None:
    sizes = {"frozen": 57 * 131 + 131 * 83 + 57 * 83 + 83 * 7, "learning": 131 * 7}
    expected = 8 * (2 * sizes["frozen"] + sizes["learning"])
    assert CppStandalone().memory(plan_of(circuit())) == expected


def test_memory_of_chosen_pairs_holds_their_indices() -> None:
    """Measured, of 4.5 million pairs in float32: 45 bytes if they are frozen, 37 if they learn."""
    plan = replace(plan_of(circuit()), dtype="float32")
    frozen, learning = plan.projections[0], plan.projections[-1]
    for link, n_targets, expected in ((frozen, 131, 40), (learning, 7, 32)):
        chosen = replace(link, kind="wired", wiring=Wiring(fan_in=5))
        memory = CppStandalone().memory(replace(plan, projections=(chosen,)))
        assert memory == expected * 5 * n_targets


@pytest.mark.usefixtures("small_tiles")
def test_tiles_share_the_neurons_of_a_layer_whose_sums_are_made_ahead() -> None:
    plan = plan_of(CIRCUITS["in blocks"])
    tiles = {plan.sizes[index]: blocks.tile_neurons(plan, index) for index in (1, 2)}
    # at most 32 neurons; the second layer has spikes from two others, and small tiles as usual
    assert tiles == {131: 32, 83: 16}


@pytest.mark.usefixtures("small_tiles")
@pytest.mark.parametrize("kind", CIRCUITS)
def test_which_sums_are_made_ahead(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen: dict[tuple[int, int], str] = {}
    add_rows = synapses.ComputedPathway.add_rows

    def noted(pathway: synapses.ComputedPathway) -> None:
        add_rows(pathway)
        sizes = len(pathway.synapses.source), len(pathway.synapses.target)
        chosen[sizes] = pathway.template

    monkeypatch.setattr(synapses.ComputedPathway, "add_rows", noted)
    plan_of(CIRCUITS[kind])
    in_blocks = kind.startswith("in blocks")
    ahead = {sizes for sizes, template in chosen.items() if template == "frozen_ahead_pre"}
    # not what inhibits, and not to seven neurons, which are too few
    assert ahead == ({(57, 131), (131, 83)} if in_blocks else set())
    # whole rows are added there, too
    assert not in_blocks or chosen[83, 7] == "frozen_sum_pre"


@dataclass(frozen=True)
class Changed:
    """Statements that leave a projection frozen, or do not."""

    frozen: bool
    on_pre: str = "drive_post += w"
    on_post: str = ""
    on_event: tuple[str, ...] = ()


@pytest.mark.parametrize(
    "rule",
    [
        Changed(True),
        Changed(True, on_pre="drive_post += 0.5*w\nbest_post = w"),
        Changed(False, on_pre="drive_post += w\nw *= 0.5"),
        Changed(False, on_pre="drive_post += w\ntired_pre += 1"),
        Changed(False, on_post="w += 1"),
        Changed(False, on_event=("w *= 0.5",)),
    ],
)
def test_what_is_frozen(rule: Changed) -> None:
    link = plan_of(circuit()).projections[0]
    assert is_frozen(with_rule(link, rule)) == rule.frozen


def with_rule(link: ProjectionPlan, rule: Changed) -> ProjectionPlan:
    """Return a projection with other statements."""
    synapse = replace(
        link.synapse, on_pre=rule.on_pre, on_post=rule.on_post, on_event=rule.on_event
    )
    return replace(link, synapse=synapse)
