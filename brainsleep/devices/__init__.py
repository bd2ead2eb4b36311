"""How a network runs: in this process, as a C++ program, or on a GPU.

A device turns a plan (`brainsleep.network.plan`) into an engine, which runs jobs and returns
outcomes. :func:`get_device` returns a device by its name; the table of names is in `registry`.
"""

from __future__ import annotations

from .base import Device, Engine, Job, Outcome
from .cpp import CppStandalone
from .cuda import Cuda
from .registry import DEVICES, get_device
from .runtime import Runtime

__all__ = [
    "DEVICES",
    "CppStandalone",
    "Cuda",
    "Device",
    "Engine",
    "Job",
    "Outcome",
    "Runtime",
    "get_device",
]
