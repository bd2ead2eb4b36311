"""Controls of the stimulus: as many spikes, and no image."""

from __future__ import annotations

from ..model_files.dreams_section import DreamsSection
from ..model_files.nights_section import NightsSection
from ..model_files.sleep_sections import SleepSection, StimulusSection
from .control import ANY_NIGHTS, Control, NotInModelError


def _with(section: NightsSection, key: str) -> NightsSection:
    """Return a night that shows something else than images, unless the model's own does."""
    shown = section.stimulus if isinstance(section, SleepSection) else section
    assert isinstance(shown, StimulusSection | DreamsSection)
    if shown.shuffle_pixels or shown.white_noise:
        raise NotInModelError("the model's own stimulus holds no image")
    changed = shown.model_copy(update={key: True})
    if isinstance(changed, DreamsSection):
        return changed
    return section.model_copy(update={"stimulus": changed})


def _shuffled(section: NightsSection) -> NightsSection:
    return _with(section, "shuffle_pixels")


def _white(section: NightsSection) -> NightsSection:
    return _with(section, "white_noise")


PIXEL_SHUFFLED = Control(
    name="pixel_shuffled",
    label="sleep, stimulus pixels shuffled",
    question="Must the stimulus have the shape of the images, or only their grey levels?",
    change=_shuffled,
    nights=ANY_NIGHTS,
)
WHITE_NOISE = Control(
    name="white_noise",
    label="sleep, white noise",
    question="Is it enough that the input fires as often, all of it alike?",
    change=_white,
    nights=ANY_NIGHTS,
)
