"""Model files: complete, runnable sleep experiments in TOML, checked before anything runs."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from pydantic import ValidationError

from ...errors import (
    BrainsleepError,
    DataError,
    ModelFileError,
    brief,
    reason,
    suggest,
    suggest_file,
)
from ...support.calls import public
from ...support.files import JsonObject, read_text
from .dreams_section import DreamsSection, DreamStageSection, DreamStagesSection
from .named_model import NamedModel
from .network_sections import KINDS, NetworkSection, PerceptronTable
from .nights_section import NightsSection
from .sections import (
    DataSection,
    Section,
    SectionT,
)
from .shipped import find_model
from .sleep_sections import SleepSection, StagesSection, StepsSection, StimulusSection
from .task_sections import TasksSection
from .training_sections import CompareSection, StrategySection, TrainingSection


class ModelFile(NamedModel):
    """A whole model file of tasks and nights.

    Attributes
    ----------
    name, description, takes, references
        As in model files of all kinds.
    """

    data: DataSection = DataSection()
    tasks: TasksSection = TasksSection()
    network: NetworkSection = PerceptronTable()
    training: TrainingSection = TrainingSection()
    compare: CompareSection = CompareSection()
    sleep: SleepSection = SleepSection()
    dreams: DreamsSection | None = None

    @property
    def nights(self) -> NightsSection:
        """What the nights are, of whatever kind."""
        return self.sleep if self.dreams is None else self.dreams

    def with_nights(self, nights: NightsSection) -> Self:
        """Return the model with other nights of the same kind."""
        return self.model_copy(update={nights.table: nights})


#: Which class checks which table, to say what a wrong key may have meant. Tables of models are
#: checked by `brainsleep.experiments.model_files.kinds`.
_SECTIONS: dict[tuple[str, ...], type[Section]] = {
    (): ModelFile,
    ("data",): DataSection,
    ("tasks",): TasksSection,
    ("training",): TrainingSection,
    ("compare",): CompareSection,
    ("sleep",): SleepSection,
    ("dreams",): DreamsSection,
    ("dreams", "stages"): DreamStagesSection,
    ("dreams", "stages", "nrem"): DreamStageSection,
    ("dreams", "stages", "rem"): DreamStageSection,
    ("sleep", "stimulus"): StimulusSection,
    ("sleep", "steps"): StepsSection,
    ("sleep", "stages"): StagesSection,
}


@public
def load_model_file(path: str | Path | None = None) -> ModelFile:
    """Read and check a model file.

    Parameters
    ----------
    path : path or str, optional
        A file, or the name of one that comes with the package; the default experiment unless
        given.

    Returns
    -------
    ModelFile

    Raises
    ------
    ModelFileError
        If the file is missing or not TOML, a key is unknown (with the nearest known one) or
        missing, or a value makes no sense.
    """
    file = find_model(path)
    return parse_model(read_toml(file), str(file))


def read_toml(file: Path) -> JsonObject:
    """Read a model file's content, unchecked; a ModelFileError if it is missing or not TOML."""
    try:
        return tomllib.loads(read_text(file))
    except FileNotFoundError:
        hint = suggest_file(str(file), map(str, file.parent.glob("*.toml")))
        raise ModelFileError(f"there is no model file {file}.{hint}") from None
    except DataError as error:
        raise ModelFileError(str(error)) from None
    except OSError as error:
        raise ModelFileError(f"cannot read the model file {file}: {reason(error)}.") from None
    except (ValueError, RecursionError) as error:  # also of numbers and tables without end
        raise ModelFileError(f"{file} is not a TOML file: {reason(error)}.") from None


def parse_model(content: JsonObject, source: str) -> ModelFile:
    """Check the content of a model file; `source` names it in messages."""
    model = check_content(ModelFile, content, source, _SECTIONS)
    problems = list(_wrong_values(model))
    if problems:
        raise ModelFileError(f"{source}: " + "; ".join(problems))
    return model


def check_content(
    kind: type[SectionT],
    content: JsonObject,
    source: str,
    sections: Mapping[tuple[str, ...], type[Section]],
) -> SectionT:
    """Check the keys of a model file's tables.

    Parameters
    ----------
    kind : type of Section
        Of the whole file.
    content : dict
        What is in it.
    source : str
        Names it in messages.
    sections : mapping of tuple of str to type of Section
        Which class checks which table, to say what a wrong key may have meant.

    Raises
    ------
    ModelFileError
        Naming the table and the key.
    """
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        raise ModelFileError(
            f"{source}: " + "; ".join(_explain(problem, sections) for problem in error.errors())
        ) from None


def _wrong_values(model: ModelFile) -> Iterator[str]:
    """Say what else is wrong with values: what is built of them refuses them."""
    checks: tuple[Callable[[], object], ...] = (
        model.network.check,
        model.training.build,
        lambda: _waking(model.training.strategy),
        lambda: _named_once(model.compare.strategies),
        lambda: _one_kind(model),
        *model.nights.checks(),
        model.tasks.check,
    )
    for check in checks:
        try:
            check()
        except BrainsleepError as error:
            yield str(error)


def _waking(strategy: StrategySection) -> None:
    """Build the strategy of the network that sleeps."""
    strategy.strategy()
    if strategy.sleep:
        raise ModelFileError("[training] strategy: the network sleeps anyway; leave sleep out.")


def _one_kind(model: ModelFile) -> None:
    """Refuse nights of two kinds."""
    if model.dreams is not None and "sleep" in model.model_fields_set:
        raise ModelFileError("give [sleep] or [dreams], not both.")


def _named_once(strategies: Sequence[StrategySection]) -> None:
    """Build all strategies; two arms of one name could not be told apart."""
    names = [one.arm_name for one in strategies]
    for name in names:
        if names.count(name) > 1:
            raise ModelFileError(
                f"[compare] strategies: {name!r} is there twice; give each a name of its own, as "
                f'in {{kind = {name!r}, name = "another"}}.'
            )
    for one in strategies:
        one.strategy()


def _explain(problem: Any, sections: Mapping[tuple[str, ...], type[Section]]) -> str:
    """Put one of pydantic's findings into words."""
    location = tuple(str(part) for part in problem["loc"])
    if problem["type"] == "union_tag_invalid":  # of the one table that has kinds of its own
        tag = problem["ctx"]["tag"].strip("'")
        return f"[network] has no kind {brief(tag)}.{suggest(tag, KINDS)}"
    section = sections.get(location[:-1])
    if location[0] == "network" and len(location) > 2:
        section = KINDS.get(location[1]) if len(location) == 3 else None
        location = ("network", *location[2:])
    table, key = location[:-1], location[-1]
    shown = ".".join(table) or "top level"
    if problem["type"] == "extra_forbidden":
        known: Iterable[str] = () if section is None else section.model_fields
        return f"[{shown}] has no key {key!r}.{suggest(key, known)}"
    if problem["type"] in ("model_type", "model_attributes_type", "dict_type"):
        known = getattr(sections.get(location), "model_fields", ())
        keys = f" with the keys {', '.join(known)}" if known else ""
        name, given = ".".join(location), problem["input"]
        is_kind = isinstance(given, str) and (not known or "kind" in known)
        hint = f" Did you mean {name}.kind?" if is_kind else ""
        return f"[{name}] is a table{keys}, but is {brief(given)}.{hint}"
    if problem["type"] == "missing":
        return f"[{shown}] misses the key {key!r}."
    if isinstance(error := problem.get("ctx", {}).get("error"), BrainsleepError):
        return f"[{shown}] {error}"
    return f"[{shown}] {key}: {problem['msg']}, but is {brief(problem['input'])}."
