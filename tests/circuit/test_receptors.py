"""Receptors by name, several projections between two populations, biases, and presentations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from brian2 import ms, mV
from helpers import random_spikes, raster

import brainsleep as bs
from brainsleep.circuit import Circuit, Population, Projection
from brainsleep.errors import ParameterError, UnitsError
from brainsleep.neurons import NeuronEquations

NUMPY = bs.devices.Runtime("numpy")
DEVICES = ("cpp", "cpp_stock", NUMPY)
N_INPUTS, N_A, N_B, N_STEPS = 12, 10, 6, 120
RULE = bs.SRC(5e-3, 2e-3, weight_factor="additive")


@dataclass(frozen=True)
class Dendrite:
    """A cell whose drive is multiplied by its feedback, and lessened by its inhibition."""

    receptors: tuple[str, ...] = ("drive", "inhibition", "feedback")
    signals: tuple[str, ...] = ()
    gain = gain_scale = 1.0
    threshold = 0.8
    target_rate = constants_unit = None
    delay_steps = 0

    def equations(self) -> NeuronEquations:
        inhibition = " - inhibition" if "inhibition" in self.receptors else ""
        signals = "".join(f" + {signal}" for signal in self.signals)
        return NeuronEquations(
            model="v : 1\nv_threshold : 1 (shared, constant)",
            on_input=f"v = v*0.5 + drive*(1 + feedback){inhibition} + bias{signals}",
            threshold="v >= v_threshold",
            reset="v = 0",
            receptors=self.receptors,
            signals=self.signals,
        )

    def parameters(self, layer_names, gains, thresholds) -> list[dict[str, float]]:
        return [{"v_threshold": threshold} for threshold in thresholds]


SIZES = {"input": N_INPUTS, "a": N_A, "b": N_B}
#: Source, target and receptor; without one, positive weights excite and negative ones inhibit.
WAYS = [
    ("input", "a", "drive"),
    ("input", "a", "feedback"),
    ("b", "a", "feedback"),
    ("a", "b", "drive"),
    ("a", "b", "inhibition"),
    ("b", "b", "feedback"),
]


def weights(way) -> np.ndarray:
    source, target, receptor = way
    drawn = np.random.default_rng(WAYS.index(way)).normal(0.2, 0.3, (SIZES[target], SIZES[source]))
    return np.abs(drawn) / 2 if receptor == "inhibition" else drawn


def circuit(**changed) -> Circuit:
    """Return two populations, between which there is more than one projection; two learn."""
    rng = np.random.default_rng(9)
    cells = {
        "a": Population(N_A, Dendrite(**changed), bias=rng.normal(0, 0.1, N_A)),
        "b": Population(N_B, Dendrite(), bias=0.05),
    }
    links = [
        Projection(
            source,
            target,
            weights((source, target, receptor)),
            receptor=receptor,
            plasticity=RULE if receptor == "feedback" and source != "input" else None,
        )
        for source, target, receptor in WAYS
    ]
    return Circuit(N_INPUTS, cells, links)


def arriving(w: np.ndarray, fired: np.ndarray) -> np.ndarray:
    """Sum the weights of spikes one after the other, as synapses do."""
    total = np.zeros(len(w))
    for neuron in np.flatnonzero(fired):
        total += w[:, neuron]
    return total


def loop(spikes, presentation_steps: int):
    """Simulate step by step; populations forget what they were at each presentation."""
    w = {way: weights(way) for way in WAYS}
    bias = {"a": np.random.default_rng(9).normal(0, 0.1, N_A), "b": 0.05}
    tables = {"a": [], "b": []}
    for step, row in enumerate(spikes):
        if step % presentation_steps == 0:
            v = {name: np.zeros(n) for name, n in SIZES.items()}
            sent = {name: np.zeros(n, dtype=bool) for name, n in SIZES.items()}
        sent["input"] = row
        for name in ("a", "b"):
            got = {"drive": 0.0, "inhibition": 0.0, "feedback": 0.0}
            for way in (one for one in WAYS if one[1] == name):
                source, _, receptor = way
                if receptor == "drive":
                    got["drive"] = got["drive"] + arriving(w[way].clip(min=0), sent[source])
                    got["inhibition"] = got["inhibition"] + arriving(
                        (-w[way]).clip(min=0), sent[source]
                    )
                else:
                    got[receptor] = got[receptor] + arriving(w[way], sent[source])
            v[name] = (
                v[name] * 0.5
                + got["drive"] * (1 + got["feedback"])
                - got["inhibition"]
                + bias[name]
            )
            fired = v[name] >= 0.8
            v[name][fired] = 0
            for way in WAYS:
                if way[1] == name and way[2] == "feedback" and way[0] != "input":
                    # with tau_pre = 0: spikes that arrive in this step
                    w[way][fired] += np.where(sent[way[0]], RULE.increase, -RULE.decrease)
            sent[name] = fired
            tables[name].append(fired)
    return {name: np.array(rows) for name, rows in tables.items()}, w, v


@pytest.mark.parametrize("presentation_steps", [None, 17])
def test_receptors_biases_and_presentations_against_a_loop(presentation_steps) -> None:
    spikes = random_spikes(N_STEPS, N_INPUTS, 0.2)
    expected, w, v = loop(spikes, presentation_steps or N_STEPS)
    runs = [
        circuit().run(
            spikes,
            device=device,
            dtype="float64",
            presentation_steps=presentation_steps,
            final_values=[("a", "v"), ("b", "v")],
        )
        for device in DEVICES
    ]
    for found in runs:
        for name, table in expected.items():
            assert 50 < table.sum() < 0.7 * table.size
            np.testing.assert_array_equal(raster(found, name), table)
            # terms are not added in the order in which the equations have them
            np.testing.assert_allclose(found.final_values[name, "v"], v[name], rtol=0, atol=1e-14)
            np.testing.assert_array_equal(
                found.final_values[name, "v"], runs[0].final_values[name, "v"]
            )
        for way, values in w.items():
            source, target, receptor = way
            name = f"{source} -> {target}" + (f" ({receptor})" if receptor != "drive" else "")
            np.testing.assert_array_equal(found.weights[name], values)


@pytest.mark.parametrize("device", ["cpp", NUMPY], ids=str)
def test_signals_go_on_where_presentations_begin_anew(device) -> None:
    cells = {"a": Population(N_A, Dendrite(signals=("push",)))}
    push = np.where(np.arange(40) % 13 == 5, 1.0, 0.1)
    found = Circuit(N_INPUTS, cells, [Projection("input", "a", 0.0)]).run(
        np.zeros((40, N_INPUTS), dtype=bool),
        device=device,
        dtype="float64",
        signals={"push": push},
        presentation_steps=10,
        final_values=[("a", "v")],
    )
    v, fired = 0.0, []
    for step, value in enumerate(push):
        v = (0.0 if step % 10 == 0 else v) * 0.5 + value
        fired.append(v >= 0.8)
        v = 0.0 if fired[-1] else v
    np.testing.assert_array_equal(raster(found, "a").all(axis=1), fired)
    np.testing.assert_array_equal(found.final_values["a", "v"], np.full(N_A, v))


def test_inhibition_by_name_or_by_flag() -> None:
    """What is inhibitory reaches the receptor for inhibition, where the model has one."""
    spikes = random_spikes(60, N_INPUTS, 0.2)
    drive = Projection("input", "a", 0.3)
    cells = {"a": Population(N_A, Dendrite()), "b": Population(1, Dendrite())}
    flag, name = (
        Circuit(N_INPUTS, cells, [drive, Projection("input", "b", 0.2), back]).run(
            spikes, device=NUMPY, dtype="float64"
        )
        for back in (
            Projection("b", "a", 0.4, inhibitory=True),
            Projection("b", "a", 0.4, receptor="inhibition"),
        )
    )
    assert len(flag.spikes["b"]) > 5
    np.testing.assert_array_equal(raster(flag, "a"), raster(name, "a"))
    negative = Projection("b", "a", -0.1, receptor="inhibition")
    circuit = Circuit(N_INPUTS, cells, [drive, Projection("input", "b"), negative])
    with pytest.raises(ParameterError, match=r"must be at least 0, but the smallest is -0\.1"):
        circuit.prepare(NUMPY)


def test_receptors_that_are_not_there() -> None:
    cells = {"a": Population(N_A, Dendrite()), "b": Population(N_B, bs.LIF(gain=1, threshold=1))}
    drives = [Projection("input", "a"), Projection("input", "b")]
    with pytest.raises(ParameterError, match=r"no receptor 'feedbck'.*Did you mean 'feedback'"):
        Circuit(N_INPUTS, cells, [*drives, Projection("b", "a", receptor="feedbck")])
    with pytest.raises(ParameterError, match=r"'b' have no receptor 'feedback' .*\(feedback\)"):
        Circuit(N_INPUTS, cells, [*drives, Projection("a", "b", receptor="feedback")])
    twice = [Projection("b", "a", receptor="feedback")] * 2
    with pytest.raises(ParameterError, match=r"two projections 'b -> a \(feedback\)'.*different"):
        Circuit(N_INPUTS, cells, [*drives, *twice])
    with pytest.raises(ParameterError, match="inhibitory=True or receptor='feedback', not both"):
        Projection("b", "a", receptor="feedback", inhibitory=True)
    with pytest.raises(UnitsError, match="receptor"):
        Projection("b", "a", receptor=3)


@pytest.mark.parametrize(
    ("bias", "error", "words"),
    [
        (np.ones(3), ParameterError, "bias must be a number, or 4 of them"),
        (np.nan, ParameterError, "holds NaN"),
        ("much", UnitsError, "must be numbers"),
    ],
)
def test_biases_that_make_no_sense(bias, error, words: str) -> None:
    with pytest.raises(error, match=words):
        Population(4, Dendrite(), bias=bias)


@pytest.mark.parametrize("steps", [0, -1, 2.5, "all"])
def test_presentations_that_make_no_sense(steps) -> None:
    with pytest.raises((ParameterError, UnitsError), match="presentation_steps"):
        circuit().run(np.full(N_INPUTS, 0.1), 9, device=NUMPY, presentation_steps=steps)


def test_rules_agree_on_what_they_keep_on_a_population() -> None:
    cells = {name: Population(3, bs.Heaviside(gain=1, threshold=1)) for name in ("a", "b")}

    def links(*times):
        rules = [bs.SRC(1e-3, 1e-3, tau_pre=time * ms) for time in times]
        ends = [("input", "a"), ("input", "b")]
        return [Projection(*end, plasticity=rule) for end, rule in zip(ends, rules, strict=True)]

    Circuit(N_INPUTS, cells, links(3, 3)).run(np.full(N_INPUTS, 0.1), 3, device=NUMPY)
    unlike = Circuit(N_INPUTS, cells, links(3, 4)).prepare(NUMPY)
    with pytest.raises(ParameterError, match=r"wants trace_decay = .* at 'input', where another"):
        unlike.run(np.full(N_INPUTS, 0.1), 3)


def test_receptors_may_be_numbered() -> None:
    """What comes by the second projection to ``zone_1`` is not what comes to ``zone_12``."""
    zones = tuple(f"zone_{k}" for k in range(13))
    cells = bs.DendriticLIF(gain=1, zones=13, zone_threshold=0.5 * mV)
    links = [Projection("input", "a", np.ones((1, 1)), receptor=name) for name in zones[:2]]
    links.append(Projection("input", "a", np.zeros((1, 1)), receptor="zone_12"))
    found = Circuit(1, {"a": Population(1, cells)}, links).run(
        np.ones((3, 1), dtype=bool),
        device=NUMPY,
        final_values=[("a", f"n_plateaus_{k}") for k in (0, 1, 12)],
    )
    assert [found.final_values["a", f"n_plateaus_{k}"][0] for k in (0, 1, 12)] == [1, 1, 0]
