"""A night of sleep: checked, assembled, run, and what came of it."""

from .preparation import PreparedNight, prepare_night
from .result import Night
from .sleep import sleep

__all__ = ["Night", "PreparedNight", "prepare_night", "sleep"]
