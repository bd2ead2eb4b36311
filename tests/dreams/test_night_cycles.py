"""A night of several cycles: what they did is told one by one, and what is kept is the last's."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import mlp

import brainsleep as bs
from brainsleep.dreams.night_cycles import joined, stage_kind
from brainsleep.errors import ParameterError

RECIPE = bs.DayResidue(nrem_presentations=3, rem_dreams=4, rem_learning_rate=20)


def test_cycles_are_joined() -> None:
    images = np.random.default_rng(3).random((7, 12))
    ann, memory, cycles = mlp((12, 9, 8, 4)), None, []
    for today, learned in (([0, 1], [0, 1]), ([2, 3], range(4))):
        cycle = bs.dream(
            ann,
            images,
            today=today,
            learned=learned,
            memory=memory,
            recipe=RECIPE,
            record="4",
            device=bs.devices.Runtime("numpy"),
            progress=False,
        )
        assert cycle.ann is not None
        ann, memory = cycle.ann, cycle.memory
        cycles.append(cycle)
    night = joined(cycles)
    assert list(night.rates) == ["nrem 1", "rem 1", "nrem 2", "rem 2"]
    assert list(night.spikes) == list(night.rates)
    assert [stage_kind(stage) for stage in night.rates] == ["nrem", "rem"] * 2
    np.testing.assert_array_equal(
        night.weights_before["4.weight"], mlp((12, 9, 8, 4))[4].weight.detach()
    )
    assert night.weights_after is cycles[1].weights_after
    assert night.memory is cycles[1].memory
    np.testing.assert_array_equal(night.cues, [*cycles[0].cues, *cycles[1].cues])
    for name in ("steps", "rem", "total"):
        assert night.timings[name] == sum(cycle.timings[name] for cycle in cycles)
    assert joined(cycles[:1]) is cycles[0]
    with pytest.raises(ParameterError, match="at least one cycle"):
        joined([])
