"""Tasks: what is learned one after the other, and which outputs compete when it is tested."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import ParameterError, brief
from ..support.calls import public
from ..support.names import text
from .datasets import Dataset
from .seeds_and_classes import class_numbers


@public
@dataclass(frozen=True, eq=False)
class Task:
    """What is learned between two nights.

    Parameters
    ----------
    index : int
        Its place in the sequence, from 0.
    classes : tuple of int
        The labels that its images have.
    train, test : Dataset
        Its images.
    candidates : iterable of int, optional
        The outputs that compete when it is tested, as in task-incremental learning, where the
        network is told the task; all labels of its images are among them. Default: all outputs.
    name : str, optional
        What tables call it.

    Raises
    ------
    ParameterError
        If `candidates` are no class numbers, or an image has another label.
    """

    index: int
    classes: tuple[int, ...]
    train: Dataset
    test: Dataset
    candidates: tuple[int, ...] | None = None
    name: str = ""

    def __post_init__(self) -> None:
        """Check that the labels of all images may compete."""
        text(self.name, "name")
        if self.candidates is not None:
            object.__setattr__(self, "candidates", self._read(self.candidates))

    def _read(self, candidates: Iterable[int]) -> tuple[int, ...]:
        """Return the candidates in ascending order, once each."""
        read = tuple(sorted(set(class_numbers(candidates, "candidates"))))
        others = sorted({*self.train.classes, *self.test.classes} - set(read))
        if others or not read:
            raise ParameterError(
                f"task {brief(self.index)}: candidates are {brief(list(read))}, but it has images "
                f"of {brief(others)}: no output of theirs could win."
            )
        return read


def highest_label(tasks: Sequence[Task]) -> int:
    """Return the highest label of all images: a network has at least one output more."""
    return max(label for task in tasks for label in (*task.train.classes, *task.test.classes))


def share_labels(tasks: Sequence[Task]) -> bool:
    """Tell whether one label stands for images of several tasks."""
    labels = np.concatenate([task.test.classes for task in tasks])
    return len(np.unique(labels)) < len(labels)
