"""Masks of synapses that are absent: what users may give, and what becomes of a network."""

import numpy as np
import pytest
import torch
from helpers import mlp
from torch import nn

import brainsleep as bs
from brainsleep.errors import KindError, ParameterError, UnitsError
from brainsleep.translation import as_translation, under_masks, with_masks

SIZES = (6, 4, 3)
MASK = np.arange(24).reshape(4, 6) % 3 > 0


class Residual(nn.Module):
    """A layer "add" with two weights."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(6, 4), nn.Linear(4, 4), nn.Linear(6, 4)

    def forward(self, x):
        return self.b(torch.relu(self.a(x))) + self.c(x)


def convolutional():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1, groups=2), nn.ReLU(), nn.Flatten(), nn.Linear(100, 3)
    )


@pytest.mark.parametrize(
    "mask",
    [
        MASK,
        MASK.tolist(),
        MASK.astype(int),
        MASK.astype(float),
        torch.from_numpy(MASK),
        torch.from_numpy(MASK).float().requires_grad_(),
        torch.from_numpy(MASK).to(torch.bfloat16),
        torch.from_numpy(MASK.astype(np.uint8)),
    ],
)
@pytest.mark.parametrize("name", ["0", "0.weight"])
def test_a_mask_may_be_of_any_kind_and_go_by_layer_or_weight(name, mask):
    ann = mlp(SIZES)
    before = ann[0].weight.detach().clone()
    network = bs.translate(ann, masks={name: mask})
    link = network.layers[0].connections[0]
    np.testing.assert_array_equal(link.mask, MASK)
    np.testing.assert_array_equal(link.weight, np.where(MASK, before.numpy(), 0))
    assert network.layers[1].connections[0].mask is None
    torch.testing.assert_close(ann[0].weight, before, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("masks", "error", "text"),
    [
        ([MASK], KindError, "must be a dict by layer"),
        (MASK, KindError, "must be a dict by layer"),
        ({"O": MASK}, ParameterError, "no layer or weight is called 'O'"),
        ({"0.wieght": MASK}, ParameterError, "Did you mean '0.weight'"),
        ({"0.bias": MASK[:, 0]}, ParameterError, "no layer or weight is called '0.bias'"),
        ({0: MASK}, ParameterError, "no layer or weight is called 0"),
        ({None: MASK}, ParameterError, "no layer or weight is called None"),
        ({"0": MASK.T}, ParameterError, r"must have shape \(4, 6\)"),
        ({"0": MASK[0]}, ParameterError, r"must have shape \(4, 6\)"),
        ({"0": True}, ParameterError, r"must have shape \(4, 6\)"),
        ({"0": 2 * MASK}, ParameterError, "it holds 2"),
        ({"0": MASK - 1}, ParameterError, "it holds -1"),
        ({"0": np.where(MASK, np.nan, 1)}, ParameterError, "it holds nan"),
        ({"0": MASK * 0.5}, ParameterError, "it holds 0.5"),
        ({"0": None}, KindError, "must hold True and False"),
        ({"0": "1"}, KindError, "must hold True and False"),
        ({"0": MASK.astype(complex)}, KindError, "must hold True and False"),
        ({"0": [[True], [True, False]]}, KindError, "cannot be read as an array"),
        ({"0": torch.ones(4, 6, device="meta")}, KindError, "meta device"),
        ({"0": torch.ones(4, 6).to_sparse()}, KindError, "to_dense"),
        ({"0": np.broadcast_to(True, (10**6, 10**6))}, ParameterError, "memory|shape"),
    ],
)
def test_what_is_wrong_is_named(masks, error, text):
    ann = mlp(SIZES)
    with pytest.raises(error, match=text):
        bs.translate(ann, masks=masks)
    with pytest.raises(error, match=text):
        bs.sleep(ann, np.ones(6), 10, masks=masks, neuron=bs.Heaviside(1, 1), plasticity=bs.SRC())


def test_units_are_refused():
    from brian2 import mV

    with pytest.raises(UnitsError, match="without units"):
        bs.translate(mlp(SIZES), masks={"0": MASK * mV})


def test_a_layer_with_several_weights_needs_their_names():
    with pytest.raises(ParameterError, match=r"several weights; name one: b\.weight, c\.weight"):
        bs.translate(Residual(), masks={"add": np.eye(4)})
    network = bs.translate(Residual(), masks={"b.weight": np.eye(4)})
    masks = {link.weight_name: link.mask for link in network.connections}
    assert masks["a.weight"] is None
    assert masks["c.weight"] is None
    np.testing.assert_array_equal(masks["b.weight"], np.eye(4))


def test_a_layer_that_pools_has_nothing_to_mask():
    ann = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.MaxPool2d(2))
    with pytest.raises(ParameterError, match="layer '2' has no weights"):
        bs.translate(ann, (1, 6, 6), masks={"2": np.ones(4)})


def test_several_masks_of_one_weight_are_combined():
    other = np.arange(24).reshape(4, 6) % 2 == 0
    network = bs.translate(mlp(SIZES), masks={"0": MASK, "0.weight": other})
    np.testing.assert_array_equal(network.layers[0].connections[0].mask, MASK & other)
    again = with_masks(bs.translate(mlp(SIZES), masks={"0": MASK}), {"0": other})
    np.testing.assert_array_equal(again.layers[0].connections[0].mask, MASK & other)


@pytest.mark.parametrize("masks", [None, {}])
def test_no_masks_change_nothing(masks):
    network = as_translation(mlp(SIZES))
    assert with_masks(network, masks) is network


def test_synapses_are_counted_without_the_absent_ones():
    network = bs.translate(mlp(SIZES), masks={"0": MASK, "2": np.zeros((3, 4))})
    first, last = (layer.connections[0] for layer in network.layers)
    assert first.n_synapses == first.n_weights == MASK.sum() == 16
    assert last.n_synapses == last.n_weights == 0
    rows = {row[0]: row for row in network.table()}
    assert rows["layer"][3] == "sleep"
    assert rows["0"][3] == rows["2"][3] == "masked"
    assert rows["0"][5] == "16"
    assert rows["2"][5] == "0"
    assert rows["0"][8] == str(4 * 24)  # the arrays keep their size
    frozen = bs.translate(mlp(SIZES), frozen=["0"], masks={"0": MASK})
    assert frozen.table()[2][3] == "frozen, masked"


def test_synapses_of_a_masked_kernel_are_counted_one_by_one():
    mask = np.random.default_rng(0).random((4, 1, 3, 3)) < 0.5
    network = bs.translate(convolutional(), (2, 5, 5), masks={"0": mask})
    link = network.layers[0].connections[0]
    weights = link.window.unrolled()[2]
    assert link.n_synapses == mask.ravel()[weights].sum()
    assert link.n_weights == mask.sum()
    everything = bs.translate(convolutional(), (2, 5, 5), masks={"0": np.ones((4, 1, 3, 3))})
    unmasked = bs.translate(convolutional(), (2, 5, 5))
    assert everything.layers[0].n_synapses == unmasked.layers[0].n_synapses


def test_a_kernel_in_one_dimension_has_the_shape_of_its_weight():
    ann = nn.Sequential(nn.Conv1d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8, 2))
    mask = np.array([[[1, 0, 1]], [[0, 1, 1]]])
    network = bs.translate(ann, (1, 6), masks={"0": mask})
    np.testing.assert_array_equal(network.layers[0].connections[0].mask, mask[:, :, None])


def test_activations_gains_and_scales_are_those_of_the_masked_network():
    ann, images = mlp(SIZES, bias=True), np.random.default_rng(0).random((20, 6))
    network = bs.translate(ann, masks={"0": MASK, "2.weight": np.eye(3, 4)})
    pruned = mlp(SIZES, bias=True)
    with torch.no_grad():
        pruned[0].weight *= torch.from_numpy(MASK)
        pruned[2].weight *= torch.eye(3, 4)
    for function in (bs.translation.record_activations, bs.translation.tadros_gains):
        assert function(network, images) == function(as_translation(pruned), images)
    labels = np.arange(20) % 3
    one, other = (bs.spiking_accuracy(each, (images, labels), 20) for each in (network, pruned))
    np.testing.assert_array_equal(one.predictions, other.predictions)
    assert one.scales == other.scales
    assert one.ann_accuracy == other.ann_accuracy
    assert one.multiplications_per_image == {"0": 16, "2": 3}
    operations, all_there = one.synaptic_operations_per_image, other.synaptic_operations_per_image
    assert 0 < operations["2"] < all_there["2"]


def test_batch_norm_is_folded_beside_a_mask():
    torch.manual_seed(0)
    ann = nn.Sequential(nn.Linear(6, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2)).train()
    for _ in range(5):
        ann(torch.rand(10, 6))
    whole = bs.translate(ann).layers[0].connections[0]
    link = bs.translate(ann, masks={"0": MASK}).layers[0].connections[0]
    np.testing.assert_array_equal(link.weight, np.where(MASK, whole.weight, 0))


def test_a_part_takes_masks_of_the_whole():
    ann, other = mlp((6, 4, 3, 2)), np.random.default_rng(0).random((3, 4)) < 0.5
    part = bs.translate(ann, input_at="2", masks={"0": MASK, "2": other})
    later = with_masks(bs.translate(ann, input_at="2", frozen="4"), {"0": MASK, "2.weight": other})
    assert later.frozen == {"4"}
    for network in (part, later):
        assert [layer.name for layer in network.layers] == ["2", "4"]
        np.testing.assert_array_equal(network.layers[0].connections[0].mask, other)
        np.testing.assert_array_equal(network.whole.layers[0].connections[0].mask, MASK)
        images = np.random.default_rng(1).random((5, 6), dtype=np.float32)
        expected = np.maximum(images @ np.where(MASK, ann[0].weight.detach(), 0).T, 0)
        features = bs.translation.features(network.whole, "2", images)
        np.testing.assert_allclose(features, expected, rtol=1e-5)
        assert as_translation(network) is network


def test_training_what_is_masked_changes_nothing_and_training_others_does():
    ann = mlp(SIZES)
    network = bs.translate(ann, masks={"0": MASK})
    with torch.no_grad():
        ann[0].weight += torch.from_numpy(~MASK).float()
    assert as_translation(network) is network
    with torch.no_grad():
        ann[0].weight += 1
    with pytest.raises(ParameterError, match="has changed since"):
        as_translation(network)


def test_nothing_lies_under_a_mask_of_the_user():
    assert under_masks(bs.translate(mlp(SIZES), masks={"0": MASK})) == {}
