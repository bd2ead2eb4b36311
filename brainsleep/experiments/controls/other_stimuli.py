"""Controls of the stimulus: as many spikes, and no image."""

from __future__ import annotations

from ..model_files.sleep_sections import SleepSection
from .control import Control, NotInModelError


def _with(section: SleepSection, key: str) -> SleepSection:
    """Return a night whose stimulus is a control, unless it is one already."""
    stimulus = section.stimulus
    if stimulus.shuffle_pixels or stimulus.white_noise:
        raise NotInModelError("the model's own stimulus holds no image")
    return section.model_copy(update={"stimulus": stimulus.model_copy(update={key: True})})


def _shuffled(section: SleepSection) -> SleepSection:
    return _with(section, "shuffle_pixels")


def _white(section: SleepSection) -> SleepSection:
    return _with(section, "white_noise")


PIXEL_SHUFFLED = Control(
    name="pixel_shuffled",
    label="sleep, stimulus pixels shuffled",
    question="Must the stimulus have the shape of the images, or only their grey levels?",
    change=_shuffled,
)
WHITE_NOISE = Control(
    name="white_noise",
    label="sleep, white noise",
    question="Is it enough that the input fires as often, all of it alike?",
    change=_white,
)
