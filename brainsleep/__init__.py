"""brainsleep: let artificial neural networks sleep, in event-driven Brian2 simulations.

>>> import brainsleep as bs
>>> night = bs.sleep(ann, stimulus, data)  # doctest: +SKIP
>>> night.ann  # doctest: +SKIP

Names are imported when they are first used, so that ``import brainsleep`` is quick and
torch, Brian2 and matplotlib are loaded only where they are needed.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0.dev0"

#: Public names and the module each lives in.
_HOMES = {
    "sleep": "night.sleep",
    "Night": "night.result",
    "Record": "night.request",
    "Save": "night.request",
    "Heaviside": "neurons",
    "LIF": "neurons",
    "IntegrateAndFire": "neurons",
    "AdaptiveThreshold": "neurons",
    "AdaptiveLIF": "neurons",
    "AdEx": "neurons",
    "Izhikevich": "neurons",
    "CurrentLIF": "neurons",
    "ConductanceLIF": "neurons",
    "ConductanceAdEx": "neurons",
    "SRC": "plasticity",
    "STDP": "plasticity",
    "TripletSTDP": "plasticity",
    "DiehlCook": "plasticity",
    "InhibitorySTDP": "plasticity",
    "RewardSTDP": "plasticity",
    "ASP": "plasticity",
    "Homeostasis": "plasticity",
    "SynapticScaling": "plasticity",
    "Downscaling": "plasticity",
    "spiking_accuracy": "awake",
    "SpikingAccuracy": "awake",
    "calibrate": "awake",
    "Calibration": "awake",
    "from_nir": "translation.nir",
    "HeavisideTorch": "night.batched",
    "translate": "translation",
    "write_back": "translation",
    "networks": "wake",  # a module of that room, at hand for bs.networks.bitnet
    "CalibrationWarning": "translation",
    "BrainsleepError": "errors",
}
#: Packages and modules, and where each lies.
_MODULES = {
    name: name
    for name in (
        "awake",
        "circuit",
        "devices",
        "errors",
        "experiments",
        "figures",
        "measures",
        "network",
        "neurons",
        "night",
        "plasticity",
        "stages",
        "stimuli",
        "translation",
        "wake",
    )
} | {"codes": "stimuli.codes", "lateral": "night.lateral"}

__all__ = ["__version__", *_HOMES, *_MODULES]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    if name in _MODULES:
        return import_module(f".{_MODULES[name]}", __name__)
    raise AttributeError(f"module 'brainsleep' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
