"""Activations recorded on data, and the gains computed from them."""

import numpy as np
import pytest
import torch
from architectures import SUMS, data_for, lenet, linear, two_linears
from forward_pass import BasicBlock, ResNet, randomized
from helpers import SMALL, mlp
from torch import nn
from torch.nn import functional

from brainsleep.errors import ParameterError
from brainsleep.translation import (
    activations,
    max_activations,
    record_activations,
    tadros_gains,
    translate,
)


def test_gains_of_a_network_with_pools_and_sums():
    torch.manual_seed(0)
    ann = randomized(ResNet(BasicBlock, 2))
    translation = translate(ann, (3, 16, 16))
    data = data_for(translation)
    gains = tadros_gains(translation, data, 3.0)
    assert len(gains) == len(translation.layer_names)
    largest = record_activations(translation, data)
    factor = 1.0
    for layer, gain in zip(translation.weighted_layers, gains, strict=True):
        weight = max(connection.weight.max() for connection in layer.weighted)
        factor = max(weight, largest[layer.name]) / factor
        assert gain == pytest.approx(3 / factor)
    assert max_activations(translation, data) == [largest[n] for n in translation.layer_names]


def test_gain_of_a_layer_without_weights():
    ann = two_linears(SUMS["rectified_with_input"][0])()
    translation = translate(ann)
    data = data_for(translation)
    largest = record_activations(translation, data)["add"]
    first, second, _ = tadros_gains(translation, data)
    assert 1 / second == pytest.approx(largest * first)


def test_activations_in_all_ways(monkeypatch):
    ann = lenet()
    translation = translate(ann, (1, 12, 12))
    images = torch.rand(5, 1, 12, 12)
    whole = record_activations(translation, images, None)
    assert list(whole) == translation.populations[1:]
    np.testing.assert_allclose(
        whole["2"], functional.avg_pool2d(ann[0](images).relu(), 2).detach(), atol=1e-6
    )
    monkeypatch.setattr("brainsleep.translation.activation_recording.BATCH", 2)
    for reduce, function in {"max": np.max, "mean": np.mean}.items():
        for name, value in record_activations(translation, images, reduce).items():
            assert value == pytest.approx(function(whole[name]), rel=1e-5)
    shares = record_activations(
        translation, images.flatten(1).numpy(), lambda a: np.percentile(a, 90), ["3", "2"]
    )
    assert list(shares) == ["2", "3"]
    assert shares["3"] == pytest.approx(np.percentile(whole["3"], 90), rel=1e-5)
    assert list(record_activations(translation, images, "max", "2")) == ["2"]
    with pytest.raises(ParameterError, match="no layer is called '4'"):
        record_activations(translation, images, "max", ["4"])
    with pytest.raises(ParameterError, match=r"reduce 'maxi'.*Did you mean 'max'\?"):
        record_activations(translation, images, "maxi")


def test_activations_leave_the_data_alone():
    ann = nn.Sequential(nn.ReLU(inplace=True), linear())
    images = torch.full((3, 6), -1.0)
    record_activations(translate(ann), images)
    assert (images == -1).all()


def test_activations_of_all_populations_in_the_order_of_their_spikes():
    ann = lenet()
    images = torch.rand(5, 1, 12, 12) - 0.2
    found = activations(translate(ann, (1, 12, 12)), images)
    translation = translate(ann, (1, 12, 12))
    assert {name: values.shape for name, values in found.items()} == {
        name: (5, size)
        for name, size in zip(translation.populations, translation.sizes, strict=True)
    }
    np.testing.assert_array_equal(found["input"], images.clamp(min=0).flatten(1))
    np.testing.assert_allclose(found["0"], ann[0](images).relu().detach().flatten(1), atol=1e-6)
    last = translation.populations[-1]
    np.testing.assert_allclose(found[last], ann(images).relu().detach(), atol=1e-6)


def test_activations_of_a_part_begin_with_its_input():
    ann = mlp(SMALL)
    images = np.random.default_rng(0).random((4, SMALL[0]), dtype=np.float32)
    whole = activations(ann, images)
    part = activations(translate(ann, input_at="2"), images)
    assert list(part) == ["input", *list(whole)[2:]]
    np.testing.assert_array_equal(part["input"], whole["0"])
    np.testing.assert_array_equal(part["2"], whole["2"])


def test_activations_of_a_module_that_does_not_tell_the_shape_of_its_input():
    ann = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(32, 3))
    assert activations(ann, torch.rand(4, 1, 6, 6))["0"].shape == (4, 32)
    with pytest.raises(ParameterError, match="do not fit"):
        activations(translate(ann, (1, 6, 6)), torch.rand(4, 1, 5, 5))
