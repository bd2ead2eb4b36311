"""One task of a sequence, learned by a strategy: the loop, masks, and what is kept."""

import copy
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from cut_off import CutOff, kept_in
from toy_tasks import QUICK, assert_same_weights, weights

from brainsleep import wake
from brainsleep.errors import CallError, ParameterError
from brainsleep.wake.learner import Learner
from brainsleep.wake.objective import Objective
from brainsleep.wake.strategies.options import option


def learn(strategy, network, tasks, k, **options):
    wake.learn_task(strategy, network, tasks, k, QUICK, seed=2, progress=False, **options)


def plain_loop(network, tasks, is_masked=False):
    """Stochastic gradient descent with momentum, task after task, in torch alone."""
    for k, task in enumerate(tasks):
        seed = wake.training_seed(2, k)
        shuffle = torch.Generator().manual_seed(seed)
        optimizer = torch.optim.SGD(network.parameters(), lr=QUICK.lr, momentum=QUICK.momentum)
        images, labels = torch.tensor(task.train.images), torch.tensor(task.train.labels)
        torch.manual_seed(seed)
        for _ in range(QUICK.epochs):
            for batch in torch.randperm(len(labels), generator=shuffle).split(QUICK.batch_size):
                outputs = network(images[batch])
                if is_masked:
                    closed = [label for label in range(6) if label not in task.classes]
                    outputs[:, closed] = -torch.inf
                optimizer.zero_grad()
                torch.nn.functional.cross_entropy(outputs, labels[batch]).backward()
                optimizer.step()


@pytest.mark.parametrize("name", ["sequential", "sequential_masked"])
def test_task_by_task_is_the_plain_loop(name, network, tasks):
    expected, strategy = copy.deepcopy(network), wake.build_strategy(name)
    with torch.random.fork_rng():
        plain_loop(expected, tasks, is_masked=name == "sequential_masked")
    for k in range(len(tasks)):
        learn(strategy, network, tasks, k)
    assert_same_weights(weights(network), weights(expected))


@pytest.mark.parametrize("name", wake.STRATEGIES)
def test_all_tasks_one_by_one_are_all_at_once(name, network, tasks):
    """And a strategy that is read back goes on as if it had never been away."""
    whole = wake.train_strategy(name, network, tasks, QUICK, seed=2, progress=False)
    strategy = wake.build_strategy(name)
    for k in range(len(tasks)):
        learn(strategy, network, tasks, k)
        state = {name: array.copy() for name, array in strategy.state().items()}
        strategy = wake.build_strategy(name)
        strategy.restore(state)
    assert_same_weights(weights(strategy.readout(network)), weights(whole))
    if not strategy.once:  # which is handed all images at the end, and counts those
        assert strategy.stored_bytes == sum(array.nbytes for array in strategy.state().values())


def test_candidates_mask_the_loss(network, tasks):
    """Where only a task's own classes may be the answer, nothing else is trained."""
    own = [replace(task, candidates=task.classes) for task in tasks]
    expected = copy.deepcopy(network)
    with torch.random.fork_rng():
        plain_loop(expected, tasks, is_masked=True)
    for k in range(len(own)):
        learn(wake.build_strategy("sequential"), network, own, k)
    assert_same_weights(weights(network), weights(expected))
    too_many = [replace(tasks[0], candidates=range(9))]
    with pytest.raises(ParameterError, match="from 0 to 5"):
        learn(wake.build_strategy("sequential"), network, too_many, 0)


def test_images_of_several_tasks_have_masks_of_their_own(network, tasks):
    own = [replace(task, candidates=task.classes) for task in tasks[:2]] + [*tasks[2:]]
    learner = Learner(network, own, 2, QUICK, 0)
    outputs = torch.randn(4, 6, generator=torch.Generator().manual_seed(0))
    labels, task_numbers = torch.tensor([0, 3, 5, 2]), torch.tensor([0, 1, 2, 1])
    by_hand = [
        torch.logsumexp(outputs[0, :2], 0) - outputs[0, 0],
        torch.logsumexp(outputs[1, 2:4], 0) - outputs[1, 3],
        torch.logsumexp(outputs[2], 0) - outputs[2, 5],
        torch.logsumexp(outputs[3, 2:4], 0) - outputs[3, 2],
    ]
    loss = learner.loss(outputs, labels, task_numbers)
    torch.testing.assert_close(loss, torch.stack(by_hand).mean())


@dataclass(frozen=True, eq=False)
class Noisy(wake.Strategy):
    """Adds noise to images, and remembers how much: what a checkpoint has to hold."""

    kind = "noisy"
    label = "noisy"
    size: float = option(0.1, "of the noise, in units of the pixels")

    def batch(self, learner, images, labels):
        noise = self.size * torch.rand(images.shape, generator=learner.generator)
        self.kept["sum"] = self.kept.get("sum", torch.zeros(16)) + noise.sum(0)
        return super().batch(learner, images + noise + 0.01 * self.kept["sum"], labels)


@pytest.mark.usefixtures("kept_at_once")
@pytest.mark.parametrize("n_steps", [3, 5, 7, 11])
def test_a_strategys_state_is_kept_within_a_task(n_steps, network, tasks, tmp_path, steps):
    whole, strategy = copy.deepcopy(network), Noisy()
    for k in range(2):
        learn(strategy, whole, tasks, k)

    def again(checkpoints):
        network_again, strategy_again = copy.deepcopy(network), Noisy()
        for k in range(2):
            learn(strategy_again, network_again, tasks, k, checkpoints=checkpoints)
        return network_again, strategy_again

    steps(n_steps)
    with pytest.raises(CutOff):
        again(kept_in(tmp_path))
    made = steps(10**9)
    network_again, strategy_again = again(kept_in(tmp_path))
    assert made[0] < 12  # two tasks of two epochs of three batches
    assert_same_weights(weights(network_again), weights(whole))
    assert torch.equal(strategy_again.kept["sum"], strategy.kept["sum"])


@pytest.mark.usefixtures("kept_at_once")
def test_other_parameters_are_another_training(network, tasks, tmp_path, steps):
    learn(Noisy(), copy.deepcopy(network), tasks, 0, checkpoints=kept_in(tmp_path))
    made = steps(10**9)
    learn(Noisy(0.1), copy.deepcopy(network), tasks, 0, checkpoints=kept_in(tmp_path))
    assert made == [0]
    learn(Noisy(0.2), copy.deepcopy(network), tasks, 0, checkpoints=kept_in(tmp_path))
    assert made == [6]


def test_parameters_are_checked_where_they_are_declared():
    assert Noisy(0.3).parameters() == {"size": 0.3}
    for value in (-1, float("nan"), "much", True):
        with pytest.raises(ParameterError, match="size"):
            Noisy(value)
    with pytest.raises(CallError, match="no argument 'n_imges'"):
        wake.build_strategy("sequential", n_imges=3)


def test_a_strategy_that_has_learned_is_not_begun_anew(network, tasks):
    strategy = wake.build_strategy("weight_averaging")
    wake.train_strategy(strategy, network, tasks, QUICK, progress=False)
    with pytest.raises(ParameterError, match="'weight_averaging' has learned tasks"):
        wake.train_strategy(strategy, network, tasks, QUICK, progress=False)


def test_an_objective_of_ones_own(network, split):
    """Twice the loss at half the learning rate is the loss."""

    class Twice(Objective):
        def loss(self, images, labels):
            return 2 * torch.nn.functional.cross_entropy(expected(images), labels)

    expected = copy.deepcopy(network)
    half = replace(QUICK, lr=QUICK.lr / 2)
    wake.train(expected, split.train, half, seed=1, objective=Twice(), progress=False)
    wake.train(network, split.train, QUICK, seed=1, progress=False)
    for one, other in zip(expected.parameters(), network.parameters(), strict=True):
        np.testing.assert_allclose(one.detach(), other.detach(), rtol=1e-4, atol=1e-6)
    with pytest.raises(ParameterError, match="classes mask"):
        wake.train(network, split.train, seed=1, objective=Twice(), classes=[0])
