"""The waking side: data sets, tasks, networks, training, evaluation, baselines.

Knows torch, and nothing of Brian2 or figures.
"""

from .baselines import (
    centre_rows,
    joint,
    sequential,
    sequential_centred,
    sequential_masked,
    weight_averaging,
)
from .datasets import Dataset, Split, concatenate, hold_out_validation, load_split
from .evaluation import accuracy, class_accuracies, confusion_matrix, predict, task_accuracies
from .networks import bitnet, bitnet_relu, mlp
from .sparseness import sparsity
from .spiking import Spiking, SpikingActivation, reset_states, set_spike_function
from .surrogate import Arctan, FastSigmoid, SmoothThreshold, spike_function
from .tasks import Task, class_incremental
from .training import Training, torch_threads, train, training_seed

__all__ = [
    "Arctan",
    "Dataset",
    "FastSigmoid",
    "SmoothThreshold",
    "Spiking",
    "SpikingActivation",
    "Split",
    "Task",
    "Training",
    "accuracy",
    "bitnet",
    "bitnet_relu",
    "centre_rows",
    "class_accuracies",
    "class_incremental",
    "concatenate",
    "confusion_matrix",
    "hold_out_validation",
    "joint",
    "load_split",
    "mlp",
    "predict",
    "reset_states",
    "sequential",
    "sequential_centred",
    "sequential_masked",
    "set_spike_function",
    "sparsity",
    "spike_function",
    "task_accuracies",
    "torch_threads",
    "train",
    "training_seed",
    "weight_averaging",
]
