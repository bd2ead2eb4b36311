"""What a night's directory says that was asked for: only the same night is read back or goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...devices.recording import stream_names
from ...errors import DirectoryError
from ...support.files import JsonObject
from ...support.json_files import DIGEST, read_json
from ...support.user_warnings import warn_user
from ..files.night_files import NIGHT, REQUEST, STREAM
from ..files.streaming import compared_with
from .asked import EXACT_DEVICES, asked_for, differences

if TYPE_CHECKING:
    from ...devices import Engine
    from ..preparing.preparation import PreparedNight

#: Version of the layout of ``request.json``; the first had no number, and said less.
FORMAT = 2

#: Chunks of input spikes that are compared with those on disk before anything is changed.
_CHUNKS_COMPARED = 2


@dataclass(frozen=True)
class SavedRequest:
    """What identifies a night on disk.

    Attributes
    ----------
    asked : dict
        See `brainsleep.night.resuming.asked.asked_for`.
    projections : list of str or None
        Name of each projection's weights in the state dict.
    shapes : dict of str to list of int
        Of the weights, by name.
    streams : list of str
        Names of all files of spikes.
    program : str or None
        Key of the compiled program, where there is one: it stands for compiler and processor, too.
    draw : callable
        Returns the night's input spikes, chunk by chunk, from its first step on.
    """

    asked: JsonObject
    projections: list[str | None]
    shapes: dict[str, list[int]]
    streams: list[str]
    program: str | None
    draw: Callable[[], Iterator[NDArray[np.bool_]]]

    @classmethod
    def of(
        cls,
        prepared: PreparedNight,
        staged: PreparedNight,
        engine: Engine,
    ) -> SavedRequest:
        """Return what identifies a night, before and after its stages were simulated."""
        folder = getattr(engine, "directory", None)
        job = staged.job()
        names = prepared.assembly.weight_names()
        return cls(
            asked=asked_for(prepared, staged, job),
            projections=names,
            shapes={
                name: list(values.shape)
                for name, values in zip(names, job.weights, strict=True)
                if name is not None and values is not None
            },
            streams=list(stream_names(prepared.plan)),
            program=None if folder is None else folder.name,
            draw=lambda: staged.stimulus.chunks(staged.n_steps, staged.plan.dt, staged.seed),
        )

    def content(self) -> JsonObject:
        """Return what is written to ``request.json``."""
        return {
            "format": FORMAT,
            "asked": self.asked,
            "program": self.program,
            "projections": self.projections,
            "shapes": self.shapes,
        }

    def require_same(self, path: Path, *, finished: bool) -> None:
        """Raise unless the night in a directory was asked for in the same way.

        Parameters
        ----------
        path : Path
            The directory.
        finished : bool
            Whether the night is only to be read.

        Raises
        ------
        DirectoryError
            Naming what differs, or what cannot be compared.
        """
        saved = read_request(path)
        if saved.get("format") != FORMAT:
            raise DirectoryError(
                f"{path} holds a night of another version of brainsleep, which does not say all "
                "that was asked for (stimulus, device, stages, masks, what was recorded): whether "
                f"it is the same night cannot be told. Nothing was changed; {_remedy(path)}."
            )
        there, here = dict(saved["asked"]), dict(self.asked)
        if (
            finished
            and here["dtype"] == "float64"
            and {there["device"], here["device"]} <= {*EXACT_DEVICES}
        ):
            del there["device"], here["device"]
        if found := differences(there, here):
            raise DirectoryError(
                f"{path} holds a night that was asked for otherwise; nothing was changed. What "
                f"differs: {found}. Ask as before to go on with it; {_remedy(path)}."
            )

    def warn_of_another_program(self, path: Path) -> None:
        """Warn if a night of float32 goes on with a program of another compiler or processor."""
        before = read_request(path).get("program")
        if self.asked["dtype"] == "float32" and before != self.program:
            warn_user(
                f"the night in {path} was begun by a program of another processor, compiler or "
                "state of the code: in float32, it may differ in its last digits from one that was "
                "not interrupted."
            )

    def require_same_input(self, path: Path, n_steps: int | None = None) -> None:
        """Raise unless the stimulus draws the spikes of the night in a directory, at first.

        So is known what no digest sees in a stimulus, such as a file that it reads.

        Parameters
        ----------
        path : Path
            The directory.
        n_steps : int, optional
            How many steps there are surely recorded; unless given, all are.

        Raises
        ------
        DirectoryError
            If one spike is another, or the recorded ones were damaged.
        """
        for _ in islice(compared_with(self.draw(), path / STREAM, n_steps), _CHUNKS_COMPARED):
            pass


def read_request(path: Path) -> JsonObject:
    """Read what was asked for in a night's directory.

    Raises
    ------
    DirectoryError
        If it is missing or damaged, with what can still be had.
    """
    request = read_json(path / REQUEST, _remedy(path))
    fault = None
    if "format" in request and DIGEST not in request:
        fault = "it has lost its digest"
    elif not isinstance(request.get("projections"), list):
        fault = "it does not say what was joined"
    elif not isinstance(request.get("shapes"), dict):
        fault = "it does not say what shapes the weights had"
    if fault is not None:
        raise DirectoryError(f"{path / REQUEST} is damaged ({fault}); {_remedy(path)}.")
    return request


def _remedy(path: Path) -> str:
    """Say what can be done with a night that cannot go on."""
    if (path / NIGHT).exists():
        return "bs.Night.load reads it; to sleep anew, choose another directory"
    return "to sleep anew, choose another directory, or delete this one"
