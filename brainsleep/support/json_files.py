"""JSON files that carry a digest of what they say, so that damage is found and never believed."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from ..errors import DataError, DirectoryError, reason
from .files import JsonObject, read_bytes, write_atomically

#: Under this key a file holds the SHA-256 of the rest, written without spaces and in order.
DIGEST = "sha256"


def write_json(file: Path, content: JsonObject) -> JsonObject:
    """Write an object to a file, all at once, with its digest; return what `read_json` will.

    Raises
    ------
    DirectoryError
        If the file cannot be written.
    """
    sealed = json.loads(json.dumps(content))
    sealed[DIGEST] = _digest(sealed)
    write_atomically(file, json.dumps(sealed, indent=2))
    return sealed


def read_json(file: Path, advice: str = "") -> JsonObject:
    """Read what `write_json` wrote; files of earlier versions have no digest.

    Parameters
    ----------
    file : Path
        Where it lies.
    advice : str
        What can still be had or done without the file; ends the message.

    Raises
    ------
    DirectoryError
        Naming the file, if it is missing, far too long, no JSON object, or does not fit its digest.
    """
    advice = f"; {advice}" if advice else ""
    try:
        content = json.loads(read_bytes(file))
        damage = _damage(content)
    except FileNotFoundError:
        raise DirectoryError(f"{file} is missing{advice}.") from None
    except OSError as error:
        raise DirectoryError(f"cannot read {file} ({error.strerror}){advice}.") from None
    except DataError as error:  # far too long
        raise DirectoryError(f"{str(error).rstrip('.')}{advice}.") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise DirectoryError(f"{file} is damaged ({reason(error)}){advice}.") from None
    if damage is not None:
        raise DirectoryError(f"{file} is damaged ({damage}){advice}.")
    return content


def _damage(content: object) -> str | None:
    """Say what is wrong with the content of a file, or None."""
    if not isinstance(content, dict):
        return "it holds no JSON object"
    if content.get(DIGEST, digest := _digest(content)) != digest:
        return "it does not fit its digest"
    return None


def _digest(content: JsonObject) -> str:
    """Return the SHA-256 of an object without its digest."""
    rest = {name: value for name, value in content.items() if name != DIGEST}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
