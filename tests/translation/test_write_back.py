"""New weights are written into a copy of a network, with BatchNorm taken out."""

import copy

import numpy as np
import pytest
import torch
from architectures import ARCHITECTURES, conv, reshaped, signals
from forward_pass import randomized
from helpers import SMALL, mlp
from torch import nn

import brainsleep as bs
from brainsleep.errors import ParameterError
from brainsleep.translation import translate, write_back


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_write_back_changes_a_copy(dtype):
    ann = mlp(SMALL, bias=True, dtype=dtype).train()
    ann[2].weight.requires_grad_(False)
    before = copy.deepcopy(ann.state_dict())
    awake = bs.write_back(ann, {"0.weight": np.full((10, 12), 0.25)})
    assert all(torch.equal(before[name], value) for name, value in ann.state_dict().items())
    assert (awake[0].weight == 0.25).all()
    assert awake[0].weight.dtype == dtype
    assert awake[0].weight.requires_grad
    assert not awake[2].weight.requires_grad
    assert torch.equal(awake[2].weight, ann[2].weight)
    assert torch.equal(awake[0].bias, ann[0].bias)
    assert awake.training
    assert awake[2].weight.data_ptr() != ann[2].weight.data_ptr()


def test_write_back_of_what_does_not_fit():
    ann = mlp(SMALL)
    with pytest.raises(ParameterError, match=r"no parameter '0.weigt'. Did you mean '0.weight'\?"):
        bs.write_back(ann, {"0.weigt": np.zeros((10, 12))})
    with pytest.raises(ParameterError, match=r"'0.weight' has shape \(10, 12\)"):
        bs.write_back(ann, {"0.weight": np.zeros((12, 10))})


@pytest.mark.parametrize("which", ["vgg", "signals", "normed_before", "reshaped", "resnet"])
def test_folded_weights_that_slept_are_unfolded(which):
    make, shape, _ = ARCHITECTURES[which]
    torch.manual_seed(0)
    ann = randomized(make(), dtype=torch.float64)
    before = {name: value.clone() for name, value in ann.state_dict().items()}
    translation = translate(ann, shape)
    rng = np.random.default_rng(0)
    slept = {
        name: weight + 0.1 * rng.standard_normal(weight.shape)
        for name, weight in translation.weights.items()
    }
    awake = write_back(ann, slept, translation)
    for name, weight in translate(awake, shape).weights.items():
        np.testing.assert_allclose(weight, slept[name], atol=1e-12)
    for name, value in ann.state_dict().items():
        assert torch.equal(before[name], value)
        if name not in slept:
            assert torch.equal(awake.state_dict()[name], value), "BatchNorm does not sleep"


def test_weights_that_no_norm_lets_through_stay():
    ann = randomized(nn.Sequential(conv(), nn.BatchNorm2d(2), nn.ReLU()))
    ann[1].weight.data[1] = 0
    translation = translate(ann, (2, 4, 4))
    slept = {"0.weight": translation.weights["0.weight"] + 1}
    awake = write_back(ann, slept, translation)
    assert torch.equal(awake[0].weight[1], ann[0].weight[1])
    scale = ann[1].weight[0] / torch.sqrt(ann[1].running_var[0] + ann[1].eps)
    torch.testing.assert_close(awake[0].weight[0], ann[0].weight[0] + 1 / scale)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_write_back_in_half_precision(dtype):
    ann = randomized(reshaped()).to(dtype)
    translation = translate(ann)
    back = write_back(ann, translation.weights, translation)
    for name, value in ann.state_dict().items():
        assert torch.equal(back.state_dict()[name], value)
        assert back.state_dict()[name].dtype == value.dtype


def test_kernels_of_height_one_fit():
    ann = signals()
    translation = translate(ann, (2, 17))
    assert translation.weights["0.weight"].shape == (4, 1, 1, 3)
    for shape in ((4, 1, 1, 3), (4, 1, 3)):
        awake = bs.write_back(ann, {"0.weight": np.full(shape, 0.5)})
        assert (awake[0].weight == 0.5).all()
    with pytest.raises(ParameterError, match=r"'0.weight' has shape \(4, 1, 3\)"):
        bs.write_back(ann, {"0.weight": np.zeros((4, 3, 1))})
