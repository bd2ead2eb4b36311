"""Warnings name the line of the user's script, whatever function of the package they come from."""

import warnings

import numpy as np
import pytest
from torch import nn

import brainsleep as bs

SILENT = nn.Sequential(nn.Linear(4, 3, bias=False))
SILENT[0].weight.data[:] = -1.0


@pytest.mark.parametrize("function", ["sleep", "calibrate"])
def test_a_warning_points_here(function):
    how = {"device": bs.devices.Runtime("numpy"), "progress": False}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if function == "sleep":
            neuron = bs.Heaviside(gain=1, threshold="calibrated", target_rate=50)
            bs.sleep(SILENT, np.full(4, 0.5), None, 20, neuron=neuron, plasticity=bs.SRC(), **how)
        else:
            neuron = bs.Heaviside(gain=1)
            bs.calibrate(SILENT, np.ones((5, 4)), target_rate=50, duration=20, neuron=neuron, **how)
    (warning,) = (one for one in caught if issubclass(one.category, bs.CalibrationWarning))
    assert warning.filename == __file__
    assert "layer '0' stays silent" in str(warning.message)
