"""The table of devices, and how one is chosen by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

from ..errors import UnitsError, brief
from ..support.checks import known_name
from .base import Device
from .cpp import CppStandalone
from .cuda import Cuda
from .runtime import Runtime

#: Every device by the name that users write. A new device is one more entry.
DEVICES: Mapping[str, Callable[[], Device]] = MappingProxyType(
    {
        "cpp": partial(CppStandalone, "cpp"),
        "cpp_stock": partial(CppStandalone, "cpp_stock"),
        "cuda": Cuda,
        "runtime": Runtime,
    }
)


def get_device(device: str | Device) -> Device:
    """Return a device by its name, or a device object as it is.

    Parameters
    ----------
    device : str or Device
        A name in :data:`DEVICES`, or an object with the methods of `Device`.

    Raises
    ------
    ParameterError
        If the name is unknown.
    UnitsError
        If it is neither a name nor a device.
    """
    if not isinstance(device, str):
        if not all(callable(getattr(device, name, None)) for name in ("check", "prepare")):
            raise UnitsError(f"device must be a name or a device object, not {brief(device)}.")
        return device
    return DEVICES[known_name(device, "device", DEVICES)]()
