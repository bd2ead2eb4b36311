"""Controls of what some models have beside plain nights: each takes one part away."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..model_files.network_sections import NetworkTable, PerceptronTable
from ..model_files.nights_section import NightsSection
from ..model_files.sleep_sections import SleepSection
from ..run_directory.run_state import State
from .control import ANY_NIGHTS, Control, NotInModelError
from .one_direction import is_zero


def _all_active(table: NetworkTable) -> NetworkTable:
    """Return a network whose hidden neurons may all be active."""
    if not isinstance(table, PerceptronTable) or table.winners is None:
        raise NotInModelError("all neurons of the model's network may be active anyway")
    return table.model_copy(update={"winners": None})


def _averaged(section: NightsSection) -> NightsSection:
    """Return nights as they are, if they end with averaging."""
    if section.averaging is None:
        raise NotInModelError("the model does not average on waking")
    return section


def _not_averaged(section: NightsSection) -> NightsSection:
    """Return nights that end without averaging."""
    return _averaged(section).model_copy(update={"averaging": None})


def _all_outputs(section: SleepSection) -> SleepSection:
    """Return nights in which outputs do not compete."""
    if section.output_winners is None:
        raise NotInModelError("the model's outputs do not compete asleep")
    return section.model_copy(update={"output_winners": None})


def _with_increase(section: SleepSection) -> SleepSection:
    """Return nights whose rule raises weights as fast as it lowers them, if it raises none."""
    rule = section.plasticity
    increase, decrease = (rule.values.get(name) for name in ("increase", "decrease"))
    if increase is None or decrease is None or not is_zero(increase):
        raise NotInModelError("the model's rule raises weights, or has no increase and decrease")
    changed = rule.with_value("increase", decrease)
    return section.model_copy(update={"plasticity": changed})


def _as_learned(before: State, after: State, rng: np.random.Generator) -> Mapping[str, np.ndarray]:
    """Change nothing."""
    return {}


PARTS_OF_RECIPES = (
    Control(
        name="all_active",
        label="sleep, all hidden neurons active awake",
        question="Does it help that few neurons are active awake?",
        change_network=_all_active,
        nights=ANY_NIGHTS,
        of_part=True,
    ),
    Control(
        name="no_averaging",
        label="sleep, no averaging on waking",
        question="Does it help that weights go only a part of the way?",
        change=_not_averaged,
        nights=ANY_NIGHTS,
        of_part=True,
    ),
    Control(
        name="averaging_alone",
        label="no sleep, averaging where nights would be",
        question="Is it enough that weights go only a part of the way, without any night?",
        change=_averaged,
        alter=_as_learned,
        sleeps=False,
        nights=ANY_NIGHTS,
        of_part=True,
    ),
    Control(
        name="no_output_winners",
        label="sleep, outputs do not compete",
        question="Does it help that few outputs spike at a time?",
        change=_all_outputs,
        of_part=True,
    ),
    Control(
        name="with_increase",
        label="sleep, increase as large as decrease",
        question="Would it help to strengthen what is replayed, too?",
        change=_with_increase,
        of_part=True,
    ),
)
