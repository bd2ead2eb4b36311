"""Pieces of work shared out among processes; results are those of one piece after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from .arm_workers import ArmWorkers, n_workers

T = TypeVar("T")


def shared_out(works: Sequence[Callable[[], T]], n_jobs: int) -> list[T]:
    """Return what pieces of work return, in their order.

    Parameters
    ----------
    works : sequence of callable
        Each returns something that can be pickled.
    n_jobs : int
        How many are done at the same time: in this process, and in forked ones where that is safe.
    """
    n = min(n_workers(n_jobs), len(works) - 1)
    if n < 1:
        return [work() for work in works]
    found: dict[int, T] = {}
    with ArmWorkers([_without_report(work) for work in works], n) as workers:
        while (index := workers.take()) is not None:
            found[index] = works[index]()
        for answer in workers.answers(to_the_end=True):
            if answer.error is not None:
                raise answer.error
            found[answer.index] = answer.result
    # what a process was doing that was killed is done here
    return [found[index] if index in found else work() for index, work in enumerate(works)]


def _without_report(work: Callable[[], T]) -> Callable[[Callable[[str], None]], T]:
    return lambda report: work()
