"""A digest of the source code that shapes generated programs: a part of every program's key."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from ..support.source_digest import digest_of_files, files_of

#: Packages whose code shapes what is generated. Equations of models are part of the plan instead.
PACKAGES = ("network", "devices")

#: The part of them that concerns the CUDA device alone.
CUDA = Path("devices", "cuda")

_HERE = Path(__file__).parents[1]


@lru_cache
def source_digest(*, with_cuda: bool = False, root: Path = _HERE) -> str:
    """Return a digest of the version of the package and of all files that shape a program.

    Whole folders are read, so that no file can be forgotten.

    Parameters
    ----------
    with_cuda : bool
        Whether what only the CUDA device uses is included.
    root : Path
        The folder of the package.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    return digest_of_files(source_files(with_cuda=with_cuda, root=root), root)


def source_files(*, with_cuda: bool = False, root: Path = _HERE) -> list[Path]:
    """Return the files that shape a program, in a fixed order.

    Parameters
    ----------
    with_cuda, root
        As in `source_digest`.
    """
    return [
        file for file in files_of(PACKAGES, root) if with_cuda or root / CUDA not in file.parents
    ]
