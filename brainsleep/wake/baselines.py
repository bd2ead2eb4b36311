"""What sleep has to beat, and what it cannot: training without sleep, and one control.

Each takes a network that has learned nothing, and returns a trained copy; the network itself
is never changed. For one seed, all but `joint` see the same batches in the same order, so that
they differ in method alone.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import nn

from ..errors import DataError, ParameterError
from .datasets import concatenate
from .tasks import Task
from .training import Training, train, training_seed


def joint(
    network: nn.Module,
    tasks: Sequence[Task],
    training: Training | None = None,
    *,
    seed: int = 0,
    progress: bool = True,
) -> nn.Module:
    """Train on all tasks at once: the upper bound.

    Parameters
    ----------
    network : torch.nn.Module
        Where to start from; not changed.
    tasks : sequence of Task
        At least one. The union of their training images is seen for ``training.epochs`` epochs,
        each image as often as in :func:`sequential`.
    training : Training, optional
        How to learn. Default: ``Training()``.
    seed : int, optional
        Seed of the experiment.
    progress : bool, optional
        Show a progress bar.

    Returns
    -------
    torch.nn.Module
        A trained copy.

    Raises
    ------
    DataError, ParameterError
        If there are no tasks, and as :func:`brainsleep.wake.training.train`.
    """
    _check_tasks(tasks)
    trained = copy.deepcopy(network)
    union = concatenate([task.train for task in tasks])
    chosen = training_seed(seed, 0, "joint")
    train(trained, union, training, seed=chosen, progress=progress, description="joint training")
    return trained


def sequential(
    network: nn.Module,
    tasks: Sequence[Task],
    training: Training | None = None,
    *,
    seed: int = 0,
    progress: bool = True,
) -> nn.Module:
    """Train on one task after another, without sleep: the lower bound.

    Parameters
    ----------
    network, tasks, training, seed, progress
        As for :func:`joint`.

    Returns
    -------
    torch.nn.Module
        A trained copy.

    Raises
    ------
    DataError, ParameterError
        As :func:`joint`.
    """
    return _one_after_another(network, tasks, training, seed, progress, masked=False)


def sequential_masked(
    network: nn.Module,
    tasks: Sequence[Task],
    training: Training | None = None,
    *,
    seed: int = 0,
    progress: bool = True,
) -> nn.Module:
    """Train on one task after another, the other tasks' outputs masked in training.

    What the Python replica of Tadros et al. 2022 calls "Sequential (Cheat)": training is told
    which classes the current task has, and only their outputs enter the loss, so that the
    outputs of earlier tasks are not pushed down. In *evaluation* nothing is masked here: all
    classes compete, as for every other method.

    Parameters
    ----------
    network, tasks, training, seed, progress
        As for :func:`joint`.

    Returns
    -------
    torch.nn.Module
        A trained copy.

    Raises
    ------
    DataError, ParameterError
        As :func:`joint`.
    """
    return _one_after_another(network, tasks, training, seed, progress, masked=True)


def sequential_centred(
    network: nn.Module,
    tasks: Sequence[Task],
    training: Training | None = None,
    *,
    seed: int = 0,
    progress: bool = True,
) -> nn.Module:
    """Train on one task after another, :func:`centre_rows` in place of every night.

    The control without sleep: what is gained by lowering each neuron's mean weight alone.

    Parameters
    ----------
    network, tasks, training, seed, progress
        As for :func:`joint`.

    Returns
    -------
    torch.nn.Module
        A trained copy, centred after every task, the last one included.

    Raises
    ------
    DataError, ParameterError
        As :func:`joint` and :func:`centre_rows`.
    """
    _check_tasks(tasks)
    trained = copy.deepcopy(network)
    for k in range(len(tasks)):
        _train_task(trained, tasks, k, training, seed, progress)
        trained = centre_rows(trained)
    return trained


def weight_averaging(
    network: nn.Module,
    tasks: Sequence[Task],
    training: Training | None = None,
    *,
    seed: int = 0,
    progress: bool = True,
) -> nn.Module:
    """Train one copy a task from the same initial weights, and average the copies' parameters.

    The replica's "model merging". It stores no images, but sees the tasks apart.

    Parameters
    ----------
    network, tasks, training, seed, progress
        As for :func:`joint`.

    Returns
    -------
    torch.nn.Module
        A copy whose parameters (and floating-point buffers) are the means of the trained
        copies'; whole-number buffers are the last copy's.

    Raises
    ------
    DataError, ParameterError
        As :func:`joint`.
    """
    _check_tasks(tasks)
    sums: dict[str, torch.Tensor] = {}
    for k in range(len(tasks)):
        trained = copy.deepcopy(network)
        _train_task(trained, tasks, k, training, seed, progress)
        for name, value in trained.state_dict().items():
            if not value.is_floating_point():
                sums[name] = value
            elif name in sums:
                sums[name] += value.double()
            else:
                sums[name] = value.double()  # sums of five float32 numbers would round
    averaged = copy.deepcopy(network)
    averaged.load_state_dict(
        {
            name: value / len(tasks) if value.is_floating_point() else value
            for name, value in sums.items()
        }
    )
    return averaged


def centre_rows(network: nn.Module) -> nn.Module:
    """Remove from every neuron its mean incoming weight: a control that needs no sleep.

    Sleep mostly depresses, and so lowers the mean weight of the neurons that spike. This does
    that alone: each row of each ``nn.Linear`` then has mean zero. Biases stay.
    :func:`sequential_centred` does it after every task, where sleep would be.

    Parameters
    ----------
    network : torch.nn.Module
        Not changed.

    Returns
    -------
    torch.nn.Module
        A copy with centred rows.

    Raises
    ------
    ParameterError
        If the network has no ``nn.Linear``.
    """
    centred = copy.deepcopy(network)
    linears = [module for module in centred.modules() if isinstance(module, nn.Linear)]
    if not linears:
        raise ParameterError("the network has no nn.Linear whose rows could be centred")
    with torch.no_grad():
        for linear in linears:
            linear.weight -= linear.weight.mean(dim=1, keepdim=True)
    return centred


def _one_after_another(
    network: nn.Module,
    tasks: Sequence[Task],
    training: Training | None,
    seed: int,
    progress: bool,
    masked: bool,
) -> nn.Module:
    """Train a copy on the tasks in their order."""
    _check_tasks(tasks)
    trained = copy.deepcopy(network)
    for k in range(len(tasks)):
        _train_task(trained, tasks, k, training, seed, progress, masked)
    return trained


def _train_task(
    network: nn.Module,
    tasks: Sequence[Task],
    k: int,
    training: Training | None,
    seed: int,
    progress: bool,
    masked: bool = False,
) -> None:
    """Train in place on the k-th task."""
    task = tasks[k]
    train(
        network,
        task.train,
        training,
        seed=training_seed(seed, task.index),
        classes=task.classes if masked else None,
        progress=progress,
        description=f"task {k + 1} of {len(tasks)}",
    )


def _check_tasks(tasks: Sequence[Task]) -> None:
    """Refuse an empty sequence."""
    if not tasks:
        raise DataError("there are no tasks to train on")
