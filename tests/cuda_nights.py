"""Nights of CUDA programs, to be compared with other devices: on the CPU, and on a GPU."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from brian2 import ms, mV
from helpers import (
    asleep,
    assert_same_nights,
    bias_vectors,
    mlp,
    random_spikes,
    raster,
    weight_matrices,
)
from numpy_night import heaviside_night
from torch import nn

import brainsleep as bs
from brainsleep.devices.cuda import toolkit
from brainsleep.errors import CompilerError, MissingPackageError, ParameterError

NEURON = bs.Heaviside(gain=[1.0, 1.3, 1.1], threshold=0.4, decay=0.999)
RULE = bs.SRC(2e-3, 5e-4, weight_factor="tadros2022")
SIZES = (30, 25, 20, 10)
LIF = bs.LIF(
    gain=[1.0, 1.3, 1.1],
    threshold=[0.5, 0.4, 0.3],
    tau_m=20 * ms,
    v_rest=-65 * mV,
    v_reset=-65.07 * mV,
    refractory=3 * ms,
)
LIF_OF_TWO = replace(LIF, gain=[1.0, 1.3], threshold=0.3)


def has_brian2cuda():
    try:
        toolkit.require_packages()
    except (ParameterError, MissingPackageError):
        return False
    return True


def has_nvcc():
    try:
        toolkit.require_toolkit()
    except CompilerError:
        return False
    return True


needs_brian2cuda = pytest.mark.skipif(not has_brian2cuda(), reason="Brian2CUDA is not installed")
needs_nvcc = pytest.mark.skipif(not has_nvcc(), reason="there is no nvcc with cuRAND")
needs_gpu = pytest.mark.skipif(not toolkit.gpu_names(), reason="there is no GPU")


def sleep(ann, spikes, device, neuron=NEURON, plasticity=RULE, dtype="float64", **options):
    return asleep(
        ann, spikes, neuron=neuron, plasticity=plasticity, device=device, dtype=dtype, **options
    )


def assert_conforms(night, expected, tolerance=1e-12):
    for name, spikes in zip(night.sizes, expected.spikes, strict=True):
        np.testing.assert_array_equal(raster(night, name), spikes, err_msg=name)
    for values, weights in zip(night.weights_after.values(), expected.weights, strict=True):
        np.testing.assert_allclose(values, weights, rtol=0, atol=tolerance)


def heaviside_reference(ann, spikes, factor, decay=0.999, biases=None):
    return heaviside_night(
        weight_matrices(ann),
        spikes,
        gains=[1.0, 1.3, 1.1],
        thresholds=[0.4] * 3,
        decays=[decay] * 3,
        increase=[2e-3] * 3,
        decrease=[5e-4] * 3,
        factor=factor,
        biases=biases,
    )


def check_nights_of_one_program(device):
    """Run nights with new weights, biases, parameters, input and duration on one program."""
    for number, (ann, factor, decay, n_steps) in enumerate(
        [
            (mlp(SIZES), "tadros2022", 0.999, 300),
            (mlp(SIZES, bias=True, seed=3), "tadros2022", 0.5, 40),
        ]
    ):
        spikes = random_spikes(n_steps, 30, 0.2, seed=number)
        night = sleep(
            ann,
            spikes,
            device,
            replace(NEURON, decay=decay),
            bs.SRC(2e-3, 5e-4, weight_factor=factor),
        )
        biases = bias_vectors(ann) or None
        expected = heaviside_reference(ann, spikes, factor, decay, biases)
        assert_conforms(night, expected)
        assert all(rises > 0 for rises in expected.rises)
        assert night.timings["build_cached"] is (number > 0)
        assert night.n_steps == n_steps


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(30, 16), nn.Linear(16, 16), nn.Linear(16, 5)

    def forward(self, x):
        x = torch.relu(self.a(x))
        return self.c(torch.relu(self.b(x) + x))


def convolutional():
    convolution, pooling = nn.Conv2d(1, 3, 3, padding=1), nn.AvgPool2d(2)
    return nn.Sequential(convolution, nn.ReLU(), pooling, nn.Flatten(), nn.Linear(27, 5))


MASKS = {
    name: np.random.default_rng(1).random(shape) < 0.6
    for name, shape in [("0", (25, 30)), ("2.weight", (20, 25))]
}

#: By the name of a case: neuron, rule, and other arguments of a night.
NIGHTS = {
    "traces": (LIF, bs.SRC(2e-3, 5e-4, weight_factor="sigmoid", tau_pre=5 * ms), {}),
    "STDP": (replace(LIF, delay_steps=0), bs.STDP(), {}),
    "AdEx": (bs.AdEx(gain=20, threshold=15), bs.TripletSTDP(), dict(dt="0.1 ms")),
    "reward": (LIF, bs.RewardSTDP(), dict(modulation=np.linspace(-1, 2, 150))),
    "modulated": (LIF, RULE, dict(modulation=np.linspace(0, 2, 150))),
    "recurrent": (LIF, RULE, dict(lateral={"0": bs.lateral.InhibitoryPopulation()})),
    "pooled": (LIF, RULE, dict(lateral={"0": bs.lateral.MeanInhibition(0.3)})),
    "regulated": (LIF, bs.Homeostasis(RULE), {}),
    "scaled": (LIF, bs.SynapticScaling(RULE), {}),
    "masked": (LIF, bs.STDP(), dict(masks=MASKS)),
    "masked, regulated": (LIF, bs.Homeostasis(bs.STDP(), every=20 * ms), dict(masks=MASKS)),
    "additions": (replace(NEURON, gain=1.0), RULE, {}),
    "biases": (LIF, RULE, dict(biases="learn")),
    "convolution": (
        replace(NEURON, gain=1.0),
        RULE,
        dict(translation=dict(frozen=["0"], input_shape=(1, 6, 6))),
    ),
}


def network_of(case):
    torch.manual_seed(0)
    networks = {"additions": Residual, "convolution": convolutional}
    return networks.get(case, lambda: mlp(SIZES, bias=case == "biases"))()


def check_against(device, reference, case):
    neuron, plasticity, options = NIGHTS[case]
    ann = network_of(case)
    spikes = random_spikes(150, 36 if case == "convolution" else 30, 0.2)
    one = sleep(ann, spikes, device, neuron, plasticity, **options)
    assert_same_nights(
        one, sleep(ann, spikes, reference, neuron, plasticity, **options), tolerance=1e-12
    )
    assert all(len(train) > 0 for train in one.spikes.values())
    changes = [one.weights_after[name] - before for name, before in one.weights_before.items()]
    assert any((change != 0).any() for change in changes)


#: Neuron and rule of nights in single precision.
SINGLE_PRECISION = {
    "Heaviside, SRC": (NEURON, RULE),
    "Heaviside, STDP": (NEURON, bs.STDP()),
    "LIF, SRC": (LIF, RULE),
    "LIF, STDP": (LIF, bs.STDP()),
}


def check_single_precision(device, case):
    """Compare with C++: the same spikes, and the same weights to rounding.

    In this night no neuron comes so close to its threshold that rounding matters: double
    precision has the same spikes.
    """
    neuron, plasticity = SINGLE_PRECISION[case]
    ann, spikes = mlp(SIZES), random_spikes(300, 30, 0.2)
    exact = sleep(ann, spikes, "cpp", neuron, plasticity)
    expected = sleep(ann, spikes, "cpp", neuron, plasticity, dtype="float32")
    assert_same_nights(exact, expected, tolerance=1e-5)
    night = sleep(ann, spikes, device, neuron, plasticity, dtype="float32")
    assert_same_nights(night, expected, tolerance=1e-5)
    assert all(len(train) > 100 for train in night.spikes.values())
