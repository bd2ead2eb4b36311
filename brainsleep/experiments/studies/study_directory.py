"""The directory of a study: what is asked for, what has been tried, and who tries what.

- ``study.json`` - the request; ``model.toml`` - the model file, as given;
- ``trials/N-seed-S.json`` - setting N with seed S, once it is finished: parameters, metrics,
  versions, commit, machine, seconds; or the error that it ended with;
- ``settings/G.json`` - which settings generation G of a search tries; ``optuna.log`` - the same
  search as Optuna's journal;
- ``claims/`` - a locked file for each trial that is under way;
- ``runs/`` - with ``--keep-nights``, a run directory of each trial;
- ``results.csv``, ``results.parquet``, ``table.md``, ``table.tex``, ``best.json`` - what came of
  it;
- ``on_test/`` - with ``--test-best``, the same files of the best setting on test images;
- ``workers.log`` - what processes of this machine said meanwhile.

Each file appears whole or not at all. Any number of processes and machines work in a directory that
they all see: a claim is a lock of the operating system, and ends with the process that holds it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from ...errors import DirectoryError, brief
from ...support.directory_lock import LOCK, directory_lock
from ...support.disk import is_there, plain_disk_errors
from ...support.files import JsonObject, read_bytes, remove_partial_files, write_atomically
from ...support.json_files import DIGEST, read_json, write_json
from ...support.key_locks import Lock, key_lock
from .study_request import StudyRequest, Trial

_ADVICE = "remove it, and --resume runs this again"


@dataclass(frozen=True)
class StudyDirectory:
    """What lies in the directory of a study.

    Attributes
    ----------
    path : Path
        The directory.
    """

    path: Path

    def begin(self, request: StudyRequest, data_sha256: str, *, resume: bool) -> None:
        """Write down what is asked for, or see that it is what was asked for before.

        Raises
        ------
        DirectoryError
            If there is something else, or it is to be resumed without saying so.
        """
        with plain_disk_errors("cannot write to", self.path):
            self.path.mkdir(parents=True, exist_ok=True)
        with directory_lock(self.path):
            self._require_resumed(resume)
            model = read_bytes(request.model_file)
            asked = _asked(request, model, data_sha256)
            if is_there(self.path / "study.json"):
                self._require_same(asked)
                return
            with plain_disk_errors("cannot write to", self.path):
                for folder in ("trials", "settings", "claims"):
                    (self.path / folder).mkdir(exist_ok=True)
            write_atomically(self.path / "model.toml", model)
            write_json(self.path / "study.json", asked)

    def is_finished(self, request: StudyRequest, data_sha256: str) -> bool:
        """Tell whether there is this very study, with its results."""
        if not all(is_there(self.path / name) for name in ("study.json", "results.csv")):
            return False
        try:
            self._require_same(_asked(request, read_bytes(request.model_file), data_sha256))
        except DirectoryError:
            return False
        return True

    def request(self) -> StudyRequest:
        """Read what is asked for; raises a DirectoryError if it is damaged."""
        file = self.path / "study.json"
        try:
            return StudyRequest.of_content(read_json(file, "a study needs it"))
        except (KeyError, TypeError, AttributeError):
            raise DirectoryError(f"{file} is damaged: it holds no study.") from None

    @contextmanager
    def claim(self, trial: Trial) -> Iterator[bool]:
        """Be the one process that runs a trial; yields whether it is."""
        folder = self.path / "claims"
        with plain_disk_errors("cannot write to", folder):
            folder.mkdir(exist_ok=True)
            with key_lock(folder, trial.name, wait=False) as lock:
                yield lock is not Lock.BUSY

    @contextmanager
    def choosing(self) -> Iterator[None]:
        """Be the one process that chooses settings; others wait."""
        with plain_disk_errors("cannot write to", self.path):
            (self.path / "claims").mkdir(exist_ok=True)
            with key_lock(self.path / "claims", "settings"):
                yield

    def record(self, trial: Trial) -> JsonObject | None:
        """Return what came of a trial; None if it is not finished, or its file is damaged."""
        file = self._file(trial)
        if not is_there(file):
            return None
        try:
            record = read_json(file)
        except DirectoryError:
            return None
        record.pop(DIGEST, None)
        return record if record.get("parameters") == trial.parameters else None

    def note(self, trial: Trial, record: JsonObject) -> None:
        """Write what came of a trial."""
        with plain_disk_errors("cannot write to", self.path):
            self._file(trial).parent.mkdir(exist_ok=True)
        write_json(self._file(trial), record)

    def settings(self, generation: int) -> list[JsonObject] | None:
        """Return the settings of a generation; None if they are not chosen yet."""
        file = self.path / "settings" / f"{generation}.json"
        if not is_there(file):
            return None
        settings = read_json(file, _ADVICE).get("settings")
        if not isinstance(settings, list):
            raise DirectoryError(f"{file} is damaged (it holds no settings); {_ADVICE}.")
        return settings

    def note_settings(self, generation: int, settings: Sequence[JsonObject]) -> None:
        """Write the settings of a generation."""
        with plain_disk_errors("cannot write to", self.path):
            (self.path / "settings").mkdir(exist_ok=True)
        write_json(self.path / "settings" / f"{generation}.json", {"settings": list(settings)})

    def remove_partial_files(self) -> None:
        """Remove what killed processes left; call it when no trial is under way here."""
        for folder in (self.path, self.path / "trials", self.path / "settings"):
            remove_partial_files(folder)

    def _file(self, trial: Trial) -> Path:
        return self.path / "trials" / f"{trial.name}.json"

    def _require_resumed(self, resume: bool) -> None:
        with plain_disk_errors("cannot read", self.path):
            names = {one.name for one in self.path.iterdir()} - {LOCK}
        if names and not resume:
            raise DirectoryError(
                f"{self.path} exists already; choose another (--out), or go on with it by --resume."
            )
        if names and "study.json" not in names and not names <= {"model.toml", *_FOLDERS}:
            raise DirectoryError(f"{self.path} holds something else than a study.")

    def _require_same(self, asked: JsonObject) -> None:
        """Raise a DirectoryError unless the study is the one that is asked for."""
        before = read_json(self.path / "study.json", "a study needs it")
        for name, value in asked.items():
            if name != "model_file" and before.get(name) != _as_read(value):
                other = f"with {name} = {brief(before.get(name))}, not {brief(value)}"
                what = "of another model file" if name == "model_sha256" else other
                raise DirectoryError(
                    f"{self.path} holds a study {what}; what is asked for now needs a directory of "
                    "its own (another --out)."
                )


_FOLDERS = ("trials", "settings", "claims")


def _asked(request: StudyRequest, model: bytes, data_sha256: str) -> JsonObject:
    """Return what ``study.json`` holds of a request."""
    return {
        **request.content,
        "model_sha256": hashlib.sha256(model).hexdigest(),
        "data_sha256": data_sha256,
        "brainsleep": version("brainsleep"),
    }


def _as_read(value: object) -> object:
    """Return a value as JSON gives it back."""
    if isinstance(value, tuple | list):
        return [_as_read(one) for one in value]
    if isinstance(value, dict):
        return {name: _as_read(one) for name, one in value.items()}
    return value
