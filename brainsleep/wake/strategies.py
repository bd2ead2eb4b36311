"""Ways to train on several tasks without sleep: what sleep has to beat, and one control.

A strategy is one entry of :data:`STRATEGIES`; :func:`train_strategy` trains by its name. For one
seed, all strategies but ``"joint"`` see the same batches in the same order, so that they differ in
method alone.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from ..errors import DataError, ParameterError
from ..support.calls import public
from ..support.checks import known_name
from ..support.names import objects
from .checkpoints import Checkpoints
from .datasets import concatenate
from .tasks import Task
from .training import Training, train, training_seed


@dataclass(frozen=True)
class Lessons:
    """The tasks of one run, and how they are learned.

    Parameters
    ----------
    tasks : sequence of Task
        In the order of learning.
    training : Training or None
        How to learn; None is ``Training()``.
    seed : int
        Seed of the experiment.
    progress : bool
        Whether to show a progress bar.
    checkpoints : Checkpoints or None
        Where the state after epochs is kept.
    """

    tasks: Sequence[Task]
    training: Training | None
    seed: int
    progress: bool
    checkpoints: Checkpoints | None = None

    def train_on_task(self, network: nn.Module, k: int, *, masked: bool = False) -> None:
        """Train a network in place on the k-th task, its outputs alone if `masked`."""
        task = self.tasks[k]
        train(
            network,
            task.train,
            self.training,
            seed=training_seed(self.seed, task.index),
            classes=task.classes if masked else None,
            progress=self.progress,
            description=f"task {k + 1} of {len(self.tasks)}",
            checkpoints=self.checkpoints,
        )

    def train_on_union(self, network: nn.Module) -> None:
        """Train a network in place on the images of all tasks at once."""
        train(
            network,
            concatenate([task.train for task in self.tasks]),
            self.training,
            seed=training_seed(self.seed, 0, "joint"),
            progress=self.progress,
            description="joint training",
            checkpoints=self.checkpoints,
        )


@public
@dataclass(frozen=True)
class Strategy:
    """One way to train on several tasks.

    Parameters
    ----------
    method : callable
        Takes a network, which it may change, and the :class:`Lessons`; returns the trained network.
    label : str
        What tables of results call it.
    description : str
        What it does, in one line.
    source : str
        Where it comes from.
    is_control : bool, optional
        Whether it stands for another explanation of what sleep does, rather than for a method.
    """

    method: Callable[[nn.Module, Lessons], nn.Module]
    label: str
    description: str
    source: str
    is_control: bool = False


@public
def centre_rows(network: nn.Module) -> nn.Module:
    """Remove from every neuron its mean incoming weight: a control that needs no sleep.

    Sleep mostly depresses, and so lowers the mean weight of the neurons that spike. This does
    that alone: each row of each ``nn.Linear`` then has mean zero. Biases stay. The strategy
    ``"sequential_centred"`` does it after every task, where sleep would be.

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
        raise ParameterError("the network has no nn.Linear whose rows could be centred.")
    with torch.no_grad():
        for linear in linears:
            linear.weight -= linear.weight.mean(dim=1, keepdim=True)
    return centred


def _sequential(network: nn.Module, lessons: Lessons) -> nn.Module:
    """Train on one task after another."""
    for k in range(len(lessons.tasks)):
        lessons.train_on_task(network, k)
    return network


def _joint(network: nn.Module, lessons: Lessons) -> nn.Module:
    """Train on the images of all tasks together, for as many epochs as on each task otherwise."""
    lessons.train_on_union(network)
    return network


def _sequential_masked(network: nn.Module, lessons: Lessons) -> nn.Module:
    """Train on one task after another, told which classes the current task has.

    Only their outputs enter the loss, so the outputs of earlier tasks are not pushed down. In
    *evaluation* nothing is masked: all classes compete, as for every other strategy.
    """
    for k in range(len(lessons.tasks)):
        lessons.train_on_task(network, k, masked=True)
    return network


def _weight_averaging(network: nn.Module, lessons: Lessons) -> nn.Module:
    """Train one copy per task from the same initial weights, and average the copies.

    Means are of parameters and floating-point buffers; whole-number buffers are those of the last
    copy. No images are stored, but the tasks are seen apart.
    """
    sums: dict[str, torch.Tensor] = {}
    for k in range(len(lessons.tasks)):
        trained = copy.deepcopy(network)
        lessons.train_on_task(trained, k)
        for name, value in trained.state_dict().items():
            if not value.is_floating_point():
                sums[name] = value
            elif name in sums:
                sums[name] += value.double()
            else:
                sums[name] = value.double()  # sums of several float32 numbers would round
    network.load_state_dict(
        {
            name: value / len(lessons.tasks) if value.is_floating_point() else value
            for name, value in sums.items()
        }
    )
    return network


def _sequential_centred(network: nn.Module, lessons: Lessons) -> nn.Module:
    """Train on one task after another, with :func:`centre_rows` after each, also after the last.

    It shows what is gained by lowering each neuron's mean weight alone.
    """
    for k in range(len(lessons.tasks)):
        lessons.train_on_task(network, k)
        network = centre_rows(network)
    return network


#: Strategies by name.
STRATEGIES: dict[str, Strategy] = {
    "sequential": Strategy(
        _sequential,
        "no sleep (sequential training)",
        "one task after another, without sleep: the lower bound",
        "Tadros et al. 2022",
    ),
    "joint": Strategy(
        _joint,
        "joint training (upper bound)",
        "all tasks at once, each image as often as in 'sequential': the upper bound",
        "Tadros et al. 2022",
    ),
    "sequential_masked": Strategy(
        _sequential_masked,
        "no sleep, other tasks' outputs masked",
        "one task after another; only the outputs of the current task's classes enter the loss",
        "'Sequential (Cheat)' in the Python replica of Tadros et al. 2022",
    ),
    "weight_averaging": Strategy(
        _weight_averaging,
        "weight averaging of per-task networks",
        "one copy per task, trained from the same initial weights; the mean of their weights",
        "'model merging' in the Python replica of Tadros et al. 2022",
    ),
    "sequential_centred": Strategy(
        _sequential_centred,
        "no sleep, rows of weights centred",
        "one task after another, with `centre_rows` after each in place of sleep",
        "brainsleep's own",
        is_control=True,
    ),
}


@public
def train_strategy(
    name: str,
    network: nn.Module,
    tasks: Sequence[Task],
    training: Training | None = None,
    *,
    seed: int = 0,
    progress: bool = True,
    checkpoints: Checkpoints | None = None,
) -> nn.Module:
    """Train a copy of a network on several tasks, without sleep.

    Parameters
    ----------
    name : str
        A key of :data:`STRATEGIES`, where each strategy has a description: ``"sequential"``,
        ``"joint"``, ``"sequential_masked"``, ``"weight_averaging"``, ``"sequential_centred"``.
    network : torch.nn.Module
        Where to start from; not changed.
    tasks : sequence of Task
        At least one.
    training : Training, optional
        How to learn. Default: ``Training()``.
    seed : int, optional
        Seed of the experiment.
    progress : bool, optional
        Show a progress bar.
    checkpoints : brainsleep.wake.checkpoints.Checkpoints, optional
        As of :func:`brainsleep.wake.train`, for all trainings together.

    Returns
    -------
    torch.nn.Module
        A trained copy.

    Raises
    ------
    DataError
        If there are no tasks, or a task has no training images.
    ParameterError
        If the name is unknown, and as :func:`brainsleep.wake.train`.

    References
    ----------
    Tadros, Krishnan, Ramyaa, Bazhenov 2022, Nature Communications 13:7742.

    Examples
    --------
    >>> trained = train_strategy("joint", network, tasks)  # doctest: +SKIP
    """
    strategy = STRATEGIES[known_name(name, "strategy", STRATEGIES)]
    tasks = objects(tasks, "tasks", Task, "a list of tasks, as bs.wake.class_incremental returns")
    if not tasks:
        raise DataError("there are no tasks to train on.")
    lessons = Lessons(tasks, training, seed, progress, checkpoints)
    return strategy.method(copy.deepcopy(network), lessons)
