"""The translated network awake: it classifies images in spikes, without learning.

Its gains and thresholds are found here, too: calibrated to target rates, or normalised to the
network's own activations.
"""

from .accuracy import SpikingAccuracy
from .calibrating import calibrate
from .calibration import Calibration
from .spiking_inference import spiking_accuracy

__all__ = ["Calibration", "SpikingAccuracy", "calibrate", "spiking_accuracy"]
