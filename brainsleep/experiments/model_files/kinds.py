"""Tables of model files that name a model by its ``kind``, and what is built of them.

Which models there are is in the registries of their packages,
`brainsleep.neurons.neuron_registry` and `brainsleep.plasticity.rule_registry`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from typing import Any, TypeAlias, TypeGuard

from ...errors import BrainsleepError, ModelFileError, brief, suggest
from ...support.files import JsonMapping, JsonObject
from ...support.parameters import declared_parameters

#: Models by what model files call them: `NEURONS` or `RULES`.
Registry: TypeAlias = Mapping[str, type]


def keys_of(model: type) -> list[str]:
    """Return the keys of a model's table, ``kind`` left out: its fields."""
    return [field.name for field in fields(model) if field.init]


def stated_keys_of(model: type) -> list[str]:
    """Return the keys without which a model's table is not complete.

    Those that have no default, and those that the model wants to be stated, such as learning
    rates that do not go with the size of the weights: an experiment should not depend on one that
    it does not state.
    """
    stated = {name for name, declared in declared_parameters(model).items() if declared.stated}
    return [
        field.name
        for field in fields(model)
        if field.init
        and (
            field.name in stated or (field.default is MISSING and field.default_factory is MISSING)
        )
    ]


def find_kind(name: object, registry: Registry, table: str) -> type:
    """Return what stands behind a ``kind``.

    Parameters
    ----------
    name : str
        What the model file says.
    registry : mapping of str to type
        The models there are.
    table : str
        Name of the table, for the message.

    Raises
    ------
    ModelFileError
        If there is no such kind.
    """
    if not isinstance(name, str) or name not in registry:
        raise ModelFileError(f"[{table}] has no kind {brief(name)}.{suggest(str(name), registry)}")
    return registry[name]


def build_model(name: str, values: JsonMapping, registry: Registry, table: str) -> Any:
    """Make a model of a table's keys.

    A value that is a table with a ``kind`` of its own becomes a model of the same registry first,
    for rules that act around another rule.

    Parameters
    ----------
    name : str
        The table's ``kind``.
    values : mapping of str to object
        Its other keys.
    registry : mapping of str to type
        The models there are.
    table : str
        Name of the table, for messages.

    Returns
    -------
    object
        The dataclass, which has checked its values.

    Raises
    ------
    ModelFileError
        Naming the table, for an unknown kind or key (with the nearest known one), a missing key,
        or a value that the dataclass refuses.
    """
    model = find_kind(name, registry, table)
    problems = [*_unknown(model, name, values, table), *_missing(model, values, table)]
    if problems:
        raise ModelFileError("; ".join(problems))
    arguments = {
        key: _build_inner(value, registry, f"{table}.{key}") for key, value in values.items()
    }
    try:
        return model(**arguments)
    except BrainsleepError as error:
        raise ModelFileError(f"[{table}] {_without_prefix(str(error))}") from None
    except (TypeError, ValueError) as error:  # a kind of value that the model did not expect
        raise ModelFileError(f"[{table}] kind = {name!r}: {error}.") from None


def with_value(
    name: str, values: JsonMapping, registry: Registry, key: str, value: object
) -> JsonObject | None:
    """Return a table's keys with one of them changed, in the table or in one within it.

    Parameters
    ----------
    name, values, registry
        As for `build_model`.
    key : str
        What is to change.
    value : object
        Its new value.

    Returns
    -------
    dict or None
        None if neither this model nor one within it has such a key.
    """
    if key in keys_of(registry[name]):
        return {**values, key: value}
    for own, inner in values.items():
        if _is_model(inner):
            changed = with_value(inner["kind"], inner, registry, key, value)
            if changed is not None:
                return {**values, own: changed}
    return None


def _is_model(value: object) -> TypeGuard[JsonMapping]:
    """Tell whether a value is a table that names a model."""
    return isinstance(value, Mapping) and "kind" in value


def _build_inner(value: object, registry: Registry, table: str) -> Any:
    """Make a model of a table that names one; leave any other value as it is."""
    if not _is_model(value):
        return value
    rest = {key: inner for key, inner in value.items() if key != "kind"}
    return build_model(value["kind"], rest, registry, table)


def _unknown(model: type, name: str, values: JsonMapping, table: str) -> Iterator[str]:
    """Say which keys the model does not have."""
    for key in values:
        if key not in keys_of(model):
            yield f"[{table}] kind = {name!r} has no key {key!r}.{suggest(key, keys_of(model))}"


def _missing(model: type, values: JsonMapping, table: str) -> Iterator[str]:
    """Say which keys are not there."""
    for key in stated_keys_of(model):
        if key not in values:
            yield f"[{table}] misses the key {key!r}."


def _without_prefix(message: str) -> str:
    """Leave out the word that a model's messages begin with: the table's name says the same."""
    return message.removeprefix("neuron: ").removeprefix("plasticity: ")
