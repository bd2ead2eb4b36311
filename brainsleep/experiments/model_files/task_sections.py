"""``[tasks]``: what is learned one after the other."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from ...errors import ModelFileError, suggest
from ...support.checks import known_name
from ...support.files import JsonObject
from ...wake import SCENARIOS, Split, Task, limit_training
from ...wake.datasets.selection import read_per_class, read_share
from ...wake.scenarios.class_groups import read_class_order
from ...wake.scenarios.noisy import read_noises
from ...wake.scenarios.rotated import read_angles
from .sections import Section, read_by

#: What the experiment itself hands to a scenario.
_NOT_KEYS = ("split", "seed")
#: Keys that all scenarios have: what is done to the tasks that they make.
_LIMITS = ("train_per_class", "train_share")


class TasksSection(Section):
    """``[tasks]``: what is learned one after the other.

    Beside `scenario` and the numbers of training images, there are the keys that the scenario
    takes; others are refused. docs/explanation/scenarios.md defines them.

    Attributes
    ----------
    scenario : str
        A key of `brainsleep.wake.SCENARIOS`, as ``"class-incremental"``.
    classes : list of list of int or str
        Of class-, task- and domain-incremental: the classes of each task, by number, or by name
        where the data set has names (folders of images, labels that are text); pairs of all
        classes unless given.
    n_tasks : int
        Of these: how many tasks to make, in place of `classes`. Of ``"permuted"``: how many.
    class_order : "seed" or list of int or str
        The order of classes: drawn by the run's seed, or stated; ascending unless given.
    angles : list of float
        Of ``"rotated"``: one angle per task, in degrees.
    noise : str, table or list of them
        Of ``"noise"``: what comes between clean images, or the noise of each task.
    then : str or list of str
        Of ``"cross-modal"``: the data sets that follow that of ``[data]``.
    shared_outputs : bool
        Of ``"cross-modal"``: whether class k of each data set has output k.
    train_per_class : int or list of int
        Training images of each class: in every task, or in each of them. Drawn by the run's seed.
    train_share : float or list of float
        The same as parts of what there is.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    scenario: str = "class-incremental"
    classes: list[list[int | str]] | None = None
    n_tasks: int | None = Field(default=None, ge=1)
    class_order: Annotated[Any, read_by(read_class_order)] = None
    angles: Annotated[Any, read_by(read_angles)] = None
    noise: Annotated[Any, read_by(read_noises)] = None
    then: str | list[str] | None = None
    shared_outputs: bool = False
    train_per_class: Annotated[Any, read_by(read_per_class)] = None
    train_share: Annotated[Any, read_by(read_share)] = None

    def check(self) -> None:
        """Raise an error for a scenario that there is not, or keys that it does not take."""
        known_name(self.scenario, "scenario", SCENARIOS)
        known = [*_arguments_of(self.scenario), *_LIMITS]
        for key in self._given:
            if key not in known:
                raise ModelFileError(
                    f"[tasks] scenario = {self.scenario!r} has no key {key!r}.{suggest(key, known)}"
                )
        for key, argument in _arguments_of(self.scenario).items():
            if argument.default is argument.empty and key not in self._given:
                raise ModelFileError(
                    f"[tasks] scenario = {self.scenario!r} misses the key {key!r}."
                )

    def tasks(
        self, split: Split, seed: int, load: Callable[[str], Split] | None = None
    ) -> tuple[Task, ...]:
        """Make the tasks.

        Parameters
        ----------
        split : Split
            The data.
        seed : int
            Of the run: equal seeds, equal tasks.
        load : callable, optional
            Reads the data sets of `then` as those of ``[data]`` are read.

        Raises
        ------
        BrainsleepError
            If options contradict each other, or the data do not have what they name.
        """
        scenario, options = SCENARIOS[self.scenario], self._given
        limits = {key: options.pop(key) for key in _LIMITS if key in options}
        if load is not None and self.further:
            options["then"] = [load(name) for name in self.further]
        if "seed" in inspect.signature(scenario).parameters:
            options["seed"] = seed
        return limit_training(scenario(split, **options), **limits, seed=seed)

    @property
    def further(self) -> list[str]:
        """The names of the data sets that follow that of ``[data]``."""
        return [self.then] if isinstance(self.then, str) else self.then or []

    @property
    def _given(self) -> JsonObject:
        """What the file says, beside the scenario."""
        given = self.model_dump(exclude_unset=True)
        return {key: value for key, value in given.items() if key != "scenario"}


def _arguments_of(scenario: str) -> dict[str, inspect.Parameter]:
    """Return the keys that a scenario takes: the arguments of its function."""
    arguments = inspect.signature(SCENARIOS[scenario]).parameters
    return {name: one for name, one in arguments.items() if name not in _NOT_KEYS}
