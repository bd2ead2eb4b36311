"""Which kind of nights a model file has, and how nights of any kind are read back."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeAlias

from torch import nn

from ...dreams import DreamNight
from ...dreams.dream_files import DREAMS
from ...night import Night
from ..arms.setting import Setting
from ..model_files.dreams_section import DreamsSection
from ..model_files.modelfile import ModelFile
from ..model_files.nights_section import NightsSection
from ..model_files.sleep_sections import SleepSection
from .arm_nights import ArmNights
from .dream_nights import DreamNights
from .index_nights import IndexNights
from .sleep_nights import SleepNights

#: A night of any kind.
AnyNight: TypeAlias = Night | DreamNight

#: How the nights of each table of model files are had, by its `kind` where it has kinds.
KINDS: dict[tuple[type[NightsSection], str], type[ArmNights[Any, Any]]] = {
    (SleepSection, ""): SleepNights,
    (DreamsSection, "day_residue"): DreamNights,
    (DreamsSection, "hippocampal_indices"): IndexNights,
}


def nights_of(setting: Setting, model: ModelFile) -> ArmNights[Any, Any]:
    """Return the nights that a model file asks for, before the first of them."""
    section = model.nights
    kind = section.kind if isinstance(section, DreamsSection) else ""
    return KINDS[type(section), kind](setting, section)


def load_night(folder: Path, ann: nn.Module | None = None) -> AnyNight:
    """Read a night of a run, of whatever kind; `ann` is the network that woke up.

    Raises
    ------
    DirectoryError
        If there is none, or it is damaged.
    """
    if (folder / DREAMS).exists():
        return DreamNight.load(folder, ann)
    night = Night.load(folder)
    night.ann = ann
    return night
