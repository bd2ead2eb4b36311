"""``[network]`` of model files: what is left out follows from the data; all of it can sleep."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
import torch

import brainsleep as bs
from brainsleep.errors import BrainsleepError, DirectoryError, ModelFileError, ParameterError
from brainsleep.experiments.kinds.network_in_short import network_in_short
from brainsleep.experiments.model_files.modelfile import parse_model
from brainsleep.experiments.model_files.network_sections import build_again
from brainsleep.experiments.model_files.overrides import Overrides
from brainsleep.wake.networks.data_shape import DataShape

SHAPE = DataShape(n_inputs=64, n_outputs=3, image_shape=(8, 8))

TABLES = {
    "nothing": "",
    "mlp": 'kind = "mlp"\nhidden = [20]',
    "sizes": "sizes = [64, 9, 3]",
    "no hidden layer": "hidden = []",
    "cnn": 'kind = "cnn"\nchannels = [3, 4]\nhidden = [10]',
    "resnet": 'kind = "resnet"\nchannels = [3, 4]\nblocks = 2',
    "bitnet": 'kind = "bitnet"\nfs = 0.03',
}


def table(text: str) -> object:
    """Return the network of a model file."""
    content = f'name = "mine"\n[network]\n{text}'
    return parse_model(tomllib.loads(content), "mine.toml").network


@pytest.mark.parametrize("name", TABLES)
def test_built_in_networks_fit_the_data_and_can_be_translated(name: str, tmp_path: Path) -> None:
    fit = table(TABLES[name]).fitted(SHAPE, tmp_path)
    network = fit.build(seed=1)
    assert network(torch.zeros(2, 64)).shape == (2, 3)
    layers = bs.translate(network, (64,)).layers
    assert layers[-1].shape == (3,)
    again = build_again(fit.model_dump(mode="json"), 1, {}, {})
    for one, other in zip(network.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("name", TABLES)
def test_an_output_layer_of_zeros(name: str, tmp_path: Path) -> None:
    """All other weights are those that the seed draws anyway."""
    drawn = table(TABLES[name]).fitted(SHAPE, tmp_path).build(seed=1).state_dict()
    fit = table(f'{TABLES[name]}\noutput = "zero"').fitted(SHAPE, tmp_path)
    network = fit.build(seed=1)
    *_, last = (path for path, one in network.named_modules() if isinstance(one, torch.nn.Linear))
    for key, weights in network.state_dict().items():
        is_output = key.startswith(f"{last}.")
        assert not weights.any() if is_output else torch.equal(weights, drawn[key]), key
    again = build_again(fit.model_dump(mode="json"), 1, {}, {})
    assert not again.state_dict()[f"{last}.weight"].any()


@pytest.mark.parametrize("name", TABLES)
def test_rows_without_their_mean(name: str, tmp_path: Path) -> None:
    fit = table(f'{TABLES[name]}\nrows = "centred"').fitted(SHAPE, tmp_path)
    drawn = table(TABLES[name]).fitted(SHAPE, tmp_path).build(seed=1)
    for one, other in zip(fit.build(seed=1).modules(), drawn.modules(), strict=True):
        if isinstance(one, torch.nn.Linear):
            wanted = other.weight - other.weight.mean(dim=1, keepdim=True)
            torch.testing.assert_close(one.weight, wanted)
            assert not torch.equal(one.weight, other.weight)


def test_sizes_follow_from_the_data_and_the_rest_is_as_it_was(tmp_path: Path) -> None:
    assert table("").fitted(SHAPE, tmp_path).sizes == [64, 1200, 1200, 3]
    assert table("sizes = [64, 5, 7]").fitted(SHAPE, tmp_path).sizes == [64, 5, 7]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('kind = "cn"', r"\[network\] has no kind 'cn'. Did you mean 'cnn'"),
        ("kind = 3", r"\[network\] has no kind '3'"),
        ('kind = "cnn"\nsizes = [1]', r"\[network\] has no key 'sizes'"),
        (
            'kind = "cnn"\nchanels = [1]',
            r"\[network\] has no key 'chanels'. Did you mean 'channels'",
        ),
        ('kind = "cnn"\nchannels = "many"', r"\[network\] channels: .* but is 'many'"),
        ("hiden = [1]", r"\[network\] has no key 'hiden'. Did you mean 'hidden'"),
        ("hidden = [1]\nsizes = [2, 3]", "give hidden or sizes, not both"),
        ("hidden = [0]", r"sizes\[1\]"),
        ("sizes = [64]", "two or more"),
        ("module = 3", r"\[network\] module: .* but is 3"),
    ],
)
def test_wrong_tables_are_refused_by_name(text: str, said: str) -> None:
    with pytest.raises(ModelFileError, match=said):
        table(text)


@pytest.mark.parametrize(
    ("text", "shape", "said"),
    [
        ("sizes = [63, 3]", SHAPE, "begins with 63, but an image has 64"),
        ("sizes = [64, 2]", SHAPE, "ends with 2 outputs, too few for class 2"),
        ('kind = "cnn"\nn_outputs = 2', SHAPE, "n_outputs = 2: too few for class 2"),
        ('kind = "cnn"', DataShape(64, 3, (64,)), "takes images, but the data are rows of 64"),
        ('kind = "resnet"', DataShape(64, 3, (64,)), "takes images, but the data are rows of 64"),
        ('kind = "bitnet"', DataShape(64, 3, (4, 16)), "square images, not 4 × 16"),
        ('kind = "bitnet"', DataShape(16, 3, (4, 4)), "image_size"),
        ('module = "net.py:make"', SHAPE, r"\[network\] module: there is no file .*net\.py"),
        ('module = "net.py"', SHAPE, 'must be "file.py:function"'),
        ('module = "torch.nn:Linear"', SHAPE, "wants an argument 'in_features'"),
    ],
)
def test_tables_that_do_not_fit_the_data(
    text: str, shape: DataShape, said: str, tmp_path: Path
) -> None:
    with pytest.raises(BrainsleepError, match=said):
        table(text).fitted(shape, tmp_path)


def test_weights_must_come_of_the_seed(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(
        "import os\nimport torch\n\ndef make():\n    layer = torch.nn.Linear(64, 3)\n"
        "    layer.weight.data[0, 0] = int.from_bytes(os.urandom(2), 'big')\n    return layer\n"
    )
    with pytest.raises(ParameterError, match="other weights each time with the same seed"):
        table('module = "net.py:make"').fitted(SHAPE, tmp_path)


def test_a_network_of_code_that_changed_is_built_of_what_was_kept(tmp_path: Path) -> None:
    source = "import torch\nmake = lambda: torch.nn.Linear(64, 3)\n"
    (tmp_path / "net.py").write_text(source)
    fit = table('module = "net.py:make"').fitted(SHAPE, tmp_path)
    content, digests = fit.model_dump(mode="json"), {"net.py": fit.code(tmp_path).sha256}
    assert build_again(content, 0, {}, digests).out_features == 3
    (tmp_path / "net.py").write_text(source.replace("64, 3", "64, 4"))
    with pytest.raises(DirectoryError, match=r"net\.py is not what it was"):
        build_again(content, 0, {}, digests)
    (tmp_path / "net.py").unlink()
    assert build_again(content, 0, {"net.py": source}, digests).out_features == 3
    with pytest.raises(DirectoryError, match=r"net\.py is not what it was"):
        build_again(content, 0, {"net.py": "other = 3"}, digests)


def test_changes_reach_networks_of_any_kind() -> None:
    content = {"name": "mine", "network": {"kind": "cnn"}}
    model = parse_model(content, "mine.toml")
    changed = Overrides(changes={"network.channels": [5]}).apply(model)
    assert changed.network.channels == (5,)
    with pytest.raises(ModelFileError, match=r"Did you mean 'network\.channels'"):
        Overrides(changes={"netwrk.channels": [5]}).apply(model)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hidden = [256, 128]", "256-128"),
        ("sizes = [64, 9, 3]", "64-9-3"),
        ('kind = "cnn"\nchannels = [3, 4]', "cnn"),
        ('module = "mine.py"', "own"),
        ("", "mlp"),
    ],
)
def test_what_tables_of_models_say(text: str, words: str) -> None:
    assert network_in_short(tomllib.loads(text)) == words
