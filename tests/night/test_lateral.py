"""Inhibition and recurrence within layers, against loops over steps and on all devices."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from brian2 import ms
from helpers import assert_same_nights, mlp, random_spikes, raster
from torch import nn

import brainsleep as bs
from brainsleep.errors import ParameterError, TranslationError, UnitsError

NUMPY = bs.devices.Runtime("numpy")
DEVICES = ("cpp", "cpp_stock", NUMPY)
N_STEPS = 80
RULE = bs.SRC(2e-2, 1e-3, weight_factor="additive", tau_pre=3 * ms)
LIF = bs.LIF(gain=1, threshold=[0.6, 0.4], tau_m=10 * ms)
HEAVISIDE = bs.Heaviside(gain=1, threshold=[0.6, 0.4], decay=0.9)


def night(lateral, device="cpp", neuron=LIF, rule=RULE):
    """Run one night of a network with two layers."""
    return bs.sleep(
        mlp((12, 10, 5), dtype=torch.float64, scale=1.5),
        random_spikes(N_STEPS, 12, 0.2),
        neuron=neuron,
        plasticity=rule,
        device=device,
        dtype="float64",
        lateral=lateral,
        progress=False,
    )


def recurrent_weights():
    return np.random.default_rng(5).normal(0, 0.3, (10, 10))


def lif_loop(spikes, weights, recurrent):
    """Run two layers of LIF neurons with fixed weights; all spikes take one step."""
    w1, w2 = weights
    decay = np.exp(-1 / 10)
    v1, v2 = np.zeros(len(w1)), np.zeros(len(w2))
    s0, s1, s2 = np.zeros(w1.shape[1]), np.zeros(len(w1)), np.zeros(len(w2))
    tables = [], []
    for row in spikes:
        v1 = v1 * decay + w1 @ s0 + recurrent @ s1
        v2 = v2 * decay + w2 @ s1
        s0, s1, s2 = row.astype(float), (v1 >= 0.6).astype(float), (v2 >= 0.4).astype(float)
        v1[s1 > 0] = 0
        v2[s2 > 0] = 0
        tables[0].append(s1 > 0)
        tables[1].append(s2 > 0)
    return [np.array(table) for table in tables]


@pytest.mark.parametrize("kind", ["recurrent", "winner"])
def test_recurrent_layers_against_a_loop(kind: str) -> None:
    lateral = bs.lateral.Recurrent(recurrent_weights())
    matrix = recurrent_weights()
    if kind == "winner":
        lateral, matrix = bs.lateral.WinnerTakeAll(0.3), -0.3 * (1 - np.eye(10))
    found = night({"0": lateral}, rule=bs.SRC(0, 0))
    expected = lif_loop(raster(found, "input"), list(found.weights_before.values()), matrix)
    for name, table in zip(("0", "2"), expected, strict=True):
        np.testing.assert_array_equal(raster(found, name), table)
    without = lif_loop(raster(found, "input"), list(found.weights_before.values()), 0 * matrix)
    assert (without[0] != expected[0]).sum() > 10


@pytest.mark.parametrize(
    "lateral",
    [
        {"0": bs.lateral.Recurrent(recurrent_weights()), "2": bs.lateral.WinnerTakeAll(0.2)},
        {"0": bs.lateral.InhibitoryPopulation(inhibition=0.3)},
        {"0": bs.lateral.InhibitoryPopulation(4, excitation=0.5, inhibition=0.3)},
        {"0": bs.lateral.MeanInhibition(0.5), "2": bs.lateral.MeanInhibition(1.0)},
        {"0": bs.lateral.KWinners(2), "2": bs.lateral.WinnerTakeAll(0.2)},
        {"0": bs.lateral.KWinners(2), "2": bs.lateral.KWinners(0.3)},
    ],
    ids=["recurrent", "one to one", "all to all", "mean", "winners", "winners in blocks"],
)
def test_devices_agree_while_learning(lateral) -> None:
    nights = [night(lateral, device) for device in DEVICES]
    assert all(len(train) > 10 for train in nights[0].spikes.values())
    assert_same_nights(nights[0], nights[1])
    assert_same_nights(nights[0], nights[2], tolerance=1e-13)
    plain = night(None)
    assert len(plain.spikes["0"]) != len(nights[0].spikes["0"])
    assert any(
        np.abs(after - before).max() > 1e-3
        for before, after in zip(
            nights[0].weights_before.values(), nights[0].weights_after.values(), strict=True
        )
    )


@pytest.mark.parametrize("rule", [RULE, bs.STDP(0.01, 0.0105), bs.TripletSTDP(1e-4)])
def test_a_recurrence_of_zeros_changes_nothing(rule) -> None:
    """With a recurrence the order within a step differs, but every spike still takes one step."""
    plain = night(None, rule=rule)
    zeros = night({"2": bs.lateral.Recurrent(np.zeros((5, 5)))}, rule=rule)
    assert len(plain.spikes["2"]) > 10
    assert_same_nights(plain, zeros, tolerance=1e-14)


@pytest.mark.parametrize("device", DEVICES, ids=str)
def test_inhibition_without_delay_against_a_loop(device) -> None:
    """A spike inhibits the others one step later, and through interneurons one step later, too."""
    beside = bs.LIF(gain=1, threshold=0.5, tau_m=10 * ms, delay_steps=0)
    lateral = {
        "0": bs.lateral.WinnerTakeAll(0.15),
        "2": bs.lateral.InhibitoryPopulation(inhibition=0.2, neuron=beside),
    }
    found = night(lateral, device, neuron=HEAVISIDE, rule=bs.SRC(0, 0))
    w1, w2 = found.weights_before.values()
    v1, v2, s1, s2 = np.zeros(10), np.zeros(5), np.zeros(10), np.zeros(5)
    tables = [], []
    for row in raster(found, "input"):
        v1 = 0.9 * v1 + w1 @ row - 0.15 * (s1.sum() - s1)
        s1 = (v1 >= 0.6).astype(float)
        v2 = 0.9 * v2 + w2 @ s1 - 0.2 * (s2.sum() - s2)
        s2 = (v2 >= 0.4).astype(float)
        v1[s1 > 0], v2[s2 > 0] = 0, 0
        tables[0].append(s1), tables[1].append(s2)
    for name, table in zip(("0", "2"), tables, strict=True):
        assert np.sum(table) > 20
        np.testing.assert_array_equal(raster(found, name), table)
    # one spike of the layer makes its interneuron spike in the same step
    np.testing.assert_array_equal(raster(found, "2.inhibition"), raster(found, "2"))


def test_mean_inhibition_against_a_loop() -> None:
    found = night({"0": bs.lateral.MeanInhibition(0.7)}, neuron=HEAVISIDE, rule=bs.SRC(0, 0))
    w1, w2 = found.weights_before.values()
    v1, v2 = np.zeros(10), np.zeros(5)
    for row, fired, fired_next in zip(
        raster(found, "input"), raster(found, "0"), raster(found, "2"), strict=True
    ):
        drive = w1 @ row
        v1 = 0.9 * v1 + drive - 0.7 * drive.mean()
        np.testing.assert_array_equal(v1 >= 0.6, fired)
        v2 = 0.9 * v2 + w2 @ (v1 >= 0.6)
        np.testing.assert_array_equal(v2 >= 0.4, fired_next)
        v1[v1 >= 0.6] = 0
        v2[v2 >= 0.4] = 0
    assert raster(found, "0").sum() > 20


@pytest.mark.parametrize(("lateral", "most"), [(2, 2), (0.25, 2), (0.01, 1), (1, 1)])
def test_winners_against_a_loop(lateral: float, most: int) -> None:
    """A quarter of 10 neurons are 2 (2.5, rounded to the even number); at least 1 spikes."""
    found = night({"0": bs.lateral.KWinners(lateral)}, neuron=HEAVISIDE, rule=bs.SRC(0, 0))
    w1, w2 = found.weights_before.values()
    v1, v2 = np.zeros(10), np.zeros(5)
    for row, fired, fired_next in zip(
        raster(found, "input"), raster(found, "0"), raster(found, "2"), strict=True
    ):
        v1 = 0.9 * v1 + w1 @ row
        winners = np.argsort(-v1)[:most]
        np.testing.assert_array_equal(np.flatnonzero(fired), np.sort(winners[v1[winners] >= 0.6]))
        v1[fired] = 0
        v2 = 0.9 * v2 + w2 @ fired
        np.testing.assert_array_equal(v2 >= 0.4, fired_next)
        v2[v2 >= 0.4] = 0
    assert raster(found, "0").sum() > 20


def competing() -> nn.Module:
    plain = mlp((12, 10, 5), dtype=torch.float64, scale=1.5)
    return nn.Sequential(plain[0], nn.ReLU(), bs.wake.KWinners(0.2), plain[2])


def asleep(ann, **options):
    return bs.sleep(
        *(ann, random_spikes(N_STEPS, 12, 0.2)),
        **{"neuron": HEAVISIDE, "plasticity": bs.SRC(1e-3, 1e-3), "dtype": "float64"} | options,
        progress=False,
    )


def test_a_network_sleeps_with_the_winners_that_it_has_awake(tmp_path) -> None:
    own, given = competing(), competing()
    given[2] = nn.Identity()
    found = asleep(own)
    put_beside = asleep(given, lateral={"0": bs.lateral.KWinners(2)})
    assert raster(found, "0").sum(axis=1).max() == 2
    for name in ("0", "3"):
        np.testing.assert_array_equal(raster(found, name), raster(put_beside, name))
    for one, other in zip(
        found.weights_after.values(), put_beside.weights_after.values(), strict=True
    ):
        np.testing.assert_array_equal(one, other)
    assert isinstance(found.ann[2], bs.wake.KWinners)
    found.save(tmp_path / "night")
    again = bs.Night.load(tmp_path / "night").again()
    np.testing.assert_array_equal(raster(again, "0"), raster(found, "0"))
    with pytest.raises(TranslationError, match="NIR graph"):
        found.to_nir(tmp_path / "graph.nir")


def test_winners_on_all_devices() -> None:
    nights = [asleep(competing(), device=device) for device in DEVICES]
    for other in nights[1:]:
        assert_same_nights(nights[0], other)


def test_what_is_put_beside_a_layer_goes_before_its_own_winners() -> None:
    found = asleep(competing(), lateral={"0": bs.lateral.KWinners(1)}, device=NUMPY)
    assert raster(found, "0").sum(axis=1).max() == 1
    found = asleep(competing(), lateral={"0": bs.lateral.MeanInhibition(0.1)}, device=NUMPY)
    assert raster(found, "0").sum(axis=1).max() == 2


def test_an_inhibitory_population_silences_the_others() -> None:
    weak = night({"2": bs.lateral.InhibitoryPopulation(inhibition=0.0)})
    strong = night({"2": bs.lateral.InhibitoryPopulation(inhibition=50.0)})
    assert len(strong.spikes["2"]) < 0.7 * len(weak.spikes["2"])
    # one spike of a neuron, and one of its interneuron in the next step
    np.testing.assert_array_equal(raster(weak, "2")[:-1], raster(weak, "2.inhibition")[1:])


@pytest.mark.parametrize(
    ("lateral", "neuron", "error", "words"),
    [
        ({"3": bs.lateral.WinnerTakeAll(1)}, LIF, ParameterError, "no layer is called '3'"),
        (
            {"0": bs.lateral.InhibitoryPopulation()},
            HEAVISIDE,
            ParameterError,
            "beside layer '0' need the delay_steps of the layer's, 0",
        ),
        ({"0": 0.5}, LIF, UnitsError, "needs one like"),
        (bs.lateral.WinnerTakeAll(1), LIF, UnitsError, "a dict by layer"),
        ({"0": bs.lateral.Recurrent(np.zeros((3, 3)))}, LIF, ParameterError, r"\(10, 10\)"),
    ],
)
def test_what_will_not_do(lateral, neuron, error, words) -> None:
    with pytest.raises(error, match=words):
        night(lateral, NUMPY, neuron=neuron)
    with pytest.raises(ParameterError, match="strength"):
        bs.lateral.WinnerTakeAll(-1)
    for few in (0, -1, 2.5, np.nan):
        with pytest.raises((ParameterError, UnitsError), match="winners"):
            bs.lateral.KWinners(few)
