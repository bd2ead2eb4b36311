"""IDX files of users' own data, in one folder, called as those of MNIST; there may be no test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...errors import DataError
from .idx import read_idx
from .idx_folder import N_DIMENSIONS, PREFIXES, file_names, files_in


def has_idx_files(folder: Path) -> bool:
    """Tell whether any of the four files is in a folder."""
    return bool(files_in(folder))


def read_idx_arrays(folder: Path) -> dict[str, Any]:
    """Read the arrays of a data set; keywords of :func:`.own_split.split_of_arrays`.

    Parameters
    ----------
    folder : Path
        Holds ``train-images-idx3-ubyte`` and ``train-labels-idx1-ubyte``, and ``t10k-…`` for the
        test part, if there is one; other spellings are as for MNIST.

    Raises
    ------
    DataError
        If a file is missing, or cannot be read.
    """
    files, arrays = files_in(folder), {}
    for prefix, part in zip(PREFIXES, ("train", "test"), strict=True):
        named = {content: file_names(prefix, content)[0] for content in N_DIMENSIONS}
        missing = [name for name in named.values() if name not in files]
        if part == "test" and len(missing) == len(named):
            continue
        if missing:
            raise DataError(f"{folder} has no file {missing[0]}, with or without .gz.")
        arrays[f"x_{part}"] = read_idx(files[named["images"]], N_DIMENSIONS["images"])
        arrays[f"y_{part}"] = read_idx(files[named["labels"]], N_DIMENSIONS["labels"])
    return arrays
