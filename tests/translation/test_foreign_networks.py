"""Networks as people write them elsewhere: exact, or refused by name; and left as they were."""

import logging
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from foreign_networks import EXACT, FLAT, REFUSED, hooked, keeps, mlp, patched, pruned
from forward_pass import currents, randomized
from torch import nn

import brainsleep as bs
from brainsleep.errors import KindError, TranslationError


def outputs(ann, images):
    """Return what a network computes awake."""
    with torch.no_grad():
        return ann.eval()(images).flatten(1)


@pytest.mark.parametrize("which", EXACT)
def test_exact(which):
    make, shape = EXACT[which]
    torch.manual_seed(3)
    ann = randomized(make(), dtype=None) if which == "small_resnet" else make()
    state = {name: value.clone() for name, value in ann.state_dict().items()}
    dtype = next(ann.parameters()).dtype
    translation = bs.translate(ann, shape)
    images = torch.rand(5, *shape, generator=torch.Generator().manual_seed(1)).to(dtype)
    expected = outputs(ann, images).double()
    found = currents(translation, images.double())[translation.layers[-1].name]
    if which in ("mnist_example", "softmax"):
        found = found.log_softmax(1) if which == "mnist_example" else found.softmax(1)
    if (expected >= 0).all():
        found = found.clamp(min=0)
    tolerance = 0.05 if dtype is torch.bfloat16 else 1e-5
    np.testing.assert_allclose(found, expected, atol=tolerance * max(1, expected.abs().max()))
    for name, value in ann.state_dict().items():
        assert torch.equal(value, state[name]), name


@pytest.mark.parametrize("which", REFUSED)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_refused(which):
    make, shape, words = REFUSED[which]
    with pytest.raises(TranslationError) as raised:
        bs.translate(make(), shape)
    message = str(raised.value)
    for word in words:
        assert word in message, message
    assert "\n" not in message


def test_the_table_is_long():
    assert len(EXACT) + len(REFUSED) >= 80


def test_a_head_that_is_not_used_keeps_its_weights():
    ann = EXACT["two_heads"][0]()
    translation = bs.translate(ann)
    assert translation.layer_names == ["body", "single"]
    translation = bs.translate(EXACT["mode_of"][0]())
    assert translation.layer_names == ["a"]


def test_a_hook_is_heard():
    torch.manual_seed(0)
    plain, doubled = mlp(), hooked(lambda m, i, o: o * 2)
    doubled.load_state_dict(plain.state_dict())
    one, two = bs.translate(plain), bs.translate(doubled)
    np.testing.assert_array_equal(two.layer("0").weight, 2 * one.layer("0").weight)
    np.testing.assert_array_equal(two.layer("0").bias, 2 * one.layer("0").bias)


def test_hooks_and_modules_are_left_as_they_were():
    seen = []
    ann = hooked(keeps(seen))
    ann.train()
    hooks = dict(ann[0]._forward_hooks)
    bs.translate(ann)
    assert all(module.training for module in ann.modules())
    assert dict(ann[0]._forward_hooks) == hooks
    assert not ann[0]._forward_pre_hooks
    assert "forward" not in {*vars(ann), *vars(ann[0])}
    before = len(seen)
    ann(torch.rand(4, 6))
    assert len(seen) == before + 1
    ann = patched()
    own = ann.forward
    bs.translate(ann)
    assert ann.forward is own


def test_random_numbers_are_left_as_they_were():
    plain, noisy = mlp(), REFUSED["noise"][0]()
    before = torch.get_rng_state()
    bs.translate(plain)
    with pytest.raises(TranslationError):
        bs.translate(noisy, FLAT)
    assert torch.equal(torch.get_rng_state(), before)


def test_pruned_weights_bring_their_masks():
    ann = pruned(0, 4)
    translation = bs.translate(ann)
    for name in ("0", "4"):
        connection = translation.layer(name).connections[0]
        mask = ann.state_dict()[f"{name}.weight_mask"].numpy() != 0
        assert connection.weight_name == f"{name}.weight_orig"
        np.testing.assert_array_equal(connection.mask, mask)
        assert not connection.weight[~mask].any()
        original = ann.state_dict()[f"{name}.weight_orig"].numpy()
        np.testing.assert_array_equal(connection.weight[mask], original[mask])
    assert translation.layer("2").connections[0].mask is None


def test_a_final_softmax_is_told_of(caplog):
    with caplog.at_level(logging.INFO, logger="brainsleep"):
        bs.translate(EXACT["mnist_example"][0](), (1, 14, 14))
    told = [record.message for record in caplog.records if "softmax" in record.message]
    assert len(told) == 1
    assert "log_softmax" in told[0]


@pytest.mark.parametrize("device", ["cpu", "meta"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_default_device_and_type_do_not_matter(device, dtype):
    ann = EXACT["normalizes"][0]()
    images = torch.rand(3, 2, 4, 4)
    expected = currents(bs.translate(ann, (2, 4, 4)), images)["fc"]
    before = torch.get_default_dtype()
    try:
        torch.set_default_device(device)
        torch.set_default_dtype(dtype)
        translation = bs.translate(ann, (2, 4, 4))
    finally:
        torch.set_default_device(None)
        torch.set_default_dtype(before)
    np.testing.assert_array_equal(currents(translation, images)["fc"], expected)


def test_a_whole_night_under_another_default_device(tmp_path):
    ann = mlp()
    data = np.random.default_rng(0).random((5, 6))
    calls = {
        "stimulus": np.full(6, 0.5),
        "data": data,
        "duration": 20,
        "neuron": bs.Heaviside(threshold=[0.5, 0.5], gain="tadros"),
        "plasticity": bs.SRC(increase=0.01, decrease=0.001),
        "device": "cpp",
    }
    expected = bs.sleep(ann, **calls)
    try:
        torch.set_default_device("meta")
        night = bs.sleep(ann, **calls)
        night.save(tmp_path / "night")
        loaded = bs.Night.load(tmp_path / "night", ann)
    finally:
        torch.set_default_device(None)
    for one in (night, loaded):
        for name, value in expected.ann.state_dict().items():
            assert torch.equal(one.ann.state_dict()[name], value)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (nn.Linear, "the class Linear; pass a network"),
        (mlp().state_dict(), "a state dict; make the network"),
        (torch.relu, "builtin"),
        (None, "NoneType"),
    ],
)
def test_what_is_no_network(value, words):
    with pytest.raises(KindError, match=words):
        bs.translate(value)


def test_an_exported_program_is_no_network():
    program = torch.export.export(mlp(), (torch.rand(2, 6),))
    with pytest.raises(KindError, match="pass the module from which it was exported"):
        bs.translate(program)


def test_a_network_that_cannot_be_copied():
    ann = mlp()
    ann.lock = __import__("threading").Lock()
    with pytest.raises(TranslationError, match=r"Sequential cannot be copied.*deepcopy"):
        bs.translate(ann)


def test_translations_in_threads_do_not_meet():
    names = ["two_heads", "tutorial", "list_of_layers", "hook_that_doubles", "pruned"]
    networks = [(EXACT[name][0](), EXACT[name][1]) for name in names] * 8
    call = nn.Module.__call__

    def weights(network):
        return bs.translate(*network).weights

    alone = [weights(network) for network in networks]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(weights, networks))
    for one, other in zip(alone, together, strict=True):
        assert one.keys() == other.keys()
        for name in one:
            np.testing.assert_array_equal(one[name], other[name])
    assert nn.Module.__call__ is call
    mlp()(torch.rand(2, 6))
