"""Scenarios by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from ..tasks import Task
from .class_incremental import class_incremental
from .domain_incremental import domain_incremental
from .task_incremental import task_incremental

#: A scenario takes a split and its own options by name, `seed` among them if it draws anything,
#: and returns the tasks in order.
Scenario: TypeAlias = Callable[..., tuple[Task, ...]]

#: Scenarios by name.
SCENARIOS: dict[str, Scenario] = {
    "class-incremental": class_incremental,
    "task-incremental": task_incremental,
    "domain-incremental": domain_incremental,
}
