"""Directories of nights that write to disk as they run, and how a killed night goes on.

A night's directory holds

- ``request.json`` - what was asked for; only the same request may go on;
- ``stream/`` - spikes, states and weights that are recorded, and snapshots, with their digests;
- ``weights_before.npz``, ``weights_after.npz``, ``night.json`` - written at the end, the last
  one last: a directory without it holds an unfinished night;
- ``.lock`` - while a night is written, by a process that it names.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ...devices.snapshots import Snapshot, last_intact, snapshot_steps
from ...devices.streams import DamageError
from ...errors import DirectoryError, ParameterError
from ...network.plan import projection_name
from ...support.directory_lock import LOCK, directory_lock
from ...support.disk import disk_error, is_there, plain_disk_errors
from ...support.files import PARTIAL, remove_partial_files
from ...support.json_files import write_json
from ...support.user_warnings import warn_user
from ..files.night_files import NIGHT, REQUEST, STREAM, read_description
from .saved_request import SavedRequest, read_request

#: Seconds for which a night that is to go on waits for another process that writes there.
PATIENCE = 30.0


@dataclass(frozen=True)
class NightDirectory:
    """The directory of a night that is about to run.

    Attributes
    ----------
    path : Path
        The directory.
    first_step : int
        Steps that a snapshot has already behind it.
    finished : bool
        Whether this very night ran to its end before, and only has to be read.
    lock : int or None
        File descriptor that keeps other processes from writing here, also those that it was
        passed on to.
    """

    path: Path
    first_step: int
    finished: bool = False
    lock: int | None = None

    @property
    def stream(self) -> Path:
        """Where the night writes as it runs."""
        return self.path / STREAM

    @property
    def snapshot(self) -> Path | None:
        """The snapshot to go on from."""
        if self.first_step == 0:
            return None
        return self.stream / f"snapshot-{self.first_step}.state"


def is_finished(path: Path) -> bool:
    """Tell whether a directory holds a night that ran to its end.

    Raises
    ------
    DirectoryError
        If that cannot be read.
    """
    description = read_description(path)
    return description is not None and not description.is_stopped


def require_place(path: Path, resume: bool) -> None:
    """Raise a DirectoryError, saying what is there, unless a night can begin or go on here.

    Parameters
    ----------
    path : Path
        The directory, which need not exist.
    resume : bool
        Whether a night that is there may go on.
    """
    if resume and is_there(path / REQUEST):
        return
    left = _left_at_start(path)
    if left == [] or (resume and left):
        return
    if left:
        there, remedy = "a night that had not begun when it was killed, or is beginning", "begin it"
    elif (path / REQUEST).exists():
        there, remedy = f"a night {_state(path)}", "go on with it"
    elif (path / NIGHT).exists():
        raise DirectoryError(
            f"{path} exists already: it holds a night that does not say what was asked for; read "
            "it by bs.Night.load, or choose another directory."
        )
    else:
        raise DirectoryError(f"{path} exists already, and holds no night; choose another.")
    raise DirectoryError(
        f"{path} exists already: it holds {there}, and nothing was overwritten; {remedy} by "
        "bs.Save(..., resume=True), or choose another directory."
    )


def _state(path: Path) -> str:
    """Say how far a night has come."""
    try:
        description = read_description(path)
    except DirectoryError:
        return f"whose {NIGHT} is damaged"
    if description is None:
        steps = snapshots(path)
        return f"that has not ended ({f'{steps[-1]} steps' if steps else 'nothing'} in a snapshot)"
    return (
        f"{'stopped' if description.is_stopped else 'finished'} after {description.n_steps} steps"
    )


@contextmanager
def open_night_directory(
    path: Path, request: SavedRequest, *, resume: bool
) -> Iterator[NightDirectory]:
    """Make a night's directory, or find the snapshot in it to go on from.

    No other process writes there meanwhile. One that wants to go on waits `PATIENCE` seconds, as
    for the simulation of a process that was killed; one that wants to begin does not wait.

    Parameters
    ----------
    path : Path
        The directory.
    request : SavedRequest
        What is asked for.
    resume : bool
        Whether a night that is there may go on.

    Raises
    ------
    DirectoryError
        If it is taken, cannot be written, or holds a night that was asked for otherwise.
    """
    require_place(path, resume)
    if resume and is_finished(path):  # which nobody writes any more
        request.require_same(path, finished=True)
        request.require_same_input(path)
        yield NightDirectory(path, 0, finished=True)
        return
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise disk_error(error, "cannot write to", path) from error
    with directory_lock(path, PATIENCE if resume else 0.0) as lock:
        require_place(path, resume)  # another may have been here meanwhile
        yield replace(_begin(path, request), lock=lock)


def _begin(path: Path, request: SavedRequest) -> NightDirectory:
    """Begin a night in a locked directory, or find where the one in it is to go on."""
    if (path / REQUEST).exists():
        finished = is_finished(path)
        request.require_same(path, finished=finished)
        if not finished:
            return _go_on(path, request)
        request.require_same_input(path)
        return NightDirectory(path, 0, finished=True)
    for left in _left_at_start(path) or []:
        left.rmdir() if left.is_dir() else left.unlink()
    try:
        (path / STREAM).mkdir()
    except OSError as error:
        raise disk_error(error, "cannot write to", path) from error
    write_json(path / REQUEST, request.content())
    return NightDirectory(path, 0)


def _left_at_start(path: Path) -> list[Path] | None:
    """Return what a night that was killed while it began has left; None if more is there.

    An empty list says that the place is free.
    """
    if not is_there(path):
        return []
    try:
        found = [each for each in path.iterdir() if each.name != LOCK] if path.is_dir() else [path]
        stream = [each for each in found if each.name == STREAM and _is_empty(each)]
    except OSError as error:
        raise disk_error(error, "cannot read", path) from error
    left = stream + [each for each in found if each.match(f".{REQUEST}.*{PARTIAL}")]
    return left if len(left) == len(found) else None


def _is_empty(folder: Path) -> bool:
    """Tell whether this is a folder that holds nothing, or nothing at all any more."""
    try:
        return not any(folder.iterdir())
    except FileNotFoundError:  # another process has just removed it
        return True
    except NotADirectoryError:
        return False


def snapshots(path: Path) -> list[int]:
    """Return after how many steps a night's directory has snapshots, in order."""
    with plain_disk_errors("cannot read", path):
        return snapshot_steps(path / STREAM)


def snapshot_weights(path: Path, n_steps: int, *, verify: bool = True) -> dict[str, np.ndarray]:
    """Return the weights that a night in a directory had after some steps.

    Parameters
    ----------
    path : Path
        The night's directory.
    n_steps : int
        One of :func:`snapshots`.
    verify : bool
        Whether they are compared with their digests; snapshots of version 0.1 have none.

    Returns
    -------
    dict of str to ndarray
        By state-dict name, as in `Night.weights_after`, but with BatchNorm folded in.

    Raises
    ------
    ParameterError
        If there is no such snapshot.
    DirectoryError
        If it was damaged.
    """
    found = snapshots(path)
    if n_steps not in found:
        raise ParameterError(f"{path} has no snapshot after {n_steps} steps; there are {found}.")
    request = read_request(path)
    try:
        snapshot = Snapshot.read(path / STREAM, n_steps)
        values = {
            name: snapshot.values(f"{projection_name(number)}.w", verify=verify)
            for number, name in enumerate(request["projections"])
            if name is not None
        }
    except DamageError as damage:
        others = [one for one in found if one != n_steps]
        raise DirectoryError(f"{damage}; other snapshots: after {others} steps.") from None
    return {name: one.reshape(request["shapes"][name]) for name, one in values.items()}


def _go_on(path: Path, request: SavedRequest) -> NightDirectory:
    """Bring a directory back to its last snapshot that is intact."""
    remove_partial_files(path)
    stream = path / STREAM
    if stream.is_symlink() or (stream.exists() and not stream.is_dir()):
        raise DirectoryError(f"{stream} is no directory, and is left alone.")
    try:
        with plain_disk_errors("cannot go on in", stream):
            snapshot, faults = last_intact(stream, request.streams)
            if snapshot is not None:
                request.require_same_input(path, snapshot.n_steps)
            (path / NIGHT).unlink(missing_ok=True)
            if snapshot is not None:
                snapshot.go_back()
            else:
                if stream.exists():  # unless the night was killed just here
                    shutil.rmtree(stream)
                stream.mkdir()
    except DamageError as damage:
        raise DirectoryError(f"{damage}.") from None
    first_step = 0 if snapshot is None else snapshot.n_steps
    if first_step:
        request.warn_of_another_program(path)
    if faults:
        begin = f"goes on from step {first_step}" if first_step else "begins anew"
        warn_user(f"the night in {path} {begin}, as a later snapshot is damaged: {faults[0]}.")
    return NightDirectory(path, first_step)
