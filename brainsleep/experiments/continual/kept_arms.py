"""Arms that do not sleep are gone through once: what came of them is kept, as trained networks are.

A study over parameters of sleep, and each further run of a model file, reads what sleep is held
against in place of training and measuring it.
"""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np

from ...support.kept_arrays import Arrays
from ...support.source_digest import source_digest
from ...wake.checkpoints import Checkpoints
from ..arms.arm import Arm, ArmResult
from ..arms.setting import Setting
from .course import run_arm

#: Name of the array that holds a result: its JSON, byte by byte.
_RESULT = "result"


def result_of(arm: Arm, setting: Setting, checkpoints: Checkpoints | None = None) -> ArmResult:
    """Return what comes of an arm: read if it is kept, else gone through.

    Parameters
    ----------
    arm, setting, checkpoints
        As of `brainsleep.experiments.continual.course.run_arm`. Only arms without nights are kept.
    """
    key = _key(arm, setting)
    if key is None or setting.kept is None:
        return run_arm(arm, setting, checkpoints)

    def make() -> Arrays:
        text = json.dumps(asdict(run_arm(arm, setting, checkpoints)))
        return {_RESULT: np.frombuffer(text.encode(), dtype=np.uint8)}

    arrays, _ = setting.kept.arrays.obtain(key, make)
    return ArmResult(**json.loads(arrays[_RESULT].tobytes()))


def _key(arm: Arm, setting: Setting) -> str | None:
    """Return what an arm is kept by; None if it is not kept."""
    if setting.kept is None or arm.model is not None or arm.alter is not None or arm.night_first:
        return None
    return setting.kept.key_of_all(
        *(arm.waking.strategy(), setting.new_network(), setting.tasks, setting.training),
        *(setting.seed, arm.name, arm.label, arm.waking.model_dump(mode="json")),
        source_digest("wake", "measures", "experiments"),
    )
