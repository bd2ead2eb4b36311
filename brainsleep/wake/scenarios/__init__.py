"""Scenarios: how tasks are made of a data set; one file each, by name in :data:`SCENARIOS`."""

from .class_incremental import class_incremental
from .cross_modal import cross_modal
from .domain_incremental import domain_incremental
from .limited import limit_training
from .noises import NOISES, Blur, GaussianNoise, Noise, Occlusion, SaltAndPepper, with_noise
from .noisy import noisy
from .permuted import permuted
from .rotated import rotated
from .scenario_registry import SCENARIOS, Scenario
from .task_incremental import task_incremental

__all__ = [
    "NOISES",
    "SCENARIOS",
    "Blur",
    "GaussianNoise",
    "Noise",
    "Occlusion",
    "SaltAndPepper",
    "Scenario",
    "class_incremental",
    "cross_modal",
    "domain_incremental",
    "limit_training",
    "noisy",
    "permuted",
    "rotated",
    "task_incremental",
    "with_noise",
]
