"""Rules that regulate, leak or wait for a reward, against loops over steps; modulation."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import Hz, ms, second
from helpers import assert_same_nights, mlp, random_spikes, raster

import brainsleep as bs
from brainsleep.errors import ParameterError, UnitsError

NUMPY = bs.devices.Runtime("numpy")
N_STEPS = 60
NEURON = bs.Heaviside(gain=[1.0, 1.0], threshold=[0.8, 0.6], decay=0.9)
STDP = bs.STDP(0.01, 0.0105, w_min=-10, w_max=10)


def night(rule, device="cpp", **keywords):
    """Run one night of a network with two layers."""
    import torch

    return bs.sleep(
        mlp((12, 10, 5), dtype=torch.float64, scale=1.5),
        random_spikes(N_STEPS, 12, 0.2),
        neuron=keywords.pop("neuron", NEURON),
        plasticity=rule,
        device=device,
        dtype="float64",
        progress=False,
        **keywords,
    )


def columns(found):
    """Return pre- and postsynaptic spikes and initial weights of both layers."""
    names = ["input", "0", "2"]
    rasters = [raster(found, name) for name in names]
    return list(zip(rasters, rasters[1:], found.weights_before.values(), strict=False))


RULES = {
    "homeostasis": bs.Homeostasis(STDP, total_weight=[3.0, 5.0], every=20 * ms),
    "scaling": bs.SynapticScaling(STDP, target_rate=100 * Hz, scaling=0.05, every=7 * ms),
    "downscaling": bs.Downscaling(bs.SRC(1e-2, 1e-3), downscaling=[0.1, 0.2], every=15 * ms),
    "asp": bs.ASP(tau_leak=50 * ms, tau_memory=500 * ms, w_max=10, every=10 * ms, w_rest=0.05),
    "reward": bs.RewardSTDP(
        0.01, 0.0105, learning_rate=1.5, w_min=-10, w_max=10, tau_eligibility=30 * ms
    ),
}


def reward():
    """Return a reward in some of the steps."""
    values = np.zeros(N_STEPS)
    values[[10, 11, 30, 59]] = [1.0, -0.5, 2.0, 0.5]
    return values


@pytest.mark.parametrize("name", list(RULES))
def test_devices_agree(name: str) -> None:
    more = {"modulation": reward()} if name == "reward" else {}
    nights = [night(RULES[name], device, **more) for device in ("cpp", "cpp_stock", NUMPY)]
    assert len(nights[0].spikes["2"]) > 5
    assert_same_nights(nights[0], nights[1])
    assert_same_nights(nights[0], nights[2], tolerance=1e-13)


def stdp_loop(pre, post, w, step):
    """Run STDP in steps; `step` takes the changes of one step and the weights; returns weights."""
    w = w.copy()
    x, y = np.zeros(pre.shape[1]), np.zeros(post.shape[1])
    decay = np.exp(-1 / 20)
    for t in range(len(pre)):
        x *= decay
        y *= decay
        x += pre[t]
        depression = np.outer(y, pre[t]) * -0.0105
        y += post[t]
        potentiation = np.outer(post[t], x) * 0.01
        w = step(t, w, depression, potentiation)
    return w


def test_homeostasis_against_a_loop() -> None:
    found = night(RULES["homeostasis"])
    for (pre, post, w, total), name in zip(
        [(*column, total) for column, total in zip(columns(found), (3.0, 5.0), strict=True)],
        found.weights_after,
        strict=True,
    ):

        def step(t, w, depression, potentiation, total=total):
            w = w + depression + potentiation
            if (t + 1) % 20 == 0:
                w = w * total / np.abs(w).sum(axis=1, keepdims=True)
            return w

        expected = stdp_loop(pre, post, w, step)
        np.testing.assert_allclose(found.weights_after[name], expected, atol=1e-12)
        # the last step is one of these
        np.testing.assert_allclose(np.abs(expected).sum(axis=1), total)


def test_synaptic_scaling_against_a_loop() -> None:
    found = night(RULES["scaling"])
    for (pre, post, w), name in zip(columns(found), found.weights_after, strict=True):
        activity = np.zeros(post.shape[1])

        def step(t, w, depression, potentiation, post=post, activity=activity):
            activity *= np.exp(-1 / 1000)
            activity += post[t] / (1.0 * 100)
            w = w + depression + potentiation
            return w + 0.05 * (1 - activity)[:, None] * w if (t + 1) % 7 == 0 else w

        expected = stdp_loop(pre, post, w, step)
        np.testing.assert_allclose(found.weights_after[name], expected, atol=1e-12)


def test_downscaling_alone_is_exponential() -> None:
    found = night(bs.Downscaling(bs.SRC(0, 0), downscaling=[0.1, 0.2], every=15 * ms))
    for name, part in (("0.weight", 0.9), ("2.weight", 0.8)):
        np.testing.assert_allclose(
            found.weights_after[name], found.weights_before[name] * part**4, rtol=1e-14
        )


def test_rules_that_regulate_wrap_each_other() -> None:
    """The inner rule acts first: weights are shrunk, then scaled to a sum."""
    both = bs.Homeostasis(RULES["asp"], total_weight=4.0, every=10 * ms)
    nights = [night(both, device) for device in ("cpp", "cpp_stock", NUMPY)]
    assert_same_nights(nights[0], nights[1])
    assert_same_nights(nights[0], nights[2], tolerance=1e-13)
    for weights in nights[0].weights_after.values():
        np.testing.assert_allclose(np.abs(weights).sum(axis=1), 4.0)


def test_asp_leaks_without_spikes_and_less_where_there_were_some() -> None:
    rule = bs.ASP(0, 0, tau_leak=50 * ms, tau_memory=1000 * second, retention=0.5, w_max=10)
    found = night(rule)
    for (_, post, w), name in zip(columns(found), found.weights_after, strict=True):
        fired = np.cumsum(post, axis=0)
        # a period of 100 ms would end just after the night
        kept = w > 0  # spikes keep weights within the bounds of the rule, 0 and w_max
        np.testing.assert_array_equal(found.weights_after[name][kept], w[kept])
        assert fired[-1].max() > 3
    often = night(
        bs.ASP(
            0, 0, tau_leak=50 * ms, tau_memory=1000 * second, retention=0.5, w_max=10, every=10 * ms
        )
    )
    leak = -np.expm1(-10 / 50)
    for (_, post, w), name in zip(columns(often), often.weights_after, strict=True):
        memory, expected = np.zeros(post.shape[1]), w
        for t in range(N_STEPS):
            memory = memory * np.exp(-1e-3 / 1000) + post[t]
            if (t + 1) % 10 == 0:
                expected = expected - leak * expected / (1 + 0.5 * memory)[:, None]
        kept = w > 0
        np.testing.assert_allclose(often.weights_after[name][kept], expected[kept], atol=1e-12)


def test_reward_against_a_loop() -> None:
    rewards = reward()
    found = night(RULES["reward"], modulation=rewards)
    for (pre, post, w), name in zip(columns(found), found.weights_after, strict=True):
        eligibility = np.zeros_like(w)

        def step(t, w, depression, potentiation, eligibility=eligibility):
            eligibility *= np.exp(-1 / 30)
            eligibility += depression + potentiation
            return w + 1.5 * rewards[t] * eligibility

        expected = stdp_loop(pre, post, w, step)
        np.testing.assert_allclose(found.weights_after[name], expected, atol=1e-12)
        assert np.abs(expected - w).max() > 1e-3


def test_a_night_without_reward_teaches_nothing() -> None:
    found = night(RULES["reward"], modulation=np.zeros(N_STEPS))
    for before, after in zip(
        found.weights_before.values(), found.weights_after.values(), strict=True
    ):
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("rule", [bs.SRC(1e-2, 1e-3, tau_pre="5 ms"), STDP])
def test_modulation_switches_learning(rule) -> None:
    gate = (np.arange(N_STEPS) // 10 % 2).astype(float)
    nights = [night(rule, device, modulation=gate) for device in ("cpp", "cpp_stock", NUMPY)]
    assert_same_nights(nights[0], nights[1])
    assert_same_nights(nights[0], nights[2], tolerance=1e-13)
    always, never = night(rule, modulation=np.ones(N_STEPS)), night(rule, modulation=0 * gate)
    assert_same_nights(always, night(rule), tolerance=1e-13)
    for before, after in zip(
        never.weights_before.values(), never.weights_after.values(), strict=True
    ):
        np.testing.assert_array_equal(before, after)
    assert any(
        np.abs(a - b).max() > 1e-3
        for a, b in zip(
            always.weights_after.values(), nights[0].weights_after.values(), strict=True
        )
    )


def test_modulated_stdp_against_a_loop() -> None:
    gate = np.random.default_rng(3).random(N_STEPS)
    found = night(STDP, modulation=gate)
    pre, post, w = columns(found)[0]
    expected = stdp_loop(pre, post, w, lambda t, w, d, p: w + gate[t] * (d + p))
    np.testing.assert_allclose(found.weights_after["0.weight"], expected, atol=1e-12)


@pytest.mark.parametrize(
    ("modulation", "error", "words"),
    [
        (np.ones(3), ParameterError, "shape"),
        (np.full(N_STEPS, np.nan), ParameterError, "NaN"),
        ("up", UnitsError, "one number per step, must be numbers"),
    ],
)
def test_a_modulation_that_will_not_do(modulation, error, words) -> None:
    with pytest.raises(error, match=words):
        night(STDP, NUMPY, modulation=modulation)


def test_rules_that_will_not_do() -> None:
    with pytest.raises(ParameterError, match="reward"):
        night(bs.RewardSTDP(), NUMPY)
    with pytest.raises(ParameterError, match="equally often"):
        bs.Downscaling(bs.Homeostasis(STDP, every=20 * ms), every=30 * ms)
    with pytest.raises(ParameterError, match="event of its own"):
        bs.Homeostasis(bs.RewardSTDP())
    with pytest.raises(UnitsError, match=r"a rule like bs\.STDP"):
        bs.Downscaling(bs.STDP)
    with pytest.raises(ParameterError, match="target_rate"):
        bs.SynapticScaling(STDP, target_rate=0 * Hz)
    with pytest.raises(UnitsError, match="every"):
        bs.Downscaling(STDP, every=3)
