"""Dropout silences the neurons that torch silences, and leaves its random numbers as torch does."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from brainsleep.wake.dropout_draws import dropout_draws


def _passed(module, x):
    """Pass a module twice; return what it gives, the gradient, and the generator's state."""
    torch.manual_seed(6)
    x = x.clone().requires_grad_()
    out = module(module(x) if not getattr(module, "inplace", False) else x * 1)
    out.square().sum().backward()
    return out, x.grad, torch.get_rng_state()


@pytest.mark.parametrize("p", [0.0, 0.25, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("inplace", [False, True])
def test_neurons_are_those_of_torch(p, dtype, inplace):
    module, x = nn.Dropout(p, inplace=inplace), torch.rand(9, 70, dtype=dtype)
    expected = _passed(copy.deepcopy(module), x)
    with dropout_draws(module):
        found = _passed(module, x)
    for one, other in zip(found, expected, strict=True):
        assert torch.equal(one, other)


def test_an_evaluation_and_views_are_left_to_torch():
    module, x = nn.Dropout(0.3), torch.rand(20, 30).t()
    expected = _passed(copy.deepcopy(module), x)
    with dropout_draws(module):
        assert all(map(torch.equal, _passed(module, x), expected))
        module.eval()
        assert torch.equal(module(x), x)
    assert "forward" not in vars(module)
