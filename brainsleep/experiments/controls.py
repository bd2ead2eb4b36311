"""Controls: what else could explain the effect of sleep."""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import ParameterError, suggest
from ..support.files import JsonObject
from ..wake import STRATEGIES
from .arms import Arm
from .modelfile import ModelFile
from .training_sections import StrategySection

#: Their names. ``"rows_centred"`` trains without sleep; the others sleep otherwise.
CONTROLS = ("decrease_only", "pixel_shuffled", "rows_centred")

#: What tables call them.
LABELS = {
    "decrease_only": "sleep, decrease only",
    "pixel_shuffled": "sleep, stimulus pixels shuffled",
    "rows_centred": STRATEGIES["sequential_centred"].label,
}


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


def control_arm(control: str, model: ModelFile) -> Arm:
    """Return how a control goes through the tasks."""
    if control == "rows_centred":
        waking = StrategySection(kind="sequential_centred")
        return Arm(name=control, label=LABELS[control], waking=waking)
    return Arm(
        name=control,
        label=LABELS[control],
        waking=model.training.strategy,
        model=control_model(model, control),
    )
