"""Networks that learn images without labels: competing neurons, spike timing, class assignment.

After Diehl and Cook 2015. `WinnerNetwork` learns and responds; `ClassReadout` gives its neurons to
classes, with labels, afterwards.
"""

from .network import WinnerNetwork, WinnerState
from .presentations import ImageSequence
from .readout import ClassReadout

__all__ = ["ClassReadout", "ImageSequence", "WinnerNetwork", "WinnerState"]
