"""Recurrent networks asleep, against plain loops over steps and on all devices."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from brian2 import ms
from helpers import assert_same_nights, random_spikes, raster
from numpy_night import FACTORS
from torch import nn

import brainsleep as bs
from brainsleep.errors import TranslationError

NUMPY = bs.devices.Runtime("numpy")
N_STEPS = 80
NAMES = ("rnn.weight_ih_l0", "rnn.weight_hh_l0", "fc.weight")
RULE = bs.SRC(2e-2, 1e-3, weight_factor="sigmoid")
HEAVISIDE = bs.Heaviside(gain=[1, 0.8], threshold=[0.6, 0.4], decay=0.9)
LIF = bs.LIF(gain=[1, 0.8], threshold=[0.6, 0.4], tau_m=10 * ms)


class Elman(nn.Module):
    """A recurrent layer of 10 ReLU neurons between 12 inputs and 5 outputs."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.rnn = nn.RNN(12, 10, nonlinearity="relu", batch_first=True, bias=False)
        self.fc = nn.Linear(10, 5, bias=False)
        self.double()
        with torch.no_grad():
            for weight in self.parameters():
                weight.copy_(torch.randn(weight.shape, dtype=torch.float64) * 0.4)

    def forward(self, sequences: torch.Tensor) -> torch.Tensor:
        output, _ = self.rnn(sequences)
        return self.fc(output[:, -1])


def night(device="cpp", neuron=HEAVISIDE, rule=RULE, **options):
    return bs.sleep(
        options.pop("network", None) or Elman(),
        random_spikes(N_STEPS, 12, 0.2),
        neuron=neuron,
        plasticity=rule,
        device=device,
        dtype="float64",
        progress=False,
        **options,
    )


def heaviside_loop(found, mask=None):
    """Return spikes and weights: all layers in one step, a layer's own spikes one step later."""
    w, u, r = (np.array(found.weights_before[name]) for name in NAMES)
    v1, v2, s1 = np.zeros(10), np.zeros(5), np.zeros(10)
    tables, g = ([], []), FACTORS["sigmoid"]
    for row in raster(found, "input").astype(float):
        before = s1  # the layer's own spikes of the step before
        v1 = 0.9 * v1 + 1.0 * (w @ row + u @ before)
        s1 = (v1 >= 0.6).astype(float)
        v1[s1 > 0] = 0
        learn(w, row, s1, g)
        learn(u, before, s1, g, mask)
        v2 = 0.9 * v2 + 0.8 * (r @ s1)
        s2 = (v2 >= 0.4).astype(float)
        v2[s2 > 0] = 0
        learn(r, s1, s2, g)
        tables[0].append(s1 > 0), tables[1].append(s2 > 0)
    return tables, (w, u, r)


def lif_loop(found):
    """Return the same of LIF neurons: every spike takes one step, whichever way it goes."""
    w, u, r = (np.array(found.weights_before[name]) for name in NAMES)
    decay = np.exp(-1 / 10)
    v1, v2, s0, s1, s2 = np.zeros(10), np.zeros(5), np.zeros(12), np.zeros(10), np.zeros(5)
    tables, g = ([], []), FACTORS["sigmoid"]
    for row in raster(found, "input").astype(float):
        v1 = v1 * decay + 1.0 * (w @ s0 + u @ s1)
        v2 = v2 * decay + 0.8 * (r @ s1)
        arrived, before = s0, s1
        s0, s1, s2 = row, (v1 >= 0.6).astype(float), (v2 >= 0.4).astype(float)
        v1[s1 > 0], v2[s2 > 0] = 0, 0
        learn(w, arrived, s1, g)
        learn(u, before, s1, g)
        learn(r, before, s2, g)
        tables[0].append(s1 > 0), tables[1].append(s2 > 0)
    return tables, (w, u, r)


def learn(weights, arrived, post, g, mask=None):
    """Change the rows of neurons that spike, by the spikes that arrived in this step."""
    rows = weights[post > 0]
    change = np.where(arrived > 0, 2e-2, -1e-3) * g(rows)
    weights[post > 0] = rows + (change if mask is None else change * mask[post > 0])


@pytest.mark.parametrize(
    ("neuron", "loop"), [(HEAVISIDE, heaviside_loop), (LIF, lif_loop)], ids=["heaviside", "lif"]
)
def test_spikes_and_weights_are_those_of_a_loop_on_all_devices(neuron, loop) -> None:
    nights = [night(device, neuron) for device in ("cpp", "cpp_stock", NUMPY)]
    tables, weights = loop(nights[0])
    for found in nights:
        for name, table in zip(("rnn", "fc"), tables, strict=True):
            assert 20 < np.sum(table) < 0.9 * np.size(table)
            np.testing.assert_array_equal(raster(found, name), table)
        for name, expected in zip(NAMES, weights, strict=True):
            np.testing.assert_allclose(found.weights_after[name], expected, rtol=0, atol=1e-13)
            change = np.abs(expected - found.weights_before[name])
            assert change.max() > 1e-2
    assert_same_nights(nights[0], nights[1])
    assert_same_nights(nights[0], night(neuron=neuron, n_threads=2))


def test_the_network_wakes_up_with_all_its_weights() -> None:
    network = Elman()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    found = night(network=network)
    for name in NAMES:
        np.testing.assert_array_equal(found.ann.state_dict()[name], found.weights_after[name])
        assert torch.equal(network.state_dict()[name], before[name])
    sequences = torch.rand(3, 7, 12, dtype=torch.float64)
    again = Elman()
    again.load_state_dict(found.ann.state_dict())
    assert torch.equal(found.ann(sequences), again(sequences))
    assert not torch.equal(found.ann(sequences), network(sequences))


def test_frozen_layers_and_masks_by_name() -> None:
    mask = np.random.default_rng(0).random((10, 10)) < 0.5
    found = night(masks={"rnn.weight_hh_l0": mask})
    tables, weights = heaviside_loop(found, mask)
    np.testing.assert_array_equal(raster(found, "rnn"), tables[0])
    np.testing.assert_allclose(found.weights_after[NAMES[1]], weights[1], rtol=0, atol=1e-13)
    assert (found.weights_after[NAMES[1]][~mask] == 0).all()
    frozen = night(network=bs.translate(Elman(), frozen="rnn"))
    for name in NAMES[:2]:
        np.testing.assert_array_equal(frozen.weights_after[name], frozen.weights_before[name])
    assert (frozen.weights_after[NAMES[2]] != frozen.weights_before[NAMES[2]]).any()


def test_gains_and_factors_come_from_activity_over_sequences() -> None:
    network, sequences = Elman(), torch.rand(6, 9, 12, dtype=torch.float64)
    states = network.rnn(sequences)[0].detach()
    outputs = network.fc(states).detach()
    found = night(
        network=network,
        data=sequences,
        neuron=bs.Heaviside(gain="tadros", threshold=0.3, decay=0.9),
    )
    w, u, r = (network.state_dict()[name].max() for name in NAMES)
    first = max(states.max(), w, u)
    second = max(outputs.max(), r) / first
    np.testing.assert_allclose(list(found.gains.values()), [1 / first, 1 / second], rtol=1e-12)
    own = float(states.max() / sequences.max())
    np.testing.assert_allclose(found.assembly.factors["rnn"], [1, own], rtol=1e-12)


def test_plain_neurons_are_calibrated_and_a_night_is_saved(tmp_path) -> None:
    found = night(neuron=None, rule=bs.SRC(), save=tmp_path / "night")
    loaded = bs.Night.load(tmp_path / "night", Elman())
    assert_same_nights(found, loaded)
    assert_same_nights(found, loaded.again())
    assert "itself (recurrent)" in repr(loaded.translation)


def test_what_takes_feed_forward_networks_refuses_by_name(tmp_path) -> None:
    sequences, labels = np.zeros((4, 3, 12)), np.zeros(4, int)
    refused = "'rnn': is recurrent"
    with pytest.raises(TranslationError, match=refused):
        bs.spiking_accuracy(Elman(), (sequences, labels))
    with pytest.raises(TranslationError, match=refused):
        bs.calibrate(Elman(), sequences)
    with pytest.raises(TranslationError, match=refused):
        night().to_nir(tmp_path / "night.nir")
    with pytest.raises(TranslationError, match="'rnn' has 2 connections"):
        bs.HeavisideTorch(Elman(), HEAVISIDE, RULE)
    with pytest.raises(TranslationError, match=f"{refused}.*frozen="):
        bs.translate(Elman(), input_at="fc")
