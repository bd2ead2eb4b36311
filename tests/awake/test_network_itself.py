"""What the artificial network makes of the first images, asked once."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import brainsleep as bs
from brainsleep.awake import network_itself
from brainsleep.awake.network_itself import Activity

IMAGES = np.random.default_rng(0).random((9, 6)).astype(np.float32)


def network() -> torch.nn.Sequential:
    """Return a small network."""
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(6, 5), torch.nn.ReLU(), torch.nn.Linear(5, 3))


@pytest.mark.parametrize("numbers", [[2, 3, 4], [0, 3, 8], [5]])
def test_known_images_have_what_the_network_computes_for_them(numbers: list[int]) -> None:
    net = network()
    known = Activity.of(bs.translate(net), IMAGES).at(np.array(numbers))
    shown = torch.from_numpy(IMAGES[numbers])
    with torch.no_grad():
        hidden, outputs = net[:2](shown).numpy(), net(shown).numpy()
    assert len(known) == len(numbers)
    np.testing.assert_allclose(known.activations["0"], hidden, rtol=1e-6)
    np.testing.assert_allclose(known.outputs, outputs, rtol=1e-6)


def test_no_more_is_kept_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    translation = bs.translate(network())
    monkeypatch.setattr(network_itself, "KEPT_VALUES", 4 * (6 + 5 + 3))
    monkeypatch.setattr(network_itself, "KEPT_OF_ALL", 0)
    first = Activity.of_first(translation, IMAGES, 4)
    assert first is not None
    assert len(first) == 4
    assert Activity.of_first(translation, IMAGES, 5) is None


def test_all_images_are_kept_where_they_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    translation = bs.translate(network())
    known = Activity.of_first(translation, IMAGES, 4)
    assert known is not None
    assert len(known) == len(IMAGES)
    for name, values in known.first(4).items():
        np.testing.assert_array_equal(values, known.activations[name][:4])
    monkeypatch.setattr(network_itself, "KEPT_OF_ALL", 9 * (6 + 5 + 3) - 1)
    first = Activity.of_first(translation, IMAGES, 4)
    assert first is not None
    assert len(first) == 4
