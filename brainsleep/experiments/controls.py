"""Baselines, which do not sleep; controls: what else could explain the effect of sleep."""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import ParameterError, suggest
from ..support.files import JsonObject
from .modelfile import ModelFile

#: Strategies of training without sleep; their accuracies have these names in ``metrics.json``.
BASELINES = ("sequential", "joint", "sequential_masked", "weight_averaging")

#: Their names. ``"rows_centred"`` trains without sleep; the others sleep otherwise.
CONTROLS = ("decrease_only", "pixel_shuffled", "rows_centred")


def check_controls(names: Iterable[str]) -> None:
    """Raise a ParameterError for a name that is no control, with the nearest one."""
    for name in names:
        if name not in CONTROLS:
            raise ParameterError(f"unknown control {name!r}.{suggest(name, CONTROLS)}")


def why_not(control: str, model: ModelFile) -> str | None:
    """Say why a model does not have a control, or None if it has."""
    rule = model.sleep.plasticity
    if control != "decrease_only" or rule.with_value("increase", 0.0) is not None:
        return None
    return f"the rule {rule.kind!r} has no parameter 'increase'"


def control_model(model: ModelFile, control: str) -> ModelFile:
    """Return the model changed into one of its controls."""
    section = model.sleep
    if control == "decrease_only":
        changed: JsonObject = {"plasticity": section.plasticity.with_value("increase", 0.0)}
    else:
        changed = {"stimulus": section.stimulus.model_copy(update={"shuffle_pixels": True})}
    return model.model_copy(update={"sleep": section.model_copy(update=changed)})
