"""From a plan to Brian2 objects: what a spiking network is, and how a time step goes.

`plan` says all that generated code depends on; `build` makes Brian2 objects of a plan.
"""

from .build import BuiltNetwork, build_network
from .plan import NetworkPlan, ProjectionPlan
from .windows import Window
from .wiring import Wiring

__all__ = [
    "BuiltNetwork",
    "NetworkPlan",
    "ProjectionPlan",
    "Window",
    "Wiring",
    "build_network",
]
