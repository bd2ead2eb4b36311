"""Controls of dreams and of replay: nights that lack one part of what they do."""

from __future__ import annotations

from collections.abc import Callable

from ...errors import ParameterError
from ..model_files.dreams_section import DreamsSection
from .control import Control, NotInModelError


def _lacking(part: str) -> Callable[[DreamsSection], DreamsSection]:
    """Return what takes a part from nights, unless they lack it anyway."""

    def change(section: DreamsSection) -> DreamsSection:
        if part in section.without:
            raise NotInModelError(f"the model's nights lack {part} anyway")
        if part == "up_states" and (section.stages is None or section.stages.nrem is None):
            raise NotInModelError("no stage gates the model's NREM")
        try:
            section.recipe().without(part)
        except ParameterError:
            raise NotInModelError(f"nights of kind {section.kind!r} have no {part}") from None
        return section.model_copy(update={"without": (*section.without, part)})

    return change


def _control(part: str, label: str, question: str, *, of_part: bool = False) -> Control:
    return Control(
        name=f"no_{part}",
        label=f"sleep, {label}",
        question=question,
        change=_lacking(part),
        nights=("dreams",),
        of_part=of_part,
    )


#: What dreams can lack: part, label, question.
WITHOUT_PARTS = tuple(
    _control(*words)
    for words in (
        ("potentiation", "no potentiation", "Do dreams need to strengthen anything?"),
        (
            "nrem_potentiation",
            "no potentiation in NREM",
            "Must feedback to the hidden layer grow in NREM?",
        ),
        ("nrem_depression", "no depression in NREM", "Must feedback weights fall in NREM?"),
        ("rem_potentiation", "no potentiation in REM", "Must REM strengthen what is dreamed?"),
        ("rem_depression", "no depression in REM", "Must REM weaken the output that wins wrongly?"),
        ("residue", "no residue of the day", "Do dreams need the activity of today's images?"),
    )
)

#: What nights of replay can lack.
OF_REPLAY = tuple(
    _control(*words, of_part=True)
    for words in (
        ("codes", "images stored, not codes", "Do codes keep more than as many bytes of images?"),
        ("classes", "labels of what is stored permuted", "Must what is replayed be of its class?"),
        (
            "episodes",
            "codes mixed within classes",
            "Must the codes of a replay be those of one image?",
        ),
        ("up_states", "as many replays at any time", "Must replay take place in up states?"),
    )
)
