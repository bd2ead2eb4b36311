"""Networks of many architectures, translated: every layer computes what its original does."""

import numpy as np
import pytest
import torch
from architectures import (
    ARCHITECTURES,
    CONSTANTS,
    SUMS,
    Sum,
    conv,
    grouped,
    linear,
    two_linears,
    with_constants,
)
from forward_pass import BasicBlock, Forward, ResNet, assert_translates, dense_matrix, randomized
from torch import nn
from torch.nn import functional

from brainsleep.errors import ParameterError
from brainsleep.network.windows import Window
from brainsleep.translation import translate


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("which", ARCHITECTURES)
def test_architectures(which, dtype):
    make, shape, names = ARCHITECTURES[which]
    torch.manual_seed(0)
    ann = randomized(make(), dtype=dtype)
    translation = assert_translates(ann, shape, tolerance=1e-5 if dtype is torch.float32 else 1e-11)
    if names is not None:
        assert [layer.name for layer in translation.layers] == names
    for weight in translation.weights.values():
        assert weight.dtype == (np.float32 if dtype is torch.float32 else np.float64)


def test_resnet_layers():
    translation = translate(randomized(ResNet(BasicBlock, 2)), (3, 16, 16))
    assert translation.populations[:5] == ["input", "conv1", "maxpool", "layer1.0.conv1", "add"]
    assert translation.layer("maxpool").kind == "max_pool"
    assert translation.layer("avgpool").kind == "average_pool"
    assert "maxpool" not in translation.layer_names
    add = translation.layer("add")
    assert [(link.source, link.kind) for link in add.connections] == [
        ("layer1.0.conv1", "convolution"),
        ("maxpool", "identity"),
    ]
    down = translation.layer("add_2")
    assert [link.weight_name for link in down.connections] == [
        "layer2.0.conv2.weight",
        "layer2.0.downsample.0.weight",
    ]
    with pytest.raises(ParameterError, match="'add_2' has 2 connections with weights"):
        _ = down.weight
    with pytest.raises(ParameterError, match=r"called 'maxpol'. Did you mean 'maxpool'\?"):
        translation.layer("maxpol")


@pytest.mark.parametrize("which", SUMS)
def test_sums_and_branches(which):
    forward, names = SUMS[which]
    torch.manual_seed(1)
    translation = assert_translates(randomized(two_linears(forward)()))
    assert [layer.name for layer in translation.layers][: len(names)] == names


@pytest.mark.parametrize("which", CONSTANTS)
def test_constants_fold(which):
    torch.manual_seed(2)
    translation = assert_translates(with_constants(CONSTANTS[which])())
    assert translation.layer_names[-1] == "c"
    assert_translates(with_constants(CONSTANTS[which])().double(), tolerance=1e-12)


@pytest.mark.parametrize(
    "pooled",
    [
        [nn.MaxPool1d(3, 2, 1), nn.ReLU()],
        [nn.MaxPool1d(2), nn.MaxPool1d(2), nn.ReLU()],
        [nn.MaxPool1d(2), nn.Flatten(), nn.ReLU()],
        [nn.ReLU(), nn.MaxPool1d(2)],
        [nn.ReLU(), nn.AvgPool1d(2)],
    ],
)
def test_networks_that_end_in_pooling(pooled):
    for seed in range(10):  # outputs of most are negative before the ReLU
        torch.manual_seed(seed)
        layers = [nn.Conv1d(1, 2, 3, padding=1), nn.ReLU(), nn.Conv1d(2, 1, 3, padding=1)]
        assert_translates(nn.Sequential(*layers, *pooled), (1, 6))


def test_a_sum_of_currents_is_normalized_exactly():
    ann = Forward(
        lambda m, x: m.c(m.bn(m.a(x) + m.b(x)).relu()),
        a=linear(),
        b=linear(bias=False),
        bn=nn.BatchNorm1d(6),
        c=linear(6, 3),
    )
    translation = assert_translates(randomized(ann))
    assert [link.fold is None for link in translation.layer("add").connections] == [False, False]


#: Functions on images of shape (2, 4, 6), after a convolution and its ReLU, before a Linear.
FUNCTIONS = {
    "avg_pool2d": lambda m, x: functional.avg_pool2d(x, 2),
    "avg_pool2d_padded": lambda m, x: functional.avg_pool2d(x, (2, 3), 2, padding=(1, 0)),
    "avg_pool2d_of_shape": lambda m, x: functional.avg_pool2d(x, x.size()[2:]),
    "avg_pool2d_of_sizes": lambda m, x: functional.avg_pool2d(x, (x.shape[-2], x.size(3))),
    "max_pool2d": lambda m, x: functional.max_pool2d(x, 2, stride=(2, 1)),
    "max_pool2d_padded": lambda m, x: functional.max_pool2d(x, 3, 2, 1),
    "torch_max_pool2d": lambda m, x: torch.max_pool2d(x, 2),
    "adaptive": lambda m, x: functional.adaptive_avg_pool2d(x, (2, 3)),
    "adaptive_none": lambda m, x: functional.adaptive_avg_pool2d(x, (None, 2)),
    "adaptive_same": lambda m, x: functional.adaptive_avg_pool2d(x, (4, 6)),
    "mean": lambda m, x: x.mean((2, 3)),
    "mean_keepdim": lambda m, x: x.mean([-1, -2], keepdim=True),
    "mean_dim": lambda m, x: torch.mean(x, dim=(2, 3)),
    "mean_of_positions": lambda m, x: x.flatten(2).mean(-1),
    "in_one_dimension": lambda m, x: functional.max_pool1d(
        functional.avg_pool1d(x.flatten(2), 2), 3
    ),
    "adaptive1d": lambda m, x: functional.adaptive_avg_pool1d(x.flatten(2), 8),
    "conv2d": lambda m, x: functional.conv2d(x, m.weight, m.bias, (1, 2), padding=1).relu(),
    "conv2d_plain": lambda m, x: torch.relu(functional.conv2d(x, m.weight)),
    "conv2d_grouped": lambda m, x: functional.conv2d(
        x, weight=m.grouped, padding="same", dilation=2, groups=2
    ).relu(),
    "conv1d": lambda m, x: functional.conv1d(x.flatten(2), m.weight1d, stride=2).relu(),
    "squeezed": lambda m, x: x.mean((2, 3), True).squeeze(-1).squeeze(-1).unsqueeze(1),
    "dropout": lambda m, x: functional.dropout2d(x, training=m.training),
    "pooled_twice": lambda m, x: m.pool(m.pool(x)),
    "pooled_first": lambda m, x: m.conv(torch.relu(m.pool(m.pool(m.conv0(x))))),
    "pooled_and_not": lambda m, x: [
        y := m.conv0(x),
        p := functional.max_pool2d(y, 3, 1, 1),
        q := functional.max_pool2d(p, 3, 1, 1),
        q.relu() + m.conv((p.relu() + y.relu()).flatten(2).unflatten(2, (4, 6))).relu(),
    ][-1],
}


@pytest.mark.parametrize("which", FUNCTIONS)
def test_functions(which):
    torch.manual_seed(2)
    parameters = {
        "weight": nn.Parameter(torch.randn(3, 2, 3, 3)),
        "bias": nn.Parameter(torch.randn(3)),
        "grouped": nn.Parameter(torch.randn(4, 1, 3, 3)),
        "weight1d": nn.Parameter(torch.randn(3, 2, 4)),
    }
    hidden = Forward(
        FUNCTIONS[which], pool=nn.MaxPool2d(2, 1), conv=conv(), conv0=conv(), **parameters
    )
    n_hidden = hidden(torch.zeros(1, 2, 4, 6)).numel()
    ann = nn.Sequential(conv(), nn.ReLU(), hidden, nn.Flatten(), nn.Linear(n_hidden, 3))
    if which == "pooled_first":
        ann = nn.Sequential(*ann[:3], nn.ReLU(), *ann[3:])
    translation = assert_translates(ann, (2, 4, 6))
    names = [layer.name for layer in translation.layers]
    assert names[0] == "0"
    assert names[-1] == str(len(ann) - 1)
    if which == "pooled_twice":
        assert names[1:3] == ["2.pool", "_2_pool_1"]
    if which in ("adaptive_same", "dropout"):
        assert len(names) == 2, "what does nothing is no population"


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("which", ["lenet", "vgg", "signals", "resnet"])
def test_architectures_in_half_precision(which, dtype):
    make, shape, _ = ARCHITECTURES[which]
    assert_translates(randomized(make(), dtype=dtype), shape, tolerance=0.1)


def test_bias_is_none_only_where_nothing_makes_one():
    ann = nn.Sequential(
        conv(bias=False), nn.ReLU(), conv(bias=False), nn.BatchNorm2d(2), nn.ReLU(), conv()
    )
    layers = translate(randomized(ann), (2, 3, 3)).layers
    assert [layer.bias is None for layer in layers] == [True, False, False]
    np.testing.assert_array_equal(layers[2].bias, np.repeat(ann[5].bias.detach().numpy(), 9))


WINDOWS = [
    Window((2, 5, 6), (3, 5, 6), (3, 3), padding=(1, 1)),
    Window((4, 7, 5), (2, 3, 3), (3, 1), stride=(2, 2), groups=2),
    Window((1, 1, 9), (2, 1, 4), (1, 3), stride=(1, 2), padding=(0, 1), dilation=(1, 2)),
    Window((3, 4, 4), (3, 2, 2), (2, 2), stride=(2, 2), groups=3),
]


@pytest.mark.parametrize("window", WINDOWS)
def test_synapses_are_counted_as_they_are(window):
    table = dense_matrix(window)
    assert window.n_synapses == table.sum()
    source, target, _ = window.unrolled()
    assert set(zip(target, source, strict=True)) == set(zip(*np.nonzero(table), strict=True))


def test_translated_windows_count_their_synapses():
    translation = translate(grouped(), (4, 9, 8))
    for connection in translation.connections:
        table = dense_matrix(connection.window)
        assert table.shape == (connection.n_out, connection.n_in)
        assert connection.n_synapses == table.sum()
    residual = translate(nn.Sequential(Sum(linear())))
    assert [link.n_synapses for link in residual.connections] == [36, 6]
    assert residual.layers[0].n_synapses == 42
