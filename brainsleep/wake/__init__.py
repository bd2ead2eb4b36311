"""The waking side: data sets, tasks, networks, training, evaluation, strategies without sleep.

Uses torch, and neither Brian2 nor figures.
"""

from .contexts import torch_threads
from .datasets import DATASETS, Dataset, Split, concatenate, hold_out_validation, load_split
from .evaluation import (
    accuracy,
    class_accuracies,
    confusion_matrix,
    network_outputs,
    predict,
    task_accuracies,
)
from .learner import Learner
from .learning import learn_task, train_strategy
from .networks import bitnet, bitnet_relu, cnn, mlp, resnet
from .pattern_sequences import (
    ElmanNet,
    PatternSequences,
    learn_sequences,
    next_item_accuracy,
    pattern_sequences,
)
from .scenarios import (
    NOISES,
    SCENARIOS,
    Blur,
    GaussianNoise,
    Noise,
    Occlusion,
    SaltAndPepper,
    class_incremental,
    cross_modal,
    domain_incremental,
    limit_training,
    noisy,
    permuted,
    rotated,
    task_incremental,
    with_noise,
)
from .sparse_activity import KWinners
from .sparseness import sparsity
from .spiking import Spiking, SpikingActivation, reset_states, set_spike_function
from .strategies import STRATEGIES, Strategy, build_strategy, centre_rows
from .surrogate import Arctan, FastSigmoid, SmoothThreshold, spike_function
from .task_answers import confusion_of, final_accuracy_of
from .tasks import Task
from .training import Training, train, training_seed

__all__ = [
    "DATASETS",
    "NOISES",
    "SCENARIOS",
    "STRATEGIES",
    "Arctan",
    "Blur",
    "Dataset",
    "ElmanNet",
    "FastSigmoid",
    "GaussianNoise",
    "KWinners",
    "Learner",
    "Noise",
    "Occlusion",
    "PatternSequences",
    "SaltAndPepper",
    "SmoothThreshold",
    "Spiking",
    "SpikingActivation",
    "Split",
    "Strategy",
    "Task",
    "Training",
    "accuracy",
    "bitnet",
    "bitnet_relu",
    "build_strategy",
    "centre_rows",
    "class_accuracies",
    "class_incremental",
    "cnn",
    "concatenate",
    "confusion_matrix",
    "confusion_of",
    "cross_modal",
    "domain_incremental",
    "final_accuracy_of",
    "hold_out_validation",
    "learn_sequences",
    "learn_task",
    "limit_training",
    "load_split",
    "mlp",
    "network_outputs",
    "next_item_accuracy",
    "noisy",
    "pattern_sequences",
    "permuted",
    "predict",
    "reset_states",
    "resnet",
    "rotated",
    "set_spike_function",
    "sparsity",
    "spike_function",
    "task_accuracies",
    "task_incremental",
    "torch_threads",
    "train",
    "train_strategy",
    "training_seed",
    "with_noise",
]
