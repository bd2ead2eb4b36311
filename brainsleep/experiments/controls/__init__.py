"""Controls: what else could explain the effect of sleep, one small object each.

A control of your own is a `Control` and a line of `control_registry.py`.
"""

from .control import Control, NotInModelError
from .control_registry import CONTROLS, FIXED_CONTROLS, check_controls, find_controls
from .single_layers import SINGLE_LAYERS, single_layers

__all__ = [
    "CONTROLS",
    "FIXED_CONTROLS",
    "SINGLE_LAYERS",
    "Control",
    "NotInModelError",
    "check_controls",
    "find_controls",
    "single_layers",
]
