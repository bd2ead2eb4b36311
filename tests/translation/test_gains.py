"""Gains of the published rule, computed from a network's weights and activations."""

import numpy as np
import pytest
import torch
from helpers import SMALL, mlp
from torch import nn

import brainsleep as bs
from brainsleep.errors import ParameterError, UnitsError
from brainsleep.translation import tadros_gains, translate


def test_tadros_gains_by_hand():
    ann = nn.Sequential(
        nn.Linear(2, 2, bias=False),
        nn.ReLU(),
        nn.Linear(2, 1, bias=False),
        nn.ReLU(),
        nn.Linear(1, 1),
    )
    ann[0].weight.data = torch.tensor([[1.0, -2.0], [0.5, 0.25]])
    ann[2].weight.data = torch.tensor([[6.0, -9.0]])
    ann[4].weight.data = torch.tensor([[0.5]])
    ann[4].bias.data = torch.tensor([-100.0])
    data = np.array([[1.0, 0.0], [3.0, 1.0], [0.0, 4.0]])
    # layer 0: activations [1, .5], [1, 1.75], [-8, 1] -> 1.75; largest weight 1      -> 1.75
    # layer 2: relu -> [1, .5], [1, 1.75], [0, 1]: 1.5, -9.75, -9 -> 1.5; weight 6     -> 6
    # layer 4: .5 * [1.5, 0, 0] - 100 < 0 -> 0; largest weight .5                      -> .5
    f1 = 1.75
    f2 = 6 / f1
    f3 = 0.5 / f2
    gains = tadros_gains(translate(ann), data, gain_scale=2.0)
    np.testing.assert_allclose(gains, [2 / f1, 2 / f2, 2 / f3], rtol=1e-6)


def test_tadros_gains_use_the_network_awake():
    """They use evaluation mode, in batches, for any kind of data, and change nothing."""
    ann = nn.Sequential(nn.Flatten(), nn.Dropout(0.9), *mlp((12, 10, 5), seed=1)).train()
    data = np.random.default_rng(0).random((2500, 3, 4)) * 20
    gains = tadros_gains(translate(ann), data)
    assert gains == tadros_gains(translate(ann), torch.from_numpy(data).requires_grad_())
    activation = (data.reshape(2500, 12) @ ann[2].weight.detach().numpy().T).max()
    assert gains[0] == pytest.approx(1 / activation, rel=1e-5)
    assert ann.training


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (None, "data is missing"),
        (np.zeros((0, 12)), "n >= 1"),
        (np.zeros(12), "shape (n, ...)"),
        (np.zeros((5, 11)), "(5, 11) do not fit"),
        (np.full((5, 12), np.nan), "NaN"),
        (np.full((5, 12), np.inf), "NaN or infinite"),
        ([["a"] * 12], "data"),
    ],
)
def test_bad_data_for_gains(data, words, empty_cache):
    with pytest.raises((ParameterError, UnitsError)) as raised:
        bs.sleep(
            mlp(SMALL), np.zeros(12), data, neuron=bs.Heaviside("tadros", 1), plasticity=bs.SRC()
        )
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)
    assert not any(empty_cache.iterdir())


def test_dead_layer_has_no_gain():
    ann = mlp(SMALL)
    ann[2].weight.data = -ann[2].weight.data.abs()
    with pytest.raises(ParameterError, match="layer '2' has no positive weight"):
        tadros_gains(translate(ann), np.random.default_rng(0).random((9, 12)))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_gains_in_other_precisions(dtype):
    data = np.random.default_rng(0).random((20, 12))
    gains = tadros_gains(translate(mlp(SMALL, dtype=dtype)), data)
    np.testing.assert_allclose(gains, tadros_gains(translate(mlp(SMALL)), data), rtol=0.03)
