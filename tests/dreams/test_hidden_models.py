"""Hidden cells of dreams that leak or adapt, and nights that stages gate."""

from __future__ import annotations

from dataclasses import replace
from math import exp

import day_residue_loop
import numpy as np
import pytest
from brian2.units import ms
from test_dreaming import (
    DEVICES,
    NUMPY,
    OPTIONS,
    RECIPE,
    SHORT,
    assert_as_the_loop,
    dream,
    images,
    memory,
    network,
    usual,
)

import brainsleep as bs
from brainsleep.dreams import gated_plans, match_activity, stage_plans
from brainsleep.errors import BrainsleepError, NightError

LIF = bs.LIF(threshold=15, tau_m=5 * ms)


@pytest.mark.parametrize("device", [NUMPY, "cpp"], ids=str)
def test_integrate_and_fire_as_a_model_is_the_usual_night(device) -> None:
    night = dream(device=device, neuron=bs.IntegrateAndFire())
    assert night.n_spikes == usual().n_spikes
    np.testing.assert_allclose(
        night.weights_after["4.weight"], usual().weights_after["4.weight"], atol=1e-12
    )
    np.testing.assert_allclose(night.memory.feedback, usual().memory.feedback, atol=1e-12)


@pytest.mark.parametrize(
    ("device", "tau"), [*((one, 5.0) for one in DEVICES), (NUMPY, 1e9)], ids=str
)
def test_leaky_cells_are_those_of_a_plain_loop(monkeypatch, device, tau: float) -> None:
    """Without a leak (a time constant of days) what is left is the reset to rest."""
    monkeypatch.setattr(day_residue_loop.LeakyHidden, "kept", exp(-1 / tau))
    monkeypatch.setattr(day_residue_loop, "Hidden", day_residue_loop.LeakyHidden)
    start, neuron = memory(), replace(LIF, tau_m=tau * ms)
    night = dream(memory=start, neuron=neuron, device=device, record="all")
    assert_as_the_loop(night, start)
    assert night.n_spikes["rem"]["2"] < usual().n_spikes["rem"]["2"]


@pytest.mark.parametrize("device", [NUMPY, "cpp"], ids=str)
def test_adapting_cells_are_those_of_a_plain_loop(monkeypatch, device) -> None:
    monkeypatch.setattr(day_residue_loop, "Hidden", day_residue_loop.AdaptingHidden)
    start, strong = memory(), replace(RECIPE, pixel_rate=0.9, hidden_activity=0.5)
    night = dream(memory=start, neuron=bs.AdEx(), device=device, record="all", recipe=strong)
    assert_as_the_loop(night, start)
    assert night.n_spikes["rem"]["2"] > 50


def test_refractory_cells_spike_less() -> None:
    counts = [
        dream(neuron=replace(LIF, refractory=steps * ms), recipe=SHORT).n_spikes["rem"]["0"]
        for steps in (0, 3)
    ]
    assert 0 < counts[1] < 0.8 * counts[0]


def test_matched_gains_bring_activity_back() -> None:
    neuron, ann = bs.AdEx(), network((12, 60, 60, 5))
    recipe = replace(RECIPE, rem_dreams=0, nrem_presentations=20)
    options = {**OPTIONS, "recipe": recipe}
    found = match_activity(neuron, ann, images(), recipe=recipe, n_images=30, device=NUMPY)
    assert len(found.gain) == 2
    plain, given, matched = (
        bs.dream(ann, images(), **options, neuron=one).n_spikes["nrem"]
        for one in (None, neuron, found)
    )
    for name in ("0", "2"):
        assert given[name] < 0.9 * plain[name]
        assert matched[name] == pytest.approx(plain[name], rel=0.08)


# Stages


class Given:
    """A gate that repeats some values."""

    def __init__(self, *values: float) -> None:
        self.values = values

    def gate(self, n_steps: int, dt: float, seed: int) -> bs.stages.Gate:
        assert dt == 1e-3
        stimulus = np.resize(np.array(self.values, dtype=float), n_steps)
        return bs.stages.Gate(stimulus, np.sign(stimulus))


def test_an_open_gate_changes_nothing() -> None:
    night = dream(stages={"nrem": Given(1), "rem": Given(1)})
    assert night.n_spikes == usual().n_spikes
    np.testing.assert_allclose(
        night.weights_after["4.weight"], usual().weights_after["4.weight"], atol=1e-12
    )


def test_presentations_begin_where_the_gate_opens() -> None:
    plan = stage_plans.plan_nrem(RECIPE, 7, np.random.default_rng(0))
    assert plan.presentation_steps == 8
    cut = [0.0] * 10 + [2.0] * 12  # 22 of 64 steps: opens at 10, 32 and 54
    found = gated_plans.gated(plan, Given(*cut), 1e-3, 0)
    np.testing.assert_array_equal(found.order, plan.order[[1, 2, 4, 5, 6]])
    is_open = np.array(cut * 3)
    now = np.concatenate([np.arange(start, start + 8) for start in (10, 18, 32, 40, 54)])
    np.testing.assert_array_equal(found.signals["open_gate"], is_open[now])
    rate = plan.signals["learning"].reshape(8, 8)[[1, 2, 4, 5, 6]].ravel()
    np.testing.assert_array_equal(found.signals["learning"], rate * (is_open[now] > 0))


def test_a_closed_gate_stops_currents_and_learning() -> None:
    recipe = RECIPE.without("nrem")
    night = dream(stages={"rem": Given(*[1] * 8, *[0] * 8)}, recipe=recipe)
    assert len(night.cues) == 8
    half = dream(stages={"rem": Given(*[1] * 4, *[0] * 12)}, recipe=recipe)
    assert 0 < half.n_spikes["rem"]["0"] < 0.7 * night.n_spikes["rem"]["0"]
    np.testing.assert_array_equal(half.weights_after["4.weight"], half.weights_before["4.weight"])
    assert (night.weights_after["4.weight"] != night.weights_before["4.weight"]).any()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"neuron": bs.ConductanceLIF()}, "ConductanceLIF cannot dream"),
        (
            {"neuron": "lif"},
            r"^neuron must be a model like bs\.LIF\(threshold=15\).*, not 'lif'\.$",
        ),
        ({"neuron": bs.LIF}, r"neuron must be a model like bs\.LIF\(threshold=15\)"),
        ({"neuron": bs.LIF()}, r"give it, as in LIF\(threshold=15\), in mV"),
        ({"neuron": replace(LIF, gain="tadros")}, "gain"),
        (
            {"neuron": LIF, "recipe": replace(RECIPE, feedback_to="first"), "memory": None},
            "feedback_to at 'last'",
        ),
        ({"stages": Given(1)}, "stages must be a dict"),
        ({"stages": {"wake": Given(1)}}, "stages: no stage is called 'wake'"),
        ({"stages": {"rem": 3}}, "stages must be a stage like"),
    ],
)
def test_wrong_models_and_stages_are_named_in_one_line(options, message) -> None:
    with pytest.raises(BrainsleepError, match=message) as error:
        dream(**options)
    assert "\n" not in str(error.value)


def test_a_gate_that_never_opens_is_told() -> None:
    with pytest.raises(NightError, match="closed all night"):
        dream(stages={"nrem": Given(0)})
