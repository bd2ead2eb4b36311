"""Context managers that change torch or a network for a while and then put everything back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from ..support.calls import public
from ..support.checks import whole_number
from ..support.fork_safe import fork_safe_lock

#: Held by the thread that has seeded torch's random generator, which all threads share.
_seeding = fork_safe_lock()


@contextmanager
def seeded(seed: int, network: nn.Module | None = None) -> Iterator[None]:
    """Seed torch's random numbers for a while; afterwards they go on as if nothing had happened.

    All threads draw from the same numbers, so one at a time does this; others wait.

    Parameters
    ----------
    seed : int
        What to seed with.
    network : torch.nn.Module, optional
        The GPUs that it is on, if any, are seeded as well.

    Yields
    ------
    None
    """
    parameters = [] if network is None else list(network.parameters())
    gpus = sorted({p.device.index for p in parameters if p.device.type == "cuda"})
    with _seeding, torch.random.fork_rng(devices=gpus):
        # Not torch.manual_seed, which would seed every GPU, other programs' among them.
        torch.default_generator.manual_seed(int(seed))
        for gpu in gpus:
            torch.cuda.default_generators[gpu].manual_seed(int(seed))
        yield


@contextmanager
def mode_of(network: nn.Module, *, training: bool) -> Iterator[None]:
    """Put a network into training or evaluation mode for a while.

    Afterwards every module has its own mode again, mixed ones included.

    Parameters
    ----------
    network : torch.nn.Module
        The network.
    training : bool
        Whether it is training mode, in which Dropout is active.

    Yields
    ------
    None
    """
    modes = [(module, module.training) for module in network.modules()]
    network.train(training)
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


@public
@contextmanager
def torch_threads(n_threads: int) -> Iterator[None]:
    """Let torch use so many threads for a while.

    The rounding of a matrix product depends on how many threads share it. With one thread, equal
    seeds give equal weights on machines with any number of cores. (For networks of this size one
    thread is hardly slower, and many times faster where the cores are busy.) The number is that of
    the whole process: two threads of Python must not be in here at the same time.

    Parameters
    ----------
    n_threads : int
        1 or more.

    Yields
    ------
    None

    Raises
    ------
    ParameterError
        If `n_threads` is not a whole number, 1 or more.
    """
    wanted = whole_number(n_threads, "n_threads", minimum=1)
    before = torch.get_num_threads()
    torch.set_num_threads(wanted)
    try:
        yield
    finally:
        torch.set_num_threads(before)
