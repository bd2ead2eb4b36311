"""Networks of which only the most active neurons stay active, and learning rates by layer."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from brainsleep import wake
from brainsleep.errors import ParameterError


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(st.integers(0, 4), min_size=1, max_size=12),
    fraction=st.floats(0.01, 1),
)
def test_winners_are_the_largest_and_of_equal_ones_the_first(values, fraction):
    activity = torch.tensor([values, values[::-1]], dtype=torch.float32)
    given_out = wake.KWinners(fraction)(activity)
    k = max(1, round(fraction * len(values)))
    for row, out in zip(activity.tolist(), given_out.tolist(), strict=True):
        winners = sorted(range(len(row)), key=lambda i: (-row[i], i))[:k]
        assert out == [value if i in winners else 0 for i, value in enumerate(row)]


def test_winners_of_images_compete_over_all_channels():
    images = torch.arange(24.0).reshape(2, 3, 2, 2)
    out = wake.KWinners(0.25)(images)
    assert out.shape == images.shape
    assert [row.nonzero()[:, 0].tolist() for row in out] == [[2, 2, 2]] * 2


def test_gradients_flow_through_winners_alone():
    activity = torch.tensor([[1.0, 3.0, 2.0, 0.5]], requires_grad=True)
    wake.KWinners(0.5)(activity).sum().backward()
    assert activity.grad.tolist() == [[0, 1, 1, 0]]


@pytest.mark.parametrize("fraction", [0, -0.1, 1.5, "0.2", None, float("nan")])
def test_bad_fractions(fraction):
    with pytest.raises(ParameterError, match="fraction"):
        wake.KWinners(fraction)


def test_mlp_has_winners_in_place_of_dropout():
    network = wake.mlp((4, 10, 5, 3), winners=0.2)
    kinds = [type(module).__name__ for module in network]
    assert kinds == ["Linear", "ReLU", "KWinners"] * 2 + ["Linear"]
    assert torch.equal(network[3].weight, wake.mlp((4, 10, 5, 3))[3].weight)
    hidden = network[:3](torch.rand(7, 4))
    assert (hidden > 0).sum(1).max() <= 2
    with pytest.raises(ParameterError, match="fraction"):
        wake.mlp((4, 3), winners=0)


def test_each_layer_learns_at_its_rate(split):
    network = wake.mlp((16, 20, 12, 6), dropout=0, seed=3)
    before = copy.deepcopy(network.state_dict())
    one_step = dict(momentum=0.0, batch_size=len(split.train), epochs=1)
    changes = {}
    for lr in (0.1, [0.1, 0.0, 0.3]):
        network.load_state_dict(before)
        wake.train(network, split.train, wake.Training(lr=lr, **one_step), seed=0, progress=False)
        changes[str(lr)] = {n: w - before[n] for n, w in network.state_dict().items()}
    same, each = changes.values()
    assert torch.equal(each["0.weight"], same["0.weight"])
    assert not each["2.weight"].any()
    assert torch.allclose(each["4.weight"], 3 * same["4.weight"], rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize(
    ("lr", "message"),
    [
        ([0.1, 0.1], "lr has 2 rates, but the network has 3 layers: '0, 2, 4'"),
        ([0, 0, 0], "at least one rate must be more than 0"),
        ([], "at least one rate"),
        ([0.1, -1, 0.1], r"lr\[1\]"),
        ([[0.1], 0.1, 0.1], r"lr\[0\]"),
        ({"0": 0.1}, "lr"),
        (np.ones((2, 2)), "lr"),
    ],
)
def test_rates_that_will_not_do(split, lr, message):
    network = wake.mlp((16, 20, 12, 6), dropout=0)
    with pytest.raises(ParameterError, match=message):
        wake.train(network, split.train, wake.Training(lr=lr), seed=0, progress=False)


def test_rates_of_layers_that_are_frozen_otherwise(split):
    network = nn.Sequential(nn.Linear(16, 8), nn.ReLU(), nn.BatchNorm1d(8), nn.Linear(8, 6))
    network[0].requires_grad_(requires_grad=False)
    before = copy.deepcopy(network.state_dict())
    training = wake.Training(lr=np.array([0.5, 0.1, 0.1]), epochs=1)
    wake.train(network, split.train, training, seed=0, progress=False)
    assert torch.equal(network[0].weight, before["0.weight"])
    assert not torch.equal(network[2].weight, before["2.weight"])
