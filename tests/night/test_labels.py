"""What populations and weights are called: the kind of layer, its number, its name in torch."""

from types import SimpleNamespace

import numpy as np
import pytest
from brian2 import ms
from torch import nn

import brainsleep as bs
from brainsleep.errors import DirectoryError, UnknownNameError
from brainsleep.night.describing.labels import labels_of, layers_of, shapes_of, weight_labels_of


class Block(nn.Module):
    """A convolution with pooling, a residual addition, and two fully connected layers."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.ReLU(), nn.AvgPool2d(2))
        self.inner = nn.Conv2d(2, 2, 1)
        self.hidden = nn.Linear(8, 3)
        self.out = nn.Linear(3, 2)

    def forward(self, x):
        x = self.features(x)
        x = (x + self.inner(x)).relu()
        return self.out(self.hidden(x.flatten(1)).relu())


def test_layers_are_called_by_what_they_are():
    network = bs.translate(Block(), (1, 4, 4))
    assert labels_of(network) == {
        "input": "input",
        "features.0": "conv 1 (features.0)",
        "features.2": "pooling 1 (features.2)",
        "add": "residual 1 (add)",
        "hidden": "hidden 1 (hidden)",
        "out": "output (out)",
    }
    weights = weight_labels_of(network)
    assert weights["inner.weight"] == "residual 1 (inner.weight)"
    assert weights["out.weight"] == "output (out.weight)"
    assert weights["hidden.bias"] == "hidden 1 (hidden.bias)"


def test_a_night_knows_its_labels_also_when_it_was_saved(tmp_path):
    ann = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 2))
    night = bs.sleep(
        ann,
        np.full(4, 0.5),
        duration=3,
        neuron=bs.LIF(gain=1, threshold=1),
        plasticity=bs.SRC(0.001, 0.001),
        lateral={"2": bs.lateral.InhibitoryPopulation()},
        progress=False,
    )
    expected = {"input": "input", "0": "hidden 1 (0)", "2": "hidden 2 (2)", "4": "output (4)"}
    assert dict(night.labels) == expected | {"2.inhibition": "inhibition of hidden 2 (2)"}
    night.save(tmp_path / "night")
    loaded = bs.Night.load(tmp_path / "night")
    assert loaded.neuron is loaded.setup.neuron
    with pytest.raises(UnknownNameError, match="there is no '3'"):
        night.labels["3"]
    again = bs.Night.load(tmp_path / "night")
    for file in (tmp_path / "night" / "arrays").iterdir():
        file.unlink()
    assert again.labels == night.labels  # weights are not read for it
    assert weight_labels_of(again) == weight_labels_of(night)
    assert again.neuron == night.neuron
    assert shapes_of(again) == {"input": (4,), "0": (3,), "2": (3,), "4": (2,)}
    with pytest.raises(DirectoryError, match="is missing"):
        _ = again.setup


def test_names_stand_alone_where_layers_are_not_known():
    run = SimpleNamespace(spikes={"E": None, "I": None})  # of a circuit
    assert layers_of(run) == ()
    assert labels_of(run) == {"E": "E", "I": "I"}
    night = bs.sleep(
        nn.Linear(2, 2),
        np.full(2, 0.5),
        duration=2 * ms,
        neuron=bs.Heaviside(gain=1, threshold=1),
        plasticity=bs.SRC(0.001, 0.001),
        device="runtime",
        progress=False,
    )
    night.source = None  # as of an earlier version
    assert dict(night.labels) == {name: name for name in night.sizes}
    assert weight_labels_of(night) == {}
