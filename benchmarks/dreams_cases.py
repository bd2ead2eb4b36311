"""What `dreams.py` measures: each case is a model file, its data, and what is changed in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dreams_data

from brainsleep.wake import Split

FIRST_SEED = 100
DREAMS, PUBLISHED = "day_residue_dreams", "split_mnist_heaviside"
#: What the model file of dreams calls the nearest class mean by angle.
CLASS_MEANS = "nearest class mean, hidden layer"
#: What is changed in the model file for each control, by what tables call it.
WITHOUT: dict[str, dict[str, Any]] = {
    "without potentiation": {"dreams.without": ["potentiation"]},
    "without potentiation in NREM": {"dreams.without": ["nrem_potentiation"]},
    "without potentiation in REM": {"dreams.without": ["rem_potentiation"]},
    "without depression in REM": {"dreams.without": ["rem_depression"]},
    "without the residue of the day": {"dreams.without": ["residue"]},
    "pixels of images shuffled at night": {"dreams.shuffle_pixels": True},
}
#: Batches of 25 in which a task is learned, as in both model files.
BATCHES = 128
PAIRS = [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9]]


@dataclass(frozen=True)
class Case:
    """One row of a table: a model file, its data, and what is changed in it.

    Attributes
    ----------
    model : str
        A model file that comes with the package.
    data : str
        A key of :func:`data_sets`.
    changes : dict
        As with ``--set``.
    n_seeds : int
        How many, from `FIRST_SEED` on.
    strategies : tuple of str
        What runs beside it without sleep.
    bounds : tuple of str
        What does so with the first two seeds, as it hardly differs between seeds.
    """

    model: str = DREAMS
    data: str = "digits"
    changes: Mapping[str, Any] = field(default_factory=dict)
    n_seeds: int = 5
    strategies: tuple[str, ...] = ()
    bounds: tuple[str, ...] = ()

    def strategies_with(self, seed: int) -> tuple[str, ...]:
        """Return what runs without sleep."""
        return self.strategies + (self.bounds if seed < FIRST_SEED + 2 else ())


def data_sets(other_digits: Path) -> dict[str, Callable[[], Split]]:
    """Return what loads each data set."""
    return {
        "digits": dreams_data.digits,
        "other digits": dreams_data.other_digits(other_digits),
        "small digits": dreams_data.small,
        "Fashion-MNIST": dreams_data.fashion,
        "features of a CNN": dreams_data.features,
    }


#: Images of a task of two classes.
IMAGES = {
    "digits": 800,
    "other digits": 800,
    "small digits": 287,
    "Fashion-MNIST": 12000,
    "features of a CNN": 800,
}
INPUTS = {"small digits": 64}
#: The published rule's window of 10 of 28 pixels, elsewhere.
WINDOWS = {
    "small digits": {"sleep.stimulus.size": 3},
    "features of a CNN": {"sleep.stimulus.mask": "none"},
}


def epochs(n_images: int) -> int:
    """Return how many times images are seen, for `BATCHES` batches of 25; once at least."""
    return max(1, round(BATCHES * 25 / n_images))


def five_by_two() -> Iterator[tuple[str, Case]]:
    """Return both methods on five data sets with two networks."""
    for data, n_images in IMAGES.items():
        for width in (1200, 400):
            changes = {
                "network.sizes": [INPUTS.get(data, 784), width, width, 10],
                "training.epochs": epochs(n_images),
            }
            n_seeds = 8 if width == 1200 and data in ("digits", "Fashion-MNIST") else 5
            yield (
                f"dreams: {data}, {width}",
                Case(
                    data=data,
                    changes=changes,
                    n_seeds=n_seeds,
                    strategies=(CLASS_MEANS,),
                    bounds=("sequential", "joint"),
                ),
            )
            yield (
                f"published: {data}, {width}",
                Case(
                    PUBLISHED,
                    data,
                    changes | WINDOWS.get(data, {}),
                    strategies=("weight_averaging",),
                    bounds=("sequential", "joint"),
                ),
            )


def tasks(images: int, **section: Any) -> dict[str, Any]:
    """Return changes to other tasks of so many images, learned in as many batches."""
    section = {"scenario": "class-incremental"} | section
    return {"tasks": section, "training.epochs": epochs(images)}


def other_tasks() -> Iterator[tuple[str, Case]]:
    """Return dreams of the digits, with other tasks or nights."""
    changes = {
        **{f"{n} tasks": tasks(4000 // n, n_tasks=n) for n in (2, 3, 4, 7, 10)},
        "4, 1, 2 and 3 classes": tasks(1000, classes=[[0, 1, 2, 3], [4], [5, 6], [7, 8, 9]]),
        "3, 2, 1 and 4 classes": tasks(1000, classes=[[0, 1, 2], [3, 4], [5], [6, 7, 8, 9]]),
        "400 or 60 images per class, in turn": tasks(
            528, classes=PAIRS, train_per_class=[400, 60, 400, 60, 400]
        ),
        "one night after five tasks": {"dreams.nights_after": [5]},
        "nights after three and five tasks": {"dreams.nights_after": [3, 5]},
        **{
            f"{n} images per class": tasks(2 * n, classes=PAIRS, train_per_class=n)
            for n in (10, 25, 50, 100, 200)
        },
    }
    for name, change in changes.items():
        yield f"tasks: {name}", Case(changes=change, strategies=(CLASS_MEANS,), bounds=("joint",))


CASES: dict[str, Case] = {
    **dict(five_by_two()),
    **{name: Case(changes=changes) for name, changes in WITHOUT.items()},
    **dict(other_tasks()),
}
