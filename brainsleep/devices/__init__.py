"""How a network runs: one module a device, chosen by name with :func:`get_device`."""

from __future__ import annotations

from typing import Any

from ..errors import ParameterError, UnitsError, suggest
from .base import Device, Engine, Job, Outcome
from .cpp import CppStandalone
from .cuda import Cuda
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

#: Device names users may write.
DEVICES = ("cpp", "cpp_stock", "cuda", "runtime")


def get_device(device: Any) -> Device:
    """Return a device by name, or a device object as it is.

    Raises
    ------
    ParameterError
        If the name is unknown.
    """
    if not isinstance(device, str):
        if not hasattr(device, "prepare"):
            raise UnitsError(f"device must be a name or a device object, not {device!r}.")
        return device
    if device == "runtime":
        return Runtime()
    if device in ("cpp", "cpp_stock"):
        return CppStandalone(device)
    if device == "cuda":
        return Cuda()
    raise ParameterError(f"unknown device {device!r}.{suggest(device, DEVICES)}")
