"""Helpers of several test files: small networks, and spikes as arrays of bool."""

import itertools

import numpy as np
import torch
from torch import nn

import brainsleep as bs

#: One small topology for most tests, so that few programs are compiled.
SMALL = (12, 10, 8, 5)


def asleep(ann, stimulus, data=None, duration=None, *, translation=None, **options):
    """Sleep; `translation` holds the options of bs.translate, where there are any."""
    network = ann if translation is None else bs.translate(ann, **translation)
    return bs.sleep(network, stimulus, data, duration, **options)


def mlp(sizes, *, bias=False, scale=1.0, seed=0, dtype=torch.float32):
    """Return a ReLU network with random weights; modules "0", "2", "4", … are its layers."""
    generator = torch.Generator().manual_seed(seed)
    modules = []
    for n_in, n_out in itertools.pairwise(sizes):
        linear = nn.Linear(n_in, n_out, bias=bias)
        for parameter in linear.parameters():
            draw = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
            parameter.data = (scale * draw / n_in**0.5).to(dtype)
        modules += [linear, nn.ReLU()]
    return nn.Sequential(*modules[:-1])


def weight_matrices(ann):
    """Return the weights of a network as float64 arrays."""
    state = ann.state_dict()
    return [state[name].double().numpy().copy() for name in state if name.endswith("weight")]


def bias_vectors(ann):
    """Return the biases of a network as float64 arrays."""
    state = ann.state_dict()
    return [state[name].double().numpy().copy() for name in state if name.endswith("bias")]


def random_spikes(n_steps, n_inputs, probability=0.1, seed=0):
    return np.random.default_rng(seed).random((n_steps, n_inputs)) < probability


def raster(night, population):
    """Return the spikes of one population as an array of bool, (n_steps, n)."""
    train = night.spikes[population]
    steps = np.rint(np.asarray(train.t / night.dt)).astype(int)
    assert (np.diff(steps) >= 0).all(), "spikes are in time order"
    table = np.zeros((night.n_steps, train.n_neurons), dtype=bool)
    table[steps, train.i] = True
    assert table.sum() == len(train), "no spike comes twice"
    return table


def assert_same_nights(one, other, tolerance=0.0):
    """Assert the same spikes, and the same weights: bit for bit unless a tolerance is given."""
    assert list(one.spikes) == list(other.spikes)
    for name in one.spikes:
        np.testing.assert_array_equal(raster(one, name), raster(other, name), err_msg=name)
    for name in one.weights_after:
        np.testing.assert_allclose(
            one.weights_after[name], other.weights_after[name], rtol=0, atol=tolerance
        )


def heaviside(gain=1.0, threshold=0.5, decay=0.9, **kwargs):
    return bs.Heaviside(gain=gain, threshold=threshold, decay=decay, **kwargs)
