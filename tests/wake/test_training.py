"""Training: gradient descent, masks, seeds."""

import copy
import math
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from toy_tasks import QUICK, Reads, assert_same_weights, weights

from brainsleep import wake
from brainsleep.errors import DataError, ParameterError


@settings(max_examples=100, deadline=None)
@given(
    field=st.sampled_from(["lr", "momentum", "batch_size", "epochs", "loss"]),
    value=st.one_of(
        st.floats(max_value=0, exclude_max=True),
        st.just(math.inf),
        st.just(math.nan),
        st.booleans(),
        st.none(),
        st.text(max_size=5),
        st.lists(st.integers(max_value=0), max_size=2),
    ),
)
def test_training_names_the_bad_field(field, value):
    with pytest.raises(ParameterError, match=field):
        wake.Training(**{field: value})


def test_training_limits():
    with pytest.raises(ParameterError, match="lr"):
        wake.Training(lr=0)
    with pytest.raises(ParameterError, match="momentum"):
        wake.Training(momentum=1)
    with pytest.raises(ParameterError, match="Did you mean 'cross_entropy'"):
        wake.Training(loss="crossentropy")
    wake.Training(lr=np.float32(0.1), batch_size=np.int64(3), momentum=0)


def test_training_learns_in_place(network, split):
    before = weights(network)
    losses = wake.train(
        network, split.train, wake.Training(0.1, 0.5, 10, 30), seed=0, progress=False
    )
    assert len(losses) == 30
    assert losses[-1] < 0.5 * losses[0]
    assert not torch.equal(before["0.weight"], network[0].weight)
    assert wake.accuracy(network, split.test) > 0.9
    assert all(p.grad is None for p in network.parameters())


def loop(network, dataset, training, seed):
    """Training as a textbook would write it, without dropout."""
    images, labels = torch.tensor(dataset.images).double(), torch.tensor(dataset.labels)
    generator = torch.Generator().manual_seed(seed)
    velocity = [torch.zeros_like(p) for p in network.parameters()]
    losses = []
    for _ in range(training.epochs):
        order = torch.randperm(len(labels), generator=generator)
        epoch = []
        for start in range(0, len(labels), training.batch_size):
            chosen = order[start : start + training.batch_size]
            outputs = network(images[chosen])
            if training.loss == "mse":
                targets = torch.zeros_like(outputs)
                targets[torch.arange(len(chosen)), labels[chosen]] = 1
                each = ((outputs - targets) ** 2).mean(1)
            else:
                each = -torch.log_softmax(outputs, 1)[torch.arange(len(chosen)), labels[chosen]]
            gradients = torch.autograd.grad(each.mean(), list(network.parameters()))
            for p, v, g in zip(network.parameters(), velocity, gradients, strict=True):
                v.mul_(training.momentum).add_(g)
                p.data.sub_(training.lr * v)
            epoch.extend(each.tolist())
        losses.append(np.mean(epoch))
    return losses


@pytest.mark.parametrize("loss", ["cross_entropy", "mse"])
def test_training_is_sgd_with_momentum(split, loss):
    training = wake.Training(0.2, 0.7, 11, 3, loss)  # 72 images: the last batch is smaller
    network = wake.mlp((16, 20, 6), dropout=0, bias=True, seed=3).double()
    expected = copy.deepcopy(network)
    losses = wake.train(network, split.train, training, seed=7, progress=False)
    np.testing.assert_allclose(losses, loop(expected, split.train, training, 7), rtol=1e-10)
    for p, q in zip(network.parameters(), expected.parameters(), strict=True):
        torch.testing.assert_close(p, q, rtol=1e-10, atol=1e-12)


def test_training_repeats_itself(network, split):
    other, third = copy.deepcopy(network), copy.deepcopy(network)
    losses = wake.train(network, split.train, QUICK, seed=4, progress=False)
    torch.manual_seed(999)  # what the user did to torch's numbers does not matter
    torch.rand(13)
    assert wake.train(other, split.train, QUICK, seed=4, progress=False) == losses
    assert_same_weights(weights(network), weights(other))
    wake.train(third, split.train, QUICK, seed=5, progress=False)
    assert not torch.equal(network[0].weight, third[0].weight)


def test_dropout_acts_and_is_seeded(split):
    with_dropout, without = wake.mlp((16, 20, 6), seed=0), wake.mlp((16, 20, 6), dropout=0, seed=0)
    assert torch.equal(with_dropout[0].weight, without[0].weight)
    wake.train(with_dropout, split.train, QUICK, seed=0, progress=False)
    wake.train(without, split.train, QUICK, seed=0, progress=False)
    assert not torch.equal(with_dropout[0].weight, without[0].weight)


def test_random_state_and_modes_are_left_alone(network, split, tasks):
    network.eval()
    network[2].train()  # mixed on purpose
    modes = [module.training for module in network.modules()]
    torch.manual_seed(1)
    np.random.seed(1)
    state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()
    wake.mlp((4, 3), seed=8)
    wake.mlp((4, 3), init=0.1, seed=8)
    wake.hold_out_validation(split)
    wake.train(network, split.train, QUICK, seed=4, progress=False)
    wake.accuracy(network, split.test)
    wake.confusion_matrix(network, split.test)
    for name in wake.STRATEGIES:
        wake.train_strategy(name, network, tasks, QUICK, seed=0, progress=False)
    assert torch.equal(torch.get_rng_state(), state)
    assert np.array_equal(np.random.get_state()[1], numpy_state)
    assert [module.training for module in network.modules()] == modes


@pytest.mark.parametrize("loss", ["cross_entropy", "mse"])
def test_masked_outputs_learn_nothing(network, tasks, loss):
    training = wake.Training(0.1, 0.5, 10, 2, loss)
    before, unmasked = weights(network), copy.deepcopy(network)
    wake.train(network, tasks[1].train, training, seed=0, classes=(2, 3), progress=False)
    wake.train(unmasked, tasks[1].train, training, seed=0, progress=False)
    closed, opened = [0, 1, 4, 5], [2, 3]
    assert torch.equal(network[-1].weight[closed], before["6.weight"][closed])
    assert not torch.equal(network[-1].weight[opened], before["6.weight"][opened])
    assert not torch.equal(network[0].weight, before["0.weight"])
    assert not torch.equal(unmasked[-1].weight[closed], before["6.weight"][closed])


def test_masked_training_is_training_of_a_smaller_head(tasks):
    """With cross-entropy, masked outputs might as well not exist."""
    whole = wake.mlp((16, 20, 6), dropout=0, seed=0)
    small = wake.mlp((16, 20, 2), dropout=0, seed=0)
    small[0].weight.data.copy_(whole[0].weight.data)
    small[2].weight.data.copy_(whole[2].weight.data[2:4])
    data = tasks[1].train
    shifted = wake.Dataset("shifted", data.images, data.labels - 2, data.image_shape)
    losses = wake.train(whole, data, QUICK, seed=0, classes=(2, 3), progress=False)
    np.testing.assert_allclose(
        losses, wake.train(small, shifted, QUICK, seed=0, progress=False), rtol=1e-5
    )
    torch.testing.assert_close(whole[2].weight[2:4], small[2].weight, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ((), "classes"),
        ((0,), r"mask the classes \[1\]"),
        ((0, 1, 6), "from 0 to 5"),
        (1, "classes"),
    ],
)
def test_bad_masks(network, tasks, classes, message):
    with pytest.raises(ParameterError, match=message):
        wake.train(network, tasks[0].train, QUICK, seed=0, classes=classes, progress=False)


def test_training_refuses_what_cannot_work(network, split):
    before = weights(network)

    def refuses(error, message, net=network, data=split.train, training=QUICK, seed=0):
        with pytest.raises(error, match=message):
            wake.train(net, data, training, seed=seed, progress=False)

    refuses(DataError, "noise has no images", data=split.train.subset([]))
    refuses(ParameterError, "seed", seed=-1)
    refuses(ParameterError, "label 5.*5 outputs", net=wake.mlp((16, 5)))
    refuses(ParameterError, r"\(n, 16\)", net=wake.mlp((17, 6)))
    refuses(ParameterError, "n_outputs", net=nn.Sequential(wake.mlp((16, 6)), nn.Flatten(0)))
    refuses(ParameterError, "nothing to train", net=Reads())
    frozen = copy.deepcopy(network).requires_grad_(False)
    refuses(ParameterError, "nothing to train", net=frozen)
    assert_same_weights(before, weights(network))
    refuses(ParameterError, "diverged.*lr", training=wake.Training(lr=1e30))


def test_frozen_layers_stay_frozen(network, split):
    network[0].requires_grad_(False)
    before = weights(network)
    wake.train(network, split.train, QUICK, seed=0, progress=False)
    assert torch.equal(network[0].weight, before["0.weight"])
    assert not torch.equal(network[3].weight, before["3.weight"])


def test_training_inside_no_grad_and_read_only_images(network, split):
    images = split.train.images.copy()
    images.flags.writeable = False
    dataset = wake.Dataset("locked", images, split.train.labels, (4, 4))
    other = copy.deepcopy(network)
    with torch.no_grad():
        wake.train(network, dataset, QUICK, seed=0, progress=False)
    wake.train(other, split.train, QUICK, seed=0, progress=False)
    assert_same_weights(weights(network), weights(other))
    assert not images.flags.writeable


def test_training_seeds_are_stable_and_distinct():
    assert wake.training_seed(0, 0) == TRAINING_SEED_0_0
    seeds = {
        wake.training_seed(s, k, purpose)
        for s in range(20)
        for k in range(10)
        for purpose in ("wake", "joint")
    }
    assert len(seeds) == 400
    assert all(0 <= seed < 2**63 for seed in seeds)
    for arguments in ((-1, 0), (0, -1), (0.5, 0), (0, True)):
        with pytest.raises(ParameterError):
            wake.training_seed(*arguments)


TRAINING_SEED_0_0 = 8682533941970242503


def test_stopping_between_tasks_changes_nothing(network, tasks, tmp_path):
    whole = wake.train_strategy("sequential", network, tasks, QUICK, seed=6, progress=False)
    first = wake.train_strategy("sequential", network, tasks[:2], QUICK, seed=6, progress=False)
    torch.save(first.state_dict(), tmp_path / "weights.pt")
    resumed = wake.mlp((16, 20, 12, 6), seed=77)
    resumed.load_state_dict(torch.load(tmp_path / "weights.pt"))
    seed = wake.training_seed(6, 2)
    wake.train(resumed, tasks[2].train, QUICK, seed=seed, progress=False)
    assert_same_weights(weights(whole), weights(resumed))


def test_no_bar_without_a_terminal(network, split, capsys):
    wake.train(network, split.train, QUICK, seed=0, progress=True)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == ""


def test_learning_digits_imports_no_more_than_it_needs():
    """Each of these takes a second or more to import, most of a short run."""
    script = (
        "import sys; from brainsleep import wake; digits = wake.load_split('digits').train;"
        "wake.train(wake.mlp((784, 10)), digits, wake.Training(epochs=1), seed=0, progress=False);"
        "print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    modules = set(done.stdout.split())
    assert "torch.optim" in modules
    assert not modules & {"torch._dynamo", "sklearn", "mlxtend", "pandas"}
