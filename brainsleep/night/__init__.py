"""A night of sleep: checked, assembled, run, and what came of it."""

from .describing.findings import Finding as Finding
from .describing.findings import NightWarning as NightWarning
from .preparing.night_request import NightRequest as NightRequest
from .preparing.night_request import Record as Record
from .preparing.night_request import Save as Save
from .preparing.preparation import PreparedNight as PreparedNight
from .preparing.preparation import prepare_night as prepare_night
from .result import Night as Night
from .sleep import run_night as run_night
from .sleep import sleep as sleep
