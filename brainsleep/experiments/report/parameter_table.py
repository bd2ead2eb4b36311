"""Every parameter of a run: its value, its unit, who stated it, and what it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from brian2.units import Quantity
from pydantic import BaseModel

from ...errors import BrainsleepError
from ...support.parameters import declared_parameters
from ..finished_runs.run_results import Run
from ..model_files.nights_section import NightsSection
from ..model_files.sections import ModelSection
from .field_texts import field_texts, references_of

#: Keys that say what a run is, not what it does: they stand at the top of a page.
_NAMES = ("name", "description", "takes", "references")

_NUMBER_WITH_UNIT = re.compile(r"\s*([-+]?[\d.]+(?:e[-+]?\d+)?)\s*([^\d\s].*?)\s*", re.I)


@dataclass(frozen=True)
class ParameterRow:
    """One parameter.

    Attributes
    ----------
    key : str
        As in a model file, as ``"sleep.neuron.decay"``.
    value, unit : str
        Unit is empty for numbers without one, and for words.
    stated : str
        Who stated it: ``"model file"``, ``"command line"``, or ``"default"``.
    text : str
        What it is.
    """

    key: str
    value: str
    unit: str
    stated: str
    text: str


def parameter_rows(run: Run) -> list[ParameterRow]:
    """Return every parameter of a run, in the order of model files.

    Raises
    ------
    DirectoryError
        If the model file or the settings of the run are gone.
    """
    model, changes = run.model, set(run.settings.get("changes", {}))
    options = {"dataset": "data.dataset", "evaluate_on": "data.evaluate_on"}
    table = run.kind.device_table(model)
    options["device"] = f"{table}.device"
    changes |= {key for name, key in options.items() if run.settings.get(name) is not None}
    other = {"sleep", "dreams"} - {table}
    return [row for row in _rows(model, "", changes) if row.key.partition(".")[0] not in other]


def references(run: Run) -> list[str]:
    """Return where the model and its numbers come from: the model file's references, the models'.

    Raises
    ------
    DirectoryError
        As :func:`parameter_rows`.
    """
    own = list(run.model.references)
    for section in _model_sections(run.model):
        own += references_of(type(section.build()))
    return list(dict.fromkeys(own))


def shown_parameters(run: Run) -> tuple[list[ParameterRow], list[str], list[str]]:
    """Return the parameters of a run and their references; if they cannot be shown, why not."""
    try:
        return parameter_rows(run), references(run), []
    except BrainsleepError as error:
        return [], [], [f"parameters are not shown: {error}"]


def _model_sections(section: BaseModel) -> Iterator[ModelSection]:
    """Yield the tables of a model file that name a model."""
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, ModelSection):
            yield value
        elif isinstance(value, BaseModel):
            yield from _model_sections(value)


def _rows(section: BaseModel, prefix: str, changes: set[str]) -> Iterator[ParameterRow]:
    texts = field_texts(type(section))
    for name in type(section).model_fields:
        value, key = getattr(section, name), f"{prefix}{name}"
        if not prefix and name in _NAMES:
            continue
        if isinstance(value, ModelSection):
            yield from _model_rows(value, f"{key}.", changes)
        elif isinstance(value, BaseModel):
            yield from _rows(value, f"{key}.", changes)
        else:
            stated = _stated(key, name in section.model_fields_set, changes)
            yield ParameterRow(key, *_with_unit(value), stated, texts.get(name, ""))


def _model_rows(section: ModelSection, prefix: str, changes: set[str]) -> Iterator[ParameterRow]:
    """Yield the parameters of a model that a table names by its kind."""
    stated = _stated(f"{prefix}kind", "kind" in section.model_fields_set, changes)
    model = section.build()
    text = (type(model).__doc__ or "").strip().partition("\n")[0]
    yield ParameterRow(f"{prefix}kind", section.kind, "", stated, text)
    if isinstance(section, NightsSection):
        yield from _own_rows(section, prefix, changes)
    yield from _fields(model, prefix, set(section.values), changes)


def _own_rows(section: BaseModel, prefix: str, changes: set[str]) -> Iterator[ParameterRow]:
    """Yield the keys of a table that are no model's."""
    texts = field_texts(type(section))
    for name in type(section).model_fields:
        if name != "kind":
            key = f"{prefix}{name}"
            stated = _stated(key, name in section.model_fields_set, changes)
            value = getattr(section, name)
            yield ParameterRow(key, *_with_unit(value), stated, texts.get(name, ""))


def _fields(model: Any, prefix: str, given: set[str], changes: set[str]) -> Iterator[ParameterRow]:
    texts, declared = field_texts(type(model)), declared_parameters(model)
    for one in fields(model):
        if not one.init:
            continue
        value, key = getattr(model, one.name), f"{prefix}{one.name}"
        if is_dataclass(value) and not isinstance(value, type):
            yield ParameterRow(key, type(value).__name__, "", _stated(key, True, changes), "")
            yield from _fields(value, f"{key}.", set(), changes)
            continue
        unit_of_field = declared[one.name].unit if one.name in declared else None
        if isinstance(value, Quantity) and value.ndim == 0 and unit_of_field is not None:
            value = float(value / unit_of_field)
        shown, unit = _with_unit(value)
        if not unit and value is not None and unit_of_field is not None:
            unit = str(unit_of_field)
        stated = _stated(key, one.name in given, changes)
        yield ParameterRow(key, shown, unit, stated, texts.get(one.name, ""))


def _stated(key: str, is_given: bool, changes: set[str]) -> str:
    if any(key == one or key.startswith(f"{one}.") for one in changes):
        return "command line"
    return "model file" if is_given else "default"


def _with_unit(value: object) -> tuple[str, str]:
    """Return a value in words, and its unit."""
    if isinstance(value, Quantity):
        value = str(value)
    if isinstance(value, str):
        found = _NUMBER_WITH_UNIT.fullmatch(value)
        return (found[1].rstrip("."), found[2]) if found else (value, "")
    return _in_words(value), ""


def _in_words(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}" if float(f"{value:g}") == value else repr(value)
    if isinstance(value, ModelSection):
        return " ".join([value.kind, *(f"{name}={one}" for name, one in value.values.items())])
    if isinstance(value, BaseModel):
        return _in_words(value.model_dump(exclude_unset=True))
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_in_words(one)}" for name, one in value.items()) or "–"
    if isinstance(value, list | tuple):
        inner = [_in_words(one) for one in value]
        nested = any(isinstance(one, list | tuple) for one in value)
        return ", ".join(f"[{one}]" for one in inner) if nested else ", ".join(inner) or "–"
    return str(value)
