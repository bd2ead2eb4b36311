"""Small data sets and networks, and what tests compare them by."""

import numpy as np
import torch
from torch import nn

from brainsleep import wake

QUICK = wake.Training(lr=0.1, momentum=0.5, batch_size=10, epochs=2)


def random_dataset(n_per_class=12, n_classes=6, n_pixels=16, seed=0, name="noise"):
    """Classes that can be told apart: each has its own bright pixels."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(n_classes), n_per_class)
    rng.shuffle(labels)
    images = rng.random((len(labels), n_pixels)) * 0.5
    images[np.arange(len(labels)), labels] = 1.0
    return wake.Dataset(name, images.astype(np.float32), labels, (4, n_pixels // 4))


def weights(network):
    return {name: value.clone() for name, value in network.state_dict().items()}


def assert_same_weights(one, other):
    assert one.keys() == other.keys()
    for name in one:
        assert torch.equal(one[name], other[name]), name


class Reads(nn.Module):
    """Its outputs are its inputs: a network whose answers a test can write down."""

    def forward(self, images):
        return images


def with_predictions(labels, predictions, n_classes):
    """A data set and what `Reads` will say about it."""
    images = np.eye(n_classes, dtype=np.float32)[predictions]
    return wake.Dataset("written", images, np.array(labels), (n_classes,))
