"""Single values of a model file, changed by dotted keys as ``sleep.neuron.decay``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import get_args

from ...errors import ModelFileError, ParameterError, brief, suggest_nearest
from ...support.files import JsonMapping, JsonObject
from .kinds import keys_of
from .sections import ModelSection, Section

#: What a change looks like on the command line.
FORM = "KEY=VALUE, as in sleep.neuron.decay=0.99"

#: What is said of KEY=a,b where one value is wanted.
SEVERAL = "Several values of a key (KEY=a,b) are for brainsleep sweep."

#: Two numbers or more, with or without units: no single value looks like that.
_NUMBERS = re.compile(r"\s*[-+.]?\d[^,/\\]*(,\s*[-+.]?\d[^,/\\]*)+")


def parse_changes(
    words: Iterable[str],
    option: str = "--set",
    form: str = FORM,
) -> JsonObject:
    """Read changes as the command line has them.

    Parameters
    ----------
    words : iterable of str
        Each ``KEY=VALUE``. A value is what TOML takes for one, as ``0.99``, ``true`` or
        ``[1, 2]``; any other is text, so that ``sleep.dt=1 ms`` needs no quotes.
    option, form : str
        What messages call the option, and what it wants.

    Returns
    -------
    dict
        Values by dotted keys.

    Raises
    ------
    ParameterError
        For a word that is not of this form, or a key that comes twice.
    """
    changes: JsonObject = {}
    for word in words:
        key, text = split_change(word, option, form)
        if key in changes:
            raise ParameterError(f"{option} names {brief(key)} twice.")
        changes[key] = parse_value(text)
    return changes


def split_change(word: str, option: str = "--set", form: str = FORM) -> tuple[str, str]:
    """Cut a word of the command line into key and value; a ParameterError if it has none."""
    key, equals, text = word.partition("=")
    key = key.strip()
    if not equals or not all(key.split(".")):
        raise ParameterError(f"{option} wants {form}, but got {brief(word)}.")
    return key, text.strip()


def parse_value(text: str) -> object:
    """Read a value as TOML, or take it as text."""
    try:
        content = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    value = content["value"]
    return value if len(content) == 1 and _is_json(value) else text


def require_single(changes: JsonMapping) -> None:
    """Raise a ParameterError if a change has several numbers, as in ``network.width=50,100``."""
    for key, value in changes.items():
        if isinstance(value, str) and _NUMBERS.fullmatch(value):
            raise ParameterError(f"--set {key}: {brief(value)} is more than one value. {SEVERAL}")


def with_change(content: JsonMapping, key: str, value: object) -> JsonObject:
    """Return the content of a model file with one value changed, unchecked.

    Raises
    ------
    ModelFileError
        If the key leads through something that is no table.
    """
    first, *rest = key.split(".", maxsplit=1)
    if not rest:
        return {**content, first: value}
    table = content.get(first, {})
    if not isinstance(table, Mapping):
        raise ModelFileError(
            f"{first!r} is {brief(table)} and no table: it has no key {brief(rest[0])}."
        )
    return {**content, first: with_change(table, rest[0], value)}


def nearest_key(key: str, model: Section) -> str:
    """Say which key of a model was probably meant, where there is no table for `key`.

    Parameters
    ----------
    key : str
        A dotted key.
    model : Section
        A whole model file.

    Returns
    -------
    str
        As of `brainsleep.errors.suggest_nearest`; nothing if the table exists, or nothing is near.
    """
    known = dict.fromkeys(_dotted_keys(model))
    table, _, last = key.rpartition(".")
    tables = {*known, *_tables(type(model))}  # also those that this model leaves out
    if key in known or (table and table in tables):
        return ""
    same_end = [other for other in known if other.rpartition(".")[2] == last]
    return suggest_nearest(key, known) or (f" Did you mean {same_end[0]!r}?" if same_end else "")


def _is_json(value: object) -> bool:
    """Tell whether a value of TOML can be noted in a run directory: all but dates and times."""
    if isinstance(value, list):
        return all(map(_is_json, value))
    if isinstance(value, dict):
        return all(map(_is_json, value.values()))
    return isinstance(value, str | bool | int | float)


def _tables(kind: type[Section], prefix: str = "") -> Iterator[str]:
    """Yield the tables that a table of a kind may have within it, those within these too."""
    for name, field in kind.model_fields.items():
        for one in (field.annotation, *get_args(field.annotation)):
            if isinstance(one, type) and issubclass(one, Section):
                yield prefix + name
                yield from _tables(one, f"{prefix}{name}.")


def _dotted_keys(model: Section, prefix: str = "") -> Iterator[str]:
    """Yield the keys of a model file, those of tables within it after the table's own."""
    for name, value in model:
        yield prefix + name
        if isinstance(value, Section):
            yield from _dotted_keys(value, f"{prefix}{name}.")
        elif isinstance(value, Mapping):
            yield from (f"{prefix}{name}.{inner}" for inner in value)
    if isinstance(model, ModelSection):
        yield from (prefix + name for name in keys_of(model.registry[model.kind]))
