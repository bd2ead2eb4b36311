"""A night of sleep: checked, assembled, run, and what came of it."""

from .preparation import PreparedNight as PreparedNight
from .preparation import prepare_night as prepare_night
from .request import NightRequest as NightRequest
from .request import Record as Record
from .request import Save as Save
from .result import Night as Night
from .sleep import run_night as run_night
from .sleep import sleep as sleep
