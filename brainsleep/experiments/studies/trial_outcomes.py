"""What comes of asking for a trial."""

from __future__ import annotations

from dataclasses import dataclass

from .study_request import Trial


@dataclass(frozen=True)
class Outcome:
    """What came of asking for a trial: it is noted, unless something else is said.

    Attributes
    ----------
    trial : Trial
        Which.
    is_busy : bool
        Whether another process of the study runs it.
    died : int
        How often the process that ran it ended; nothing is noted then. 0: it did not.
    """

    trial: Trial
    is_busy: bool = False
    died: int = 0
