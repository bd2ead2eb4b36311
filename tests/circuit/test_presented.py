"""Biases that change from one presentation of a circuit to the next."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import raster

import brainsleep as bs
from brainsleep.circuit import Circuit, Population, Projection
from brainsleep.errors import BrainsleepError

CELLS = bs.IntegrateAndFire(gain=1, threshold=1.0)


def circuit() -> Circuit:
    """Return cells that biases drive, and a second layer that they drive."""
    return Circuit(
        1,
        {"cells": Population(3, CELLS, bias=0.5), "next": Population(2, CELLS, bias=[0, 0.1])},
        [Projection("cells", "next", np.full((2, 3), 0.25))],
    )


def loop(biases: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray]:
    first, second = [], []
    for bias in biases:
        v, u = np.zeros(3), np.zeros(2)
        for _ in range(steps):
            v = v + bias
            spikes = v >= 1
            v = v - spikes
            u = u + 0.25 * spikes.sum() + [0, 0.1]
            first.append(spikes)
            second.append(u >= 1)
            u = u - second[-1]
    return np.array(first), np.array(second)


@pytest.mark.parametrize("device", ["cpp", "cpp_stock", bs.devices.Runtime("numpy")], ids=str)
def test_biases_change_with_the_presentation(device) -> None:
    biases = np.random.default_rng(0).random((4, 3))
    found = circuit().run(
        np.zeros((28, 1), dtype=bool),
        presentation_steps=7,
        presentation_biases={"cells": biases},
        dtype="float64",
        device=device,
        progress=False,
    )
    for name, expected in zip(("cells", "next"), loop(biases, 7), strict=True):
        np.testing.assert_array_equal(raster(found, name), expected)
    assert raster(found, "next").any(axis=0).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"presentation_biases": {"cells": np.ones((4, 3))}}, "need presentation_steps"),
        (
            {"presentation_steps": 7, "presentation_biases": {"cell": np.ones((4, 3))}},
            "no population 'cell'. Did you mean 'cells'",
        ),
        (
            {"presentation_steps": 7, "presentation_biases": {"cells": np.ones((3, 3))}},
            "presentation_biases of 'cells'",
        ),
        ({"presentation_steps": 0}, "presentation_steps must be at least 1"),
    ],
)
def test_wrong_biases_are_named(options, message) -> None:
    with pytest.raises(BrainsleepError, match=message):
        circuit().run(np.zeros((28, 1), dtype=bool), progress=False, **options)
