"""The waking side: data sets, tasks, networks, training, evaluation, baselines.

Knows torch, and nothing of Brian2 or figures.
"""

from brainsleep.wake.baselines import (
    centre_rows,
    joint,
    sequential,
    sequential_centred,
    sequential_masked,
    weight_averaging,
)
from brainsleep.wake.datasets import Dataset, Split, concatenate, hold_out_validation, load_split
from brainsleep.wake.evaluation import (
    accuracy,
    class_accuracies,
    confusion_matrix,
    predict,
    task_accuracies,
)
from brainsleep.wake.networks import mlp
from brainsleep.wake.tasks import Task, class_incremental
from brainsleep.wake.training import Training, torch_threads, train, training_seed

__all__ = [
    "Dataset",
    "Split",
    "Task",
    "Training",
    "accuracy",
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
    "sequential",
    "sequential_centred",
    "sequential_masked",
    "task_accuracies",
    "torch_threads",
    "train",
    "training_seed",
    "weight_averaging",
]
