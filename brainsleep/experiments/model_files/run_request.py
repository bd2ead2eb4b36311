"""What a run is asked to be: one frozen request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ...support.files import JsonObject
from .overrides import Overrides


def say_nothing(text: str) -> None:
    """Take a line of a run's report and leave it."""


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    """A run of a model file; see `brainsleep.experiments.run.run_experiment`.

    Attributes
    ----------
    model_file : Path
        The model file.
    out : path or None
        Run directory; ``runs/NAME`` unless given.
    seed : int
        Of everything that is drawn.
    overrides : Overrides
        Changes to the model file.
    baselines : bool
        Whether to train without sleep, too.
    strategies : tuple of str or None
        In which ways; those of the model file unless given.
    controls : tuple of str
        Controls to run as well.
    train_anew : bool
        Whether to train all networks, in place of reading those that are kept.
    resume : bool
        Whether to go on with the run in `out`.
    progress : bool
        Whether to show progress bars.
    n_jobs : int
        How many arms are gone through at the same time; the results are the same.
    report : callable
        Told what is going on, line by line.
    data : object, optional
        Data in place of those that the model file names; see `brainsleep.wake.load_split`.
    code : mapping of str to str, optional
        SHA-256 of each of the user's files that is executed, by its name. None: not looked for yet.
    noted : dict
        What a run directory notes beside that, to be read with: it does not decide on results.
    """

    model_file: Path
    out: str | Path | None = None
    seed: int = 0
    overrides: Overrides = field(default_factory=Overrides)
    baselines: bool = True
    strategies: tuple[str, ...] | None = None
    controls: tuple[str, ...] = ()
    train_anew: bool = False
    resume: bool = False
    progress: bool = True
    n_jobs: int = 1
    report: Callable[[str], None] = say_nothing
    data: object = None
    code: Mapping[str, str] | None = None
    noted: JsonObject = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where relative paths in the model file begin."""
        return self.model_file.absolute().parent

    @property
    def settings(self) -> JsonObject:
        """What a run directory notes, and a resumed run must have asked for as well."""
        code = {} if self.code is None else {"code": dict(self.code)}
        return {"seed": self.seed, **asdict(self.overrides), **code}
