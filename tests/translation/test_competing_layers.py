"""Layers of which only the most active neurons stay active: `wake.KWinners` in a network."""

import numpy as np
import pytest
import torch
from forward_pass import Forward
from torch import nn

import brainsleep as bs
from brainsleep import wake
from brainsleep.errors import TranslationError
from brainsleep.translation import activations, tadros_gains


def winners_of(translation):
    return {layer.name: layer.winners for layer in translation.layers}


def test_layers_know_how_many_win():
    network = bs.translate(wake.mlp((12, 20, 10, 3), winners=0.25))
    assert winners_of(network) == {"0": 5, "3": 2, "6": None}
    assert "at most 5 active" in repr(network)


def test_convolutions_compete_before_they_are_pooled():
    ann = nn.Sequential(
        *(nn.Conv2d(1, 2, 3), nn.ReLU(), wake.KWinners(0.25), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(8, 3)),
    )
    network = bs.translate(ann, (1, 6, 6))
    assert winners_of(network) == {"0": 8, "3": None, "5": None}
    part = bs.translate(ann, (1, 6, 6), input_at="5")
    assert winners_of(part) == {"5": None}


def test_the_fewest_winners_count_and_what_follows_takes_them():
    ann = nn.Sequential(
        *(nn.Linear(4, 8), nn.ReLU(), wake.KWinners(0.5), wake.KWinners(0.25), nn.Dropout()),
        *(nn.BatchNorm1d(8), nn.Linear(8, 2)),
    )
    assert winners_of(bs.translate(ann)) == {"0": 2, "6": None}


def test_activations_are_those_of_winners():
    ann = wake.mlp((12, 20, 10, 3), winners=0.25, seed=1)
    images = np.random.default_rng(0).random((6, 12)).astype("f4")
    found = activations(ann, images)
    assert (found["0"] > 0).sum(axis=1).max() == 5
    np.testing.assert_array_equal(found["0"], ann[:3](torch.tensor(images)).detach())
    assert tadros_gains(bs.translate(ann), images)[0] > 0


class Twice(nn.Module):
    """Takes the winners, and what the losers would have said."""

    def __init__(self):
        super().__init__()
        self.first, self.second, self.winners = nn.Linear(4, 4), nn.Linear(4, 4), wake.KWinners(0.5)

    def forward(self, x):
        hidden = torch.relu(self.first(x))
        return self.second(self.winners(hidden)) + hidden


def of_values(module, x):
    hidden = torch.relu(module.first(x))
    return module.second(hidden * (hidden >= hidden.topk(2).values[:, -1:]))


@pytest.mark.parametrize(
    ("ann", "told"),
    [
        (Twice(), r"k_winners \(in winners\): layer 'first' is also used without it"),
        (nn.Sequential(wake.KWinners(0.5), nn.Linear(4, 2)), r"\(in 0\): must follow a ReLU"),
        (
            nn.Sequential(nn.Linear(4, 4), wake.KWinners(0.5), nn.ReLU(), nn.Linear(4, 2)),
            r"\(in 1\): must follow a ReLU",
        ),
        (
            nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.BatchNorm1d(4), wake.KWinners(0.5)),
            "2: BatchNorm of a rectified activity reaches",
        ),
        (Forward(of_values, first=nn.Linear(4, 4), second=nn.Linear(4, 2)), "wake.KWinners"),
    ],
)
def test_networks_whose_winners_cannot_sleep(ann, told):
    with pytest.raises(TranslationError, match=told):
        bs.translate(ann)


def test_winners_that_pool_are_refused():
    ann = nn.Sequential(
        *(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.MaxPool2d(2), wake.KWinners(0.25)),
        *(nn.Flatten(), nn.Linear(8, 3)),
    )
    with pytest.raises(TranslationError, match=r"\(in 3\): must follow a ReLU"):
        bs.translate(ann, (1, 6, 6))


def test_what_has_no_winners_says_so(tmp_path):
    ann = wake.mlp((12, 20, 3), winners=0.25)
    images, neuron = np.ones((2, 12)), bs.Heaviside(1.0, 0.1)
    with pytest.raises(TranslationError, match="'0': KWinners lets 5 of 20 neurons be active"):
        bs.spiking_accuracy(ann, (images, [0, 1]), 5)
    with pytest.raises(TranslationError, match=r"'0' lets at most 5 neurons be active \(KWinners"):
        bs.HeavisideTorch(ann, neuron, bs.SRC(0, 1e-4))
