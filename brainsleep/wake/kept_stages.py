"""Training is done once: what a network learned of a task is kept by all that decides it.

That is the network before, the images, the plan, the seed, the strategy and what it remembers, and
the versions of torch and of this package. Runs, trials and processes that come to the same point
read the trained network in place of training it: the same numbers, bit for bit.
"""

from __future__ import annotations

import functools
import platform
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from .. import __version__
from ..support.content_digest import content_digest
from ..support.kept_arrays import Arrays, KeptArrays
from ..support.kept_training import kept_training
from ..support.source_digest import source_digest
from .checkpoints import Checkpoints, bytes_of, tensor_like, with_prefix, without_prefix
from .datasets import Dataset
from .learner import Learner
from .learning import learn_task
from .strategies import Strategy
from .strategies.sequential import Sequential
from .tasks import Task
from .training import Training

#: What names of a network's arrays begin with, and of a strategy's.
_NETWORK, _STRATEGY = "network ", "strategy "

#: Name of the array that says how long training took.
_SECONDS = "seconds"

#: What of a task no learning looks at.
_NOT_LEARNED = ("train", "test", "name")

#: Methods of strategies that decide how a task is learned, between beginning and end.
_WITHIN_A_TASK = ("trains", "data", "batch", "after_step")

#: What every module has, and what training may change; the rest of a module stays as it is.
_OF_TORCH = ("_parameters", "_buffers", "_modules", "training")


@dataclass(frozen=True)
class LearnedStage:
    """How a task was learned.

    Attributes
    ----------
    was_kept : bool
        Whether the trained network was read in place of trained.
    seconds : float
        What training took, now or when it was done.
    """

    was_kept: bool
    seconds: float


class KeptStages:
    """Learns tasks, or reads what was learned before.

    Parameters
    ----------
    arrays : KeptArrays, optional
        Where trained networks are kept; :func:`kept_training` unless given.
    """

    def __init__(self, arrays: KeptArrays | None = None) -> None:
        self.arrays = kept_training() if arrays is None else arrays
        self._digests: dict[int, tuple[Dataset, str]] = {}  # keeps them, so that ids stay theirs

    def learn(
        self,
        strategy: Strategy,
        network: nn.Module,
        tasks: Sequence[Task],
        k: int,
        training: Training | None = None,
        *,
        seed: int,
        progress: bool = True,
        checkpoints: Checkpoints | None = None,
    ) -> LearnedStage:
        """Do as :func:`brainsleep.wake.learn_task`; say whether it was read, and what it takes.

        Of several processes that come to the same point one trains, and the others wait. A network
        that has state besides parameters and buffers, which training changes, is trained each time.
        """
        what = (strategy, network, tasks, k, training)
        options: dict[str, Any] = {
            "seed": seed,
            "progress": progress,
            "checkpoints": checkpoints,
        }

        def learn() -> float:
            if k == 0 and _learns_as_sequential(strategy):
                return self._learn_as_sequential(*what, **options)
            started = time.monotonic()
            learn_task(*what, **options)
            return time.monotonic() - started

        def make(key: str) -> Arrays:
            before = _rest_of(network)
            with nullcontext() if checkpoints is None else checkpoints.known_by(key):
                took.append(learn())
            if _rest_of(network) != before:
                return {}
            return {**_arrays_of(network, strategy), _SECONDS: np.array(took[0])}

        took: list[float] = []

        is_later = strategy.once and k + 1 < len(tasks)
        key = None if is_later else self._key(strategy, network, tasks, k, training, seed)
        if key is None:
            return LearnedStage(False, learn())
        n_before = 0 if checkpoints is None else checkpoints.n_trainings
        arrays, was_kept = self.arrays.obtain(key, functools.partial(make, key))
        if checkpoints is not None and self.arrays.holds(key):
            checkpoints.forget_after(n_before)
        if not was_kept:
            return LearnedStage(False, took[0])
        _restore(network, strategy, arrays)
        if checkpoints is not None:
            checkpoints.next_training()  # so that those after it have the numbers they had
        return LearnedStage(True, float(arrays[_SECONDS]))

    def _learn_as_sequential(
        self,
        strategy: Strategy,
        network: nn.Module,
        tasks: Sequence[Task],
        k: int,
        training: Training | None,
        *,
        seed: int,
        progress: bool,
        checkpoints: Checkpoints | None,
    ) -> float:
        """Do as :func:`brainsleep.wake.learn_task`, with what sequential training has learned."""
        training = Training() if training is None else training
        learner = Learner(network, tasks, k, training, seed, progress, checkpoints)
        strategy.move(learner.device)
        strategy.before_task(learner, learner.task)
        what = (Sequential(), network, tasks, k, training)
        learned = self.learn(*what, seed=seed, progress=progress, checkpoints=checkpoints)
        strategy.after_task(learner, learner.task)
        return learned.seconds

    def key_of_all(
        self,
        strategy: Strategy,
        network: nn.Module,
        tasks: Sequence[Task],
        training: Training | None,
        seed: int,
        *more: object,
    ) -> str | None:
        """Return what learning and testing all tasks is kept by; None if that cannot be told.

        Parameters
        ----------
        strategy, network, tasks, training, seed
            As of :meth:`learn`, before the first task.
        *more
            What else decides what comes of it.
        """
        key = self._key(strategy, network, tasks, len(tasks) - 1, training, seed)
        if key is None:
            return None
        tests = [self._digest_of(task.test) for task in tasks]
        return content_digest(key, tests, [task.name for task in tasks], more)[:32]

    def _key(
        self,
        strategy: Strategy,
        network: nn.Module,
        tasks: Sequence[Task],
        k: int,
        training: Training | None,
        seed: int,
    ) -> str | None:
        """Return what a stage is kept by; None if not all that decides it can be told."""
        versions = dict(_versions(network, strategy))
        state = network.state_dict().values()
        if None in versions.values() or not all(isinstance(one, torch.Tensor) for one in state):
            return None
        trained = [(one.requires_grad, str(one.device)) for one in network.parameters()]
        told = [
            {name: value for name, value in vars(task).items() if name not in _NOT_LEARNED}
            for task in tasks
        ]
        return content_digest(
            *(network, repr(network), trained, strategy),
            *(told, [self._digest_of(task.train) for task in tasks[: k + 1]], k),
            *(Training() if training is None else training, seed),
            *(__version__, source_digest("wake"), versions, _machine()),
        )[:32]

    def _digest_of(self, dataset: Dataset) -> str:
        """Return the digest of a data set, which is computed once."""
        if id(dataset) not in self._digests:
            self._digests[id(dataset)] = dataset, content_digest(dataset)
        return self._digests[id(dataset)][1]


def _learns_as_sequential(strategy: Strategy) -> bool:
    """Tell whether a strategy of ours does nothing else than sequential training within a task."""
    kind = type(strategy)
    return (
        kind is not Sequential
        and vars(kind).get("reads_gradients") is False
        and not kind.once
        and all(getattr(kind, name) is getattr(Strategy, name) for name in _WITHIN_A_TASK)
    )


def _arrays_of(network: nn.Module, strategy: Strategy) -> Arrays:
    """Return all that learning a task has changed."""
    state = {name: bytes_of(one) for name, one in network.state_dict().items()}
    return {**with_prefix(_NETWORK, state), **with_prefix(_STRATEGY, strategy.state())}


def _restore(network: nn.Module, strategy: Strategy, arrays: Arrays) -> None:
    """Bring network and strategy to where learning a task has brought them."""
    state = without_prefix(_NETWORK, arrays)
    with torch.no_grad():
        for name, one in network.state_dict().items():
            one.copy_(tensor_like(one, np.array(state[name])))
    strategy.restore(without_prefix(_STRATEGY, arrays))
    parameter = next(network.parameters(), None)
    if parameter is not None:
        strategy.move(parameter.device)


def _rest_of(network: nn.Module) -> str:
    """Return a digest of what modules hold besides parameters and buffers."""
    return content_digest(
        [
            {name: value for name, value in vars(module).items() if name not in _OF_TORCH}
            for module in network.modules()
        ]
    )


def _versions(network: nn.Module, strategy: Strategy) -> Iterator[tuple[str, str | None]]:
    """Yield name and version of the packages that a network and a strategy come from.

    None for one that has no version; what comes from no package is known by its code.
    """
    for package in {type(one).__module__.split(".")[0] for one in (*network.modules(), strategy)}:
        file = getattr(sys.modules.get(package), "__file__", None)
        if package in ("torch", "brainsleep", "__main__") or file is None:
            continue
        if "site-packages" in Path(file).parts or "dist-packages" in Path(file).parts:
            try:
                yield package, version(package)
            except PackageNotFoundError:
                yield package, getattr(sys.modules[package], "__version__", None)


def _machine() -> list[object]:
    """Return what the last bits of results depend on beside the code."""
    return [
        *(torch.__version__, torch.get_num_threads(), str(torch.get_default_dtype())),
        *(torch.backends.cpu.get_cpu_capability(), platform.machine(), _processor()),
        *(torch.get_float32_matmul_precision(), torch.are_deterministic_algorithms_enabled()),
        *(torch.cuda.get_device_name() if torch.cuda.is_initialized() else "",),
    ]


@functools.cache
def _processor() -> str:
    """Return the name of the processor, whose kind libraries choose their code by."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line for line in lines if line.startswith("model name")), "")
