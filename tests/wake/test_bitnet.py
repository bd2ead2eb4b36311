"""The binary-interaction net: architecture, initial weights, training."""

import importlib
import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from toy_bitnets import small_bitnet, small_images

import brainsleep as bs
from brainsleep import wake
from brainsleep.errors import BrainsleepError, ParameterError
from brainsleep.wake.spiking import spiking_activations


def count_parameters(network):
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize("fs", [0.001, 0.05, 0.125, 0.3, 1])
@pytest.mark.parametrize("bias", [False, True])
def test_the_architecture_is_as_written(fs, bias):
    network = wake.bitnet(fs, 7, in_channels=2, image_size=20, steps=1, bias=bias)
    channels = [max(1, round(n * fs)) for n in (64, 64, 128, 256, 512)]
    shapes = []
    for module in network.modules():
        if not list(module.children()):
            module.register_forward_hook(
                lambda m, _, out: shapes.append((type(m).__name__, tuple(out.shape[1:])))
            )
    network(torch.rand(1, 2 * 20 * 20))
    expected = [("AsImages", (2, 20, 20))]
    for k, (n, size) in enumerate(zip(channels, (20, 20, 10, 5, 5), strict=True)):
        expected += [("Conv2d", (n, size, size)), ("SpikingActivation", (n, size, size))]
        if k in (1, 2, 4):
            expected.append(("MaxPool2d", (n, size // 2, size // 2)))
    expected.append(("Flatten", (channels[-1] * 2 * 2,)))
    expected += [("Linear", (7,)), ("SpikingActivation", (7,))]
    assert shapes == expected

    n_weights = sum(9 * a * b for a, b in zip([2, *channels], channels, strict=False))
    n_weights += channels[-1] * 4 * 7
    assert count_parameters(network) == n_weights + bias * (sum(channels) + 7)
    assert count_parameters(
        wake.bitnet_relu(fs, 7, in_channels=2, image_size=20, bias=bias)
    ) == count_parameters(network)


@pytest.mark.parametrize(
    ("fs", "n_classes", "millions"), [(4, 10, 25.7), (4, 100, 28.7), (5, 10, 40.1), (5, 100, 43.7)]
)
def test_parameter_counts_are_the_published_ones(fs, n_classes, millions):
    with torch.device("meta"):  # shapes without memory
        network = wake.bitnet(fs, n_classes, in_channels=3, image_size=32)
    assert round(count_parameters(network) / 1e6, 1) == millions


def test_convolutions_and_pooling_are_as_written():
    for module in wake.bitnet(0.05, 3).modules():
        if isinstance(module, nn.Conv2d):
            assert (module.kernel_size, module.stride, module.padding) == ((3, 3), (1, 1), (1, 1))
        if isinstance(module, nn.MaxPool2d):
            assert (module.kernel_size, module.stride) == (2, 2)


def test_flat_images_and_square_ones_are_the_same():
    for network in (small_bitnet(), wake.bitnet_relu(0.05, 4, image_size=8)):
        flat = small_images()
        assert torch.equal(network(flat), network(flat.reshape(-1, 1, 8, 8)))
        for shape in ((3, 65), (3, 8, 8), (3, 2, 8, 8), (3, 1, 4, 16), (64,)):
            with pytest.raises(ParameterError, match=r"\(n, 1, 8, 8\) or \(n, 64\)"):
                network(torch.zeros(shape))


def test_all_activations_are_binary():
    network = wake.bitnet(0.125, 10, steps=4)
    seen = []
    for neurons in spiking_activations(network):
        neurons.register_forward_hook(lambda _m, _i, out: seen.append(set(out.unique().tolist())))
    counts = network(torch.rand(4, 784))
    assert len(seen) == 6 * 4
    assert all(values <= {0.0, 1.0} for values in seen)
    assert {1.0} <= set.union(*seen)
    assert torch.equal(counts, counts.round())
    assert counts.min() >= 0
    assert counts.max() <= 4


def test_output_currents_are_mean_currents():
    network = small_bitnet(output="current")
    assert len(spiking_activations(network)) == 5
    currents = []
    network.network.fc.register_forward_hook(lambda _m, _i, out: currents.append(out))
    outputs = network(small_images())
    torch.testing.assert_close(outputs, torch.stack(currents).mean(0))


def test_the_seed_fixes_the_weights_and_nothing_else():
    state = torch.random.get_rng_state()
    for build in (wake.bitnet, wake.bitnet_relu):
        one, same, other = (build(0.05, 4, seed=seed) for seed in (1, 1, 2))
        for name, value in one.state_dict().items():
            assert torch.equal(value, same.state_dict()[name])
        assert not torch.equal(next(one.parameters()), next(other.parameters()))
    assert torch.equal(torch.random.get_rng_state(), state)


def test_initial_weights_have_the_documented_spread():
    for network, gain in (
        (wake.bitnet(0.5, 10, threshold=2.0), 4.0),
        (wake.bitnet_relu(0.5, 10), math.sqrt(2)),
    ):
        for module in network.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                n_in = module.weight[0].numel()
                assert module.weight.std().item() == pytest.approx(gain / n_in**0.5, rel=0.2)
                assert not module.bias.any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"fs": 0}, "fs must be greater than 0, but is 0"),
        ({"fs": -1.0}, "fs must be greater than 0, but is -1"),
        ({"fs": math.inf}, "fs must be finite, but is inf"),
        ({"fs": "big"}, "fs must be a number, not 'big'"),
        ({"n_classes": 0}, "n_classes must be at least 1, but is 0"),
        ({"n_classes": 2.5}, r"n_classes must be a whole number, not 2\.5"),
        ({"in_channels": 0}, "in_channels must be at least 1, but is 0"),
        ({"image_size": 7}, "image_size must be at least 8, but is 7"),
        ({"steps": 0}, "steps must be at least 1, but is 0"),
        ({"threshold": -1}, "threshold must be greater than 0, but is -1"),
        ({"threshold": "high"}, "threshold must be a number, not 'high'"),
        ({"decay": 2}, "decay must be at most 1, but is 2"),
        ({"reset": "nil"}, "unknown reset 'nil'"),
        ({"surrogate": "arctangens"}, "unknown surrogate 'arctangens'. Did you mean 'arctan'"),
        ({"coding": "rate"}, "unknown coding 'rate'"),
        ({"output": "spike"}, "unknown output 'spike'. Did you mean 'spikes'"),
        ({"seed": 1.5}, r"seed must be a whole number, not 1\.5"),
    ],
)
def test_bitnet_checks_its_parameters(arguments, message):
    with pytest.raises(ParameterError, match=message):
        wake.bitnet(**({"fs": 0.05, "n_classes": 4} | arguments))
    assert issubclass(ParameterError, BrainsleepError)


def test_bitnet_is_a_public_name():
    assert bs.networks.bitnet is wake.bitnet
    assert bs.networks.mlp is wake.mlp
    assert "networks" in dir(bs)
    assert {"bitnet", "SpikingActivation", "sparsity"} <= set(wake.__all__)


def test_networks_do_not_bring_brian2_along():
    code = "import sys, brainsleep; brainsleep.networks.bitnet; print('brian2' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("coding", ["direct", "poisson"])
def test_training_is_the_same_on_every_run(coding):
    rng = np.random.default_rng(0)
    dataset = wake.Dataset(
        "noise", rng.random((30, 64), dtype=np.float32), rng.integers(0, 4, 30), (8, 8)
    )
    training = wake.Training(lr=0.02, momentum=0.9, batch_size=10, epochs=2)
    results = []
    for _ in range(2):
        network = small_bitnet(coding=coding)
        losses = wake.train(network, dataset, training, seed=3, progress=False)
        results.append((losses, network))
    assert losses[0] != losses[1]  # something was learned
    assert results[0][0] == results[1][0]
    for one, other in zip(results[0][1].parameters(), results[1][1].parameters(), strict=True):
        assert torch.equal(one, other)


def test_every_layer_learns(digits):
    network = wake.bitnet(0.125, 10, steps=4)
    before = {name: value.clone() for name, value in network.named_parameters()}
    sample = digits.train.subset(np.arange(100))
    training = wake.Training(lr=0.02, momentum=0.9, batch_size=50, epochs=1)
    wake.train(network, sample, training, seed=0, progress=False)
    for name, value in network.named_parameters():
        assert not torch.equal(value, before[name]), name


@pytest.mark.parametrize(("output", "lr"), [("spikes", 0.02), ("current", 0.1)])
def test_a_small_bitnet_learns_digits(digits, output, lr):
    network = wake.bitnet(0.125, 10, steps=4, output=output)
    sample = digits.train.subset(np.arange(450))
    training = wake.Training(lr=lr, momentum=0.9, batch_size=15, epochs=2)
    losses = wake.train(network, sample, training, seed=0, progress=False)
    assert losses[-1] < 0.8 * losses[0]
    # chance is 0.1
    assert wake.accuracy(network, digits.train.subset(np.arange(600, 800))) > 0.3
    zeros = wake.sparsity(network, sample.images[:100])
    assert all(50 < percentage < 100 for percentage in zeros.values())


def test_the_script_measures_all_networks(tmp_path, monkeypatch, capsys):
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "analyses")
    script = importlib.import_module("bitnet")
    try:
        small = "digits --evaluate-on validation --train-per-class 10 --fs 0.05 --epochs 1".split()
        more = ["--seeds", "2", "--other-steps", "2", "--out", str(tmp_path / "results.json")]
        assert script.main([*small, *more]) == tmp_path / "results.json"
        with pytest.raises(BrainsleepError, match="cannot write"):
            script.main([*small, "--networks", "relu", "--out", str(tmp_path / "results.json/no")])
    finally:
        for name in ("bitnet", "rundir"):
            sys.modules.pop(name, None)
    results = json.loads((tmp_path / "results.json").read_text())["results"]
    assert set(results) == set(script.NETWORKS)
    for name, n_layers in (("spikes", 6), ("current", 5), ("relu", 5)):
        assert len(results[name]) == 2
        assert all(0 <= run["accuracy"] <= 1 for run in results[name])
        assert all(len(run["zeros"]) == n_layers for run in results[name])
    printed = capsys.readouterr().out
    assert "80 images to learn, 20 validation images" in printed
    assert "shown for 2 steps" in printed
