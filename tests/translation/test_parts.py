"""The later part of a network: where sleep may begin, and where it may not."""

import numpy as np
import pytest
import torch
from architectures import ARCHITECTURES, data_for, lenet, two_linears
from forward_pass import BasicBlock, ResNet, randomized
from torch.nn import functional

from brainsleep.errors import ParameterError, TranslationError
from brainsleep.translation import (
    INPUT,
    features,
    record_activations,
    start_at,
    tadros_gains,
    translate,
)


@pytest.mark.parametrize("which", ["lenet", "vgg", "signals", "normed_before", "reshaped"])
def test_start_in_the_middle(which):
    make, shape, _ = ARCHITECTURES[which]
    torch.manual_seed(0)
    translation = translate(randomized(make()), shape)
    images = data_for(translation)
    whole = record_activations(translation, images, None)
    for path in translation.populations[1:]:
        part = start_at(translation, path)
        inputs = features(translation, path, images)
        assert inputs.shape == (4, *part.input_shape)
        assert part.populations[:2] == [INPUT, path]
        outputs = record_activations(part, inputs, None)
        assert list(outputs) == list(whole)[-len(outputs) :]
        for name, values in outputs.items():
            np.testing.assert_allclose(values, whole[name], atol=1e-5)


def test_a_part_sleeps_with_the_weights_that_remain():
    translation = translate(lenet(), (1, 12, 12))
    assert start_at(translation, "7").layers[0].connections[0].source == INPUT
    assert set(start_at(translation, "7").weights) == {"7.weight", "9.weight"}


def test_start_in_a_residual_network():
    torch.manual_seed(0)
    translation = translate(randomized(ResNet(BasicBlock, 2)), (3, 16, 16))
    images = data_for(translation)
    whole = record_activations(translation, images, None)
    for path in ("layer1.0.conv1", "layer2.0.conv1", "layer2.1.conv1", "fc"):
        part = start_at(translation, path)
        inputs = features(translation, path, images)
        for name, values in record_activations(part, inputs, None).items():
            np.testing.assert_allclose(values, whole[name], atol=1e-5)
    assert len(tadros_gains(part, inputs)) == 1
    with pytest.raises(TranslationError) as raised:
        start_at(translation, "add")
    for word in ("'add'", "'maxpool'", "identity", "layer1.0.conv1"):
        assert word in str(raised.value)
    with pytest.raises(TranslationError, match=r"several populations, 'layer1.0.conv1', 'maxpool'"):
        features(translation, "add", images)
    with pytest.raises(ParameterError, match=r"'layer1.0.con1'. Did you mean"):
        start_at(translation, "layer1.0.con1")
    with pytest.raises(ParameterError, match=r"'cf'"):
        features(translation, "cf", images)


@pytest.mark.parametrize(
    "forward",
    [
        lambda m, x: m.c(m.b(m.a(x).relu()).relu().view(x.size(0), -1)),
        lambda m, x: m.c(m.b(m.a(x).relu()).relu().view(x.shape[0], -1)),
        lambda m, x: m.c(m.b(m.a(x).relu()).relu().view(x.size()[0] * 2 // 2, 6)),
        lambda m, x: m.c(m.b(m.a(x).relu()).relu().view(-1, x.size(1))),
        lambda m, x: m.c(functional.linear(m.a(x).relu(), m.b.weight).relu()),
    ],
)
def test_start_where_sizes_come_from_before(forward):
    translation = translate(two_linears(forward)())
    name = translation.layer_names[1]
    data = data_for(translation, 7)
    part = start_at(translation, name)
    outputs = record_activations(part, features(translation, name, data), None)
    whole = record_activations(translation, data, None)
    np.testing.assert_allclose(outputs["c"], whole["c"], atol=1e-6)


def test_start_where_it_cannot_be():
    view = two_linears(
        lambda m, x: m.c([h := m.a(x), h.view(-1, 6).relu_(), torch.relu(m.b(h) + h)][2])
    )
    with pytest.raises(TranslationError, match="in place"):
        start_at(translate(view()), "add")


def test_part_of_a_network_keeps_its_constants():
    translation = translate(lenet(), (1, 12, 12))
    translation.constants["gain"] = {"0": 1.5, "9": 2.5}
    part = start_at(translation, "7")
    assert part.constants == {"gain": {"9": 2.5}}
    assert "2.5" in repr(part)
