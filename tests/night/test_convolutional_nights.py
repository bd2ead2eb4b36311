"""Any feed-forward network sleeps: convolutions, BatchNorm, pooling, residual blocks, parts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from brian2 import Hz
from forward_pass import BasicBlock
from helpers import asleep
from synaptic_probes import operations_by_probing
from torch import nn

import brainsleep as bs
from brainsleep.errors import ParameterError, TranslationError
from brainsleep.measures import synaptic_operations
from brainsleep.night import NightRequest, prepare_night
from brainsleep.night.resuming.night_directory import snapshot_weights

RULE = bs.SRC(increase=2e-3, decrease=4e-4)


def cnn(seed: int = 0, bias: bool = True) -> nn.Sequential:
    """Return two convolutions with BatchNorm and pooling, then two linear layers."""
    torch.manual_seed(seed)
    network = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1, bias=bias),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(4, 6, 3, bias=bias),
        nn.BatchNorm2d(6),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(6 * 3 * 3, 12, bias=bias),
        nn.ReLU(),
        nn.Linear(12, 5, bias=bias),
    )
    return settled(network, (1, 16, 16))


def settled(network: nn.Module, shape: tuple[int, ...]) -> nn.Module:
    """Give the BatchNorms of a network random statistics and factors."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, -0.2, 0.2)
    network.train()
    with torch.no_grad():
        for _ in range(20):
            network(torch.rand(16, *shape))
    return network.eval()


def images(n: int = 30, shape: tuple[int, ...] = (1, 16, 16)) -> np.ndarray:
    """Return random images."""
    return np.random.default_rng(0).random((n, *shape)).astype(np.float32)


#: Shape of an image that `cnn` takes.
SHAPE = (1, 16, 16)


def night(ann: nn.Module, rule: bs.SRC = RULE, **options: object) -> bs.Night:
    """Sleep with calibrated thresholds."""
    data = options.pop("data", images())
    stimulus = options.pop("stimulus", None) or bs.stimuli.MeanImage(images(), max_rate=200 * Hz)
    options = {"duration": 300, "progress": False, **options}
    neuron = options.pop("neuron", None) or bs.Heaviside(
        gain="tadros", threshold="calibrated", target_rate=60, decay=0.95
    )
    return asleep(ann, stimulus, data, neuron=neuron, plasticity=rule, **options)


def test_a_convolutional_network_sleeps() -> None:
    ann = cnn()
    state = {name: values.clone() for name, values in ann.state_dict().items()}
    found = night(ann)
    assert list(found.spikes) == ["input", "0", "3", "4", "7", "9", "11"]
    assert all(len(train) > 0 for train in found.spikes.values())
    assert list(found.weights_after) == ["0.weight", "4.weight", "9.weight", "11.weight"]
    for name, weights in found.weights_after.items():
        change = weights - found.weights_before[name]
        assert weights.shape == tuple(state[name].shape)
        assert (change != 0).any(), name
        np.testing.assert_allclose(found.ann.state_dict()[name].numpy(), weights, rtol=1e-6)
    for name, values in state.items():  # the user's network is unchanged, and so is its BatchNorm
        assert torch.equal(ann.state_dict()[name], values)
        if name not in found.weights_after:
            assert torch.equal(found.ann.state_dict()[name], values)
    assert set(found.thresholds) == {"0", "4", "9", "11"}
    assert f"{found.thresholds['4']:.4g}" in repr(found.translation)
    assert "7 (dense)" in repr(found.translation)
    operations = synaptic_operations(found.spikes, found.translation)
    assert list(operations) == ["0", "3", "4", "7", "9", "11"]
    assert operations == operations_by_probing(found)


def test_spikes_in_the_shape_of_the_input() -> None:
    spikes = np.random.default_rng(5).random((30, *SHAPE)) < 0.1
    networks = cnn(), bs.translate(cnn(), SHAPE)
    found = [
        bs.sleep(
            network, given, neuron=bs.Heaviside(gain=1, threshold=0.3), plasticity=RULE
        ).weights_after
        for network in networks
        for given in (spikes, torch.from_numpy(spikes).float(), spikes.astype(np.uint8))
    ]
    for weights in found[1:]:
        for name, values in weights.items():
            np.testing.assert_array_equal(values, found[0][name])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_without_learning_the_very_same_weights_come_back(dtype: str) -> None:
    ann = cnn(seed=3)
    found = night(ann, bs.SRC(increase=0, decrease=0), dtype=dtype)
    for name, values in ann.state_dict().items():
        assert torch.equal(found.ann.state_dict()[name], values), name
    assert sum(len(train) for train in found.spikes.values()) > 100


def test_a_residual_network_sleeps() -> None:
    torch.manual_seed(1)
    network = nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1, bias=False),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        BasicBlock(4, 4),
        BasicBlock(4, 6, stride=2),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(6, 3),
    )
    ann = settled(network, (2, 8, 8))
    data = images(20, (2, 8, 8))
    stimulus = bs.stimuli.MeanImage(data, max_rate=300 * Hz)
    neuron = bs.Heaviside(gain=1, threshold=0.3, decay=0.9)
    found = night(ann, data=data, stimulus=stimulus, neuron=neuron)
    kernels = [name for name in ann.state_dict() if "conv" in name or "downsample.0" in name]
    changed = [
        name
        for name, weights in found.weights_after.items()
        if (weights != found.weights_before[name]).any()
    ]
    assert set(kernels) <= set(changed)
    assert {link.kind for link in found.translation.connections} >= {"identity", "average_pool"}
    assert synaptic_operations(found.spikes, found.translation) == operations_by_probing(found)
    still = night(ann, bs.SRC(0, 0), data=data, stimulus=stimulus, neuron=neuron)
    for name, values in ann.state_dict().items():
        assert torch.equal(still.ann.state_dict()[name], values), name


def test_two_alike_paths_from_one_population_keep_their_own_weights() -> None:
    class Twins(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a = nn.Conv2d(1, 3, 3, padding=1, bias=False)
            self.b = nn.Conv2d(1, 3, 3, padding=1, bias=False)
            self.head = nn.Linear(3 * 64, 4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.head(torch.relu(self.a(x) + self.b(x)).flatten(1))

    class Sum(nn.Module):
        def __init__(self, twins: Twins) -> None:
            super().__init__()
            self.c = nn.Conv2d(1, 3, 3, padding=1, bias=False)
            self.head = twins.head
            self.c.weight.data = twins.a.weight.data + twins.b.weight.data

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.head(torch.relu(self.c(x)).flatten(1))

    torch.manual_seed(4)
    twins = Twins().double()
    neuron = bs.Heaviside(gain=1, threshold=[0.5, 0.4], decay=0.9)
    options = {
        "data": None,
        "stimulus": bs.stimuli.ConstantProbabilities(np.full((1, 8, 8), 0.1)),
        "neuron": neuron,
        "dtype": "float64",
        "translation": {"input_shape": (1, 8, 8)},
        "rule": bs.SRC(0, 0),
    }
    both, one = night(twins, **options), night(Sum(twins), **options)
    assert len(both.spikes["add"]) > 50
    np.testing.assert_array_equal(both.spikes["add"].i, one.spikes["c"].i)
    learned = night(twins, **{**options, "rule": RULE})
    for name in ("a.weight", "b.weight"):
        assert (learned.weights_after[name] != learned.weights_before[name]).any()


def test_one_dimensional_convolutions_sleep() -> None:
    torch.manual_seed(2)
    ann = nn.Sequential(nn.Conv1d(2, 4, 5, stride=2), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 14, 3))
    data = images(10, (2, 32))
    found = night(ann, data=data, stimulus=bs.stimuli.MeanImage(data, 150 * Hz))
    assert found.weights_after["0.weight"].shape == (4, 2, 5)
    assert (found.weights_after["0.weight"] != found.weights_before["0.weight"]).any()


def test_frozen_layers_spike_and_do_not_learn() -> None:
    ann = cnn()
    found = night(ann, translation={"input_shape": SHAPE, "frozen": ["0", "9"]})
    same = {
        name: np.array_equal(found.weights_after[name], values)
        for name, values in found.weights_before.items()
    }
    assert same == {"0.weight": True, "4.weight": False, "9.weight": True, "11.weight": False}
    assert len(found.spikes["0"]) > 0
    with pytest.raises(ParameterError, match="frozen: no layer is called '00'"):
        night(ann, translation={"input_shape": SHAPE, "frozen": "00"})


def test_frozen_convolutions_sleep_on_every_device() -> None:
    ann = cnn()
    constants = {"gain": 1.0, "threshold": [0.5, 0.5, 0.3, 0.2]}
    nights = [
        night(
            ann,
            neuron=bs.Heaviside(**constants, decay=0.9),
            translation={"input_shape": SHAPE, "frozen": ["0", "4"]},
            device=device,
            dtype="float64",
            duration=100,
        )
        for device in ("cpp", "cpp_stock", bs.devices.Runtime("numpy"))
    ]
    for other in nights[1:]:
        for name, train in nights[0].spikes.items():
            np.testing.assert_array_equal(train.i, other.spikes[name].i, err_msg=name)
            np.testing.assert_array_equal(train.t, other.spikes[name].t, err_msg=name)
        for name, weights in nights[0].weights_after.items():
            np.testing.assert_allclose(weights, other.weights_after[name], rtol=0, atol=1e-12)
    assert all(len(train) > 0 for train in nights[0].spikes.values())


@pytest.mark.parametrize("device", ["cpp_stock", "runtime"])
def test_convolutions_that_learn_are_refused_elsewhere(device: str) -> None:
    words = f"'{device}' cannot run this network: 'input' -> '0' is a convolution.*use 'cpp'"
    with pytest.raises(ParameterError, match=words):
        night(cnn(), device=device)


def test_sleep_begins_at_a_layer_of_choice() -> None:
    ann = cnn()
    found = night(ann, translation={"input_shape": SHAPE, "input_at": "4"})
    assert found.sizes["input"] == 4 * 8 * 8
    assert list(found.weights_after) == ["4.weight", "9.weight", "11.weight"]
    assert torch.equal(found.ann[0].weight, ann[0].weight)
    assert not torch.equal(found.ann[4].weight, ann[4].weight)
    # the stimulus is the mean of the features that the first layers compute from the images
    with torch.no_grad():
        features = ann[:4](torch.tensor(images())).reshape(30, -1).numpy()
    rates = np.bincount(found.spikes["input"].i, minlength=256)
    assert np.corrcoef(rates, features.mean(axis=0))[0, 1] > 0.8
    head = night(
        ann,
        translation={"input_shape": SHAPE, "input_at": "9"},
        stimulus=bs.stimuli.ConstantProbabilities(np.full(54, 0.1)),
    )
    assert list(head.weights_after) == ["9.weight", "11.weight"]
    with pytest.raises(ParameterError, match="no layer is called '99'"):
        night(ann, translation={"input_shape": SHAPE, "input_at": "99"})
    with pytest.raises(ParameterError, match="has 7 inputs"):
        night(
            ann,
            translation={"input_shape": SHAPE, "input_at": "4"},
            stimulus=bs.stimuli.ConstantProbabilities(np.full(7, 0.1)),
        )


def test_max_pooling_of_the_most_active_input() -> None:
    either = {
        name: night(cnn(), translation={"input_shape": SHAPE, "max_pooling": name})
        for name in ("any_spike", "most_active")
    }
    counts = {name: len(found.spikes["3"]) for name, found in either.items()}
    assert 0 < counts["most_active"] < counts["any_spike"]
    with pytest.raises(ParameterError, match=r"max_pooling 'most_activ'.*'most_active'"):
        night(cnn(), translation={"input_shape": SHAPE, "max_pooling": "most_activ"})


def test_the_size_of_images_must_be_known() -> None:
    neuron = bs.Heaviside(gain=1, threshold=0.5)
    with pytest.raises(TranslationError, match="input_shape"):
        bs.sleep(cnn(), np.full(256, 0.1), neuron=neuron, plasticity=RULE)
    flat = bs.sleep(
        bs.translate(cnn(), SHAPE),
        np.full(256, 0.1),
        neuron=neuron,
        plasticity=RULE,
        duration=20,
        progress=False,
    )
    assert flat.sizes["input"] == 256


def test_nights_on_disk(tmp_path) -> None:
    ann = cnn()
    save = bs.Save(tmp_path / "night", snapshot_every=100)
    found = night(ann, save=save, dtype="float64")
    in_memory = night(ann, dtype="float64")
    loaded = bs.Night.load(tmp_path / "night", ann)
    for name, weights in in_memory.weights_after.items():
        np.testing.assert_array_equal(found.weights_after[name], weights)
        np.testing.assert_array_equal(loaded.weights_after[name], weights)
        assert torch.equal(loaded.ann.state_dict()[name], found.ann.state_dict()[name])
    kernels = snapshot_weights(tmp_path / "night", 100)
    assert kernels["4.weight"].shape == (6, 4, 3, 3)
    (tmp_path / "night" / "night.json").unlink()
    (tmp_path / "night" / "stream" / "snapshot-300.state").unlink()
    resumed = night(ann, save=replace(save, resume=True), dtype="float64")
    for name, weights in in_memory.weights_after.items():
        np.testing.assert_array_equal(resumed.weights_after[name], weights)


@pytest.mark.parametrize("given", ["image stimulus", "data", "probabilities", "rates"])
def test_networks_that_fold_flat_images_themselves_are_read(given: str) -> None:
    """What drives them may say how the images look; the network takes them flat all the same."""
    network = nn.Sequential(nn.Unflatten(1, (1, 16, 16)), *cnn())
    flat = np.random.default_rng(0).random((3, 256)).astype(np.float32)
    stimuli = bs.stimuli
    stimulus = {
        "image stimulus": stimuli.MeanOfRandomImages(flat, mask=stimuli.RandomWindow(8)),
        "data": stimuli.MeanOfRandomImages(flat, image_shape=(16, 16)),
        "probabilities": flat[0],
        "rates": stimuli.ConstantRates(flat[0] * 100 * Hz),
    }[given]
    data = flat if given == "data" else None
    prepared = prepare_night(NightRequest(ann=network, stimulus=stimulus, data=data))
    assert prepared.translation.input_shape == (256,)
