"""A digest of source code, for what is kept under keys that must change with it."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable
from pathlib import Path

from .. import __version__

#: The folder of the package.
PACKAGE = Path(__file__).parents[1]


@functools.cache
def source_digest(*packages: str) -> str:
    """Return a digest of the version of this package and of all files in some packages of it."""
    return digest_of_files(files_of(packages))


def files_of(packages: Iterable[str], root: Path = PACKAGE) -> list[Path]:
    """Return all files of some packages in a folder, so that none can be forgotten, in order."""
    files = [file for package in packages for file in (root / package).rglob("*")]
    return sorted(file for file in files if file.is_file() and "__pycache__" not in file.parts)


def digest_of_files(files: Iterable[Path], root: Path = PACKAGE) -> str:
    """Return a digest of the version of this package, and of files below a folder by their names.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    digest = hashlib.sha256(__version__.encode())
    for file in files:
        name, content = file.relative_to(root).as_posix().encode(), file.read_bytes()
        digest.update(b"%d %s %d\n%s" % (len(name), name, len(content), content))
    return digest.hexdigest()
