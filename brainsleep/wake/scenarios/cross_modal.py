"""Cross-modal: one data set after another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeAlias

from ...errors import KindError, ParameterError, brief
from ...support.calls import public
from ...support.names import items
from ..datasets import Dataset, Split, load_split
from ..tasks import Task
from .image_forms import in_form_of
from .whole_sets import whole_set_task

#: Data, or the name by which `brainsleep.wake.load_split` knows them.
Modality: TypeAlias = Split | str


@public
def cross_modal(
    split: Split, then: Modality | Iterable[Modality], *, shared_outputs: bool = False
) -> tuple[Task, ...]:
    """Make one task of each of several data sets.

    Parameters
    ----------
    split : Split
        The first data set.
    then : Split, str or iterable of them
        The others, in order. Their images are brought to the height, width and channels of the
        first.
    shared_outputs : bool, optional
        Whether class k of every data set has output k (domain-incremental: digit 3 and the third
        garment are one label); otherwise the classes of each set follow those of the set before
        it (class-incremental: 20 outputs for two sets of ten).

    Returns
    -------
    tuple of Task
        Named after the data sets.

    Raises
    ------
    DataError
        If data cannot be found, images cannot be brought to one form, or classes have no training
        or test images.
    ParameterError
        If there is no such data set, or there are no others.

    References
    ----------
    Tadros, Krishnan, Ramyaa, Bazhenov 2022, Nature Communications 13:7742 ("cross-modal MNIST").
    """
    tasks: list[Task] = []
    first_label = 0
    for index, one in enumerate((split, *_splits(then))):
        train, test = (
            _with_labels_from(in_form_of(part, split.train.image_shape), first_label)
            for part in (one.train, one.test)
        )
        tasks.append(whole_set_task(index, train.name, train, test))
        if not shared_outputs:
            first_label = max(tasks[-1].classes) + 1
    return tuple(tasks)


#: What `then` should be.
_WANTED = "data sets (bs.wake.Split) or their names"


def _splits(then: Modality | Iterable[Modality]) -> list[Split]:
    """Return the data sets after the first."""
    listed = [then] if isinstance(then, (str, Split)) else items(then, "then", _WANTED, most=1000)
    if not listed:
        raise ParameterError("then is empty: name the data sets that follow the first.")
    splits = []
    for one in listed:
        split = load_split(one) if isinstance(one, str) else one
        if not isinstance(split, Split):
            raise KindError(f"then must be {_WANTED}, not {brief(one)}.")
        splits.append(split)
    return splits


def _with_labels_from(dataset: Dataset, first: int) -> Dataset:
    """Return a data set whose labels are so much higher."""
    return replace(dataset, labels=dataset.labels + first) if first else dataset
