"""Disks that get full: a small file system of which only some pages are left."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from cases import Case, Verdict, badly
from compared_nights import Digest, NightOf, differences, digest
from forked import adopted_orphans, call
from kills import StreamedNight
from laboratory import Laboratory, Subject, within
from runs import RunOf

import brainsleep as bs

PAGE = 4096
#: Bytes of the file system, more than any subject takes.
SIZE = 32 * 2**20

SMALL = NightOf(n_steps=600, snapshot_every=200)


@dataclass(frozen=True)
class NightInMemory:
    """A night in memory: its temporary files are on the disk."""

    def go(self, directory: Path) -> Digest:
        """Sleep."""
        return digest(within(directory.parent, SMALL.run))


@dataclass(frozen=True)
class SavedNight:
    """A night that was in memory, and is saved."""

    def go(self, directory: Path) -> Digest:
        """Sleep elsewhere, and save; once more if that failed."""
        SMALL.run().save(directory)
        return digest(bs.Night.load(directory, SMALL.arguments()["ann"]))


#: What is written to the disk, and whether its temporary files are there as well.
SUBJECTS: dict[str, Subject] = {
    "streamed night": StreamedNight(SMALL),
    "night in memory": NightInMemory(),
    "save": SavedNight(),
    "run": RunOf(),
}


def fill_under_night(case: Case, laboratory: Laboratory) -> Verdict:
    """Fill the disk that a night is streamed to."""
    return judge_full(case, laboratory, "streamed night")


def fill_under_memory(case: Case, laboratory: Laboratory) -> Verdict:
    """Fill the disk of the temporary files of a night in memory."""
    return judge_full(case, laboratory, "night in memory")


def fill_under_save(case: Case, laboratory: Laboratory) -> Verdict:
    """Fill the disk that a night is saved to."""
    return judge_full(case, laboratory, "save")


def fill_under_run(case: Case, laboratory: Laboratory) -> Verdict:
    """Fill the disk of a run."""
    return judge_full(case, laboratory, "run")


def judge_full(case: Case, laboratory: Laboratory, name: str) -> Verdict:
    """Work on a disk with as many pages as the number of the case; then free it, and go on."""
    subject, truth = SUBJECTS[name], laboratory.measured(SUBJECTS[name]).truth
    with small_disk(case.folder / "disk") as disk, adopted_orphans():
        work = partial(within, case.folder, partial(subject.go, disk / "it"))
        filler = fill_but(disk, case.number)
        ended = call(work, case.folder)
        verdict = badly(ended, str(disk), "it")
        if verdict is None and ended.how == "returned":
            wrong = differences(ended.value, truth)
            return Verdict("wrong", f"{case.number} pages: {wrong}") if wrong else Verdict("held")
        first = ended.message
        filler.unlink()
        if name == "save":
            shutil.rmtree(disk / "it", ignore_errors=True)
        ended = call(work, case.folder)
        verdict = verdict or badly(ended)
        if verdict is None and ended.how == "refused":
            verdict = Verdict("stuck", f"after '{first}', cannot go on: {ended.message}")
        if verdict is None and ended.value != truth:
            verdict = Verdict("wrong", f"gone on: {differences(ended.value, truth)}")
    if verdict is None:
        return Verdict("refused", first)
    return Verdict(verdict.what, f"{case.number} pages: {verdict.note}")


def enough_pages(laboratory: Laboratory, name: str) -> int:
    """Return a number of pages that is enough for a subject, and not much more."""
    subject, truth = SUBJECTS[name], laboratory.measured(SUBJECTS[name]).truth

    def find() -> int:
        n_pages, succeeded = 16, False
        while not succeeded:
            n_pages += n_pages // 4
            with small_disk(laboratory.folder / "disk") as disk:
                fill_but(disk, n_pages)
                work = partial(within, laboratory.folder, partial(subject.go, disk / "it"))
                succeeded = call(work, disk).value == truth
        return n_pages

    return laboratory.once(("pages", name), find)


def pages(laboratory: Laboratory, name: str, scale: float) -> Sequence[int]:
    """Return how many pages to leave: each number that may matter, or a part of them."""
    enough = enough_pages(laboratory, name)
    return np.unique(np.linspace(0, enough, max(2, round(scale * enough)), dtype=int)).tolist()


def why_no_disk() -> str | None:
    """Say why there can be no small disk; None if there can."""
    if shutil.which("mount") is None:
        return "there is no command mount"
    if os.geteuid() != 0:
        return "only root may mount a file system"
    return None


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Mount a small file system."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
        folder.rmdir()


def fill_but(disk: Path, n_pages: int) -> Path:
    """Fill a disk with one file, but for some pages."""
    filler = disk / "filler"
    free = os.statvfs(disk).f_bfree
    with filler.open("wb") as stream, suppress(OSError):
        os.posix_fallocate(stream.fileno(), 0, (free - n_pages) * PAGE)
    assert os.statvfs(disk).f_bfree == n_pages
    return filler
