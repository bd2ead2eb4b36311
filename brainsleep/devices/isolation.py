"""Use Brian2 without changing anything in the user's own Brian2 session."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import numpy as np
from brian2 import prefs
from brian2.devices.device import Device

# brian2.devices also holds a proxy object called "device", which hides the module.
brian_devices: Any = import_module("brian2.devices.device")


def standalone_preferences(dtype: str) -> dict[str, object]:
    """Return the Brian2 preferences with which generated code is the same on every machine.

    Parameters
    ----------
    dtype : str
        ``"float32"`` or ``"float64"``.
    """
    return {
        "codegen.target": "cython",  # devices override it; "auto" would probe for Cython
        "core.default_float_dtype": np.dtype(dtype).type,
        "codegen.cpp.extra_compile_args": None,
        "codegen.cpp.define_macros": [],
    }


@contextmanager
def isolated_brian2(device: Device, preferences: Mapping[str, object]) -> Iterator[Device]:
    """Make a fresh Brian2 device current, with preferences of its own.

    The user's device is put back as an object, not re-activated: a half-built standalone
    project of the user's stays exactly as it was, and so do ``defaultclock`` (which belongs
    to the device) and all preferences.

    Parameters
    ----------
    device : brian2 Device
        A device that nothing else uses.
    preferences : mapping of str to object
        Brian2 preferences to set meanwhile.

    Yields
    ------
    brian2 Device
        The active device.
    """
    users_device = brian_devices.active_device
    users_preferences = {name: prefs[name] for name in preferences}
    try:
        brian_devices.active_device = device
        device.activate(build_on_run=False)
        for name, value in preferences.items():
            prefs[name] = value
        yield device
    finally:
        brian_devices.active_device = users_device
        for name, value in users_preferences.items():
            prefs[name] = value
