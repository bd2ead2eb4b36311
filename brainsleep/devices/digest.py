"""A digest of the source code that shapes generated programs: a part of every program's key."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from .. import __version__

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
    digest = hashlib.sha256(__version__.encode())
    for file in source_files(with_cuda=with_cuda, root=root):
        name, content = file.relative_to(root).as_posix().encode(), file.read_bytes()
        digest.update(b"%d %s %d\n%s" % (len(name), name, len(content), content))
    return digest.hexdigest()


def source_files(*, with_cuda: bool = False, root: Path = _HERE) -> list[Path]:
    """Return the files that shape a program, in a fixed order.

    Parameters
    ----------
    with_cuda, root
        As in `source_digest`.
    """
    files = [file for package in PACKAGES for file in (root / package).rglob("*")]
    return sorted(
        file
        for file in files
        if file.is_file()
        and "__pycache__" not in file.parts
        and (with_cuda or root / CUDA not in file.parents)
    )
