"""Averaging on waking: a network between two of its states."""

import copy

import pytest
import torch
from torch import nn
from torch.nn.utils import prune

import brainsleep as bs
from brainsleep import wake
from brainsleep.errors import ParameterError


def two_states():
    before = wake.mlp((6, 5, 4, 3), bias=True, dropout=0, seed=0)
    return before, wake.mlp((6, 5, 4, 3), bias=True, dropout=0, seed=1)


def test_each_layer_goes_its_part_of_the_way():
    before, after = two_states()
    kept = [copy.deepcopy(each.state_dict()) for each in (before, after)]
    woken = bs.average_weights(before, after, [0.7, 0.4, 1])
    for name, weights in woken.state_dict().items():
        part = {"0": 0.7, "2": 0.4, "4": 1.0}[name.split(".")[0]]
        one, other = (each[name].double() for each in kept)
        torch.testing.assert_close(weights, (one + part * (other - one)).float())
    assert torch.equal(woken[4].weight, after[4].weight)
    for each, state in zip((before, after), kept, strict=True):
        assert all(torch.equal(each.state_dict()[name], state[name]) for name in state)


def test_one_number_is_for_all_layers_and_buffers_are_those_after():
    before, after = (nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3)) for _ in range(2))
    after(torch.rand(8, 4))
    woken = bs.average_weights(before, after, 0)
    assert torch.equal(woken[0].weight, before[0].weight)
    assert torch.equal(woken[1].running_mean, after[1].running_mean)


@pytest.mark.parametrize(
    ("share", "told"),
    [
        (1.5, "share"),
        ([0.5, 0.5], "share has 2 values, but the network has 3 layers"),
        ([0.5, -1, 0.5], r"share\[1\]"),
        ("half", "share"),
    ],
)
def test_shares_that_will_not_do(share, told):
    with pytest.raises(ParameterError, match=told):
        bs.average_weights(*two_states(), share)


def test_pruned_weights_stay_absent():
    before, after = two_states()
    for network in (before, after):
        prune.custom_from_mask(network[0], "weight", torch.ones(5, 6).tril())
    woken = bs.average_weights(before, after, 0.5)
    woken.eval()(torch.rand(2, 6))
    half = (before[0].weight_orig + after[0].weight_orig) / 2
    torch.testing.assert_close(woken[0].weight, half.detach().tril())


def test_other_networks_are_refused():
    with pytest.raises(ParameterError, match="must be one network"):
        bs.average_weights(two_states()[0], wake.mlp((6, 5, 3)), 0.5)
