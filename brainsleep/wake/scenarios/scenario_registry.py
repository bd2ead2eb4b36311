"""Scenarios by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from ..tasks import Task
from .class_incremental import class_incremental
from .cross_modal import cross_modal
from .domain_incremental import domain_incremental
from .noisy import noisy
from .permuted import permuted
from .rotated import rotated
from .task_incremental import task_incremental

#: A scenario takes a split and its own options by name, `seed` among them if it draws anything,
#: and returns the tasks in order.
Scenario: TypeAlias = Callable[..., tuple[Task, ...]]

#: Scenarios by name.
SCENARIOS: dict[str, Scenario] = {
    "class-incremental": class_incremental,
    "task-incremental": task_incremental,
    "domain-incremental": domain_incremental,
    "permuted": permuted,
    "rotated": rotated,
    "noise": noisy,
    "cross-modal": cross_modal,
}
