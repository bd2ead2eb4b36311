"""Data sets in an npz file of NumPy: ``x_train``, ``y_train``, ``x_test`` and ``y_test``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...errors import DataError, brief
from ...support.array_files import read_arrays

#: The arrays of a file, in this order. Those of the test part may be missing.
ARRAY_NAMES = ("x_train", "y_train", "x_test", "y_test")

#: What arrays without a test part may be called, too.
_SHORT = {"x": "x_train", "y": "y_train"}


def read_npz(file: Path) -> dict[str, Any]:
    """Read the arrays of a data set; keywords of :func:`.own_split.split_of_arrays`.

    Raises
    ------
    DataError
        If the file is damaged, or does not hold them.
    OSError
        If it cannot be read.
    """
    return named_arrays(read_arrays(file, with_text=True), file.name)


def named_arrays(arrays: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Pick the arrays of a data set by their names; capitals do not matter.

    Raises
    ------
    DataError
        If training images or labels are not there.
    """
    lower = {str(key).lower(): value for key, value in arrays.items()}
    found = {_SHORT.get(key, key): value for key, value in lower.items()}
    missing = [one for one in ARRAY_NAMES[:2] if one not in found]
    if missing:
        raise DataError(
            f"{name} has no array {missing[0]!r}, but {brief(sorted(map(str, arrays)))}; a data "
            f"set has {', '.join(ARRAY_NAMES[:-1])} and {ARRAY_NAMES[-1]}."
        )
    return {key: found[key] for key in ARRAY_NAMES if key in found}
