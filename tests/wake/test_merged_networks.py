"""Networks of low rank that are merged or joined; and energies."""

import copy

import numpy as np
import pytest
import torch
from test_learning import learn
from torch import nn
from torch.nn.functional import cross_entropy
from toy_tasks import QUICK, random_dataset, weights

from brainsleep import wake
from brainsleep.errors import ParameterError
from brainsleep.wake.learner import Learner
from brainsleep.wake.strategies.low_rank import Product


@pytest.fixture
def plain():
    return wake.mlp((16, 20, 6), seed=3, dropout=0, bias=True)


def thin_network(plain, strategy, tasks, k):
    """The network of low rank as the replica writes it: two linear layers in place of each."""
    generator = strategy.start(Learner(plain, tasks, k, QUICK, 2))
    layers = []
    for number in (0, 2):
        product = Product(plain[number].weight, strategy.rank, strategy.scale, generator)
        n_out, n_in = plain[number].weight.shape
        right, left = nn.Linear(n_in, strategy.rank, bias=False), nn.Linear(strategy.rank, n_out)
        right.weight.data, left.weight.data = product.right.data, product.left.data
        left.bias.data = plain[number].bias.data.clone()
        layers += [right, left, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


@pytest.mark.parametrize("name", ["low_rank_merging", "low_rank_concatenation"])
def test_low_rank_networks_are_two_layers_in_place_of_one(name, tasks):
    plain = nn.Sequential(nn.Linear(16, 20), nn.ReLU(), nn.Linear(20, 6))
    strategy, start = wake.build_strategy(name, rank=3), copy.deepcopy(plain)
    products, biases = {0: [], 2: []}, {0: [], 2: []}
    for k, task in enumerate(tasks):
        learn(strategy, plain, tasks, k)
        thin = thin_network(start, strategy, tasks, k)
        wake.train(thin, task.train, QUICK, seed=wake.training_seed(2, k), progress=False)
        for layer, (right, left) in {0: thin[0:2], 2: thin[3:5]}.items():
            products[layer].append((left.weight @ right.weight).detach().numpy())
            biases[layer].append(left.bias.detach().numpy())
            joined = np.mean if name == "low_rank_merging" else np.sum
            expected = joined(products[layer], axis=0)
            found = plain[layer].weight.detach().numpy()
            np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-5)
            bias = np.mean(biases[layer], axis=0)
            np.testing.assert_allclose(plain[layer].bias.detach(), bias, rtol=1e-3, atol=1e-5)
        rank = np.linalg.matrix_rank(plain[2].weight.detach().numpy(), tol=1e-4)
        assert rank == 3 if k == 0 else rank > 3
    assert type(plain[0]) is nn.Linear
    assert all(one.requires_grad for one in plain.parameters())
    assert list(weights(plain)) == list(weights(start))
    assert strategy.stored_bytes == 4 * (20 + 6)  # the biases that every task starts from


def test_low_rank_convolutions():
    network = nn.Sequential(
        nn.Unflatten(1, (1, 4, 4)), nn.Conv2d(1, 5, 3), nn.ReLU(), nn.Flatten(), nn.Linear(20, 6)
    )
    data = random_dataset()
    tasks = wake.class_incremental(wake.Split(data, data), [(0, 1), (2, 3)])
    learn(wake.build_strategy("low_rank_merging", rank=2), network, tasks, 0)
    assert np.linalg.matrix_rank(network[1].weight.detach().reshape(5, 9).numpy(), tol=1e-5) == 2
    with pytest.raises(ParameterError, match="Linear or convolution"):
        learn(wake.build_strategy("low_rank_merging"), network.requires_grad_(False), tasks, 0)


# Energies


def test_energies_by_hand(plain, tasks):
    strategy, learner = wake.build_strategy("energy_based"), Learner(plain, tasks, 1, QUICK, 2)
    images, labels = (
        torch.tensor(tasks[1].train.images[:9]),
        torch.tensor(tasks[1].train.labels[:9]),
    )
    labels[0] = 5  # three classes, so that the other one is drawn
    drawn = torch.randint(
        2, (9,), generator=torch.Generator().manual_seed(wake.training_seed(2, 1, "strategy"))
    )
    outputs = plain(images).detach().double().numpy()
    by_hand = []
    for row, label in enumerate(labels.tolist()):
        others = [other for other in (2, 3, 5) if other != label]
        energies = -outputs[row]
        by_hand.append(np.log1p(np.exp(energies[label] - energies[others[drawn[row]]])))
    np.testing.assert_allclose(
        strategy.batch(learner, images, labels).item(), np.mean(by_hand), rtol=1e-5
    )
    every = wake.build_strategy("energy_based", negatives="all").batch(learner, images, labels)
    places = torch.tensor([[2, 3, 5].index(label) for label in labels])
    torch.testing.assert_close(every, cross_entropy(plain(images)[:, [2, 3, 5]], places))


def test_absent_classes_are_left_alone(plain, tasks):
    before = weights(plain)["2.weight"]
    learn(wake.build_strategy("energy_based"), plain, tasks, 1)
    after = plain[-1].weight
    assert torch.equal(after[[0, 1, 4, 5]], before[[0, 1, 4, 5]])
    assert not torch.equal(after[[2, 3]], before[[2, 3]])


def test_a_batch_of_one_class_teaches_nothing(plain, tasks):
    before = weights(plain)
    one_class = wake.Task(0, (0,), tasks[0].train.of_classes([0]), tasks[0].test)
    learn(wake.build_strategy("energy_based"), plain, [one_class], 0)
    assert all(torch.equal(before[name], one) for name, one in weights(plain).items())
