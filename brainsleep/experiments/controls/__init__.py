"""Controls: what else could explain the effect of sleep, one small object each.

A control of your own is a `Control` and a line of `control_registry.py`.
"""

from .control import Control, NotInModelError
from .control_registry import (
    ALL_CONTROLS,
    CONTROLS,
    FIXED_CONTROLS,
    check_controls,
    controls_of,
    find_controls,
)
from .single_layers import SINGLE_LAYERS, single_layers

__all__ = [
    "ALL_CONTROLS",
    "CONTROLS",
    "FIXED_CONTROLS",
    "SINGLE_LAYERS",
    "Control",
    "NotInModelError",
    "check_controls",
    "controls_of",
    "find_controls",
    "single_layers",
]
