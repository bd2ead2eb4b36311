"""A control of order: sleep comes before anything is learned."""

from __future__ import annotations

from .control import Control

SLEEP_FIRST = Control(
    name="sleep_first",
    label="sleep before any training, none after",
    question="Does a night make a better beginning, rather than bring back what was learned?",
    night_first=True,
)
