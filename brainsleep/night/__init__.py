"""A night of sleep: checked, assembled, run, and what came of it."""

from .findings import Finding as Finding
from .findings import NightWarning as NightWarning
from .night_request import NightRequest as NightRequest
from .night_request import Record as Record
from .night_request import Save as Save
from .preparation import PreparedNight as PreparedNight
from .preparation import prepare_night as prepare_night
from .result import Night as Night
from .sleep import run_night as run_night
from .sleep import sleep as sleep
