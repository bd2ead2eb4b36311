"""From a torch module to an ordered list of layers, and back again with new weights."""

from .calibration import CalibrationWarning, calibrate_thresholds
from .gains import tadros_gains
from .layers import Layer, Translation
from .trace import translate
from .writeback import write_back

__all__ = [
    "CalibrationWarning",
    "Layer",
    "Translation",
    "calibrate_thresholds",
    "tadros_gains",
    "translate",
    "write_back",
]
