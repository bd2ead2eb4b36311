"""The neuron models and plasticity rules that a model file may name, and how it fills them in.

A table's ``kind`` names a dataclass; its other keys are the dataclass's fields. To bring a model of
your own into model files, add one line to :data:`NEURONS` or :data:`RULES`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any

from .errors import BrainsleepError, ModelFileError, brief, suggest
from .neurons import (
    LIF,
    AdaptiveLIF,
    AdaptiveThreshold,
    AdEx,
    ConductanceAdEx,
    ConductanceLIF,
    CurrentLIF,
    Heaviside,
    IntegrateAndFire,
    Izhikevich,
)
from .plasticity import (
    ASP,
    SRC,
    STDP,
    DiehlCook,
    Downscaling,
    Homeostasis,
    InhibitorySTDP,
    RewardSTDP,
    SynapticScaling,
    TripletSTDP,
)


@dataclass(frozen=True)
class Kind:
    """What stands behind one ``kind``.

    Attributes
    ----------
    model : type
        A dataclass; its fields are the table's keys.
    required : tuple of str
        Keys that a model file must give, besides those that have no default. An experiment
        should not depend on a learning rate that it does not state.
    """

    model: type
    required: tuple[str, ...] = ()

    @property
    def keys(self) -> list[str]:
        """Keys of the table, ``kind`` left out."""
        return [field.name for field in fields(self.model) if field.init]

    @property
    def required_keys(self) -> list[str]:
        """Keys without which the table is not complete."""
        return [
            field.name
            for field in fields(self.model)
            if field.init
            and (
                field.name in self.required
                or (field.default is MISSING and field.default_factory is MISSING)
            )
        ]


Kinds = Mapping[str, Kind]

#: Neuron models, by what ``[sleep.neuron]`` calls them.
NEURONS: Kinds = {
    "heaviside": Kind(Heaviside),
    "lif": Kind(LIF),
    "integrate_and_fire": Kind(IntegrateAndFire),
    "adaptive_threshold": Kind(AdaptiveThreshold),
    "adaptive_lif": Kind(AdaptiveLIF),
    "adex": Kind(AdEx),
    "izhikevich": Kind(Izhikevich),
    "current_lif": Kind(CurrentLIF),
    "conductance_lif": Kind(ConductanceLIF),
    "conductance_adex": Kind(ConductanceAdEx),
}

#: Plasticity rules, by what ``[sleep.plasticity]`` calls them. Those that regulate another rule
#: have it in a table of its own, ``[sleep.plasticity.rule]``.
RULES: Kinds = {
    "src": Kind(SRC, required=("increase", "decrease")),
    "stdp": Kind(STDP, required=("a_plus", "a_minus")),
    "triplet_stdp": Kind(TripletSTDP, required=("a2_plus", "a2_minus", "a3_plus", "a3_minus")),
    "diehl_cook": Kind(DiehlCook, required=("depression", "potentiation")),
    "inhibitory_stdp": Kind(InhibitorySTDP, required=("eta",)),
    "reward_stdp": Kind(RewardSTDP, required=("a_plus", "a_minus")),
    "asp": Kind(ASP, required=("depression", "potentiation")),
    "homeostasis": Kind(Homeostasis, required=("total_weight",)),
    "synaptic_scaling": Kind(SynapticScaling, required=("target_rate", "scaling")),
    "downscaling": Kind(Downscaling, required=("downscaling",)),
}


def find_kind(name: Any, kinds: Kinds, table: str) -> Kind:
    """Return what stands behind a ``kind``.

    Parameters
    ----------
    name : str
        What the model file says.
    kinds : mapping of str to Kind
        :data:`NEURONS` or :data:`RULES`.
    table : str
        Name of the table, for the message.

    Raises
    ------
    ModelFileError
        If there is no such kind.
    """
    if not isinstance(name, str) or name not in kinds:
        raise ModelFileError(f"[{table}] has no kind {brief(name)}.{suggest(str(name), kinds)}")
    return kinds[name]


def build_model(name: Any, values: Mapping[str, Any], kinds: Kinds, table: str) -> Any:
    """Make a model of a table's keys.

    A value that is a table with a ``kind`` of its own becomes a model of the same registry first,
    for rules that act around another rule.

    Parameters
    ----------
    name : str
        The table's ``kind``.
    values : mapping of str to object
        Its other keys.
    kinds : mapping of str to Kind
        :data:`NEURONS` or :data:`RULES`.
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
    kind = find_kind(name, kinds, table)
    problems = [*_unknown(kind, name, values, table), *_missing(kind, values, table)]
    if problems:
        raise ModelFileError("; ".join(problems))
    arguments = {key: _build_inner(value, kinds, f"{table}.{key}") for key, value in values.items()}
    try:
        return kind.model(**arguments)
    except BrainsleepError as error:
        raise ModelFileError(f"[{table}] {_without_room(str(error))}") from None
    except (TypeError, ValueError) as error:  # a kind of value that the model did not expect
        raise ModelFileError(f"[{table}] kind = {name!r}: {error}.") from None


def with_value(
    name: str, values: Mapping[str, Any], kinds: Kinds, key: str, value: Any
) -> dict[str, Any] | None:
    """Return a table's keys with one of them changed, in the table or in one within it.

    Parameters
    ----------
    name, values, kinds
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
    if key in kinds[name].keys:
        return {**values, key: value}
    for own, inner in values.items():
        if _is_model(inner):
            changed = with_value(inner["kind"], inner, kinds, key, value)
            if changed is not None:
                return {**values, own: changed}
    return None


def _is_model(value: Any) -> bool:
    """Tell whether a value is a table that names a model."""
    return isinstance(value, Mapping) and "kind" in value


def _build_inner(value: Any, kinds: Kinds, table: str) -> Any:
    """Make a model of a table that names one; leave any other value as it is."""
    if not _is_model(value):
        return value
    rest = {key: inner for key, inner in value.items() if key != "kind"}
    return build_model(value["kind"], rest, kinds, table)


def _unknown(kind: Kind, name: str, values: Mapping[str, Any], table: str) -> Iterator[str]:
    """Say which keys the model does not have."""
    for key in values:
        if key not in kind.keys:
            yield f"[{table}] kind = {name!r} has no key {key!r}.{suggest(key, kind.keys)}"


def _missing(kind: Kind, values: Mapping[str, Any], table: str) -> Iterator[str]:
    """Say which keys are not there."""
    for key in kind.required_keys:
        if key not in values:
            yield f"[{table}] misses the key {key!r}."


def _without_room(message: str) -> str:
    """Leave out the word that a model's messages begin with: the table's name says the same."""
    return message.removeprefix("neuron: ").removeprefix("plasticity: ")
