"""Wrong arguments of bs.spiking_accuracy are refused by name, before anything is compiled."""

import numpy as np
import pytest
from brian2 import Hz, ms
from shown_networks import NUMPY, labelled, network
from torch import nn
from torch.utils.data import DataLoader

import brainsleep as bs
from brainsleep.errors import ParameterError, TranslationError, UnitsError
from brainsleep.translation import as_translation

BAD = {
    "n_steps": ({"n_steps": 0}, ParameterError, "n_steps must be at least 1"),
    "fraction": ({"n_steps": 1.5}, UnitsError, "n_steps must be a whole number"),
    "coding": ({"coding": "poison"}, ParameterError, "coding 'poison'. Did you mean 'poisson'"),
    "coding kind": ({"coding": 3}, UnitsError, "coding must be one of"),
    "rate": ({"coding": "poisson", "max_rate": 2000 * Hz}, ParameterError, "max_rate is 2000 Hz"),
    "rate unit": ({"coding": "poisson", "max_rate": 2 * ms}, UnitsError, "max_rate must be in"),
    "no rate": ({"max_rate": 20 * Hz}, ParameterError, "max_rate: coding 'constant' has no rate"),
    "normalisation": ({"normalisation": "max"}, ParameterError, "Expected one of: 'max_norm'"),
    "percentile": ({"percentile": 0}, ParameterError, "percentile must be greater than 0"),
    "percentile high": ({"percentile": 101}, ParameterError, "percentile must be at most 100"),
    "device": ({"device": "cp"}, ParameterError, "unknown device 'cp'. Did you mean 'cpp'"),
    "dtype": ({"dtype": "float16"}, ParameterError, "dtype 'float16'"),
    "dt": ({"dt": 1}, UnitsError, "dt needs units"),
    "n_jobs": ({"n_jobs": 0}, ParameterError, "n_jobs must be at least 1"),
    "stop": ({"stop_when_stable": 0}, ParameterError, "stop_when_stable must be at least 1"),
    "neuron": ({"neuron": bs.LIF}, UnitsError, "neuron must be a neuron model"),
    "calibration": ({"calibration_data": np.ones((3, 5))}, ParameterError, r"shape \(3, 5\)"),
    "shape": ({"data": (np.ones((3, 7)), [0, 1, 2])}, ParameterError, r"data of shape \(3, 7\)"),
    "none": ({"data": (np.ones((0, 12)), [])}, ParameterError, "n >= 1"),
    "nan": ({"data": (np.full((1, 12), np.nan), [0])}, ParameterError, "NaN"),
    "labels": ({"data": (np.ones((3, 12)), [0, 1])}, ParameterError, "labels must be 3 integers"),
    "float": ({"data": (np.ones((1, 12)), [0.5])}, ParameterError, "labels must be 1 integers"),
    "label": ({"data": (np.ones((1, 12)), [5])}, ParameterError, "label 5 has no output"),
    "negative": ({"data": (np.ones((1, 12)), [-1])}, ParameterError, "label -1 has no output"),
    "data": ({"data": np.ones((3, 12))}, UnitsError, "data must be a bs.wake.Dataset or a pair"),
    "no labels": ({"data": DataLoader(np.ones((3, 12)))}, UnitsError, "DataLoader has no labels"),
    "dicts": ({"data": iter([{"x": np.ones(12), "y": 1}])}, UnitsError, "elements are dicts"),
    "one-hot": ({"data": [(np.ones(12), [0, 1])]}, ParameterError, "labels must be 1 integers"),
    "number": ({"n_images": 41}, ParameterError, "n_images is 41, but the data hold 40"),
    "range": (
        {"coding": "latency", "data": (np.full((1, 12), 2.0), [0])},
        ParameterError,
        r"coding 'latency' needs pixels in \[0, 1\]",
    ),
    "seed": ({"seed": -1}, ParameterError, "seed must be at least 0"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_by_name(case, empty_cache):
    changes, error, message = BAD[case]
    ann = network()
    arguments = {"data": labelled(ann), "n_steps": 10} | changes
    with pytest.raises(error, match=message):
        bs.spiking_accuracy(ann, **arguments)
    assert not any(empty_cache.iterdir()), "nothing has been compiled"


def test_neurons_of_ones_own_need_fields():
    class Own(bs.IntegrateAndFire):
        pass

    class Bare:
        def parameters(self): ...

        equations = parameters

    ann = network()
    assert bs.spiking_accuracy(ann, labelled(ann), 5, neuron=Own(), dtype="float64").n_steps == 5
    with pytest.raises(ParameterError, match=r"neuron: Bare must be a dataclass"):
        bs.spiking_accuracy(ann, labelled(ann), 5, neuron=Bare())


def test_networks_that_cannot_be_shown_images():
    pooled = nn.Sequential(nn.AvgPool2d(2), nn.Flatten(), nn.Linear(4, 2))
    data = (np.ones((2, 1, 4, 4)), [0, 1])
    with pytest.raises(ParameterError, match="layer '0' pools the input itself"):
        bs.spiking_accuracy(pooled, data, 5)
    assert bs.spiking_accuracy(pooled, data, 5, coding="poisson", device=NUMPY).n_images == 2
    last = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.AvgPool2d(2), nn.Flatten())
    with pytest.raises(ParameterError, match="last layer, '2', pools"):
        bs.spiking_accuracy(last, data, 5, coding="poisson")
    with pytest.raises(TranslationError, match="input_shape"):
        as_translation(last, [(16,)])
