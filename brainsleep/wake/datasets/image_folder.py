"""Folders of pictures, a folder for each class: ``train/CLASS/*.png`` and ``test/CLASS/*.png``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from ...errors import DataError, brief, reason
from ...support.memory import require_memory

#: Endings of the files that are read, in small letters.
ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".pgm", ".ppm", ".tif", ".tiff", ".webp")

#: What Pillow calls grey pictures of 8 bits, or of 1.
_GREY = ("1", "L", "LA")
#: Pictures of more bits, which have no common scale.
_DEEP = ("I", "F", "I;16", "I;16B", "I;16L", "I;16N")

#: Bytes of memory per value, with the float32 that is made of it.
_BYTES_EACH = 5


class _Picture(NamedTuple):
    """A file, and the class that its folder stands for."""

    file: Path
    label: int


def read_image_folder(folder: Path) -> dict[str, Any]:
    """Read the pictures of a data set; keywords of :func:`.own_split.split_of_arrays`.

    Parameters
    ----------
    folder : Path
        Holds a folder ``train`` and, if there is a test part, ``test``, each with a folder for each
        class; or the folders of the classes themselves. Classes are numbered in alphabetical order
        of their names, or in order of numbers if all names are numbers. Pictures are grey if all
        are; else all are read with three colours.

    Raises
    ------
    DataError
        If there are no pictures, one cannot be read or has another size than the first, or the
        test part has a class that training has not.
    """
    train, test = _subfolder(folder, "train"), _subfolder(folder, "test")
    if train is None and test is not None:
        raise DataError(f"{folder} has a folder {test.name!r}, but none for training: 'train'.")
    names = _classes(folder if train is None else train)
    parts = {"train": list(_pictures(train or folder, names))}
    if test is not None:
        strange = set(_classes(test)) - set(names)
        if strange:
            raise DataError(f"{test} has a class {min(strange)!r}, which training has not.")
        parts["test"] = list(_pictures(test, names))
    everything = [picture.file for part in parts.values() for picture in part]
    mode, (width, height) = _mode_and_size(everything)
    shape = (height, width) if mode == "L" else (3, height, width)
    require_memory(len(everything) * int(np.prod(shape)) * _BYTES_EACH, str(folder))
    arrays: dict[str, Any] = {"class_names": tuple(names)}
    for word, pictures in parts.items():
        arrays[f"x_{word}"] = np.stack([_pixels(one.file, mode) for one in pictures])
        arrays[f"y_{word}"] = np.array([one.label for one in pictures])
    return arrays


def _subfolder(folder: Path, name: str) -> Path | None:
    """Return a folder within one, whatever its capitals."""
    return next((one for one in _folders(folder) if one.name.lower() == name), None)


def _folders(folder: Path) -> list[Path]:
    """Return the folders within one, but for hidden ones."""
    return [one for one in sorted(folder.iterdir()) if one.is_dir() and one.name[0] != "."]


def _classes(folder: Path) -> list[str]:
    """Return the names of classes in order."""
    names = [one.name for one in _folders(folder)]
    if not names:
        raise DataError(
            f"{folder} holds no data set: neither IDX files (train-images-idx3-ubyte, …) nor a "
            "folder of pictures for each class."
        )
    return sorted(names, key=int) if all(one.isdecimal() for one in names) else names


def _pictures(folder: Path, names: list[str]) -> Iterator[_Picture]:
    """Yield the pictures of the classes in order, by their names within a class."""
    for label, name in enumerate(names):
        place = folder / name
        files = [one for one in sorted(place.rglob("*")) if one.suffix.lower() in ENDINGS]
        if not files and place.exists():
            raise DataError(f"{place} holds no pictures ({', '.join(ENDINGS)}).")
        yield from (_Picture(file, label) for file in files)


def _mode_and_size(files: list[Path]) -> tuple[str, tuple[int, int]]:
    """Return how all pictures are read, and their width and height; only headers are read."""
    modes, first = set(), None
    for file in files:
        with _opened(file) as image:
            first = first or (file, image.size)
            if image.size != first[1]:
                raise DataError(
                    f"{file} is a picture of {_by(image.size)} pixels, but {first[0].name} one of "
                    f"{_by(first[1])}; bring all to one size."
                )
            if image.mode in _DEEP:
                raise DataError(
                    f"{file} has more than 8 bits ({image.mode}); save it with 8, or as an npz "
                    "file of numbers."
                )
            modes.add(image.mode)
    assert first is not None
    return "L" if modes <= set(_GREY) else "RGB", first[1]


def _pixels(file: Path, mode: str) -> npt.NDArray[np.uint8]:
    """Read a picture: rows and columns of 8-bit values, colours first."""
    with _opened(file) as image:
        try:
            pixels = np.asarray(image.convert(mode), dtype=np.uint8)
        except (OSError, SyntaxError, ValueError) as error:  # of Pillow, for damaged files
            raise DataError(f"{file} is a damaged picture: {reason(error)}.") from error
    return pixels if mode == "L" else np.moveaxis(pixels, -1, 0)


def _opened(file: Path) -> Image.Image:
    """Open a picture."""
    try:
        return Image.open(file)
    except Exception as error:  # of Pillow, for what is in the file
        raise DataError(f"{file} is no picture that can be read: {brief(str(error))}.") from error


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]} × {size[1]}"
