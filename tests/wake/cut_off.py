"""Training that is cut off, as by Ctrl-C."""

from pathlib import Path

from brainsleep.wake.checkpoints import Checkpoints


class CutOff(BaseException):
    """What ends a process, Ctrl-C for instance."""


def kept_in(folder: Path, key: str = "run", told: list[str] | None = None) -> Checkpoints:
    return Checkpoints(folder / "training", key, [].append if told is None else told.append)
