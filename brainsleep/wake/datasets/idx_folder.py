"""The four IDX files of a full set, in the folders and under the names that are in use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import DataError
from ...support.user_warnings import warn_user
from .dataset import Dataset, Split
from .idx import read_idx

#: Beginnings of the names of files with training and test images.
PREFIXES = ("train", "t10k")

#: What the files hold, and the number of dimensions that is part of their names.
N_DIMENSIONS = {"images": 3, "labels": 1}

#: Folders of full sets by name, as others spell them; compared without case, "-" and "_".
_FOLDERS = {"mnist": "mnist", "fashionmnist": "fashion_mnist"}


@dataclass(frozen=True)
class _Place:
    """A folder, and the files of a set that are in it, by their first names."""

    folder: Path
    files: Mapping[str, Path]

    @property
    def missing(self) -> list[str]:
        """The first names of the files that are not there."""
        return [name for name in _WANTED if name not in self.files]


def file_names(prefix: str, content: str) -> list[str]:
    """Return the names of a file, the one to take first being first.

    Parameters
    ----------
    prefix, content : str
        One of `PREFIXES`, and a key of `N_DIMENSIONS`.
    """
    kind = f"idx{N_DIMENSIONS[content]}-ubyte"
    plain = [f"{prefix}-{content}-{kind}", f"{prefix}-{content}.{kind}"]
    return plain + [f"{name}.gz" for name in plain]


#: By its first name: all names of each file.
_WANTED = {
    names[0]: names
    for names in (file_names(prefix, content) for prefix in PREFIXES for content in N_DIMENSIONS)
}


def read_idx_folder(folder: Path, name: str) -> Split:
    """Read the four files of a full set.

    They may lie in the folder itself, in ``raw`` within it, or, as torchvision and others have
    them, in ``MNIST/raw`` or ``MNIST`` (``FashionMNIST``, ``fashion-mnist``). Each may be called
    ``train-images-idx3-ubyte`` or ``train-images.idx3-ubyte``, with or without ``.gz``, in capitals
    or not. Of several names the first in this order is read.

    Parameters
    ----------
    folder : Path
        Where they are.
    name : {"mnist", "fashion_mnist"}
        Names the data set, and it in messages.

    Returns
    -------
    Split
        Pixels in [0, 1].

    Raises
    ------
    DataError
        If files are missing, cannot be read or do not belong together, or if the folder is that of
        the other set by its name.

    Warns
    -----
    UserWarning
        If the set is there several times, about which is read.
    """
    place = _find(folder, name)
    other = _named_set(place.folder)
    if other not in (None, name):
        raise DataError(
            f"{name}: {place.folder} is a folder of {other!r} by its name; ask for {other!r}, or "
            "give another folder."
        )
    train, test = (_read_part(place, name, prefix) for prefix in PREFIXES)
    return Split(train, test)


def _find(folder: Path, name: str) -> _Place:
    """Return the first place that has all four files; a DataError says which are missing."""
    places = [_Place(place, files_in(place)) for place in _places(folder, name)]
    complete = [place for place in places if not place.missing]
    if not complete:
        raise DataError(_missing(folder, name, places))
    if len(complete) > 1:
        others = ", ".join(str(place.folder) for place in complete[1:])
        warn_user(f"{name}: read from {complete[0].folder}; its files are also in {others}.")
    return complete[0]


def _missing(folder: Path, name: str, places: list[_Place]) -> str:
    """Say which files are missing, of the place that lacks fewest."""
    place = min(places, key=lambda one: len(one.missing), default=_Place(folder, {}))
    state = " (no such folder)" if not folder.exists() else ""
    if folder.is_file():
        state = " (a file; give the folder it is in)"
    others = [other for other in _FOLDERS.values() if other != name]
    there = [other for other in others if _has_set(folder, other)]
    hint = f" There is {there[0]!r}; ask for that." if there else ""
    return (
        f"{name}: looked in {place.folder}{state} for {', '.join(_WANTED)}, "
        f"each with or without .gz; missing: {', '.join(place.missing)}.{hint}"
    )


def _has_set(folder: Path, name: str) -> bool:
    """Tell whether a set is in a folder of its own name."""
    return any(
        not _Place(place, files_in(place)).missing
        for place in _places(folder, name)
        if _named_set(place) == name
    )


def _places(folder: Path, name: str) -> list[Path]:
    """Return the folders in which the files may be, the likeliest first."""
    named = [child for child in _subfolders(folder) if _named_set(child) == name]
    places = [one for parent in (folder, *named) for one in (parent, *_subfolders(parent, "raw"))]
    return list(dict.fromkeys(places))


def _named_set(folder: Path) -> str | None:
    """Return the set that a folder, or the folder around ``raw``, is named after."""
    folder = folder.absolute()
    named = folder.parent if folder.name.lower() == "raw" else folder
    return _FOLDERS.get(named.name.lower().replace("-", "").replace("_", ""))


def _subfolders(folder: Path, name: str | None = None) -> list[Path]:
    """Return the folders in a folder, of one name if it is given."""
    return [
        child
        for child in _children(folder)
        if child.is_dir() and (name is None or child.name.lower() == name)
    ]


def _children(folder: Path) -> list[Path]:
    """Return what is in a folder, in alphabetical order; nothing if it is none."""
    try:
        return sorted(folder.iterdir()) if folder.is_dir() else []
    except OSError as error:
        raise DataError(f"{folder} cannot be read: {error}.") from error


def files_in(folder: Path) -> dict[str, Path]:
    """Return those of the four files that are in a folder, by their first names."""
    there: dict[str, Path] = {}
    for child in _children(folder):
        key = child.name.lower()
        if child.is_dir():  # some archives unpack each file into a folder of its name
            inner = [one for one in _children(child) if one.name.lower() == key]
            child = next(iter(inner), child)
        if not child.is_dir():
            there.setdefault(key, child)
    found = {}
    for first, names in _WANTED.items():
        present = [there[name] for name in names if name in there]
        if present:
            found[first] = present[0]
    return found


def _read_part(place: _Place, name: str, prefix: str) -> Dataset:
    """Make a data set of a file of images and a file of labels, if they belong together."""
    images, labels = (
        read_idx(place.files[file_names(prefix, content)[0]], n_dimensions)
        for content, n_dimensions in N_DIMENSIONS.items()
    )
    if len(images) != len(labels):
        raise DataError(
            f"{name}: in {place.folder} the {prefix} files hold {len(images)} images "
            f"but {len(labels)} labels."
        )
    flat = images.reshape(len(images), -1).astype(np.float32)
    flat /= np.float32(255)
    return Dataset(name, flat, labels.astype(np.int64), images.shape[1:])
