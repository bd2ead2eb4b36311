"""Fully connected networks."""

import math

import pytest
import torch
from torch import nn

from brainsleep import wake
from brainsleep.errors import ParameterError


def kinds(network):
    return [type(module).__name__ for module in network]


def test_mlp_layers():
    hidden = ["Linear", "ReLU", "Dropout"]
    assert kinds(wake.mlp((4, 5, 6, 3))) == hidden * 2 + ["Linear"]
    assert kinds(wake.mlp((4, 5, 6, 3), dropout=0)) == hidden[:2] * 2 + ["Linear"]
    assert kinds(wake.mlp((4, 5, 3), output_relu=True)) == hidden + ["Linear", "ReLU"]
    assert kinds(wake.mlp((4, 3))) == ["Linear"]
    network = wake.mlp((4, 5, 3), bias=True, dropout=0.5, init=0.01, seed=1)
    assert network[2].p == 0.5
    assert network[0].bias.abs().max() == 0
    assert 0 < network[0].weight.abs().max() <= 0.01
    assert network[0].weight.min() < 0
    assert wake.mlp((4, 5))[0].bias is None


def test_mlp_default_weights_are_torch_s():
    network = wake.mlp((30, 20, 10), seed=5)
    torch.manual_seed(5)
    first, second = nn.Linear(30, 20, bias=False), nn.Linear(20, 10, bias=False)
    assert torch.equal(network[0].weight, first.weight)
    assert torch.equal(network[3].weight, second.weight)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sizes": (4,)}, "sizes"),
        ({"sizes": 4}, "sizes"),
        ({"sizes": (4, 0)}, r"sizes\[1\]"),
        ({"sizes": (4, 2.5)}, r"sizes\[1\]"),
        ({"dropout": 1}, "dropout"),
        ({"dropout": -0.1}, "dropout"),
        ({"dropout": "0.5"}, "dropout"),
        ({"init": 0}, "init"),
        ({"init": math.inf}, "init"),
        ({"init": "defaults"}, "unknown init 'defaults'. Did you mean 'default'"),
        ({"seed": -1}, "seed"),
        ({"seed": 0.5}, "seed"),
    ],
)
def test_bad_mlp(arguments, message):
    with pytest.raises(ParameterError, match=message):
        wake.mlp(**({"sizes": (4, 3)} | arguments))
