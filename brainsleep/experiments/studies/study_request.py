"""What a study is asked to be: settings of a model's parameters, each with several seeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from ...errors import ParameterError
from ...support.checks import known_name, whole_number
from ...support.files import JsonMapping, JsonObject
from ..model_files.overrides import Overrides
from ..model_files.run_request import RunRequest
from .search_space import Choice, Range

#: Ways to choose settings.
SEARCHES = ("grid", "random", "tpe")

#: Settings that random and tpe try unless told otherwise.
DEFAULT_SETTINGS = 50


@dataclass(frozen=True)
class Trial:
    """One setting with one seed.

    Attributes
    ----------
    number : int
        Of the setting, from 0.
    seed : int
        Of everything that is drawn.
    parameters : dict
        The setting: values by dotted keys.
    on_test : bool
        Whether it is the best setting, run again to be evaluated on test images.
    only : str, optional
        Train this strategy alone and note nothing: trials that follow find it trained.
    """

    number: int
    seed: int
    parameters: JsonObject
    on_test: bool = False
    only: str | None = None

    @property
    def name(self) -> str:
        """Names its file and its claim."""
        return f"{self.number}-seed-{self.seed}{'-test' if self.on_test else ''}"


@dataclass(frozen=True, kw_only=True)
class StudyRequest:
    """A study; see `brainsleep.experiments.studies.study.run_study`.

    Attributes
    ----------
    model_file : Path
        The model file.
    space : tuple of Choice or Range
        What varies.
    overrides : Overrides
        What is changed in all trials.
    n_seeds : int
        Seeds of each setting: 0, 1, …
    search : str
        Of `SEARCHES`: ``"grid"`` (all combinations), ``"random"``, or ``"tpe"`` (Optuna's
        tree-structured Parzen estimator).
    n_settings : int
        How many settings random and tpe try.
    search_seed : int
        Of what random and tpe draw.
    generation : int
        Settings that tpe chooses at a time, knowing those before. Not the number of workers: what
        is tried must not depend on it.
    baselines, strategies, controls
        As of `RunRequest`.
    keep_nights : bool
        Whether each trial leaves a run directory with its nights.
    train_anew : bool
        Whether each trial trains all networks, in place of reading those that are kept.

    Raises
    ------
    ParameterError
        If it makes no sense.
    """

    model_file: Path
    space: tuple[Choice | Range, ...]
    overrides: Overrides = field(default_factory=Overrides)
    n_seeds: int = 5
    search: str = "grid"
    n_settings: int = DEFAULT_SETTINGS
    search_seed: int = 0
    generation: int = 8
    baselines: bool = True
    strategies: tuple[str, ...] | None = None
    controls: tuple[str, ...] = ()
    keep_nights: bool = False
    train_anew: bool = False

    def __post_init__(self) -> None:
        """Check what can be checked without the model file."""
        known_name(self.search, "search", SEARCHES)
        for name in ("n_seeds", "n_settings", "generation"):
            whole_number(getattr(self, name), name, minimum=1)
        whole_number(self.search_seed, "search_seed")
        if not self.space:
            raise ParameterError("a study varies something; give a key several values.")
        for one in self.space:
            if one.key in self.overrides.changes:
                raise ParameterError(f"{one.key} is both changed and varied.")

    @property
    def content(self) -> JsonObject:
        """What ``study.json`` holds of it."""
        return {
            **asdict(self),
            "model_file": str(self.model_file.absolute()),
            "space": [asdict(one) for one in self.space],
        }

    @classmethod
    def of_content(cls, content: JsonMapping) -> StudyRequest:
        """Return the request that ``study.json`` holds."""
        names = cls.__dataclass_fields__
        given = {name: value for name, value in content.items() if name in names}
        strategies = given["strategies"]
        return cls(
            **{
                **given,
                "model_file": Path(given["model_file"]),
                "space": tuple(map(_varied, given["space"])),
                "overrides": Overrides(**given["overrides"]),
                "strategies": None if strategies is None else tuple(strategies),
                "controls": tuple(given["controls"]),
            }
        )

    def run_of(self, trial: Trial, out: Path | None = None) -> RunRequest:
        """Return the run that a trial is."""
        changes = {**self.overrides.changes, **trial.parameters}
        if trial.on_test:
            changes.pop("data.evaluate_on", None)
        overrides = replace(self.overrides, changes=changes)
        if trial.on_test:
            overrides = replace(overrides, evaluate_on="test")
        return RunRequest(
            model_file=self.model_file,
            out=out,
            seed=trial.seed,
            overrides=overrides,
            baselines=self.baselines,
            strategies=self.strategies,
            controls=self.controls,
            train_anew=self.train_anew,
            progress=False,
        )

    def on_validation(self, *, wanted: bool, report: Callable[[str], None]) -> StudyRequest:
        """Return the request, to be evaluated on validation images unless it says on which.

        Parameters
        ----------
        wanted : bool
            Whether the best setting is searched for; else nothing changes.
        report : callable
            Told so.
        """
        given = self.overrides.evaluate_on or self.overrides.changes.get("data.evaluate_on")
        if not wanted or given is not None:
            return self
        report("settings are chosen on validation images, a fifth of the training images")
        return replace(self, overrides=replace(self.overrides, evaluate_on="validation"))

    def trials_of(self, first: int, settings: Sequence[JsonObject]) -> list[Trial]:
        """Return the trials of settings, numbered from `first`; all of one seed, then the next.

        So what is trained for one seed, and shared by its trials, is used while it is fresh.
        """
        return [
            Trial(number, seed, setting)
            for seed in range(self.n_seeds)
            for number, setting in enumerate(settings, start=first)
        ]


def _varied(content: JsonMapping) -> Choice | Range:
    if "values" in content:
        return Choice(content["key"], tuple(content["values"]))
    return Range(**content)
