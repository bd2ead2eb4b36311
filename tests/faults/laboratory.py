"""What all cases share: truths, durations, and directories that are copied and then damaged."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from cases import Case, own_folder
from compared_nights import Digest, use_temporary_folder
from forked import adopted_orphans, call, count_touches

#: Hidden files that are there for good: locks, and the key of a folder of compiled programs.
STAYS = (".lock", ".key")


class Subject(Protocol):
    """What is attacked: work in a directory that goes on where it was cut short."""

    def go(self, directory: Path) -> Digest:
        """Begin, or go on with what is there; return the digest of what came of it."""


@dataclass(frozen=True)
class Measured:
    """An undisturbed piece of work.

    Attributes
    ----------
    truth : dict of str to str
        What comes of it.
    seconds : float
        How long it takes, in a child.
    touches : int
        How often it touches files.
    """

    truth: Digest
    seconds: float
    touches: int


@dataclass
class Laboratory:
    """What all cases share.

    Attributes
    ----------
    folder : Path
        Where cases have their folders.
    """

    folder: Path
    _kept: dict[Any, Any] = field(default_factory=dict)

    def once(self, key: Any, make: Callable[[], Any]) -> Any:
        """Return what was made for a key before, or make it."""
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]

    def measured(self, subject: Subject) -> Measured:
        """Return what an undisturbed subject does."""
        return self.once(("measured", subject), lambda: self._measure(subject))

    def template(self, name: str, fill: Callable[[Path], Any]) -> Path:
        """Return a directory that is filled once, in a child."""

        def make() -> Path:
            directory = self.folder / "templates" / name / "it"
            directory.parent.mkdir(parents=True, exist_ok=True)
            with adopted_orphans():  # a simulation writes on for a moment
                ended = call(lambda: within(directory.parent, lambda: fill(directory)), self.folder)
            assert ended.how in ("returned", "killed"), ended.message
            shutil.rmtree(directory.parent / "tmp", ignore_errors=True)
            return directory

        return self.once(("template", name), make)

    def copy(self, template: Path, case: Case) -> Path:
        """Copy a directory, and the files beside it, for a case."""
        shutil.copytree(template.parent, case.folder, dirs_exist_ok=True, symlinks=True)
        return case.folder / template.name

    def _measure(self, subject: Subject) -> Measured:
        with own_folder(self.folder / "measured") as place, own_environment():
            work = working(subject, place)
            truth = work()  # in this process, for all that is imported and compiled
            shutil.rmtree(place / "it", ignore_errors=True)
            started = time.monotonic()
            again = call(work, place)
            seconds = time.monotonic() - started
            assert again.value == truth, f"not the same twice: {again.message}"
            shutil.rmtree(place / "it", ignore_errors=True)
            return Measured(truth, seconds, count_touches(work, place))


def working(subject: Subject, folder: Path) -> Callable[[], Digest]:
    """Return a function that works on a subject in a folder, with temporary files there."""
    return lambda: within(folder, lambda: subject.go(folder / "it"))


def within(folder: Path, function: Callable[[], Any]) -> Any:
    """Call a function whose temporary files go to a folder."""
    use_temporary_folder(folder / "tmp")
    return function()


@contextmanager
def own_environment() -> Iterator[None]:
    """Undo what is done to the environment of this process, and to its temporary folder."""
    before = dict(os.environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        tempfile.tempdir = None


def leftovers(folder: Path, seconds: float = 2.0) -> list[str]:
    """Return what should not have been left in a folder, once there was time to remove it."""
    until = time.monotonic() + seconds
    while found := _left(folder):
        if time.monotonic() > until:
            return found
        time.sleep(0.02)
    return []


def _left(folder: Path) -> list[str]:
    temporary = [path for path in folder.glob("tmp/*") if path.name.startswith("brainsleep")]
    unfinished = [
        path
        for path in folder.rglob("*")
        if path.name not in STAYS
        and (
            path.name == "training"
            or path.name.startswith((".", "building-"))
            or "partial" in path.name
        )
    ]
    return sorted({str(path.relative_to(folder)) for path in [*temporary, *unfinished]})
