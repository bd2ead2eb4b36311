"""Gradients that go right into the momentum: the same weights and momenta, bit by bit."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch.func import functional_call
from toy_tasks import QUICK, assert_same_weights, weights

from brainsleep import wake
from brainsleep.wake import product_layer
from brainsleep.wake.descent import sgd
from brainsleep.wake.learning import _Lesson
from brainsleep.wake.momentum_products import momentum_products
from brainsleep.wake.objective import PlainObjective
from brainsleep.wake.strategies.sequential import Sequential

N_PIXELS, N_CLASSES = 32, 16


class Twice(nn.Module):
    """A layer that is passed twice, and one whose weights are masked as it is passed."""

    def __init__(self) -> None:
        super().__init__()
        self.into = nn.Linear(N_PIXELS, 48)
        self.again = nn.Linear(48, 48, bias=False)
        self.masked = nn.Linear(48, N_CLASSES, bias=False)

    def forward(self, x):
        hidden = self.again(self.again(self.into(x).relu()).relu()).relu()
        mask = torch.arange(self.masked.weight.numel()).reshape(self.masked.weight.shape) % 3 > 0
        return functional_call(self.masked, {"weight": self.masked.weight * mask}, (hidden,))


class Sequence(nn.Module):
    """A layer that takes three dimensions, and one whose weights are another layer's, too."""

    def __init__(self) -> None:
        super().__init__()
        self.into = nn.Linear(8, 16)
        self.tied, self.other = nn.Linear(16, 16), nn.Linear(16, 16)
        self.other.weight = self.tied.weight
        self.out = nn.Linear(16, N_CLASSES)

    def forward(self, x):
        return self.out(self.other(self.tied(self.into(x.reshape(len(x), 4, 8)).relu())).mean(1))


def _layers(*, bias=True, dtype=torch.float32):
    return nn.Sequential(
        nn.Linear(N_PIXELS, 48, bias=bias),
        nn.ReLU(),
        nn.Dropout(0.25),
        nn.Linear(48, 48, bias=bias),
        nn.ReLU(),
        nn.Linear(48, N_CLASSES, bias=bias),
    ).to(dtype)


@pytest.mark.parametrize(
    ("make", "momentum"),
    [
        (_layers, 0.5),
        (_layers, 0.9),
        (_layers, 0.0),
        (lambda: _layers(bias=False), 0.6),
        (lambda: _layers(dtype=torch.float64), 0.7),
        (Twice, 0.5),
        (Sequence, 0.5),
    ],
)
def test_weights_and_momenta_are_those_of_the_optimizer(make, momentum):
    torch.manual_seed(3)
    network = make()
    expected = copy.deepcopy(network)
    dtype = next(network.parameters()).dtype
    optimizers = [
        sgd(one, [{"params": list(one.parameters()), "lr": 0.07}], momentum)
        for one in (network, expected)
    ]
    with momentum_products(network, optimizers[0]) as descent:
        for number in range(30):
            images = torch.rand(7, N_PIXELS, dtype=dtype)
            labels = torch.randint(0, N_CLASSES, (7,))
            steps = (descent.step, optimizers[1].step)
            for one, optimizer, take in zip((network, expected), optimizers, steps, strict=True):
                torch.manual_seed(number)  # of Dropout
                optimizer.zero_grad()
                nn.functional.cross_entropy(one(images), labels).backward()
                take()
    pairs = zip(network.parameters(), expected.parameters(), strict=True)
    for one, other in pairs:
        assert torch.equal(one, other)
        buffers = [
            optimizer.state[parameter].get("momentum_buffer")
            for optimizer, parameter in zip(optimizers, (one, other), strict=True)
        ]
        assert (buffers[0] is None) == (buffers[1] is None)
        assert buffers[0] is None or torch.equal(buffers[0], buffers[1])


def _learn_a_batch(network, optimizer, step):
    """The first batch of a size is learned as otherwise."""
    network(torch.rand(5, N_PIXELS)).sum().backward()
    assert all(one.grad is not None for one in network.parameters())
    step()
    optimizer.zero_grad()


@pytest.fixture
def rounds_alike(monkeypatch):
    """On machines whose products round otherwise, too: where gradients go is what counts."""
    monkeypatch.setattr(product_layer, "_rounds_alike", lambda dtype, momentum, n: True)
    monkeypatch.setattr(product_layer, "_is_same_in_rows", lambda n, shape, dtype: True)


@pytest.mark.usefixtures("rounds_alike")
def test_the_default_training_has_no_gradients_of_weights():
    network = _layers(bias=False)
    optimizer = sgd(network, [{"params": list(network.parameters()), "lr": 0.1}], 0.5)
    with momentum_products(network, optimizer) as descent:
        _learn_a_batch(network, optimizer, descent.step)
        before = weights(network)
        network(torch.rand(5, N_PIXELS)).sum().backward()
        assert all(one.grad is None for one in network.parameters())
        descent.step()
    assert all(not torch.equal(one, before[name]) for name, one in weights(network).items())


@pytest.mark.usefixtures("rounds_alike")
def test_only_layers_that_nobody_else_looks_at_have_no_gradient():
    network = _layers(bias=True)
    network[3].weight.register_hook(lambda gradient: None)
    optimizer = sgd(network, [{"params": list(network.parameters()), "lr": 0.1}], 0.5)
    with momentum_products(network, optimizer) as descent:
        _learn_a_batch(network, optimizer, descent.step)
        network(torch.rand(5, N_PIXELS)).sum().backward()
        without = [name for name, one in network.named_parameters() if one.grad is None]
        assert without == ["0.weight", "5.weight"]


@pytest.mark.usefixtures("rounds_alike")
def test_a_layer_without_a_gradient_takes_no_step():
    """As the optimizer's step leaves out what has no gradient, whatever its momentum."""
    network = nn.ModuleList([nn.Linear(16, 16, bias=False), nn.Linear(16, 16, bias=False)])
    optimizer = sgd(network, [{"params": list(network.parameters()), "lr": 0.1}], 0.5)
    with momentum_products(network, optimizer) as descent:
        for one, other in ((0, 1), (1, 0), (1, 0), (0, 1)):
            optimizer.zero_grad()
            before = weights(network)
            network[one](torch.rand(3, 16)).square().sum().backward()
            network[other](torch.rand(3, 16))
            descent.step()
            after = weights(network)
            assert not torch.equal(before[f"{one}.weight"], after[f"{one}.weight"])
            assert torch.equal(before[f"{other}.weight"], after[f"{other}.weight"])


@pytest.mark.parametrize("name", ["sequential", "joint", "sequential_masked", "replay", "lwf"])
def test_strategies_learn_the_same(name, network, tasks, monkeypatch):
    def learned():
        trained = wake.train_strategy(name, network, tasks, QUICK, seed=1, progress=False)
        return weights(trained)

    one = learned()
    monkeypatch.setattr(_Lesson, "reads_gradients", True)
    assert_same_weights(one, learned())


def test_a_class_of_ones_own_may_look_at_gradients():
    class Watching(PlainObjective):
        pass

    class Own(Sequential):
        pass

    network = _layers()
    assert not PlainObjective(network, "mse", None).reads_gradients
    assert Watching(network, "mse", None).reads_gradients
    learner = None
    assert not _Lesson(Sequential(), learner).reads_gradients
    assert _Lesson(Own(), learner).reads_gradients
    assert _Lesson(wake.build_strategy("ewc"), learner).reads_gradients


@pytest.mark.usefixtures("rounds_alike")
def test_the_network_is_left_without_a_trace_even_if_training_ends_early():
    network = _layers()
    images = np.random.default_rng(0).random((20, N_PIXELS))

    class Ends(PlainObjective):
        reads_gradients = False

        def after_step(self):
            assert all("forward" in vars(network[k]) for k in (0, 3, 5))
            raise KeyboardInterrupt

    objective = Ends(network, "cross_entropy", None)
    with pytest.raises(KeyboardInterrupt):
        wake.train(network, (images, [0] * 20), seed=0, objective=objective, progress=False)
    assert not any("forward" in vars(one) for one in network.modules())
