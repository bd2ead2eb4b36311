"""How parameters are written: one number, a list or a dict by layer; bare or with units.

Every model and function that takes a layer parameter or a quantity reads it here,
so that a wrong one is reported in the same words everywhere. A model declares unit and bounds
of a field beside the field, with :func:`parameter`; nothing else needs to know them.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Collection, Mapping, Sequence
from copy import copy
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from brian2.units import Quantity, Unit

from ..errors import ParameterError, UnitsError, brief, suggest
from .checks import number
from .names import known_names
from .quantities import is_percentage, percentage, quantity

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

#: A layer parameter: one value for all layers, a sequence in layer order, or a dict by layer name.
PerLayer: TypeAlias = float | str | Quantity | Sequence[Any] | Mapping[str, Any]


@dataclass(frozen=True)
class Parameter:
    """What a field of a model takes.

    Attributes
    ----------
    unit : Unit or None
        Unit of the field, and of its bounds; None for a number without one.
    minimum, maximum : float
        Smallest and largest value allowed.
    exclusive_minimum : bool
        Whether `minimum` itself is refused.
    choices : collection
        The only values allowed; any, if it is empty.
    by_layer : bool
        Whether each layer may have a value of its own.
    equation_name : str or None
        Its name in the model's equations, where that is another.
    learning_rate : bool
        Whether it is zero where nothing is to be learned.
    of_weight : bool
        Whether it is in units of weight: then it may be a percentage, of the layer's weight scale.
    stated : bool
        Whether model files must state it: no experiment should depend on one that it does not.
    optional : bool
        Whether it may be None.
    """

    unit: Unit | None = None
    minimum: float = -math.inf
    maximum: float = math.inf
    exclusive_minimum: bool = False
    choices: Collection[str | int] = ()
    by_layer: bool = True
    equation_name: str | None = None
    learning_rate: bool = False
    of_weight: bool = False
    stated: bool = False
    optional: bool = False

    def read(self, value: object, label: str) -> float:
        """Return one value, in SI base units; `label` names it in messages.

        Raises
        ------
        ParameterError, UnitsError
            If it is out of range, has the wrong unit, or is no number.
        """
        if is_percentage(value):
            self.fraction(value, label)
            raise ParameterError(
                f"{label} is {brief(value)} of a weight scale, which is not known here; give a "
                "number."
            )
        if self.unit is None:
            return number(
                value,
                label,
                minimum=self.minimum,
                maximum=self.maximum,
                exclusive_minimum=self.exclusive_minimum,
            )
        return quantity(
            value,
            self.unit,
            label,
            minimum=self.minimum,
            exclusive_minimum=self.exclusive_minimum,
        )

    def fraction(self, value: str, label: str) -> float:
        """Return a percentage as a fraction of the weight scale.

        Raises
        ------
        ParameterError
            If it is out of range, or the parameter is not in units of weight.
        """
        if not self.of_weight:
            raise ParameterError(
                f"{label} is not in units of weight, so {brief(value)} means nothing; give a "
                "number."
            )
        return percentage(
            value, label, minimum=self.minimum, exclusive_minimum=self.exclusive_minimum
        )


def parameter(
    default: object,
    unit: Unit | None = None,
    *,
    minimum: float = -math.inf,
    maximum: float = math.inf,
    above: float | None = None,
    choices: Collection[str | int] = (),
    by_layer: bool = True,
    equation_name: str | None = None,
    learning_rate: bool = False,
    of_weight: bool = False,
    stated: bool = False,
) -> Any:
    """Declare a field of a model: its default, and what :class:`Parameter` says of it.

    Parameters
    ----------
    default : object
        Its value unless given.
    unit : Unit, optional
        Of the field, and of its bounds.
    above : float, optional
        In place of `minimum`: a bound that is itself refused.
    minimum, maximum, choices, by_layer, equation_name, learning_rate, of_weight, stated
        As in :class:`Parameter`.

    Returns
    -------
    dataclasses.Field
    """
    declared = Parameter(
        unit=unit,
        minimum=minimum if above is None else above,
        maximum=maximum,
        exclusive_minimum=above is not None,
        choices=choices,
        by_layer=by_layer,
        equation_name=equation_name,
        learning_rate=learning_rate,
        of_weight=of_weight,
        stated=stated,
        optional=default is None,
    )
    # a quantity is an array: each model gets one of its own, and it has no hash
    return field(
        default_factory=lambda: copy(default), hash=False, metadata={"parameter": declared}
    )


class ShownSignature:
    """The signature of a model's constructor with its defaults, for ``help`` and editors.

    A dataclass shows ``<factory>`` in place of a default that each object gets a copy of. Used as
    ``__signature__ = ShownSignature()`` in a base class.
    """

    def __get__(self, model: object, owner: type) -> inspect.Signature | None:
        if not is_dataclass(owner):
            return None
        kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
        shown = [
            inspect.Parameter(
                one.name,
                kinds[one.kw_only is True],
                default=_shown_default(one),
                annotation=one.type,
            )
            for one in fields(owner)
            if one.init
        ]
        return inspect.Signature(sorted(shown, key=lambda one: one.kind))


def _shown_default(one: Field[Any]) -> object:
    """Return the default of a field, or what stands for none in a signature."""
    if one.default is not MISSING:
        return one.default
    return inspect.Parameter.empty if one.default_factory is MISSING else one.default_factory()


def declared_parameters(model: DataclassInstance | type[DataclassInstance]) -> dict[str, Parameter]:
    """Return what a model (or its class) declares of its fields, by their names."""
    return {
        one.name: one.metadata["parameter"] for one in fields(model) if "parameter" in one.metadata
    }


def check_parameters(model: DataclassInstance, kind: str) -> dict[str, float]:
    """Check the declared fields of a model, as far as they do not depend on the layers.

    Parameters
    ----------
    model : dataclass instance
        The model.
    kind : str
        What messages begin with: ``"neuron"`` or ``"plasticity"``.

    Returns
    -------
    dict of str to float
        The values that are the same for all layers, in SI base units.

    Raises
    ------
    ParameterError, UnitsError
        Naming the field.
    """
    values = {}
    for name, declared in declared_parameters(model).items():
        value, label = getattr(model, name), f"{kind}: {name}"
        if declared.choices:
            _check_choice(value, kind, name, declared.choices)
        elif value is None and declared.optional:
            continue
        elif is_percentage(value):
            declared.fraction(value, label)
        elif not (declared.by_layer and differs_by_layer(value)):
            values[name] = declared.read(value, label)
    return values


def _check_choice(value: object, kind: str, name: str, choices: Collection[str | int]) -> None:
    """Raise a ParameterError unless a value is one of a few."""
    if isinstance(value, (str, int)) and not isinstance(value, bool) and value in choices:
        return
    if all(isinstance(choice, str) for choice in choices):
        raise ParameterError(
            f"{kind}: unknown {name} {brief(value)}.{suggest(value, map(str, choices))}"
        )
    listed = " or ".join(map(str, choices))
    if isinstance(value, bool) or not isinstance(value, int):
        raise UnitsError(f"{kind}: {name} must be {listed}, not {brief(value)}.")
    raise ParameterError(f"{kind}: {name} must be {listed}, but is {brief(value)}.")


def differs_by_layer(value: object) -> bool:
    """Tell whether a layer parameter has a value for each layer."""
    if isinstance(value, (Sequence, Mapping)):
        return not isinstance(value, (str, bytes, bytearray, memoryview))
    return isinstance(value, np.ndarray) and value.ndim == 1


def read_by_layer(
    model: DataclassInstance, kind: str, layer_names: Sequence[str]
) -> list[dict[str, float]]:
    """Return the layer parameters that a model declares, in SI base units.

    Parameters
    ----------
    model : dataclass instance
        The model. A field that is None is left out.
    kind : str
        What messages begin with.
    layer_names : sequence of str
        The layers.

    Returns
    -------
    list of dict
        One per layer, by the names in the equations.
    """
    layers: list[dict[str, float]] = [{} for _ in layer_names]
    for name, declared in declared_parameters(model).items():
        value = getattr(model, name)
        if not declared.by_layer or value is None:
            continue
        values = per_layer(value, layer_names, f"{kind}: {name}")
        for layer, layer_name, one in zip(layers, layer_names, values, strict=True):
            label = f"{kind}: {name} of layer {layer_name!r}"
            layer[declared.equation_name or name] = declared.read(one, label)
    return layers


def percentages_read(
    model: DataclassInstance, kind: str, layer_names: Sequence[str], scales: Sequence[float]
) -> dict[str, list[float]]:
    """Return the parameters that hold percentages of a weight scale, as numbers.

    Parameters
    ----------
    model, kind, layer_names
        As in :func:`read_by_layer`.
    scales : sequence of float
        What 100 % is, in each layer.

    Returns
    -------
    dict of str to list of float
        By field, one number per layer; fields without percentages are left out.
    """
    found = {}
    for name, declared in declared_parameters(model).items():
        if not (declared.of_weight and has_percentage(getattr(model, name))):
            continue
        given = per_layer(getattr(model, name), layer_names, f"{kind}: {name}")
        labels = [f"{kind}: {name} of layer {layer!r}" for layer in layer_names]
        found[name] = [
            declared.fraction(one, label) * scale
            if is_percentage(one)
            else declared.read(one, label)
            for one, label, scale in zip(given, labels, scales, strict=True)
        ]
    return found


def has_percentage(value: object) -> bool:
    """Tell whether a layer parameter is a percentage, in one layer at least."""
    if isinstance(value, Mapping):
        return any(map(is_percentage, value.values()))
    if isinstance(value, (Sequence, np.ndarray)) and differs_by_layer(value):
        return any(map(is_percentage, value))
    return is_percentage(value)


def per_layer(value: object, layer_names: Sequence[str], field: str) -> list[Any]:
    """Spread a layer parameter over the layers.

    Parameters
    ----------
    value : object
        One value for all layers, a sequence in layer order, or a mapping by layer name.
    layer_names : sequence of str
        The layers, first to last.
    field : str
        The parameter's name, for error messages.

    Returns
    -------
    list
        One value per layer.

    Raises
    ------
    ParameterError
        If a sequence has another length, or a mapping misses or adds a layer.
    """
    if isinstance(value, Mapping):
        known_names(list(value), field, layer_names)
        missing = [name for name in layer_names if name not in value]
        if missing:
            raise ParameterError(f"{field}: no value for layer {missing[0]!r}.")
        return [value[name] for name in layer_names]
    if isinstance(value, (Sequence, np.ndarray)) and differs_by_layer(value):
        if len(value) != len(layer_names):
            raise ParameterError(
                f"{field}: {len(value)} values for {len(layer_names)} layers "
                f"({', '.join(layer_names)}); give one value, or one per layer."
            )
        return list(value)
    return [value] * len(layer_names)


def stored_values(
    values: Mapping[str, Mapping[str, float]], layer_names: Sequence[str], what: str
) -> list[dict[str, float]]:
    """Return each layer's values of a model that was saved with those of its own night.

    Raises
    ------
    ParameterError
        For a layer that was not there; `what` says whose values they are.
    """
    for name in layer_names:
        if name not in values:
            raise ParameterError(
                f"{what} was saved with the values of its own night, which has no layer {name!r}; "
                "make it anew."
            )
    return [dict(values[name]) for name in layer_names]
