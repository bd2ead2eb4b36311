"""Scenarios: how tasks are made of a data set; one file each, by name in :data:`SCENARIOS`."""

from .class_incremental import class_incremental
from .domain_incremental import domain_incremental
from .scenario_registry import SCENARIOS, Scenario
from .task_incremental import task_incremental

__all__ = [
    "SCENARIOS",
    "Scenario",
    "class_incremental",
    "domain_incremental",
    "task_incremental",
]
