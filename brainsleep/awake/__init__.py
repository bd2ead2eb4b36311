"""Awake as a spiking net: the translated network classifies images, in spikes, and learns nothing.

Gains and thresholds are found here too: calibrated to wanted rates, or normalised to the network's
own activations.
"""

from .accuracy import SpikingAccuracy, spiking_accuracy
from .calibrating import Calibration, calibrate

__all__ = ["Calibration", "SpikingAccuracy", "calibrate", "spiking_accuracy"]
