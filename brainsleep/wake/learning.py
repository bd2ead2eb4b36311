"""Learning tasks by a strategy: one of them, or all."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import nn

from ..errors import DataError, ParameterError
from ..support.array_files import digest_of
from ..support.calls import public
from ..support.checks import whole_number
from ..support.names import objects
from .checkpoints import Arrays, Checkpoints, with_prefix, without_prefix
from .learner import Learner as Learner
from .objective import Objective
from .strategies import Strategy, build_strategy
from .tasks import Task
from .training import Training, train, training_seed

#: What names of a strategy's arrays begin with.
_KEPT = "kept "


@public
def learn_task(
    strategy: Strategy,
    network: nn.Module,
    tasks: Sequence[Task],
    k: int,
    training: Training | None = None,
    *,
    seed: int,
    progress: bool = True,
    checkpoints: Checkpoints | None = None,
) -> None:
    """Learn one task of a sequence by a strategy; network and strategy change **in place**.

    Tasks are learned in order. A strategy that learns all of them at :attr:`once
    <brainsleep.wake.Strategy.once>` does nothing until the last one.

    Parameters
    ----------
    strategy : Strategy
        It has learned the tasks before this one.
    network : torch.nn.Module
        As it was after the task before this one, or after the night that followed.
    tasks : sequence of Task
        All of the experiment.
    k : int
        Which one to learn, from 0.
    training : Training, optional
        How to learn. Default: ``Training()``.
    seed : int
        Seed of the experiment.
    progress : bool, optional
        Show a progress bar.
    checkpoints : brainsleep.wake.checkpoints.Checkpoints, optional
        As of :func:`brainsleep.wake.train`; they hold the strategy's state as well.

    Raises
    ------
    DataError
        If the task has no training images.
    ParameterError
        If the strategy cannot work with the network, and as :func:`brainsleep.wake.train`.
    """
    tasks = objects(tasks, "tasks", Task, "a list of tasks, as bs.wake.class_incremental returns")
    k = whole_number(k, "k", maximum=len(tasks) - 1)
    training = Training() if training is None else training
    learner = Learner(network, tasks, k, training, seed, progress, checkpoints)
    if strategy.once and k + 1 < len(tasks):
        return
    task = learner.task
    strategy.move(learner.device)
    strategy.before_task(learner, task)
    if strategy.trains(learner, task):
        train(
            network,
            strategy.data(learner, task),
            training,
            seed=(
                training_seed(seed, 0, strategy.kind)
                if strategy.once
                else training_seed(seed, task.index)
            ),
            objective=_Lesson(strategy, learner),
            progress=progress,
            description=strategy.label if strategy.once else f"task {k + 1} of {len(tasks)}",
            checkpoints=checkpoints,
        )
    strategy.after_task(learner, task)


@public
def train_strategy(
    name: str | Strategy,
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
    name : str or Strategy
        A key of :data:`brainsleep.wake.STRATEGIES`, where each strategy has a description; or a
        strategy, as :func:`brainsleep.wake.build_strategy` makes it, that has learned nothing yet.
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
        What classifies: a trained copy, or a module around it where the strategy does not take
        the network's outputs (:meth:`brainsleep.wake.Strategy.readout`).

    Raises
    ------
    DataError
        If there are no tasks, or a task has no training images.
    ParameterError
        If the name is unknown, and as :func:`learn_task`.

    References
    ----------
    Tadros, Krishnan, Ramyaa, Bazhenov 2022, Nature Communications 13:7742.

    Examples
    --------
    >>> trained = train_strategy("joint", network, tasks)  # doctest: +SKIP
    """
    strategy = name if isinstance(name, Strategy) else build_strategy(name)
    if strategy.kept:
        raise ParameterError(f"the strategy {strategy.kind!r} has learned tasks; make a new one.")
    tasks = objects(tasks, "tasks", Task, "a list of tasks, as bs.wake.class_incremental returns")
    if not tasks:
        raise DataError("there are no tasks to train on.")
    network = copy.deepcopy(network)
    for k in range(len(tasks)):
        learn_task(
            strategy,
            network,
            tasks,
            k,
            training,
            seed=seed,
            progress=progress,
            checkpoints=checkpoints,
        )
    return strategy.readout(network)


class _Lesson(Objective):
    """What a strategy minimises while one task is learned."""

    def __init__(self, strategy: Strategy, learner: Learner) -> None:
        self.strategy, self.learner = strategy, learner

    @property
    def key(self) -> str:
        """The strategy, and what it remembers by now."""
        strategy = self.strategy
        return repr((strategy.kind, strategy, digest_of(strategy.state()).hex()))

    @property
    def reads_gradients(self) -> bool:
        """Whether the strategy may; what its base class says of itself does not hold for it."""
        return bool(vars(type(self.strategy)).get("reads_gradients", True))

    def loss(self, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return self.strategy.batch(self.learner, images, labels)

    def after_step(self) -> None:
        self.strategy.after_step(self.learner)

    def state(self) -> Arrays:
        random = self.learner.generator.get_state().numpy()
        return {"random": random, **with_prefix(_KEPT, self.strategy.state())}

    def restore(self, arrays: Arrays) -> None:
        self.learner.generator.set_state(torch.from_numpy(arrays["random"]))
        self.strategy.restore(without_prefix(_KEPT, arrays))
        self.strategy.move(self.learner.device)
