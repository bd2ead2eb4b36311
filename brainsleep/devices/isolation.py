"""Use Brian2 without changing anything in the user's own Brian2 session, one thread at a time.

Brian2 keeps its active device, its preferences and the names of its objects for the whole process.
So whoever generates or runs Brian2 code does it inside `isolated_brian2`, which only one thread at
a time enters. Compiling and running a generated program needs no Brian2, and is done outside.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import numpy as np
from brian2 import prefs
from brian2.core.tracking import InstanceFollower, InstanceTrackerSet
from brian2.devices.device import Device

from ..support.fork_safe import fork_safe_lock

# brian2.devices also holds a proxy object called "device", which hides the module.
brian_devices: Any = import_module("brian2.devices.device")

#: Held by the thread that uses Brian2.
_brian2 = fork_safe_lock()

#: Preferences that change what a program does, as Brian2 has them: a user's own would go into the
#: cache of programs, and from there into everyone's nights.
DEFAULTS = {"legacy.refractory_timing": False, "codegen.loop_invariant_optimisations": True}


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
        "codegen.cpp.extra_compile_args": [],  # ours are others; Brian2 would try each of its own
        "codegen.cpp.define_macros": [],
    }


@contextmanager
def isolated_brian2(device: Device, preferences: Mapping[str, object]) -> Iterator[Device]:
    """Make a fresh Brian2 device current, with preferences of its own; other threads wait.

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
    with _brian2, _own_objects():
        preferences = {**DEFAULTS, **preferences}
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


@contextmanager
def _own_objects() -> Iterator[None]:
    """Let Brian2 know no objects but those that are made meanwhile.

    Brian2 looks through all objects of the process for a name that is free, and fails if one is
    deleted at this moment by another thread. So names depend on nothing that was there before.
    """
    users_objects = InstanceFollower.instance_sets
    InstanceFollower.instance_sets = defaultdict(_LastingSet)
    try:
        yield
    finally:
        InstanceFollower.instance_sets = users_objects


class _LastingSet(InstanceTrackerSet):
    """Brian2's set of objects, which keeps them as long as it exists itself."""

    def __init__(self) -> None:
        super().__init__()
        self._objects: list[object] = []

    def add(self, value: object) -> None:
        """Add an object."""
        super().add(value)
        self._objects.append(value)
