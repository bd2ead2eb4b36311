"""New weights are written into a copy of a network, with BatchNorm taken out."""

import copy
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from architectures import ARCHITECTURES, conv, reshaped, signals
from forward_pass import randomized
from helpers import SMALL, mlp
from torch import nn
from torch.nn.utils import prune

import brainsleep as bs
from brainsleep.errors import ParameterError
from brainsleep.translation import translate, write_back


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
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
def test_half_precision_comes_back_in_float32(dtype):
    ann = randomized(reshaped()).to(dtype)
    ann.register_buffer("steps", torch.zeros(3, dtype=torch.int64))
    before = copy.deepcopy(ann.state_dict())
    translation = translate(ann)
    with pytest.warns(bs.PrecisionWarning, match=str(dtype)[6:]) as caught:
        back = write_back(ann, translation.weights, translation)
    assert Path(caught[0].filename).name == Path(__file__).name
    for name, value in back.state_dict().items():
        assert torch.equal(ann.state_dict()[name], before[name]), "the user's own is left alone"
        assert torch.equal(value.double(), before[name].double()), name
        assert value.dtype == (torch.float32 if value.is_floating_point() else torch.int64)
    back(torch.randn(3, *translation.input_shape))


def test_tied_parameters_stay_tied_in_float32():
    ann = nn.ModuleDict({"a": nn.Linear(3, 3), "b": nn.Linear(3, 3), "c": nn.Linear(3, 2)}).half()
    ann["b"].bias = ann["a"].bias
    with pytest.warns(bs.PrecisionWarning):
        back = write_back(ann, {"c.weight": np.full((2, 3), 1e-3)})
    assert back["b"].bias is back["a"].bias
    assert back["a"].bias.dtype == torch.float32


def test_only_half_precision_is_widened():
    ann = nn.ModuleDict({"a": nn.Linear(3, 3).half(), "b": nn.Linear(3, 2).double()})
    assert write_back(ann, {"b.weight": np.zeros((2, 3))})["a"].weight.dtype == torch.float16
    with pytest.warns(bs.PrecisionWarning):
        back = write_back(ann, {"a.weight": np.zeros((3, 3))})
    assert [part.weight.dtype for part in back.values()] == [torch.float32, torch.float64]


@pytest.mark.parametrize("folded", [False, True])
def test_rounded_weights_that_did_not_change_come_back_bit_for_bit(folded):
    parts = [nn.Linear(6, 5), nn.BatchNorm1d(5)] if folded else [nn.Linear(6, 5)]
    ann = randomized(nn.Sequential(*parts, nn.ReLU()), dtype=torch.float64)
    ann[0].weight.data += 1e-10 * torch.rand(5, 6, dtype=torch.float64)
    translation = translate(ann)
    slept = {"0.weight": translation.weights["0.weight"].astype(np.float32)}
    assert (slept["0.weight"] != translation.weights["0.weight"]).any(), "the night rounds"
    slept["0.weight"][0, 0] += 0.25
    back = write_back(ann, slept, translation)[0].weight
    same = back == ann[0].weight
    assert not same[0, 0]
    assert same.sum() == same.numel() - 1
    if not folded:
        assert back[0, 0] == float(slept["0.weight"][0, 0])


def test_changes_that_float32_cannot_hold_are_reported():
    ann = mlp(SMALL)
    exact = ann[0].weight.detach().double().numpy()
    with pytest.warns(bs.PrecisionWarning, match=r"0.weight: rounding to float32 takes 100 % of"):
        back = write_back(ann, {"0.weight": exact * (1 + 1e-9)})
    assert torch.equal(back[0].weight, ann[0].weight)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        write_back(ann, {"0.weight": exact * (1 + 1e-5)})
        write_back(ann, {"0.weight": exact})
        write_back(mlp(SMALL, dtype=torch.float64), {"0.weight": exact * (1 + 1e-9)})


def test_a_whole_state_with_counters_comes_back():
    """BatchNorm counts its batches in an array without dimensions."""
    torch.manual_seed(0)
    trained = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU())
    for _ in range(3):
        trained(torch.rand(4, 1, 5, 5))
    state = {name: values.numpy() for name, values in trained.state_dict().items()}
    fresh = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU())
    found = write_back(fresh, state).state_dict()
    assert found["1.num_batches_tracked"] == 3
    for name, values in trained.state_dict().items():
        assert torch.equal(found[name], values)
        assert found[name].dtype == values.dtype


def test_kernels_of_height_one_fit():
    ann = signals()
    translation = translate(ann, (2, 17))
    assert translation.weights["0.weight"].shape == (4, 1, 1, 3)
    for shape in ((4, 1, 1, 3), (4, 1, 3)):
        awake = bs.write_back(ann, {"0.weight": np.full(shape, 0.5)})
        assert (awake[0].weight == 0.5).all()
    with pytest.raises(ParameterError, match=r"'0.weight' has shape \(4, 1, 3\)"):
        bs.write_back(ann, {"0.weight": np.zeros((4, 3, 1))})


def test_pruned_weights_come_back_pruned():
    ann = nn.Sequential(nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 3))
    prune.random_unstructured(ann[0], "weight", amount=0.5)
    translation = translate(ann)
    (name, *_), mask = translation.weights, ann[0].weight_mask.bool()
    new = np.where(mask, translation.weights[name] + 1, 0).astype(np.float32)
    before = ann[0].weight.detach().clone()
    awake = write_back(ann, {name: new}, translation)
    assert torch.equal(ann[0].weight, before)
    assert torch.equal(awake[0].weight, torch.from_numpy(new))
    assert torch.equal(awake[0].weight_orig[~mask], ann[0].weight_orig[~mask])
    images = torch.rand(2, 5)
    expected = awake[2](torch.relu(images @ torch.from_numpy(new).T + awake[0].bias))
    torch.testing.assert_close(awake(images), expected)
    awake(images).sum().backward()  # it can be trained on
    assert awake[0].weight_orig.grad is not None


def test_weights_under_a_mask_of_the_user_come_back_as_zero():
    ann = mlp(SMALL)
    mask = np.arange(120).reshape(10, 12) % 3 > 0
    translation = translate(ann, masks={"0": mask})
    new = np.where(mask, translation.weights["0.weight"] + 1, 0)
    awake = write_back(ann, {"0.weight": new}, translation)
    np.testing.assert_array_equal(awake[0].weight.detach(), new)
    assert ann[0].weight.all()
