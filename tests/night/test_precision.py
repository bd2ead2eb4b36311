"""What a night learned is in the network that wakes up, in whatever data type that was."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers import asleep, heaviside
from torch import nn

import brainsleep as bs
from brainsleep.errors import TranslationError

NUMPY = bs.devices.Runtime("numpy")
HALF = (torch.float16, torch.bfloat16)
DTYPES = (*HALF, torch.float32, torch.float64)
IMAGES = torch.rand(4, 12, generator=torch.Generator().manual_seed(0))

#: Changes of 0.0007: a tenth of what bfloat16 can tell apart at 1.
SMALL_STEPS = bs.SRC(7e-4, 7e-4, weight_factor="additive")


def network(dtype, *, normed=False):
    """Return a network whose weights have digits in every place of the data type."""
    torch.manual_seed(3)
    norm = [nn.BatchNorm1d(10)] if normed else []
    ann = nn.Sequential(nn.Linear(12, 10), *norm, nn.ReLU(), nn.Linear(10, 4))
    if normed:
        ann[1].running_mean.uniform_(-0.1, 0.1)
        ann[1].running_var.uniform_(0.5, 2.0)
        ann[1].weight.data.uniform_(0.5, 1.5)
    ann = ann.double()
    for parameter in ann.parameters():
        parameter.data += torch.rand_like(parameter) * 1e-9
    return ann.to(dtype)


def night_of(ann, **options):
    options = {
        "stimulus": np.full(12, 0.3),
        "plasticity": SMALL_STEPS,
        "neuron": heaviside(),
        "device": NUMPY,
        **options,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bs.PrecisionWarning)
        return asleep(ann, options.pop("stimulus"), duration=150, seed=1, **options)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("of_night", ["float32", "float64"])
@pytest.mark.parametrize("normed", [False, True])
def test_what_was_learned_wakes_up(dtype, of_night, normed):
    ann = network(dtype, normed=normed)
    night = night_of(ann, dtype=of_night)
    expected = torch.float32 if dtype in HALF else dtype
    state = night.ann.state_dict()
    for name, value in state.items():
        if value.is_floating_point():
            assert value.dtype == expected, name
        if name not in night.weights_after:
            assert torch.equal(value.double(), ann.state_dict()[name].double()), name
    for name, after in night.weights_after.items():
        before, original = night.weights_before[name], ann.state_dict()[name].double()
        assert np.array_equal(before.astype(float), original.numpy())
        # to the bit in the network's type, which for a night in float64 is the narrower one
        assert torch.equal(state[name], torch.from_numpy(after).to(expected)), name
        changed = after != before
        assert changed.any(), name
        assert not changed.all(), name
        lost = changed & (state[name].double() == original).numpy()
        assert not lost.any(), name
        assert (state[name].double() == original).numpy()[~changed].all(), "bit for bit"
    images = IMAGES.to(expected)
    assert not torch.equal(night.ann(images), ann.to(expected)(images))


@pytest.mark.parametrize("device", ["cpp", "cpp_stock"])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_compiled_nights_keep_every_digit_too(device, dtype):
    ann = network(dtype, normed=True)
    night, other = night_of(ann, device=device), night_of(ann)
    for name, after in night.weights_after.items():
        same = after == night.weights_before[name]
        assert torch.equal(
            night.ann.state_dict()[name], torch.from_numpy(after).to(night.ann[0].weight)
        )
        np.testing.assert_array_equal(same, other.weights_after[name] == other.weights_before[name])


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_a_night_in_which_nothing_is_learned_changes_no_bit(dtype):
    ann = network(dtype, normed=True)
    night = night_of(ann, plasticity=bs.SRC(0, 0))
    for name, value in ann.state_dict().items():
        assert torch.equal(night.ann.state_dict()[name].double(), value.double()), name


def test_bfloat16_would_lose_many_of_the_changes():
    """Why the network comes back in float32: what a copy in its own type would not hold."""
    night = night_of(network(torch.bfloat16), plasticity=bs.SRC(1e-3, 1e-4))
    changed = lost = 0
    for name, after in night.weights_after.items():
        before = night.weights_before[name]
        rounded = torch.from_numpy(after).bfloat16().float().numpy()
        changed += (after != before).sum()
        lost += ((after != before) & (rounded == before)).sum()
    assert lost > 0.1 * changed


def test_the_user_is_told_once_and_where(tmp_path):
    ann = network(torch.bfloat16)
    with pytest.warns(bs.PrecisionWarning, match="bfloat16") as caught:
        bs.sleep(
            ann, np.full(12, 0.3), duration=150, neuron=heaviside(), plasticity=SMALL_STEPS,
            device=NUMPY,
        )  # fmt: skip
    (warning,) = [one for one in caught if issubclass(one.category, bs.PrecisionWarning)]
    assert Path(warning.filename).name == Path(__file__).name
    assert len(str(warning.message)) < 200


def test_a_saved_night_wakes_the_same_network(tmp_path):
    ann = network(torch.float16, normed=True)
    night = night_of(ann)
    night.save(tmp_path / "night")
    with pytest.warns(bs.PrecisionWarning):
        loaded = bs.Night.load(tmp_path / "night", ann)
    for name, value in night.ann.state_dict().items():
        assert torch.equal(loaded.ann.state_dict()[name], value)
        assert loaded.ann.state_dict()[name].dtype == value.dtype


def test_a_second_night_goes_on_from_the_first():
    """As an experiment sleeps: the network that woke up is trained, and sleeps again."""
    first = night_of(network(torch.bfloat16))
    with warnings.catch_warnings():
        warnings.simplefilter("error", bs.PrecisionWarning)
        second = asleep(
            first.ann, np.full(12, 0.3), duration=150, neuron=heaviside(),
            plasticity=SMALL_STEPS, device=NUMPY,
        )  # fmt: skip
    for name, before in second.weights_before.items():
        np.testing.assert_array_equal(before, first.weights_after[name])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("of_night", ["float32", "float64"])
def test_batched_nights_lose_nothing_either(dtype, of_night):
    ann = network(dtype, normed=True)
    several = bs.HeavisideTorch(ann, heaviside(), SMALL_STEPS, dtype=of_night)
    nights = several.sleep(np.full(12, 0.3), 150, seed=[1, 2], progress=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bs.PrecisionWarning)
        awake = nights.ann(1)
    for name, value in awake.state_dict().items():
        if name not in nights.weights:
            assert torch.equal(value.double(), ann.state_dict()[name].double())
            continue
        expected = torch.float32 if dtype in HALF else dtype
        assert torch.equal(value, torch.from_numpy(nights.weights[name][1]).to(expected))
    frozen = bs.HeavisideTorch(
        bs.translate(ann, frozen="0"), heaviside(), SMALL_STEPS, dtype=of_night
    )
    (kept,) = frozen.sleep(np.full(12, 0.3), 50, progress=False).weights["0.weight"]
    np.testing.assert_array_equal(kept, ann[0].weight.detach().double().numpy())


class Casting(nn.Module):
    """Half precision in the first layer alone; forward brings activity to it and back."""

    def __init__(self, cast):
        super().__init__()
        self.first, self.second = nn.Linear(12, 10).bfloat16(), nn.Linear(10, 4)
        self.cast = cast

    def forward(self, x):
        if self.cast == "by name":
            x = x.to(torch.bfloat16)
        elif self.cast == "as the weights":
            x = x.to(self.first.weight.dtype)
        return self.second(torch.relu(self.first(x)).float())


def test_forward_that_wants_half_precision_is_refused_before_the_night():
    ann = Casting("by name")
    message = "the network's weights are bfloat16.*does not run in float32.*input's data type"
    with pytest.raises(TranslationError, match=message) as caught:
        night_of(ann)
    assert "\n" not in str(caught.value)
    with pytest.raises(TranslationError, match=message):
        bs.HeavisideTorch(ann, heaviside(), SMALL_STEPS)
    whole = Casting("none").float()
    assert torch.equal(night_of(whole).ann.second.bias, whole.second.bias)


@pytest.mark.parametrize("cast", ["as the weights", "none"])
def test_mixed_precision_wakes_up_in_float32(cast):
    ann = Casting(cast)
    night = night_of(ann)
    assert {value.dtype for value in night.ann.state_dict().values()} == {torch.float32}
    assert night.ann(IMAGES).dtype == torch.float32
    for name, after in night.weights_after.items():
        assert torch.equal(night.ann.state_dict()[name], torch.from_numpy(after))


def test_layers_before_the_sleeping_ones_wake_up_in_float32_too():
    ann = network(torch.bfloat16)
    night = night_of(bs.translate(ann, input_at="2"), stimulus=np.full(10, 0.3))
    assert night.ann(IMAGES).dtype == torch.float32
    assert torch.equal(night.ann[0].weight, ann[0].weight.float())
