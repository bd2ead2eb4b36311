"""Arms: ways to go through the same tasks, and what came of each."""

from .arm import Arm, ArmResult, compared_arm

__all__ = ["Arm", "ArmResult", "compared_arm"]
