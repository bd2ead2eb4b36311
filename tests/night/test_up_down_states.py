"""Up and down states of a night: those of its stages, kept with it."""

from dataclasses import replace

import numpy as np
import pytest
from brian2 import ms
from helpers import SMALL, heaviside, mlp

import brainsleep as bs
from brainsleep.errors import DirectoryError, ParameterError
from brainsleep.night.gating import Gate

N_STEPS = 60


class Opens:
    """Stages that let the network learn in steps that are given."""

    def __init__(self, *up):
        self.up = up

    def gate(self, n_steps, dt, seed):
        learning = np.zeros(n_steps)
        for start, stop in self.up:
            learning[start:stop] = 0.7
        return Gate(np.ones(n_steps), learning)


def sleep(stages, **options):
    return bs.sleep(
        mlp(SMALL), np.full(SMALL[0], 0.3), duration=N_STEPS, neuron=heaviside(),
        plasticity=bs.SRC(increase=0.01, decrease=0.001), stages=stages,
        device=bs.devices.Runtime("numpy"), **options,
    )  # fmt: skip


def test_states_are_those_of_the_gate():
    night = sleep(Opens((5, 20), (30, 31)))
    states = night.up_states()
    np.testing.assert_allclose(states.starts / ms, [5, 30])
    np.testing.assert_allclose(states.ends / ms, [20, 31])
    np.testing.assert_allclose(states.durations / ms, [15, 1])
    np.testing.assert_allclose(states.down_starts / ms, [0, 20, 31])
    np.testing.assert_allclose(states.down_ends / ms, [5, 30, N_STEPS])
    np.testing.assert_allclose(states.down_durations / ms, [5, 10, N_STEPS - 31])
    assert len(states) == 2
    assert states.fraction_up == pytest.approx(16 / N_STEPS)
    table = states.to_pandas()
    assert table["state"].tolist() == ["down", "up", "down", "up", "down"]
    np.testing.assert_allclose(table["end_s"], np.array([5, 20, 30, 31, N_STEPS]) / 1000)
    assert repr(states) == "<UpDownStates: 2 up states, 27% of the night>"
    assert isinstance(night.stages, Opens)


@pytest.mark.parametrize("up", [(), ((0, N_STEPS),), ((0, 1), (N_STEPS - 1, N_STEPS))])
@pytest.mark.filterwarnings("ignore::brainsleep.NightWarning")
def test_states_at_the_ends_and_none_are_kept(up, tmp_path):
    sleep(Opens(*up)).save(tmp_path / "night")
    states = bs.Night.load(tmp_path / "night").up_states()
    found = np.stack([np.asarray(states.starts / ms), np.asarray(states.ends / ms)], axis=1)
    np.testing.assert_allclose(found, np.reshape(up, (-1, 2)))
    slept = float((states.durations.sum() + states.down_durations.sum()) / ms)
    assert slept == pytest.approx(N_STEPS)


@pytest.mark.filterwarnings("ignore:the night was stopped")
def test_a_night_that_was_stopped_has_the_states_until_then(tmp_path):
    calls = iter([False])
    night = sleep(Opens((5, N_STEPS)), should_stop=lambda: next(calls, True))
    assert 5 < night.n_steps < N_STEPS
    night.save(tmp_path / "night")
    for one in (night, bs.Night.load(tmp_path / "night")):
        states = one.up_states()
        assert len(states.up) == night.n_steps
        assert states.ends[-1] == night.duration


def test_a_hypnogram_has_the_states_of_the_patch_of_cortex():
    silent, busy = (
        bs.stages.REM(cortex=bs.stages.Cortex(20, 5, afferent_rate=rate, dt="0.1 ms"))
        for rate in ("0 Hz", "2 Hz")
    )
    plan = bs.stages.Hypnogram([(silent, 10 * ms), (busy, 30 * ms), (silent, 20 * ms)])
    night = sleep(plan, seed=2)
    np.testing.assert_array_equal(night.up_steps, [[10, 40]])
    gate = night.stages.gate(N_STEPS, 0.001, 2)
    np.testing.assert_array_equal(night.up_states().up, gate.stimulus == 1)


def test_nights_without_states_say_why():
    night = sleep(None)
    assert night.stages is None
    with pytest.raises(ParameterError, match=r"no stages of sleep.*stages=bs.stages.NREM\(\)"):
        night.up_states()
    old = replace(sleep(Opens((0, 9))), up_steps=None)
    with pytest.raises(ParameterError, match=r"earlier version.*night.again\(\) has them"):
        old.up_states()


@pytest.mark.parametrize(
    "steps", [[[0, N_STEPS + 1]], [[-1, 5]], [[5, 5]], [[0, 9], [9, 12]], [0, 5], [[0, 5, 9]]]
)
def test_states_that_cannot_be_are_damage(steps, tmp_path):
    night = replace(sleep(Opens((0, 9))), up_steps=np.array(steps))
    night.save(tmp_path / "night")
    with pytest.raises(DirectoryError, match="its up states are none of this night"):
        bs.Night.load(tmp_path / "night")
