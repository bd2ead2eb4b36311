"""Snapshots: the whole state of a night, written while it runs, from which it can go on.

A snapshot holds every variable of populations and projections after a number of steps. It
appears under its name only when it is complete, so one that is found can be trusted.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

#: File beside the snapshots that says what is in them.
LAYOUT = "snapshots.json"


def read_snapshot(folder: Path, n_steps: int) -> dict[str, np.ndarray]:
    """Map the variables of a snapshot into memory; nothing is read until it is used.

    Parameters
    ----------
    folder : Path
        Where the night was written.
    n_steps : int
        Number of steps after which the snapshot was taken; see :func:`snapshot_steps`.

    Returns
    -------
    dict of str to ndarray, each of one dimension
        Values by ``group.variable``, in Brian2's names.

    Raises
    ------
    FileNotFoundError
        If there is no such snapshot.
    """
    found: dict[str, np.ndarray] = {}
    offset = 0
    for name, dtype, size in json.loads((folder / LAYOUT).read_text()):
        file = folder / f"snapshot-{n_steps}.state"
        found[name] = np.memmap(file, dtype=dtype, mode="r", offset=offset, shape=(size,))
        offset += size * np.dtype(dtype).itemsize
    return found


def snapshot_steps(folder: Path) -> list[int]:
    """Return after how many steps there are complete snapshots, in ascending order."""
    return sorted(int(file.stem.split("-")[1]) for file in folder.glob("snapshot-*.state"))


def cut_streams(folder: Path, n_steps: int) -> None:
    """Remove all that was written to a folder after a snapshot was taken.

    Parameters
    ----------
    folder : Path
        Where the night was written; its files of spikes are cut to their lengths at the snapshot,
        and later snapshots are deleted.
    n_steps : int
        Number of steps after which the snapshot was taken.
    """
    for line in (folder / f"snapshot-{n_steps}.lengths").read_text().splitlines():
        name, length = line.split()
        with (folder / name).open("r+b") as stream:
            stream.truncate(int(length))
    for later in snapshot_steps(folder):
        if later > n_steps:
            (folder / f"snapshot-{later}.state").unlink()
