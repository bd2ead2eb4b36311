"""``[tasks]``: what is learned one after the other."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import ConfigDict, Field, PlainValidator

from ..errors import ModelFileError, suggest
from ..support.checks import known_name
from ..support.files import JsonObject
from ..wake import SCENARIOS, Split, Task
from ..wake.scenarios.class_groups import read_class_order
from .sections import Section

#: What the experiment itself hands to a scenario.
_NOT_KEYS = ("split", "seed")


class TasksSection(Section):
    """``[tasks]``: what is learned one after the other.

    Beside `scenario` there are the keys that the scenario takes; others are refused.

    Attributes
    ----------
    scenario : str
        A key of `brainsleep.wake.SCENARIOS`: ``"class-incremental"`` (all classes compete),
        ``"task-incremental"`` (the network is told the task), ``"domain-incremental"`` (all tasks
        have the same labels).
    classes : list of list of int
        The classes of each task; pairs of all classes unless given.
    n_tasks : int
        How many tasks to make, in place of `classes`.
    class_order : "seed" or list of int
        The order of classes: drawn by the run's seed, or stated; ascending unless given.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    scenario: str = "class-incremental"
    classes: list[list[int]] | None = None
    n_tasks: int | None = Field(default=None, ge=1)
    class_order: Annotated[Any, PlainValidator(read_class_order)] = None

    def check(self) -> None:
        """Raise an error for a scenario that there is not, or keys that it does not take."""
        known_name(self.scenario, "scenario", SCENARIOS)
        known = _keys_of(self.scenario)
        for key in self._options:
            if key not in known:
                raise ModelFileError(
                    f"[tasks] scenario = {self.scenario!r} has no key {key!r}.{suggest(key, known)}"
                )

    def tasks(self, split: Split, seed: int) -> tuple[Task, ...]:
        """Make the tasks.

        Parameters
        ----------
        split : Split
            The data.
        seed : int
            Of the run: equal seeds, equal tasks.

        Raises
        ------
        BrainsleepError
            If options contradict each other, or the data do not have what they name.
        """
        scenario = SCENARIOS[self.scenario]
        options = self._options
        if "seed" in inspect.signature(scenario).parameters:
            options["seed"] = seed
        return scenario(split, **options)

    @property
    def _options(self) -> JsonObject:
        """What the file says, beside the scenario."""
        given: Mapping[str, Any] = self.model_dump(exclude_unset=True)
        return {key: value for key, value in given.items() if key != "scenario"}


def _keys_of(scenario: str) -> list[str]:
    """Return the keys that a scenario takes: the arguments of its function."""
    arguments = inspect.signature(SCENARIOS[scenario]).parameters
    return [name for name in arguments if name not in _NOT_KEYS]
