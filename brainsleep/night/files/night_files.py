"""The files of a night that ended: its description, and arrays that fit it; all checked on reading.

``night.json`` describes the night, and refers by digest to arrays: in ``arrays/`` beside it, or for
nights of a run in the ``arrays/`` that all of them share. Before format 3, arrays lay in one file
for each kind; those of format 1 have no digests, and are only held against each other.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ...errors import DataError, DirectoryError, reason
from ...support.array_files import read_arrays
from ...support.array_store import ARRAYS, ArrayStore
from ...support.disk import is_there
from ...support.files import JsonObject
from ...support.json_files import DIGEST, read_json, write_json
from ..describing.findings import Finding

#: Names in a night's directory.
REQUEST, STREAM, NIGHT = "request.json", "stream", "night.json"

#: Version of the layout that is written, and those that are read.
FORMAT, FORMATS = 3, (1, 2, 3)

_Count = Annotated[int, Field(ge=0, lt=2**63)]

#: What messages call the kinds of arrays.
_IN_WORDS = {
    "neurons": "spikes",
    "counts": "spikes by step",
    "weights_before": "weights before the night",
    "weights_after": "weights after the night",
    "under_masks": "values under masks",
    "kept": "recorded values",
}

#: Name of a file of values that a night wrote while it ran.
_StateFile = Annotated[str, Field(pattern=r"^\w+\.\w+\.state$")]


class KeptVariable(BaseModel):
    """A variable of which values were kept.

    Attributes
    ----------
    dimension : list of float
        Exponents of the seven base units.
    file : str or None
        Where the values lie, if the night wrote them while it ran.
    """

    model_config = ConfigDict(strict=True)

    dimension: Annotated[list[float], Field(min_length=7, max_length=7)]
    file: _StateFile | None


class KeptDescription(BaseModel):
    """What was kept of neurons' variables and of weights.

    Attributes
    ----------
    every : int
        Steps from one sample to the next.
    states : dict of str to dict of str to KeptVariable
        By population and variable.
    weights : dict of str to str or None
        By name: where the values lie, if the night wrote them while it ran.
    """

    model_config = ConfigDict(strict=True)

    every: Annotated[int, Field(ge=1, lt=2**31)]
    states: dict[str, dict[str, KeptVariable]]
    weights: dict[str, _StateFile | None]


class NightDescription(BaseModel):
    """What ``night.json`` says.

    Attributes
    ----------
    format : int
        One of `FORMATS`.
    recorded, counted : list of str
        Populations whose spikes were kept; of which only the number of spikes in each step.
    streamed : list of int or None
        For each population recorded, its number in the names of its files; None if the spikes are
        in ``spikes.npz``.
    sizes : dict of str to int
        Neurons by population, ``"input"`` first.
    n_steps : int
        Length in steps.
    dt_seconds : float
        Time step.
    gains, thresholds, timings, settings, findings
        As in `Night`.
    kept : KeptDescription or None
        What was kept of neurons' variables and of weights.
    arrays : dict of str to dict
        Arrays by kind and name, as references: ``"weights_before"``, ``"weights_after"``,
        ``"masks"``, ``"under_masks"``, ``"neurons"`` and ``"counts"`` (of the spikes),
        ``"up_steps"`` (of the stages).
    in_run : bool
        Whether arrays lie in the folder that the nights of a run share.
    source : dict
        What the night was made of; see `brainsleep.night.resuming.night_source`.
    files : dict of str to str
        SHA-256 of each file of arrays, before format 3.
    """

    model_config = ConfigDict(strict=True)

    format: int
    recorded: list[str]
    counted: list[str] = []
    streamed: list[_Count] | None = None
    sizes: dict[str, Annotated[int, Field(ge=0, lt=2**31)]]
    n_steps: _Count
    dt_seconds: Annotated[float, Field(gt=0, lt=1e6)]
    gains: dict[str, float]
    thresholds: dict[str, float]
    timings: dict[str, Any]
    settings: dict[str, Any]
    findings: list[Finding] = []
    kept: KeptDescription | None = None
    arrays: dict[str, dict[str, dict[str, Any]]] = {}
    in_run: bool = False
    source: dict[str, Any] | None = None
    files: dict[str, str] = {}

    @model_validator(mode="after")
    def _fits_together(self) -> NightDescription:
        unknown = {*self.recorded, *self.counted} - {*self.sizes}
        if unknown:
            raise ValueError(f"no size of {sorted(unknown)[0]!r}")
        if self.streamed is not None and len(self.streamed) != len(self.recorded):
            raise ValueError("streamed and recorded have unequal lengths")
        return self

    @property
    def is_stopped(self) -> bool:
        """Whether the night was ended before its time."""
        return bool(self.settings.get("stopped", False))


def write_description(folder: Path, description: JsonObject) -> None:
    """Write ``night.json``, which says that all else is there.

    Raises
    ------
    DirectoryError
        If it cannot be written.
    """
    write_json(folder / NIGHT, {"format": FORMAT, **description})


def array_store(folder: Path, *, in_run: bool) -> ArrayStore:
    """Return where the arrays of a night lie.

    Parameters
    ----------
    folder : Path
        The night's directory.
    in_run : bool
        Whether it is one of a run: ``RUN/nights/K``.
    """
    return ArrayStore((folder.resolve().parents[1] if in_run else folder) / ARRAYS)


def read_description(folder: Path) -> NightDescription | None:
    """Read what a night was; None if there is none, or none that ended.

    Raises
    ------
    DirectoryError
        If it was damaged, or is of another version.
    """
    file = folder / NIGHT
    if not is_there(file):
        return None
    try:
        content = read_json(file, _remedy(folder))
    except DirectoryError:
        if not file.exists():  # another process goes on with a night that was stopped
            return None
        raise
    version = content.get("format")
    if isinstance(version, int) and version not in FORMATS:
        raise DirectoryError(
            f"{folder} holds a night in format {version}; this version of brainsleep reads "
            f"formats {', '.join(map(str, FORMATS))}."
        )
    if version != 1 and DIGEST not in content:
        raise damaged(file, "it has lost its digest")
    try:
        return NightDescription.model_validate_json(json.dumps(content))
    except ValidationError as error:
        first = error.errors()[0]
        where = ": ".join(map(str, first["loc"]))
        raise damaged(file, f"{where}: {first['msg']}" if where else first["msg"]) from None


def require_description(folder: Path) -> NightDescription:
    """Read what a night was; as `read_description`, but there must be one that ended."""
    description = read_description(folder)
    if description is None:
        missing = f"{NIGHT} is missing" if folder.exists() else "there is no such directory"
        text = f"{folder} holds no saved night: {missing}"
        if (folder / REQUEST).exists():
            text += "; the night there has not ended, and bs.Save(..., resume=True) goes on with it"
        raise DirectoryError(f"{text}.")
    return description


def read_night_arrays(
    folder: Path,
    name: str,
    description: NightDescription,
    kinds: str,
    read: dict[str, np.ndarray] | None = None,
) -> dict[str, np.ndarray]:
    """Read the arrays of one kind of a night.

    Parameters
    ----------
    folder : Path
        The night's directory.
    name : str
        The kind: one of those of `NightDescription`, or the name of a file without its suffix.
    description : NightDescription
        What the night was.
    kinds : str
        Of their types, as in `numpy.dtype.kind`.
    read : dict, optional
        As of `ArrayStore.get`.

    Returns
    -------
    dict of str to ndarray
        Nothing for masks that are not there.

    Raises
    ------
    DirectoryError
        If it is missing or damaged, with what can still be had.
    """
    if description.format < 3:
        return _read_file(folder, name, description, kinds)
    store = array_store(folder, in_run=description.in_run)
    if description.in_run and not store.folder.is_dir():
        raise DirectoryError(
            f"{folder} holds a night of a run, whose arrays all nights of the run share: "
            f"{store.folder} is missing; load the night where the run is, and save it by itself by "
            "night.save."
        )
    arrays = {}
    for key, reference in description.arrays.get(name, {}).items():
        with damage_named(folder / NIGHT, f"{_IN_WORDS.get(name, name)} of {key!r}"):
            arrays[key] = store.get(reference, read)
    for key, array in arrays.items():
        require_arrays(
            folder / NIGHT, array.dtype.kind in kinds, f"{name} of {key!r} are {array.dtype}"
        )
    return arrays


@contextmanager
def damage_named(file: Path, what: str = "") -> Iterator[None]:
    """Turn errors of reading arrays that a file refers to into a DirectoryError that names both.

    Parameters
    ----------
    file : Path
        Which refers to them.
    what : str, optional
        What the array is, as in "spikes of 'input'".
    """
    told = f"{what} in {file.parent} cannot be read" if what else f"{file} cannot be read whole"
    try:
        yield
    except FileNotFoundError as error:
        fault = f"{error.filename} is missing, to which {file.name} refers"
        raise DirectoryError(f"{told} ({fault}); {_remedy(file.parent)}.") from None
    except DataError as error:
        fault = str(error).rstrip(".")
        raise DirectoryError(f"{told} ({fault}); {_remedy(file.parent)}.") from None
    except OSError as error:
        if isinstance(error, DirectoryError):
            raise
        raise DirectoryError(f"{told} (cannot read {error.filename}: {error.strerror}).") from None


def _read_file(
    folder: Path, name: str, description: NightDescription, kinds: str
) -> dict[str, np.ndarray]:
    """Read a file of arrays of format 1 or 2."""
    file = folder / f"{name}.npz"
    if file.name not in description.files and not file.exists() and name.endswith("masks"):
        return {}
    try:
        if description.format > 1 and _digest(file) != description.files.get(file.name):
            raise damaged(file, f"it does not fit its digest in {NIGHT}")
        arrays = read_arrays(file)
    except FileNotFoundError:
        raise DirectoryError(
            f"{folder} holds no saved night: {file.name} is missing; {_remedy(folder)}."
        ) from None
    except DataError as error:
        raise damaged(file, reason(error)) from None
    except OSError as error:
        if isinstance(error, DirectoryError):
            raise
        raise DirectoryError(f"cannot read {file} ({error.strerror}).") from None
    for key, array in arrays.items():
        if array.dtype.kind not in kinds:
            raise damaged(file, f"{key} is of type {array.dtype}")
    return arrays


def require_arrays(file: Path, fits: bool, fault: str) -> None:
    """Raise a DirectoryError that a file of a night is damaged, unless what is in it fits."""
    if not fits:
        raise damaged(file, fault)


def damaged(file: Path, fault: str) -> DirectoryError:
    """Return the error for a file of a night that is not as it was written."""
    return DirectoryError(f"{file} is damaged ({fault}); {_remedy(file.parent)}.")


def _remedy(folder: Path) -> str:
    """Say what can still be had of a night of which a file was damaged."""
    if (folder / REQUEST).exists():
        return (
            f"delete {NIGHT} there, and bs.sleep with bs.Save(..., resume=True) computes it again, "
            "from its last snapshot"
        )
    files = ", ".join(sorted(file.name for file in folder.glob("*.npz")))
    return f"numpy.load reads what is intact of {files or f'the arrays in {ARRAYS}'}"


def _digest(file: Path) -> str:
    """Return the SHA-256 of a file."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
