"""What holds on to the former network's outputs: learning without forgetting, and iCaRL."""

import copy

import numpy as np
import pytest
import torch
from test_learning import learn
from torch.nn.functional import cross_entropy
from toy_tasks import QUICK

from brainsleep import wake
from brainsleep.wake.learner import Learner
from brainsleep.wake.strategies.icarl import herded


@pytest.fixture
def plain():
    return wake.mlp((16, 20, 12, 6), seed=3, dropout=0)


def batch_of(task, n=8):
    return torch.tensor(task.train.images[:n]), torch.tensor(task.train.labels[:n])


def moved(network):
    """Change the network a little, as learning does."""
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.05 * torch.sin(torch.arange(parameter.numel())).reshape(parameter.shape)


def outputs_of(network, images):
    with torch.no_grad():
        return copy.deepcopy(network).eval()(images).double().numpy()


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_lwf_by_hand(plain, tasks):
    strategy = wake.build_strategy("lwf", strength=0.8, temperature=3.0)
    learn(strategy, plain, tasks, 0)
    assert strategy.stored_bytes == 0  # between tasks the former network is the network
    learner = Learner(plain, tasks, 1, QUICK, 2)
    strategy.before_task(learner, tasks[1])
    images, labels = batch_of(tasks[1])
    former = outputs_of(plain, images)
    moved(plain)
    now = outputs_of(plain, images)
    p, q = (np.exp(z[:, :2] / 3.0) for z in (former, now))
    p, q = p / p.sum(1, keepdims=True), q / q.sum(1, keepdims=True)
    by_hand = cross_entropy(torch.tensor(now), labels) - 0.8 * (p * np.log(q)).sum(1).mean()
    loss = strategy.batch(learner, images, labels)
    torch.testing.assert_close(loss.detach().double(), by_hand, rtol=1e-5, atol=1e-6)


def test_icarl_loss_by_hand(plain, tasks):
    strategy = wake.build_strategy("icarl", n_images=8)
    learn(strategy, plain, tasks, 0)
    learner = Learner(plain, tasks, 1, QUICK, 2)
    strategy.before_task(learner, tasks[1])
    images, labels = batch_of(tasks[1])
    former = outputs_of(plain, images)
    moved(plain)
    g = sigmoid(outputs_of(plain, images))
    wanted = np.concatenate([sigmoid(former[:, :2]), np.eye(6)[labels][:, 2:4]], axis=1)
    each = wanted * np.log(g[:, :4]) + (1 - wanted) * np.log(1 - g[:, :4])
    loss = strategy.batch(learner, images, labels)
    np.testing.assert_allclose(loss.item(), -each.sum(1).mean(), rtol=1e-5)


def test_herding_is_the_greedy_choice():
    """Against all choices, tried one by one."""
    features = torch.randn(15, 4, generator=torch.Generator().manual_seed(2)).double()
    rows, chosen = features.numpy(), []
    for _ in range(6):
        free = [row for row in range(15) if row not in chosen]
        distances = [np.linalg.norm(rows.mean(0) - rows[[*chosen, row]].mean(0)) for row in free]
        chosen.append(free[int(np.argmin(distances))])
    assert herded(features, 6) == chosen
    assert sorted(herded(features, 99)) == list(range(15))


def test_exemplars_and_the_nearest_of_their_means(plain, tasks):
    strategy = wake.build_strategy("icarl", n_images=13)
    for k in range(3):
        learn(strategy, plain, tasks, k)
        n_each = 13 // (2 * (k + 1))
        found = [len(strategy.exemplars(label)) for label in strategy.classes]
        assert found == [n_each] * 2 * (k + 1)
    assert len(strategy.data(Learner(plain, tasks, 2, QUICK, 2), tasks[2])) == 24 + 12

    def features(images):
        with torch.no_grad():
            found = plain.eval()[:4](torch.tensor(images)).double().numpy()
        return found / np.linalg.norm(found, axis=1, keepdims=True)

    means = np.array([features(strategy.exemplars(label)).mean(0) for label in range(6)])
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    shown = tasks[2].test.images
    distances = np.linalg.norm(features(shown)[:, None] - means, axis=2)
    readout = strategy.readout(plain)
    assert np.array_equal(wake.predict(readout, shown), distances.argmin(1))
    with torch.no_grad():
        scores = readout.eval()(torch.tensor(shown)).numpy()
    np.testing.assert_allclose(scores, -distances, rtol=1e-4, atol=1e-6)


def test_exemplars_are_images_of_their_class(plain, tasks):
    strategy = wake.build_strategy("icarl", n_images=12)
    for k in range(2):
        learn(strategy, plain, tasks, k)
    for label in range(4):
        train = tasks[label // 2].train
        of_class = train.images[train.labels == label]
        for image in strategy.exemplars(label):
            assert (of_class == image).all(1).any()
    assert strategy.stored_bytes == 12 * 16 * 4 + 8


def test_a_class_that_has_not_come_is_never_the_answer(plain, tasks):
    strategy = wake.build_strategy("icarl")
    learn(strategy, plain, tasks, 0)
    everything = np.concatenate([task.test.images for task in tasks])
    assert set(wake.predict(strategy.readout(plain), everything)) <= {0, 1}
