"""Records that only this user can have written: signed with a secret that lies beside the programs.

A digest says that a program is what its record says, and anyone can make one. So records are signed
(HMAC, SHA-256) with a key that only this user can read. A program that others have put or changed
here while the folder could be written by them is found even after that has been mended.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from contextlib import suppress
from pathlib import Path

from ...errors import DirectoryError
from ...support.disk import shown
from ...support.files import JsonObject
from ...support.ownership import PRIVATE_FILE, read_own

#: The file of the secret, in the folder of compiled programs; and how its unfinished copies begin.
SECRET, UNFINISHED = ".key", ".key-"

#: Under this key a record holds its signature.
SIGNATURE = "signature"

_N_BYTES = 32


def signed(record: JsonObject, name: str, root: Path) -> JsonObject:
    """Return a record with its signature.

    Parameters
    ----------
    record : dict
        What JSON can hold.
    name : str
        Of the program, so that no record can stand for another program.
    root : Path
        The folder of compiled programs.

    Raises
    ------
    OSError
        If there is no secret yet, and none can be made.
    DirectoryError
        If the file system lets others read it.
    """
    secret = _secret(root)
    if secret is None:
        _make_secret(root)
        secret = _secret(root)
    if secret is None:
        raise DirectoryError(
            f"the build folder {shown(root)} cannot keep a secret: files there can be read by "
            "others whatever their mode; set BRAINSLEEP_CACHE to a folder on another file system."
        )
    return {**record, SIGNATURE: _signature(record, name, secret)}


def is_signed(record: JsonObject, name: str, root: Path) -> bool:
    """Tell whether this user signed a record for the program of this name."""
    secret, claimed = _secret(root), record.get(SIGNATURE)
    if secret is None or not isinstance(claimed, str):
        return False
    rest = {key: value for key, value in record.items() if key != SIGNATURE}
    return hmac.compare_digest(claimed.encode(), _signature(rest, name, secret).encode())


def _signature(record: JsonObject, name: str, secret: bytes) -> str:
    text = json.dumps([name, record], sort_keys=True)
    return hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()


def _secret(root: Path) -> bytes | None:
    """Return the secret; None if there is none that only this user can know."""
    file = root / SECRET
    try:
        secret = read_own(file)
        is_known = bool(file.lstat().st_mode & ~PRIVATE_FILE & 0o777)
    except OSError:
        return None
    return secret if len(secret) == _N_BYTES and not is_known else None


def _make_secret(root: Path) -> None:
    """Make the secret, unless another process is faster; one that others know is replaced."""
    unfinished = root / f"{UNFINISHED}{secrets.token_hex(8)}"
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(secrets.token_bytes(_N_BYTES))
        try:
            os.link(unfinished, root / SECRET)  # of two processes the first one's stays
        except FileExistsError:
            if _secret(root) is None:
                unfinished.replace(root / SECRET)
        except OSError:  # of file systems without links
            unfinished.replace(root / SECRET)
    finally:
        with suppress(OSError):
            unfinished.unlink()
