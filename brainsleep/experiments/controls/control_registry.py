"""Every control that comes with the package: a line per control, and nothing else to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...errors import ParameterError, suggest
from ..model_files.modelfile import ModelFile
from .altered_changes import CHANGE_AVERAGED, CHANGE_PERMUTED
from .control import Control
from .night_first import SLEEP_FIRST
from .one_direction import DECREASE_ONLY, INCREASE_ONLY
from .other_stimuli import PIXEL_SHUFFLED, WHITE_NOISE
from .parts_of_recipes import PARTS_OF_RECIPES
from .rows_without_sleep import ROWS_CENTRED, ROWS_RESCALED
from .single_layers import (
    LAYER_NIGHTS,
    SINGLE_LAYERS,
    is_layer_control,
    layer_control,
    single_layers,
)
from .without_parts import OF_REPLAY, WITHOUT_PARTS

#: Controls by name, but for those of single layers, which depend on the network.
FIXED_CONTROLS: dict[str, Control] = {
    control.name: control
    for control in (
        INCREASE_ONLY,
        DECREASE_ONLY,
        PIXEL_SHUFFLED,
        WHITE_NOISE,
        CHANGE_PERMUTED,
        CHANGE_AVERAGED,
        SLEEP_FIRST,
        ROWS_CENTRED,
        ROWS_RESCALED,
        *WITHOUT_PARTS,
        *OF_REPLAY,
        *PARTS_OF_RECIPES,
    )
}
#: The names of all controls; ``"single_layers"`` stands for ``"only_layer_1"`` and so on.
CONTROLS = (*FIXED_CONTROLS, SINGLE_LAYERS)
#: Stands for all controls that the nights of a model have.
ALL_CONTROLS = "all"


def controls_of(table: str) -> tuple[str, ...]:
    """Return the names of the controls that nights have.

    Parameters
    ----------
    table : str
        Of the model file that says what the nights are, as ``"sleep"``.
    """
    names = [name for name, control in FIXED_CONTROLS.items() if table in control.nights]
    return (*names, *([SINGLE_LAYERS] if table in LAYER_NIGHTS else []))


def check_controls(names: Iterable[str]) -> None:
    """Raise a ParameterError for a name that is no control, with the nearest one."""
    for name in names:
        if name not in (ALL_CONTROLS, *CONTROLS) and not is_layer_control(name):
            known = (*CONTROLS, layer_control(1))
            raise ParameterError(f"unknown control {name!r}.{suggest(name, known)}")


def find_controls(
    names: Iterable[str], model: ModelFile, weights: Sequence[str]
) -> tuple[list[Control], list[str]]:
    """Find the controls of a model by their names.

    Parameters
    ----------
    names : iterable of str
        Of :data:`CONTROLS`, or of single layers; or :data:`ALL_CONTROLS`.
    model : ModelFile
        The model.
    weights : sequence of str
        Names of the weights that sleep may change, in the order of the layers.

    Returns
    -------
    controls : list of Control
        In the order of the names, each once.
    left_out : list of str
        A line for each that the model does not have, saying why.

    Raises
    ------
    ParameterError
        As :func:`check_controls`.
    """
    check_controls(names := list(names))
    if wants_all := ALL_CONTROLS in names:
        names = list(controls_of(model.nights.table))
    layers = {one.name: one for one in single_layers(weights)}
    known = FIXED_CONTROLS | layers
    found: dict[str, Control] = {}
    left_out = []
    for name in names:
        wanted = list(layers) if name == SINGLE_LAYERS else [name] if name in known else []
        if not wanted:
            left_out.append(f"{name}: {_no_layer(weights)}")
        for one in wanted:
            reason = known[one].why_not(model)
            if reason is None:
                found[one] = known[one]
            elif not (wants_all and known[one].of_part):
                left_out.append(f"{one}: {reason}")
    return list(found.values()), left_out


def _no_layer(weights: Sequence[str]) -> str:
    """Say why a network has no control of a layer."""
    has = "one layer" if len(weights) == 1 else f"{len(weights)} layers"
    return f"the network has {has} with weights"
