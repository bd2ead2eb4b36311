"""Arms that do not sleep: read as they were gone through, and another key for all that matters."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import pytest
from small_studies import RATES, Trial, small_request

from brainsleep.experiments.arms import Arm
from brainsleep.experiments.arms.setting import Setting
from brainsleep.experiments.continual import kept_arms
from brainsleep.experiments.continual.course import run_arm
from brainsleep.experiments.continual.kept_arms import result_of
from brainsleep.experiments.model_files.materials import load_materials
from brainsleep.experiments.model_files.training_sections import StrategySection
from brainsleep.support.kept_arrays import KeptArrays
from brainsleep.wake.kept_stages import KeptStages


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    request = small_request(f"{RATES}=1e-4,2e-4").run_of(Trial(0, 0, {RATES: 1e-4}))
    materials = load_materials(request)
    kept = KeptStages(KeptArrays(tmp_path / "kept", 10**9, "x", "X"))
    return replace(Setting.of_request(request, materials.model, materials.tasks), kept=kept)


def arm(name: str, **options: object) -> Arm:
    waking = StrategySection(kind=name)
    return Arm(name=name, label=waking.label, waking=waking, **options)


@pytest.mark.parametrize("name", ["sequential", "joint", "replay"])
def test_what_is_read_is_what_came_of_it(
    name: str, setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = run_arm(arm(name), replace(setting, kept=None))
    first = result_of(arm(name), setting)
    monkeypatch.setattr(kept_arms, "run_arm", None)
    again = result_of(arm(name), setting)
    assert again == first
    assert {**asdict(again), "seconds": 0} == {**asdict(plain), "seconds": 0}
    assert again.seconds > 0


def test_arms_that_sleep_are_not_kept_whole(setting: Setting) -> None:
    asleep = arm("sequential", model=setting.model)
    altered = arm("sequential", alter=lambda before, after, rng: after)
    first = arm("sequential", model=setting.model, night_first=True)
    assert [kept_arms._key(one, setting) for one in (asleep, altered, first)] == [None] * 3


def test_all_that_decides_an_arm_is_in_its_key(setting: Setting) -> None:
    tasks, model = setting.tasks, setting.model
    other_test = (replace(tasks[0], test=tasks[0].train), *tasks[1:])
    training = model.training.model_copy(update={"lr": 0.1})
    keys = [
        kept_arms._key(arm("sequential"), setting),
        kept_arms._key(arm("joint"), setting),
        kept_arms._key(replace(arm("sequential"), label="another"), setting),
        *(
            kept_arms._key(arm("sequential"), replace(setting, **changes))
            for changes in (
                {"seed": 1},
                {"tasks": other_test},
                {"tasks": tasks[:1]},
                {"model": model.model_copy(update={"training": training})},
            )
        ),
    ]
    assert None not in keys
    assert len(set(keys)) == len(keys)
    sleep = model.sleep.model_copy(update={"dtype": "float32"})
    same = replace(setting, model=model.model_copy(update={"sleep": sleep}))
    assert kept_arms._key(arm("sequential"), same) == keys[0]
