"""A step of gradient descent in one pass: the same numbers as in several."""

import copy

import pytest
import torch
from torch import nn
from toy_tasks import weights

from brainsleep import wake
from brainsleep.wake.descent import no_gradients_at_rest, sgd
from brainsleep.wake.objective import PlainObjective


def _network(dtype=torch.float32):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(9, 48), nn.ReLU(), nn.Linear(48, 5)).to(dtype)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_fused_step_is_separate_steps_bit_by_bit(dtype):
    network = _network(dtype)
    expected = copy.deepcopy(network)
    fast = sgd(network, [{"params": list(network.parameters()), "lr": 0.07}], 0.6)
    slow = torch.optim.SGD(expected.parameters(), lr=0.07, momentum=0.6, foreach=False)
    # the last bias has no whole number of vectors
    assert [group["fused"] for group in fast.param_groups] == [True, None]
    for _ in range(20):
        images, labels = torch.rand(7, 9, dtype=dtype), torch.randint(0, 5, (7,))
        for one, optimizer in ((network, fast), (expected, slow)):
            optimizer.zero_grad()
            nn.functional.cross_entropy(one(images), labels).backward()
            optimizer.step()
    for one, other in zip(network.parameters(), expected.parameters(), strict=True):
        assert torch.equal(one, other)


def test_what_torch_cannot_fuse_is_left_to_it():
    half = _network(torch.bfloat16)
    words = nn.Embedding(5, 3, sparse=True)
    for network in (half, words):
        optimizer = sgd(network, [{"params": list(network.parameters()), "lr": 0.1}], 0.5)
        assert not any(group["fused"] for group in optimizer.param_groups)
    words(torch.tensor([1, 4])).sum().backward()
    optimizer.step()


def test_layers_at_rest_have_no_gradient(split):
    torch.manual_seed(0)
    n_pixels = split.train.images.shape[1]
    network = nn.Sequential(nn.Linear(n_pixels, 8), nn.ReLU(), nn.Linear(8, 10))
    before = weights(network)
    seen = []

    class Watched(PlainObjective):
        def after_step(self):
            seen.append([one.grad is None for one in network.parameters()])

    training = wake.Training(lr=[0, 0.1], epochs=1)
    objective = Watched(network, "cross_entropy", None)
    wake.train(network, split.train, training, seed=0, objective=objective, progress=False)
    assert seen
    assert all(one == [True, True, False, False] for one in seen)
    assert all(one.requires_grad for one in network.parameters())
    changed = [name for name, one in weights(network).items() if not torch.equal(one, before[name])]
    assert changed == ["2.weight", "2.bias"]


def test_gradients_are_wanted_where_nothing_else_learns():
    network = _network()
    groups = [{"params": list(network.parameters()), "lr": 0.0}]
    with no_gradients_at_rest(groups):
        network(torch.rand(2, 9)).sum().backward()
