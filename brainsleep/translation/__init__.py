"""From a torch module to spiking layers and their connections, and back with new weights."""

from .activation_recording import max_activations, record_activations
from .bias_connections import per_neuron, remaining_bias
from .competition import refuse_winners
from .first_ratios import first_ratios
from .gains import tadros_gains
from .layers import INPUT, Connection, Fold, Layer
from .part import features, start_at
from .partial_averaging import average_weights
from .population_activity import activations
from .recurrence import Sequences, recurrent_layers, refuse_recurrence
from .stored_module import StoredModule, stored_graph
from .synapse_masks import Masks, present_weight, under_masks, with_masks
from .threshold_search import (
    CalibrationWarning,
    FoundThresholds,
    calibrate_thresholds,
    report,
    search_thresholds,
)
from .translate import MAX_POOLING, as_translation, translate
from .translated_network import Translation
from .weight_scales import weight_scales
from .writeback import PrecisionWarning, require_float32_copy, tensor_values, write_back

__all__ = [
    "INPUT",
    "MAX_POOLING",
    "CalibrationWarning",
    "Connection",
    "Fold",
    "FoundThresholds",
    "Layer",
    "Masks",
    "PrecisionWarning",
    "Sequences",
    "StoredModule",
    "Translation",
    "activations",
    "as_translation",
    "average_weights",
    "calibrate_thresholds",
    "features",
    "first_ratios",
    "max_activations",
    "per_neuron",
    "present_weight",
    "record_activations",
    "recurrent_layers",
    "refuse_recurrence",
    "refuse_winners",
    "remaining_bias",
    "report",
    "require_float32_copy",
    "search_thresholds",
    "start_at",
    "stored_graph",
    "tadros_gains",
    "tensor_values",
    "translate",
    "under_masks",
    "weight_scales",
    "with_masks",
    "write_back",
]
