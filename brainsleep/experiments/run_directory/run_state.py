"""What a run has done so far: a kill at any moment loses no more than the stage under way.

The network after each stage has a file of its own, ``networks/K.json``, which refers to its arrays
in ``arrays/``, where those of the nights lie, too. It is written first; ``progress.json``, which
names it by its digest, is replaced afterwards, all at once. So a stage is done or it is not, and a
network is that of its stage or is refused. Earlier versions wrote ``networks/K.npz``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
from pydantic import TypeAdapter, ValidationError
from torch import nn

from ...errors import DataError, DirectoryError
from ...support.array_files import read_arrays
from ...support.array_store import ARRAYS, ArrayStore
from ...support.disk import plain_disk_errors
from ...support.files import JsonObject
from ...support.json_files import DIGEST, read_json, write_json

#: Arrays by name.
State = Mapping[str, np.ndarray]

#: Under this key what a run writes holds the digest in its ``run.json``.
RUN = "run_sha256"

#: What begins the names of arrays of a waking strategy, of nights, and of the network as it last
#: woke up, beside those of the network itself.
_OTHERS = (" strategy ", " nights ", " last ")

T = TypeVar("T")


def run_digest(directory: Path) -> str | None:
    """Return the digest that tells a run from others; None for runs of earlier versions."""
    try:
        return read_json(directory / "run.json").get(DIGEST)
    except DirectoryError:
        return None


def require_of_run(file: Path, content: JsonObject, advice: str) -> None:
    """Raise a DirectoryError if a file was written by another run than that of its directory."""
    run = run_digest(file.parent)
    if run is not None and content.get(RUN, run) != run:
        raise DirectoryError(f"{file} was written by another run; {advice}.")


def save_progress(directory: Path, progress: JsonObject) -> None:
    """Note what a run has done so far."""
    write_json(directory / "progress.json", {**progress, RUN: run_digest(directory)})


def load_progress(directory: Path, kind: type[T]) -> T:
    """Read what a run has done so far; a dataclass, new if that is nothing.

    Raises
    ------
    DirectoryError
        If ``progress.json`` is damaged, or of another run.
    """
    file = directory / "progress.json"
    if not file.exists():
        return kind()
    advice = (
        "the nights of this run can still be read; remove the file to have --resume run it "
        "from its beginning"
    )
    content = read_json(file, advice)
    require_of_run(file, content, advice)
    content.pop(RUN, None)
    try:
        return TypeAdapter(kind).validate_python(content)
    except ValidationError:
        raise DirectoryError(f"{file} is damaged (it notes no progress); {advice}.") from None


def save_network(directory: Path, stage: int, state: State, store: ArrayStore | None = None) -> str:
    """Write the network after a stage; return its digest, which :func:`last_network` asks for.

    Parameters
    ----------
    directory : Path
        The run directory.
    stage : int
        Which stage, from 0.
    state : mapping of str to ndarray
        The network.
    store : ArrayStore, optional
        The arrays of the run, if this process has written there already what the network has.
    """
    file, store = _network_file(directory, stage), store or ArrayStore(directory / ARRAYS)
    references = {name: store.put(array) for name, array in state.items()}
    store.sync()
    with plain_disk_errors("cannot write", file):
        file.parent.mkdir(exist_ok=True)
    write_json(file, {"arrays": references})
    with plain_disk_errors("cannot read", file):
        return _digest(file)


def last_network(
    directory: Path,
    digests: Sequence[str],
    report: Callable[[str], None],
    check_old: Callable[[int, State], str | None] = lambda n_stages, state: None,
) -> tuple[int, State]:
    """Find the last network that is as it was written.

    Parameters
    ----------
    directory : Path
        The run directory.
    digests : sequence of str
        Of the networks after each stage that is done. An empty one is of an earlier version, which
        kept the last network only, in ``network.npz``.
    report : callable
        Told of damage, line by line.
    check_old : callable
        Says what is wrong with a network of an earlier version as that after so many stages, or
        None.

    Returns
    -------
    n_stages : int
        How many stages are done, this network being that after the last of them.
    state : mapping of str to ndarray
        The network; empty before the first stage.
    """
    for n_stages in range(len(digests), 0, -1):
        digest = digests[n_stages - 1]
        file = _network_file(directory, n_stages - 1) if digest else directory / "network.npz"
        try:
            state = _read_network(file, digest)
            if not digest and (problem := check_old(n_stages, state)):
                raise DataError(f"{file}: {problem}.")
        except (DataError, DirectoryError) as error:
            if digest:
                report(f"{error} Going back by a stage.")
                continue
            report(f"{error} Beginning again.")
            break
        return n_stages, state
    return 0, {}


def network_after(directory: Path, stage: int, digest: str) -> State:
    """Read the network after a stage.

    Raises
    ------
    DataError, DirectoryError
        If it is missing, or does not have this digest.
    """
    return _read_network(_network_file(directory, stage), digest)


def state_of(network: nn.Module) -> State:
    """Return a network's parameters and buffers."""
    return {name: tensor.detach().cpu().numpy() for name, tensor in network.state_dict().items()}


def joined_state(network: State, strategy: State, nights: State, last: State) -> State:
    """Return as one the arrays of a network, of a waking strategy, of nights, and of `last`.

    The last is the network as it last woke up, where that is kept.
    """
    joined = dict(network)
    for prefix, others in zip(_OTHERS, (strategy, nights, last), strict=True):
        joined |= {prefix + name: array for name, array in others.items()}
    return joined


def split_state(state: State) -> tuple[State, State, State, State]:
    """Return what :func:`joined_state` was given."""
    network = {name: array for name, array in state.items() if not name.startswith(_OTHERS)}
    strategy, nights, last = (
        {name.removeprefix(prefix): one for name, one in state.items() if name.startswith(prefix)}
        for prefix in _OTHERS
    )
    return network, strategy, nights, last


def _network_file(directory: Path, stage: int) -> Path:
    """Return where the network after a stage lies."""
    return directory / "networks" / f"{stage}.json"


def _read_network(file: Path, digest: str) -> State:
    """Read a network, of a file that must have this digest if there is one."""
    old = file.with_suffix(".npz")
    if not file.exists() and old.exists():  # of an earlier version
        file = old
    with plain_disk_errors("cannot read", file):
        if digest and _digest(file) != digest:
            raise DataError(f"{file}: is damaged: it does not fit its digest.")
        if file == old:
            return read_arrays(file)
        store = ArrayStore(file.parents[1] / ARRAYS)
        return {name: store.get(one) for name, one in read_json(file)["arrays"].items()}


def _digest(file: Path) -> str:
    """Return the SHA-256 of a file."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
