"""Weights on springs: elastic weight consolidation and synaptic intelligence."""

import copy

import numpy as np
import pytest
import torch
from test_learning import learn
from torch import nn
from torch.nn.functional import cross_entropy
from toy_tasks import QUICK

from brainsleep import wake
from brainsleep.wake.learner import Learner


@pytest.fixture
def linear():
    """In float64, without biases, so that gradients can be written down."""
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(16, 6, bias=False)).double()


def softmax(outputs):
    powers = np.exp(outputs - outputs.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def test_empirical_fisher_information_by_hand(linear, tasks):
    """Of a linear network: the mean of the squared (onehot - p) x^T."""
    strategy = wake.build_strategy("ewc", labels="data", n_samples=1000)
    found = strategy.fisher_information(Learner(linear, tasks, 0, QUICK, 2), tasks[0])["0.weight"]
    images = tasks[0].train.images.astype(float)
    errors = np.eye(6)[tasks[0].train.labels] - softmax(
        images @ linear[0].weight.detach().numpy().T
    )
    by_hand = np.mean([np.outer(e, x) ** 2 for e, x in zip(errors, images, strict=True)], axis=0)
    np.testing.assert_allclose(found, by_hand, rtol=1e-6)


def test_fisher_information_by_hand(linear, tasks):
    """With labels drawn from the network, the mean over draws is that over its softmax."""
    strategy = wake.build_strategy("ewc", n_samples=1000)
    images = tasks[0].train.images.astype(float)
    chances = softmax(images @ linear[0].weight.detach().numpy().T)
    by_hand = np.mean(
        [
            sum(p[y] * np.outer(np.eye(6)[y] - p, x) ** 2 for y in range(6))
            for p, x in zip(chances, images, strict=True)
        ],
        axis=0,
    )
    drawn = [
        strategy.fisher_information(Learner(linear, tasks, 0, QUICK, seed), tasks[0])["0.weight"]
        for seed in range(60)
    ]
    mean, error = np.mean(drawn, axis=0), np.std(drawn, axis=0) / np.sqrt(60)
    assert (np.abs(mean - by_hand) < 5 * error + 1e-9).all()
    np.testing.assert_allclose(mean.sum(), by_hand.sum(), rtol=0.05)


def test_ewc_penalty_by_hand(linear, tasks):
    strategy = wake.build_strategy("ewc", strength=3.0, gamma=0.5, n_samples=10)
    fishers = []
    for k in range(2):
        learn(strategy, linear, tasks, k)
        fishers.append(strategy.kept["stiffness 0.weight"].clone())
    learner = Learner(linear, tasks, 1, QUICK, 2)
    generator = torch.Generator().manual_seed(wake.training_seed(2, 1, "strategy"))
    learner.generator.set_state(generator.get_state())
    of_second = strategy.fisher_information(learner, tasks[1])["0.weight"]
    torch.testing.assert_close(fishers[1], 0.5 * fishers[0] + of_second)

    learner = Learner(linear, tasks, 2, QUICK, 2)
    strategy.before_task(learner, tasks[2])
    anchor = linear[0].weight.detach().clone()
    images = torch.tensor(tasks[2].train.images[:5]).double()
    labels = torch.tensor(tasks[2].train.labels[:5])
    with torch.no_grad():
        linear[0].weight += 0.1
        penalty = 3.0 / 2 * (fishers[1] * (linear[0].weight - anchor) ** 2).sum()
        by_hand = cross_entropy(linear(images), labels) + penalty
    loss = strategy.batch(learner, images, labels)
    torch.testing.assert_close(loss.detach(), by_hand)
    strategy.after_task(learner, tasks[2])
    assert strategy.stored_bytes == 4 * 96  # the information, in float32; weights are the network's


def test_synaptic_intelligence_by_definition(tasks):
    """A loop of its own, which takes the gradient of the loss without the penalty anew."""
    network = wake.mlp((16, 8, 6), dropout=0, seed=3).double()
    expected, strategy = copy.deepcopy(network), wake.build_strategy("si", strength=2.0)
    importance = [torch.zeros_like(p) for p in expected.parameters()]
    for k, task in enumerate(tasks):
        learn(strategy, network, tasks, k)
        shuffle = torch.Generator().manual_seed(wake.training_seed(2, k))
        optimizer = torch.optim.SGD(expected.parameters(), lr=QUICK.lr, momentum=QUICK.momentum)
        images, labels = torch.tensor(task.train.images).double(), torch.tensor(task.train.labels)
        start = [p.detach().clone() for p in expected.parameters()]
        path = [torch.zeros_like(p) for p in expected.parameters()]
        for _ in range(QUICK.epochs):
            for batch in torch.randperm(len(labels), generator=shuffle).split(QUICK.batch_size):
                before = [p.detach().clone() for p in expected.parameters()]
                task_loss = cross_entropy(expected(images[batch]), labels[batch])
                gradients = torch.autograd.grad(
                    task_loss, list(expected.parameters()), retain_graph=True
                )
                penalty = sum(
                    (omega * (p - p0) ** 2).sum()
                    for omega, p, p0 in zip(importance, expected.parameters(), start, strict=True)
                )
                optimizer.zero_grad()
                (task_loss + 2.0 * penalty).backward()
                optimizer.step()
                for w, g, p, p0 in zip(path, gradients, expected.parameters(), before, strict=True):
                    w -= g * (p.detach() - p0)
        for omega, w, p, p0 in zip(importance, path, expected.parameters(), start, strict=True):
            omega += w.clamp(min=0) / ((p.detach() - p0) ** 2 + 0.1)
        for p, q in zip(network.parameters(), expected.parameters(), strict=True):
            torch.testing.assert_close(p, q, rtol=1e-4, atol=1e-6)
    for name, omega in zip(("0.weight", "2.weight"), importance, strict=True):
        torch.testing.assert_close(
            strategy.kept[f"stiffness {name}"].double(), omega, rtol=1e-3, atol=1e-6
        )
    assert strategy.stored_bytes == 4 * (16 * 8 + 8 * 6)
    assert max(omega.max() for omega in importance) > 1e-3


@pytest.mark.parametrize("name", ["ewc", "si"])
def test_stiff_springs_hold(name, tasks):
    """The stiffer, the less weights move; without strength, they move as without springs."""
    moved = []
    for strength in (0.0, 20.0, 100.0):
        network = wake.mlp((16, 8, 6), dropout=0, seed=3)
        strategy = wake.build_strategy(name, strength=strength)
        learn(strategy, network, tasks, 0)
        before = network[0].weight.detach().clone()
        learn(strategy, network, tasks, 1)
        moved.append((network[0].weight - before).norm().item())
    assert moved[0] > 1.01 * moved[1] > 1.1 * moved[2], moved
