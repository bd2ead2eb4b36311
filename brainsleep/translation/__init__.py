"""From a torch module to spiking layers and their connections, and back with new weights."""

from .activations import max_activations, record_activations
from .calibration import CalibrationWarning, calibrate_thresholds
from .gains import tadros_gains
from .layers import INPUT, Connection, Fold, Layer, Translation
from .part import features, start_at
from .trace import translate, translate_for
from .writeback import write_back

__all__ = [
    "INPUT",
    "CalibrationWarning",
    "Connection",
    "Fold",
    "Layer",
    "Translation",
    "calibrate_thresholds",
    "features",
    "max_activations",
    "record_activations",
    "start_at",
    "tadros_gains",
    "translate",
    "translate_for",
    "write_back",
]
