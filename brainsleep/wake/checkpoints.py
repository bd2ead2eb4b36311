"""Training that is cut off goes on after its last epoch, to the same weights bit for bit."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import nn

from ..errors import DataError, reason
from ..support.array_files import digest_of
from ..support.disk import plain_disk_errors
from ..support.sealed_arrays import read_sealed, write_sealed

#: Least seconds between two writes: less than that is not worth keeping.
INTERVAL = 5.0

#: Most of the time that writing may take.
MOST_OF_TIME = 0.02

#: Arrays by name.
Arrays = Mapping[str, np.ndarray]

#: What names of arrays that belong to the objective begin with.
_OWN = "objective "


class Checkpoints:
    """How far the trainings of one piece of work have come, on disk.

    The work may consist of several trainings, one after the other. It is repeated from its
    beginning where it was cut off: what a training came to is then read in place of trained.
    After an epoch all is written that is not on disk yet, unless that was done within
    :data:`INTERVAL`, or would take more than :data:`MOST_OF_TIME`.

    Parameters
    ----------
    directory : Path
        Its own; made when there is something to write. Whoever has done the work removes it.
    key : str
        What decides the work beside the networks; states of other work are not used.
    report : callable
        Told of damage, line by line.

    Attributes
    ----------
    n_trainings : int
        How many have begun.
    """

    def __init__(self, directory: Path, key: str, report: Callable[[str], None]) -> None:
        self.directory, self.key, self.report = directory, key, report
        self.n_trainings = 0
        self._known_by: str | None = None
        self._unwritten: dict[Path, tuple[bytes, Arrays]] = {}
        self._next = time.monotonic() + INTERVAL

    def next_training(self, what: Callable[[], object] = tuple) -> Checkpoint:
        """Return where the state of the next training lies.

        Parameters
        ----------
        what : callable
            Returns what decides what comes of it; not asked within :meth:`known_by`.
        """
        told = what() if self._known_by is None else self._known_by
        key = hashlib.sha256(repr((self.key, self.n_trainings, told)).encode()).digest()
        self.n_trainings += 1
        return Checkpoint(self, self._file(self.n_trainings), key)

    @contextmanager
    def known_by(self, key: str) -> Iterator[None]:
        """Let a key tell all that decides the trainings in a ``with`` block."""
        before, self._known_by = self._known_by, key
        try:
            yield
        finally:
            self._known_by = before

    def forget_after(self, n_trainings: int) -> None:
        """Forget all trainings but the first ones: what came of the others is kept elsewhere."""
        for number in range(n_trainings + 1, self.n_trainings + 1):
            file = self._file(number)
            self._unwritten.pop(file, None)
            with plain_disk_errors("cannot remove", file):
                file.unlink(missing_ok=True)

    def keep(self, file: Path, key: bytes, state: Callable[[], Arrays], *, is_last: bool) -> None:
        """Write a state, and what is not written yet, if it is time to."""
        is_time = time.monotonic() >= self._next
        if is_time or is_last:
            self._unwritten[file] = key, state()
        if is_time:
            started = time.monotonic()
            self._write()
            ended = time.monotonic()
            self._next = ended + max(INTERVAL, (ended - started) / MOST_OF_TIME)

    def _file(self, number: int) -> Path:
        """Return where the state of a training lies, from 1."""
        return self.directory / f"{number}.npz"

    def _write(self) -> None:
        """Write all states that are not on disk."""
        with plain_disk_errors("cannot write", self.directory):
            self.directory.mkdir(parents=True, exist_ok=True)
        for file, (key, arrays) in self._unwritten.items():
            write_sealed(file, arrays, key)
        self._unwritten.clear()


class Checkpoint:
    """How far one training has come; made by :meth:`Checkpoints.next_training`."""

    def __init__(self, all_of_them: Checkpoints, file: Path, key: bytes) -> None:
        self.all, self.file, self.key = all_of_them, file, key

    def read(self) -> Arrays | None:
        """Return the state that is there; None if there is none, or it is damaged."""
        try:
            return read_sealed(self.file, self.key)
        except FileNotFoundError:
            return None
        except (DataError, OSError) as error:
            why = reason(error)
        self.all.report(f"{self.file} is damaged ({why}); this training begins again.")
        return None

    def keep(self, state: Callable[[], Arrays], *, is_last: bool) -> None:
        """Write a state if it is time to; that after the last epoch later, too."""
        self.all.keep(self.file, self.key, state, is_last=is_last)


class Stateful(Protocol):
    """Something that changes while training; see :class:`brainsleep.wake.objective.Objective`."""

    def state(self) -> Arrays:
        """Return a copy of what changes."""
        ...

    def restore(self, arrays: Arrays) -> None:
        """Go back to it."""
        ...


class TrainingState:
    """All that decides how training goes on after an epoch.

    Parameters
    ----------
    network : torch.nn.Module
        What is trained.
    optimizer : torch.optim.SGD
        Whose momentum it is.
    shuffle : torch.Generator
        Of the order of images; others are those of torch itself.
    losses : list of float
        One per epoch.
    objective : Stateful
        What is minimised.
    """

    def __init__(
        self,
        network: nn.Module,
        optimizer: torch.optim.SGD,
        shuffle: torch.Generator,
        losses: list[float],
        objective: Stateful,
    ) -> None:
        self.network, self.optimizer, self.losses = network, optimizer, losses
        self.objective = objective
        gpus = sorted({p.device.index for p in network.parameters() if p.device.type == "cuda"})
        self.generators = [
            shuffle,
            torch.default_generator,
            *(torch.cuda.default_generators[gpu] for gpu in gpus),
        ]

    def arrays(self) -> Arrays:
        """Return a copy."""
        state = {f"network {name}": one for name, one in self.network.state_dict().items()}
        for number, parameter in enumerate(self._parameters()):
            momentum = self.optimizer.state[parameter].get("momentum_buffer")
            if momentum is not None:
                state[f"momentum {number}"] = momentum
        for number, generator in enumerate(self.generators):
            state[f"random {number}"] = generator.get_state()
        return {
            **{name: bytes_of(one) for name, one in state.items()},
            **with_prefix(_OWN, self.objective.state()),
            "losses": np.array(self.losses, dtype=np.float64),
        }

    def take(self, arrays: Arrays) -> None:
        """Go back to what :meth:`arrays` returned."""
        with torch.no_grad():
            for name, one in self.network.state_dict().items():
                one.copy_(tensor_like(one, arrays[f"network {name}"]))
        for number, parameter in enumerate(self._parameters()):
            name = f"momentum {number}"
            if name in arrays:
                momentum = tensor_like(parameter, arrays[name]).to(parameter.device)
                self.optimizer.state[parameter]["momentum_buffer"] = momentum
        for number, generator in enumerate(self.generators):
            generator.set_state(torch.from_numpy(arrays[f"random {number}"]))
        self.objective.restore(without_prefix(_OWN, arrays))
        self.losses[:] = arrays["losses"].tolist()

    def _parameters(self) -> list[torch.Tensor]:
        return [one for group in self.optimizer.param_groups for one in group["params"]]


def with_prefix(prefix: str, arrays: Arrays) -> dict[str, np.ndarray]:
    """Return arrays by longer names, to put them beside others."""
    return {f"{prefix}{name}": array for name, array in arrays.items()}


def without_prefix(prefix: str, arrays: Arrays) -> dict[str, np.ndarray]:
    """Return those that :func:`with_prefix` has put beside others, by their own names."""
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }


def network_digest(network: nn.Module) -> str:
    """Return the SHA-256 of a network's parameters and buffers."""
    state = {name: bytes_of(one) for name, one in network.state_dict().items()}
    return digest_of(state).hex()


def bytes_of(tensor: torch.Tensor) -> np.ndarray:
    """Copy the bytes of a tensor of any type."""
    flat = tensor.detach().to("cpu", copy=True).contiguous().reshape(-1)
    return flat.view(torch.uint8).numpy()


def tensor_like(like: torch.Tensor, content: np.ndarray) -> torch.Tensor:
    """Return what :func:`bytes_of` was given, a tensor of this type and shape."""
    return torch.from_numpy(content).view(like.dtype).reshape(like.shape)
