"""Inputs that are zero in all images: left out with the same weights and momenta, bit by bit."""

from __future__ import annotations

import copy
import itertools

import numpy as np
import pytest
import torch
from torch import nn

from brainsleep.wake.active_inputs import ActiveInputs
from brainsleep.wake.descent import sgd
from brainsleep.wake.momentum_products import momentum_products
from brainsleep.wake.product_layer import ProductLayer

N_PIXELS, N_OUTPUTS = 400, 160


@pytest.fixture
def images():
    """Of which about half the pixels are always zero, over several blocks of a product."""
    random = torch.Generator().manual_seed(4)
    shown = torch.rand(60, N_PIXELS, generator=random)
    return shown * (torch.rand(N_PIXELS, generator=random) < 0.5)


def _network(*, bias=True):
    torch.manual_seed(1)
    layers = nn.Linear(N_PIXELS, N_OUTPUTS, bias=bias), nn.ReLU(), nn.Linear(N_OUTPUTS, 16)
    return nn.Sequential(*layers)


def _learned(network, batches, images, *, plain=False, each=lambda network, descent: None):
    """Learn batches; return all weights and momenta."""
    optimizer = sgd(network, [{"params": list(network.parameters()), "lr": 0.05}], 0.5)

    def learn(step, descent=None):
        for batch in batches:
            optimizer.zero_grad()
            labels = torch.arange(len(batch)) % 16
            nn.functional.cross_entropy(network(batch), labels).backward()
            step()
            each(network, descent)

    if plain:
        learn(optimizer.step)
    else:
        with momentum_products(network, optimizer, images) as descent:
            learn(descent.step, descent)
    kept = [optimizer.state[one]["momentum_buffer"] for one in network.parameters()]
    return [*network.parameters(), *kept]


def _assert_learns_the_same(network, batches, images, **options):
    expected = _learned(copy.deepcopy(network), batches, images, plain=True)
    found = _learned(network, batches, images, **options)
    for one, other in zip(found, expected, strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("sizes", [(20, 20, 20), (20, 7, 20, 7, 20)])
def test_what_is_learned_is_the_same_bit_by_bit(images, bias, sizes):
    batches = [images[:n] for n in sizes]
    _assert_learns_the_same(_network(bias=bias), batches, images)


def test_other_images_than_those_that_were_announced_may_come(images):
    others = torch.rand(20, N_PIXELS, generator=torch.Generator().manual_seed(2))
    _assert_learns_the_same(_network(), [images[:20], images[20:40], others, images[:20]], images)


def test_all_is_settled_when_it_is_asked_for_and_steps_go_on(images):
    network, expected = _network(), _network()
    batches = [images[k : k + 20] for k in (0, 20, 40, 10)]
    states = [
        [one.detach().clone() for one in _learned(expected, batches[: n + 1], images, plain=True)]
        for n in range(len(batches))
        if not expected.load_state_dict(network.state_dict()).missing_keys
    ]
    numbers = itertools.count()

    def look(network, descent):
        seen = descent.settled(lambda: [one.detach().clone() for one in network.parameters()])()
        for one, other in zip(seen, states[next(numbers)], strict=False):
            assert torch.equal(one, other)

    _learned(network, batches, images, each=look)
    assert next(numbers) == len(batches)


def test_an_evaluation_on_the_way_sees_the_weights_as_they_are(images):
    def look(network, descent):
        with torch.no_grad():
            out = network[0](images[:5])
            assert torch.equal(out, nn.functional.linear(images[:5], *network[0].parameters()))

    _assert_learns_the_same(
        _network(), [images[:20], images[20:40], images[40:]], images, each=look
    )


def test_a_network_that_reads_its_weights_itself_learns_the_same(images):
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.code, self.out = nn.Linear(N_PIXELS, 64, bias=False), nn.Linear(N_PIXELS, 16)

        def forward(self, x):
            return self.out(self.code(x).relu() @ self.code.weight)

    torch.manual_seed(2)
    _assert_learns_the_same(Tied(), [images[:20], images[20:40], images[:20]], images)


def test_weights_of_active_inputs_are_really_apart(images):
    """Where products of this machine allow it, else nothing is left out."""
    inputs = ActiveInputs.of_images(images)
    x, network = images[:20], _network()
    bounds = inputs.bounds(x, torch.rand(N_OUTPUTS, N_PIXELS), bias=True)
    seen = []

    def look(network, descent):
        layer = vars(network[0])["forward"].__self__
        assert isinstance(layer, ProductLayer)
        seen.append(layer.inputs is not None and layer.inputs.weight is not None)

    _learned(network, [x, x, x], images, each=look)
    assert seen == [False, bounds is not None, bounds is not None]


def test_images_with_few_silent_pixels_are_taken_whole():
    assert ActiveInputs.of_images(torch.ones(5, 40)) is None
    assert ActiveInputs.of_images(torch.zeros(5, 40)) is None
    shown = torch.from_numpy(np.eye(40, dtype=np.float32)[:30])
    inputs = ActiveInputs.of_images(shown)
    assert inputs is not None
    assert inputs.values_in(shown).shape == (30, 30)
    assert inputs.values_in(torch.ones(2, 40)) is None
    assert inputs.values_in(torch.ones(2, 30)) is None


def test_a_layer_that_had_no_gradient_at_first_learns_the_same(images):
    """As below an output layer of zeros: zeros do not tell how sums are rounded."""
    network = _network()
    with torch.no_grad():
        network[2].weight.zero_()
    batches = [images[:20], images[20:40], images[40:], images[:20]]
    _assert_learns_the_same(network, batches, images)
