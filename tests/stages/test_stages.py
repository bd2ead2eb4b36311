"""Stages of sleep: what a gate does to a night, and hypnograms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from brian2 import Hz, ms, pA, second
from helpers import assert_same_nights, heaviside, mlp, random_spikes, raster

import brainsleep as bs
from brainsleep.errors import ParameterError, UnitsError
from brainsleep.stages import Cortex, Gate, Hypnogram, Ripples, Spindles

NUMPY = bs.devices.Runtime("numpy")
DEVICES = ("cpp", "cpp_stock", NUMPY)
RULE = bs.SRC(2e-2, 1e-2, weight_factor="additive")
N_STEPS = 300


@dataclass(frozen=True)
class Given:
    """A stage whose gate is known."""

    stimulus: np.ndarray
    learning: np.ndarray

    def gate(self, n_steps, dt, seed) -> Gate:
        return Gate(self.stimulus[:n_steps], self.learning[:n_steps])


def night(stages=None, stimulus=None, device="cpp", duration=N_STEPS, **options):
    """One night of a small network; spikes reach all layers within a step."""
    return bs.sleep(
        mlp((12, 10, 5), dtype=torch.float64, scale=1.5),
        np.linspace(0.05, 0.4, 12) if stimulus is None else stimulus,
        duration=duration,
        neuron=options.pop("neuron", heaviside(threshold=[0.6, 0.4])),
        plasticity=RULE,
        device=device,
        dtype="float64",
        stages=stages,
        seed=3,
        progress=False,
        **options,
    )


def switched(*lengths: int) -> np.ndarray:
    """Return a gate that is open, closed, open, … for so many steps each."""
    return np.repeat(np.arange(len(lengths)) % 2 == 0, lengths).astype(float)


# What a gate does


@pytest.mark.parametrize("device", DEVICES, ids=str)
def test_a_closed_gate_lets_no_spike_through(device) -> None:
    gate = switched(70, 90, 60, 80)
    found, plain = night(Given(gate, gate), device=device), night(device=device)
    spikes = raster(found, "input")
    assert spikes[gate == 0].sum() == 0
    np.testing.assert_array_equal(spikes[gate == 1], raster(plain, "input")[gate == 1])
    assert raster(found, "0")[gate == 0].sum() == 0  # this neuron's memory alone never spikes


def test_nothing_is_learned_while_the_gate_is_closed() -> None:
    """A night that closes early ends with the weights of a shorter night."""
    early, whole = switched(120, 180), np.ones(N_STEPS)
    found = night(Given(early, early)).weights_after
    short = night(duration=120).weights_after
    for name, weights in short.items():
        assert np.abs(weights - night().weights_before[name]).max() > 1e-2
        np.testing.assert_array_equal(found[name], weights)
    # spikes go on here, but nothing is learned from them
    spiking = night(Given(whole, early))
    np.testing.assert_array_equal(raster(spiking, "input"), raster(night(), "input"))
    for name, weights in short.items():
        np.testing.assert_array_equal(spiking.weights_after[name], weights)


def test_a_gate_closed_all_night_changes_nothing() -> None:
    closed = np.zeros(N_STEPS)
    found = night(Given(closed, closed))
    assert all(len(train) == 0 for train in found.spikes.values())
    unlearned = night(Given(np.ones(N_STEPS), closed))
    for one in (found, unlearned):
        for name, weights in one.weights_after.items():
            np.testing.assert_array_equal(weights, one.weights_before[name])


def test_an_open_gate_is_the_very_night_without() -> None:
    ones = np.ones(N_STEPS)
    for device in DEVICES:
        assert_same_nights(night(Given(ones, ones), device=device), night(device=device))


def test_a_gate_above_one_drives_more() -> None:
    ones = np.ones(N_STEPS)
    more = raster(night(Given(1.5 * ones, ones)), "input")
    plain = raster(night(), "input")
    assert more[plain].all()
    assert more.sum() == pytest.approx(1.5 * plain.sum(), rel=0.1)


def test_a_gate_and_a_modulation_multiply() -> None:
    gate = switched(100, 100, 100)
    modulation = np.linspace(0, 1, N_STEPS)
    both = night(Given(gate, gate), modulation=modulation)
    stimulus = bs.stimuli.Gated(constant(), gate)
    assert_same_nights(both, night(stimulus=stimulus, modulation=gate * modulation))


def constant() -> bs.stimuli.Stimulus:
    return bs.stimuli.ConstantProbabilities(np.linspace(0.05, 0.4, 12))


def test_explicit_spikes_are_gated_too() -> None:
    spikes, gate = random_spikes(N_STEPS, 12, 0.2), switched(50, 100, 150)
    found = night(Given(gate, gate), stimulus=spikes)
    np.testing.assert_array_equal(raster(found, "input"), spikes & (gate == 1)[:, None])


def test_rem_is_the_very_night_without_stages() -> None:
    stage = bs.stages.REM()
    gate = stage.gate(N_STEPS, 1e-3, seed=3)
    assert (gate.stimulus == 1).all()
    assert (gate.learning == 1).all()
    assert_same_nights(night(stage), night())


def test_nrem_is_a_gated_stimulus_and_a_modulation() -> None:
    stage, n_steps = bs.stages.NREM(), 2000
    gate = stage.gate(n_steps, 1e-3, seed=3)
    assert set(gate.stimulus) == {0.0, 1.0}
    np.testing.assert_array_equal(gate.stimulus, gate.learning)
    by_hand = night(
        stimulus=bs.stimuli.Gated(constant(), gate.stimulus),
        modulation=gate.learning,
        duration=n_steps,
    )
    assert_same_nights(night(stage, duration=n_steps), by_hand)
    assert raster(by_hand, "input")[gate.stimulus == 0].sum() == 0


def test_spindles_and_ripples_change_the_stimulus_in_up_states_alone() -> None:
    plain = bs.stages.NREM().gate(4000, 1e-3, seed=1)
    stage = bs.stages.NREM(
        spindles=Spindles(probability=1.0, interval=1 * second), ripples=Ripples(probability=1.0)
    )
    found = stage.gate(4000, 1e-3, seed=1)
    up = plain.learning == 1
    np.testing.assert_array_equal(found.learning, plain.learning)
    assert (found.stimulus[~up] == 0).all()
    assert found.stimulus[up].max() > 1.2
    assert (found.stimulus[up] < 1).any()
    without = bs.stages.NREM(spindles=stage.spindles).gate(4000, 1e-3, seed=1)
    assert (without.stimulus != found.stimulus).any()
    changed = without.stimulus != plain.stimulus
    assert changed.any()
    assert up[changed].all()


@pytest.mark.filterwarnings("ignore::brainsleep.CalibrationWarning")
def test_thresholds_are_calibrated_with_the_gate_open() -> None:
    """As without stages, where calibration looks at the first 500 steps."""
    gate = switched(0, 1000, 1000)  # closed at first
    neuron = heaviside(threshold="calibrated", target_rate=50)
    found = night(Given(gate, gate), duration=2000, neuron=neuron)
    plain = night(duration=2000, neuron=neuron)
    assert found.thresholds == plain.thresholds


def test_stages_check_themselves() -> None:
    for make, error, words in (
        (lambda: bs.stages.NREM(b=60), UnitsError, "stage NREM: b"),
        (lambda: bs.stages.REM(b=-1 * pA), ParameterError, "stage REM: b"),
        (lambda: bs.stages.Wake(cortex=5), UnitsError, "must be a Cortex object"),
        (lambda: bs.stages.NREM(ripples=Ripples()), ParameterError, "troughs of spindles"),
        (lambda: bs.stages.NREM(spindles=3), UnitsError, "Spindles"),
    ):
        with pytest.raises(error, match=words):
            make()
    with pytest.raises(UnitsError, match="stages must be a stage like"):
        night("NREM")


@pytest.mark.parametrize(
    "make",
    [
        lambda: bs.stages.NREM(60 * pA, Cortex()),
        lambda: bs.stages.REM(1 * pA, Cortex()),
        lambda: Spindles(14 * Hz, 1 * second),
        lambda: Ripples(100 * Hz, 30 * ms),
        lambda: Cortex(1600, 400, 0.25),
        lambda: Hypnogram.of_cycles(8 * second, 4, bs.stages.NREM()),
        lambda: bs.stages.NREM().simulate(1 * second, 3),
    ],
)
def test_all_but_the_first_parameters_are_given_by_name(make) -> None:
    with pytest.raises(TypeError, match="positional argument"):
        make()


# Hypnograms


def test_segments_follow_each_other() -> None:
    stages = [
        (bs.stages.Wake(), 1 * second),
        (bs.stages.NREM(), "2.5 s"),
        (bs.stages.REM(), 500 * ms),
    ]
    found = Hypnogram(stages)
    assert [segment.name for segment in found.segments] == ["Wake", "NREM", "REM"]
    assert [float(segment.start) for segment in found.segments] == [0, 1, 3.5]
    assert float(found.duration) == 4
    assert "NREM 2.5 s" in repr(found)


def test_cycles_fill_the_night_with_ever_more_rem() -> None:
    found = Hypnogram.of_cycles(8 * second, n_cycles=4)
    assert float(found.duration) == pytest.approx(8)
    assert [segment.name for segment in found.segments] == ["NREM", "REM"] * 4
    rem = [float(segment.duration) for segment in found.segments if segment.name == "REM"]
    np.testing.assert_allclose(rem, 2 * np.linspace(0.1, 0.4, 4))
    none_first = Hypnogram.of_cycles(8 * second, n_cycles=2, first_rem=0, last_rem=1)
    assert [segment.name for segment in none_first.segments] == ["NREM", "REM"]


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: Hypnogram([]), ParameterError, "at least one stage"),
        (lambda: Hypnogram([("NREM", 1 * second)]), UnitsError, "stage 0 must be one like"),
        (lambda: Hypnogram([(bs.stages.REM(), 0 * second)]), ParameterError, "duration of stage 0"),
        (lambda: Hypnogram([(bs.stages.REM(), 3)]), UnitsError, "duration of stage 0"),
        (lambda: Hypnogram.of_cycles(0 * ms), ParameterError, "hypnogram: duration"),
        (lambda: Hypnogram.of_cycles(1 * second, n_cycles=0), ParameterError, "n_cycles"),
        (lambda: Hypnogram.of_cycles(1 * second, last_rem=1.5), ParameterError, "last_rem"),
    ],
)
def test_hypnograms_check_themselves(make, error, words: str) -> None:
    with pytest.raises(error, match=words):
        make()


def test_a_hypnogram_is_as_long_as_its_night() -> None:
    with pytest.raises(ParameterError, match="has 1000 steps, but the night has 300"):
        night(Hypnogram([(bs.stages.REM(), 1 * second)]))


def test_each_segment_has_a_gate_of_its_own() -> None:
    rem, nrem = bs.stages.REM(), bs.stages.NREM()
    plan = Hypnogram([(nrem, 800 * ms), (rem, 200 * ms), (nrem, 800 * ms)])
    found = plan.gate(1800, 1e-3, seed=5)
    parts = [
        stage.gate(n_steps, 1e-3, seed=5 + 1000 * index)
        for index, (stage, n_steps) in enumerate([(nrem, 800), (rem, 200), (nrem, 800)])
    ]
    np.testing.assert_array_equal(found.stimulus, np.concatenate([one.stimulus for one in parts]))
    assert len(found) == 1800
    assert (found.learning[800:1000] == 1).all()
    assert (parts[0].learning != parts[2].learning).any()
    asleep = night(plan, duration=1800 * ms)
    assert len(asleep.spikes["input"]) > 0


def test_a_hypnogram_can_be_drawn() -> None:
    ax = bs.figures.plot_hypnogram(Hypnogram.of_cycles(8 * second))
    assert [label.get_text() for label in ax.get_yticklabels()] == ["NREM", "REM", "Wake"]
    assert ax.get_xlim() == (0, 8)
