"""The share of zeros in what activations pass on."""

import numpy as np
import pytest
from torch import nn
from toy_bitnets import small_bitnet

from brainsleep import wake
from brainsleep.errors import DataError, ParameterError
from brainsleep.wake.spiking import spiking_activations


class Given(nn.Module):
    """Spikes that a test can count: what is shown passes a threshold of 1, or does not."""

    def __init__(self):
        super().__init__()
        self.first = wake.SpikingActivation(decay=0.0)
        self.second = wake.SpikingActivation(2.0, decay=0.0)

    def forward(self, images):
        return self.first(images) + self.second(images)


def test_sparsity_counts_zeros():
    images = np.array([[0.0, 1.0, 1.5, 2.0], [2.0, 0.0, 0.0, 0.0]])
    zeros = wake.sparsity(wake.Spiking(Given(), steps=3), images)
    assert zeros == {"Layer1": 50.0, "Layer2": 75.0}


def test_sparsity_of_a_bitnet_and_of_its_relu_twin():
    images = np.random.default_rng(0).random((1100, 64), dtype=np.float32)  # several batches
    network = small_bitnet()
    before = [module.training for module in network.modules()]
    n_ones, n_all = [0] * 6, [0] * 6

    def count(k):
        def hook(_module, _inputs, out):
            n_ones[k] += out.sum().item()
            n_all[k] += out.numel()

        return hook

    hooks = [
        neurons.register_forward_hook(count(k))
        for k, neurons in enumerate(spiking_activations(network))
    ]
    wake.predict(network, images)
    for hook in hooks:
        hook.remove()
    zeros = wake.sparsity(network, images)
    assert list(zeros) == [f"Layer{k}" for k in range(1, 7)]
    expected = [100 * (1 - ones / total) for ones, total in zip(n_ones, n_all, strict=True)]
    np.testing.assert_allclose(list(zeros.values()), expected)
    assert [module.training for module in network.modules()] == before
    assert not any(module._forward_hooks for module in network.modules())
    assert len(wake.sparsity(wake.bitnet_relu(0.05, 4, image_size=8), images)) == 5


def test_sparsity_refuses():
    images = np.zeros((2, 3), dtype=np.float32)
    with pytest.raises(ParameterError, match="no SpikingActivation and no ReLU"):
        wake.sparsity(nn.Linear(3, 2), images)
    with pytest.raises(DataError, match="images"):
        wake.sparsity(nn.Sequential(nn.Linear(3, 2), nn.ReLU()), images[:0])
    network = nn.Linear(3, 2)
    network.unused = nn.ReLU()
    with pytest.raises(ParameterError, match="no image reaches activation 1"):
        wake.sparsity(network, images)
    with pytest.raises(ParameterError, match="images"):
        wake.sparsity(small_bitnet(), images)
