"""How images become currents and spikes, and what connections make of them."""

import numpy as np
import pytest
import torch
from brian2 import Hz
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

import brainsleep as bs
from brainsleep.awake.coding import ConstantCurrent, Latency, Poisson, as_coding
from brainsleep.awake.image_input import ahead_at_once, image_currents
from brainsleep.awake.synaptic_sums import weighted_sum
from brainsleep.network.windows import Window
from brainsleep.translation import Connection


def test_latency_spikes_once_and_bright_pixels_first():
    image = np.array([1.0, 0.75, 0.25, 1e-6, 0.0])
    spikes = np.concatenate(list(Latency().chunks(image, 0, 401)))
    assert spikes.shape == (401, 5)
    assert spikes.sum(axis=0).tolist() == [1, 1, 1, 1, 0]
    assert spikes[:, :4].argmax(axis=0).tolist() == [0, 100, 300, 399]
    assert np.concatenate(list(Latency().chunks(image, 0, 1))).sum() == 4


def test_poisson_rates_are_the_pixels():
    image = np.array([0.0, 0.2, 0.9, 1.0], dtype=np.float32)
    spikes = np.concatenate(list(as_coding("poisson", 500 * Hz, 1e-3, 3).chunks(image, 0, 4000)))
    assert spikes.shape == (4000, 4)
    np.testing.assert_allclose(spikes.mean(axis=0), image / 2, atol=0.03)
    full = np.concatenate(list(Poisson(1.0, 3).chunks(image, 0, 300)))
    assert full[:, 3].all()
    assert not full[:, 0].any()


WINDOWS = st.builds(
    lambda groups, sizes, kernel, stride, padding, dilation: (
        (groups * sizes[0], 7, 6),
        groups * sizes[1],
        {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups},
        kernel,
    ),
    st.integers(1, 2),
    st.tuples(st.integers(1, 2), st.integers(1, 3)),
    st.tuples(st.integers(1, 3), st.integers(1, 2)),
    st.tuples(st.integers(1, 3), st.integers(1, 2)),
    st.tuples(st.integers(0, 2), st.integers(0, 1)),
    st.tuples(st.integers(1, 2), st.integers(1, 2)),
)


@given(WINDOWS)
def test_currents_and_fans_of_convolutions(case):
    in_shape, n_channels, options, kernel = case
    torch.manual_seed(0)
    module = nn.Conv2d(in_shape[0], n_channels, kernel, bias=False, dtype=torch.float64, **options)
    images = torch.randn(2, *in_shape, dtype=torch.float64)
    with torch.no_grad():
        expected = module(images)
    options["groups"] = options.pop("groups")
    window = Window(in_shape, tuple(expected.shape[1:]), kernel, **options)
    n_in, n_out = images[0].numel(), expected[0].numel()
    weight = module.weight.detach().numpy()
    link = Connection(
        "input", "convolution", n_in, n_out, window=window, weight_name="weight", weight=weight
    )
    found = weighted_sum(link, images.reshape(2, -1).numpy())
    np.testing.assert_allclose(found, expected.reshape(2, -1).numpy(), atol=1e-12)
    source, _, _ = window.unrolled()
    np.testing.assert_array_equal(link.fan_out, np.bincount(source, minlength=n_in))


@pytest.mark.parametrize("at_once", [3, 7, 250])
def test_currents_of_many_images_are_what_the_layer_computes(at_once):
    torch.manual_seed(0)
    layer = nn.Linear(6, 5).double()
    network = nn.Sequential(layer, nn.ReLU(), nn.Linear(5, 2).double())
    images = np.random.default_rng(0).random((10, 6))
    found = image_currents(ConstantCurrent(), bs.translate(network), images, "float64", at_once)
    with torch.no_grad():
        expected = layer(torch.tensor(images)).numpy()
    assert list(found) == ["0"]
    np.testing.assert_allclose(found["0"], expected, rtol=1e-12)


def test_currents_are_made_ahead_as_long_as_they_are_few(monkeypatch):
    network = bs.translate(nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 2)))
    monkeypatch.setattr("brainsleep.awake.image_input.KEPT_CURRENTS", 50)
    monkeypatch.setattr("brainsleep.awake.image_input.VALUES_AT_ONCE", 19)
    assert ahead_at_once(ConstantCurrent(), network, 10) == 3
    assert ahead_at_once(ConstantCurrent(), network, 11) == 0
    assert ahead_at_once(as_coding("latency", None, 1e-3, 0), network, 1000) > 0  # it makes none
