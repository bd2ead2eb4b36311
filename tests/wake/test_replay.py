"""Memories of images, and what is done with them: replay, dark experience, latent replay."""

import copy

import numpy as np
import pytest
import torch
from test_learning import learn
from torch import nn
from torch.nn.functional import cross_entropy
from toy_tasks import QUICK, assert_same_weights, random_dataset, weights

from brainsleep import wake
from brainsleep.errors import ParameterError
from brainsleep.wake.learner import Learner
from brainsleep.wake.strategies.experience_replay import ExperienceReplay
from brainsleep.wake.strategies.reservoir import Reservoir, packed, unpacked


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def plain():
    """A network without dropout."""
    return wake.mlp((16, 20, 12, 6), seed=3, dropout=0)


def batch_of(task):
    return torch.tensor(task.train.images[:8]), torch.tensor(task.train.labels[:8])


# The reservoir


def test_every_row_is_as_likely_to_be_in_memory():
    """Counts of 23 rows, in a memory of 6, over 1500 streams that come in parts."""
    drawn, counts, pairs = generator(), np.zeros(23), np.zeros((23, 23))
    for _ in range(1500):
        memory = Reservoir({}, 6)
        for part in torch.arange(23).split([3, 5, 1, 14]):
            memory.add({"number": part}, drawn)
        numbers = memory.rows()["number"].numpy()
        assert len(set(numbers)) == 6
        counts[numbers] += 1
        pairs[np.ix_(numbers, numbers)] += 1
    p = 6 / 23
    assert np.abs(counts - 1500 * p).max() < 5 * np.sqrt(1500 * p * (1 - p))
    q = p * 5 / 22  # both of two rows
    together = pairs[~np.eye(23, dtype=bool)]
    assert np.abs(together - 1500 * q).max() < 5 * np.sqrt(1500 * q)


def test_rows_stay_together_whatever_type_the_images_are_stored_in():
    memory, drawn = Reservoir({}, 10), generator()
    levels = torch.arange(256).repeat(2, 1) / 255
    for number in range(8):
        images = levels[:, :6] * 0 + number / 255
        memory.add({"images": images, "labels": torch.full((2,), number)}, drawn)
    assert memory.rows()["images"].dtype is torch.uint8
    memory.add({"images": torch.full((1, 6), 0.3), "labels": torch.tensor([100])}, drawn)
    memory.add({"images": torch.full((30, 6), 9 / 255), "labels": torch.full((30,), 9)}, drawn)
    rows = memory.draw(10, drawn)
    expected = torch.where(rows["labels"] == 100, torch.tensor(0.3), rows["labels"] / 255)
    assert torch.equal(rows["images"], expected[:, None].expand(10, 6))
    assert sorted(rows["labels"].tolist()) == sorted(memory.rows()["labels"].tolist())


def test_packing_loses_nothing():
    images = torch.arange(256)[None] / 255
    assert packed(images).dtype is torch.uint8
    assert torch.equal(unpacked(packed(images)), images)
    noise = torch.rand(5, 7, generator=generator())
    assert packed(noise).dtype is torch.float32
    assert torch.equal(unpacked(packed(noise)), noise)


# Experience replay


def test_replay_is_the_plain_loop(plain, tasks):
    """Its own loop of steps, with the memory's draws repeated."""
    strategy, expected = ExperienceReplay(n_images=9, per_batch=4), copy.deepcopy(plain)
    learn(strategy, plain, tasks, 0)
    learn(ExperienceReplay(n_images=9), expected, tasks, 0)
    assert_same_weights(weights(plain), weights(expected))  # the first task has nothing to replay
    stored = strategy.memory.rows()
    learn(strategy, plain, tasks, 1)

    task, seed = tasks[1], wake.training_seed(2, 1)
    shuffle, drawn = generator(seed), generator(wake.training_seed(2, 1, "strategy"))
    optimizer = torch.optim.SGD(expected.parameters(), lr=QUICK.lr, momentum=QUICK.momentum)
    images, labels = torch.tensor(task.train.images), torch.tensor(task.train.labels)
    for _ in range(QUICK.epochs):
        for batch in torch.randperm(len(labels), generator=shuffle).split(QUICK.batch_size):
            old = torch.randperm(9, generator=drawn)[:4]
            shown = torch.cat([images[batch], unpacked(stored["images"][old])])
            wanted = torch.cat([labels[batch], stored["labels"][old].long()])
            optimizer.zero_grad()
            cross_entropy(expected(shown), wanted).backward()
            optimizer.step()
    assert_same_weights(weights(plain), weights(expected))


def test_what_is_stored_is_what_was_shown(network, tasks):
    strategy = ExperienceReplay(n_images=20)
    for k in range(3):
        learn(strategy, network, tasks, k)
    rows = strategy.memory.rows()
    assert len(strategy.memory) == 20
    for image, label, task in zip(rows["images"], rows["labels"], rows["tasks"], strict=True):
        train = tasks[task].train
        assert int(label) in train.classes
        same = (train.images == unpacked(image).numpy()).all(1)
        assert train.labels[same] == [int(label)]
    n_bytes = 20 * (16 * 4 + 4 + 2) + 8  # images, labels, tasks; how many were seen
    assert strategy.stored_bytes == n_bytes


def test_pixels_of_8_bits_take_a_byte_each(network, tasks):
    dark = [
        wake.Task(k, task.classes, levels_of(task.train), task.test) for k, task in enumerate(tasks)
    ]
    strategy = ExperienceReplay(n_images=20)
    learn(strategy, network, dark, 0)
    assert strategy.stored_bytes == 20 * (16 + 4 + 2) + 8


def levels_of(data):
    images = (data.images * 255).round() / np.float32(255)
    return wake.Dataset("levels", images.astype(np.float32), data.labels, data.image_shape)


# Dark experience


def test_dark_experience_by_hand(plain, tasks):
    strategy = wake.build_strategy("derpp", n_images=30, per_batch=5, alpha=0.7, beta=0.3)
    learn(strategy, plain, tasks, 0)
    stored = {name: one.clone() for name, one in strategy.memory.rows().items()}
    learner = Learner(plain, tasks, 1, QUICK, 2)
    images, labels = batch_of(tasks[1])
    drawn = generator(wake.training_seed(2, 1, "strategy"))
    one, other = (torch.randperm(30, generator=drawn)[:5] for _ in range(2))
    with torch.no_grad():
        outputs, again = plain(images), plain(stored["images"][other])
        square = ((plain(stored["images"][one]) - stored["outputs"][one]) ** 2).sum() / 30
        by_hand = (
            cross_entropy(outputs, labels)
            + 0.7 * square
            + 0.3 * cross_entropy(again, stored["labels"][other].long())
        )
    loss = strategy.batch(learner, images, labels)
    torch.testing.assert_close(loss.detach(), by_hand)
    assert loss.requires_grad
    assert not any(one.requires_grad for one in strategy.kept.values())
    found = strategy.memory.rows()
    new = [row for row, image in enumerate(found["images"]) if (images == image).all(1).any()]
    assert new  # of 8 offered to a memory of 30 that has seen 48
    for row in new:
        same = (images == found["images"][row]).all(1)
        torch.testing.assert_close(found["outputs"][row], outputs[same][0])


# Latent replay


@pytest.fixture
def convolutional():
    """With normalisation and dropout below and above the layer."""
    torch.manual_seed(4)
    return nn.Sequential(
        nn.Unflatten(1, (1, 4, 4)),
        nn.Conv2d(1, 3, 3, padding=1),
        nn.BatchNorm2d(3),
        nn.ReLU(),
        nn.Dropout(0.2),
        nn.Conv2d(3, 4, 3),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Dropout(0.2),
        nn.Flatten(),
        nn.Linear(16, 6),
    )


def test_latent_replay_freezes_what_lies_below(convolutional, tasks):
    strategy = wake.build_strategy("latent_replay", n_images=12)
    start = weights(convolutional)
    learn(strategy, convolutional, tasks, 0)
    first = weights(convolutional)
    learn(strategy, convolutional, tasks, 1)
    second = weights(convolutional)
    for name in first:
        is_below = int(name.split(".")[0]) < 5
        assert torch.equal(first[name], second[name]) == is_below, name
        assert not torch.equal(start[name], first[name]), name
    assert all(one.requires_grad for one in convolutional.parameters())
    assert strategy.stored_bytes == 12 * (3 * 16 + 4 + 2) + 8 + 8  # codes are a byte each


def test_stored_activations_are_those_of_the_layer(convolutional, tasks):
    strategy = wake.build_strategy("latent_replay", n_images=1000)
    learn(strategy, convolutional, tasks, 0)
    with torch.no_grad():
        received = convolutional.eval()[:5](torch.tensor(tasks[0].train.images))
    decoded = strategy.decoded(strategy.memory.rows()["codes"])
    half_a_level = (received.max() - received.min()) / 510
    assert (decoded - received).abs().max() <= 1.01 * half_a_level


def test_latent_replay_by_hand(plain, tasks):
    """Half of the rows come from memory, above the layer; the memory's draw is repeated."""
    strategy = wake.build_strategy("latent_replay", n_images=10, per_batch=7, layer="2")
    learn(strategy, plain, tasks, 0)
    rows = strategy.memory.rows()
    learner = Learner(plain, tasks, 1, QUICK, 2)
    strategy.before_task(learner, tasks[1])
    images, labels = batch_of(tasks[1])
    loss = strategy.batch(learner, images, labels)
    drawn = torch.randperm(10, generator=generator(wake.training_seed(2, 1, "strategy")))[:7]
    with torch.no_grad():
        hidden = torch.cat([plain[:2](images), strategy.decoded(rows["codes"][drawn])])
        wanted = torch.cat([labels, rows["labels"][drawn].long()])
        torch.testing.assert_close(loss.detach(), cross_entropy(plain[2:](hidden), wanted))
    loss.backward()
    assert plain[0].weight.grad is None
    assert plain[2].weight.grad.abs().sum() > 0


def test_a_layer_that_is_called_at_every_step_is_refused(tasks):
    network = wake.bitnet(0.05, 6, image_size=8, steps=3)
    data = random_dataset(n_pixels=64)
    tasks = wake.class_incremental(wake.Split(data, data), [(0, 1), (2, 3)])
    with pytest.raises(ParameterError, match=r"called 3 times.*sequence"):
        learn(wake.build_strategy("latent_replay"), network, tasks, 0)


@pytest.mark.parametrize(("layer", "words"), [("tenth", "layer"), ("second", "second layer")])
def test_layers_that_are_not_there(layer, words, tasks):
    network = nn.Sequential(nn.Linear(16, 6))
    with pytest.raises(ParameterError, match=words):
        learn(wake.build_strategy("latent_replay", layer=layer), network, tasks, 0)
