"""Constants in one type: each memory is converted once."""

from __future__ import annotations

import numpy as np
import torch

from brainsleep.translation.converted import Converted


def test_what_shares_memory_is_converted_once() -> None:
    weight = torch.rand(3, 3, generator=torch.Generator().manual_seed(0))
    converted = Converted()
    found = converted.of(weight)
    assert found.dtype == torch.float64
    assert torch.equal(found, weight.double())
    assert converted.of(weight.numpy()) is found
    assert converted.of(torch.nn.Parameter(weight)) is found


def test_other_views_of_the_same_memory_are_values_of_their_own() -> None:
    weight = torch.rand(3, 3, generator=torch.Generator().manual_seed(0))
    converted = Converted()
    for view in (weight, weight.T, weight[:1], weight.reshape(9)):
        assert torch.equal(converted.of(view), view.double())


def test_values_that_nobody_may_write_to() -> None:
    values = np.arange(3, dtype=np.float32)
    values.flags.writeable = False
    assert torch.equal(Converted().of(values), torch.tensor([0.0, 1.0, 2.0], dtype=torch.float64))


def test_what_is_no_float_stays() -> None:
    numbers = torch.arange(3)
    assert torch.equal(Converted().of(numbers), numbers)
    assert Converted().of(numbers).dtype == torch.int64


def test_another_type() -> None:
    values = np.arange(3, dtype=np.float64) / 3
    assert torch.equal(Converted(torch.float32).of(values), torch.from_numpy(values).float())
