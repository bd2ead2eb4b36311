"""Nights that ran to their end and are seldom what was wanted: what is found, said and kept."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from brian2 import Hz, ms, mV
from helpers import SMALL, asleep, heaviside, mlp
from torch import nn
from torch.nn.utils import prune

import brainsleep as bs
from brainsleep.night import NightRequest, run_night
from brainsleep.night.describing.findings import (
    BOUND_SHARE,
    GROWTH,
    SATURATED_SHARE,
    Activity,
    Finding,
    changed_share,
    grown_over_nights,
    growth,
    share_brought_to_bounds,
    summary,
)

NUMPY = bs.devices.Runtime("numpy")
LAYERS = ("0", "2", "4")
RULE = bs.SRC(increase=0.01, decrease=0.002)


def night_of(ann=None, stimulus=0.2, **options):
    """Run a night of 300 steps, of the small network unless given; warn of nothing."""
    options = {
        "neuron": heaviside(),
        "plasticity": RULE,
        "duration": 300,
        "device": NUMPY,
    } | options
    if isinstance(stimulus, float):
        stimulus = np.full(SMALL[0], stimulus)
    network = mlp(SMALL, scale=1.5) if ann is None else ann
    return run_night(NightRequest(ann=network, stimulus=stimulus, **options), progress=False)


def found(night):
    """Return kinds of findings by layer."""
    return {(finding.layer, finding.kind) for finding in night.findings}


def remedy(night, layer, kind):
    (one,) = [each for each in night.findings if (each.layer, each.kind) == (layer, kind)]
    return one.remedy


@pytest.mark.parametrize("device", ["cpp", "cpp_stock", NUMPY])
@pytest.mark.parametrize("record", ["all", None])
def test_a_threshold_too_high_is_found_on_every_device(device, record):
    """The night of the issue: no spike, nothing learned, and nothing said."""
    silent = night_of(neuron=bs.LIF(gain=1, threshold=15 * mV), device=device, record=record)
    assert found(silent) == {(layer, kind) for layer in LAYERS for kind in ("silent", "unchanged")}
    first = remedy(silent, "0", "silent")
    assert first == "lower its threshold (15 mV) or raise its gain (1 mV); bs.calibrate finds both"
    assert remedy(silent, "2", "silent") == "no spikes reach it from '0'"
    assert not silent.counts, "what was not asked for is not kept"
    assert bool(silent.spikes) == (record == "all")


@pytest.mark.parametrize("device", ["cpp", NUMPY])
def test_a_night_that_learned_has_no_findings(device):
    for record in ("all", None, bs.Record("0", rates=["2"])):
        good = night_of(device=device, record=record)
        assert good.findings == ()
    assert set(good.rates) == {"0", "2"}


def test_weights_that_grow_much_are_found_and_named():
    """The factor is that of the root mean square of the weights, of all connections together."""
    night = night_of(plasticity=bs.SRC(increase=1, decrease=0))
    grown = {one.layer: one for one in night.findings if one.kind == "grown"}
    before, after = (
        {name: getattr(ann, name).weight.detach().numpy() for name in LAYERS}
        for ann in (mlp(SMALL, scale=1.5), night.ann)
    )
    factors = {
        name: np.sqrt(np.mean(after[name] ** 2.0) / np.mean(before[name] ** 2.0)) for name in LAYERS
    }
    assert set(grown) == {name for name, factor in factors.items() if factor > GROWTH}
    assert 0 < len(grown) < len(LAYERS), "one of them grew less"
    for name, one in grown.items():
        assert one.value == pytest.approx(factors[name], rel=1e-5)
        assert one.text == f"its weights grew {factors[name]:.3g}-fold (root mean square)"
        assert "increase" in one.remedy
        assert "regulate" in one.remedy
    assert growth([np.zeros(3)], [np.ones(3)]) == 1.0, "no factor tells how much"
    assert growth([np.ones(2), np.zeros(2)], [np.ones(2), np.ones(2)]) == pytest.approx(2**0.5)


def test_growth_that_goes_on_from_night_to_night_is_found():
    """A network's first kernels in five nights; no night alone is far above GROWTH."""
    factors = [1.44, 1.62, 1.77, 1.73, 1.68]
    assert [grown_over_nights("0", factors[:n]) is not None for n in range(6)] == [False] * 4 + [
        True,
        True,
    ]
    found = grown_over_nights("features.0", factors)
    assert found.value == pytest.approx(12.0, rel=1e-2) == np.prod(factors)
    assert found.text == (
        "its weights grew 12-fold over 5 nights (root mean square), 1.68-fold in the last"
    )
    assert (found.layer, found.kind) == ("features.0", "grown_over_nights")
    assert grown_over_nights("6", [1.58, 1.41, 1.21, 1.09, 1.05]) is None, "of the default run"
    assert grown_over_nights("6", [7.0]) is None, "of one night `grown` tells"


def test_user_is_warned_once_at_their_line():
    with pytest.warns(bs.NightWarning) as caught:
        bs.sleep(
            mlp(SMALL), np.full(12, 0.2), duration=300, neuron=bs.LIF(gain=1, threshold=15 * mV),
            plasticity=RULE, device=NUMPY, progress=False,
        )  # fmt: skip
    (warning,) = [one for one in caught if issubclass(one.category, bs.NightWarning)]
    assert Path(warning.filename).name == Path(__file__).name
    head, *lines = str(warning.message).splitlines()
    assert "night.findings" in head
    assert [line.partition(":")[0].strip() for line in lines] == list(LAYERS)
    assert "silent (0 Hz), no weight changed; lower its threshold (15 mV)" in lines[0]
    with warnings.catch_warnings():
        warnings.simplefilter("error", bs.NightWarning)
        asleep(
            mlp(SMALL, scale=1.5), np.full(12, 0.2), duration=300, neuron=heaviside(),
            plasticity=RULE, device=NUMPY,
        )  # fmt: skip


# Saturated


def test_a_layer_that_fires_without_pause_is_found():
    night = night_of(neuron=heaviside(gain={"0": 1, "2": 1, "4": 1000}, threshold=0.01))
    saturated = [one for one in night.findings if one.kind == "saturated"]
    rates = {name: float(rate.mean / Hz) for name, rate in night.rates.items()}
    above = [name for name in ("input", *LAYERS) if rates[name] > 1000 * SATURATED_SHARE]
    assert [one.layer for one in saturated] == above != []
    for one in saturated:
        assert one.value == pytest.approx(rates[one.layer] / 1000)
        assert f"{rates[one.layer]:.3g} Hz" in one.text
        assert one.remedy.startswith("raise its threshold (0.01) or lower its gain")


def test_saturation_knows_of_the_refractory_period():
    """With 3 ms of rest, a spike in every third step is all that can be."""
    ann = nn.Sequential(nn.Linear(12, 10, bias=False))
    ann[0].weight.data[:] = 1.0
    neuron = bs.LIF(gain=1000, threshold=1, refractory=3 * ms)
    night = night_of(ann, stimulus=0.4, neuron=neuron, plasticity=bs.SRC(0, 0))
    rate = float(night.rates["0"].mean / Hz)
    assert 250 < rate < 334
    (finding,) = night.findings
    assert (finding.layer, finding.kind) == ("0", "saturated")
    assert finding.value == pytest.approx(3 * rate / 1000)
    assert finding.value <= 1


@pytest.mark.parametrize("probability", [0.0, 1.0])
def test_a_stimulus_that_says_nothing_is_named_first(probability):
    night = night_of(stimulus=probability)
    kind = "saturated" if probability else "silent"
    first = night.findings[0]
    assert (first.layer, first.kind) == ("input", kind)
    assert first.remedy == f"{'lower' if probability else 'raise'} the rates of the stimulus"
    if not probability:
        assert remedy(night, "0", "silent") == "no spikes reach it from 'input'"


# Weights


def test_frozen_layers_and_rules_at_rest_are_not_asked_to_learn():
    ann = mlp(SMALL, scale=1.5)
    assert night_of(bs.translate(ann, frozen=LAYERS)).findings == ()
    assert night_of(plasticity=bs.SRC(0, 0)).findings == ()
    assert night_of(plasticity=bs.STDP(0, 0)).findings == ()
    by_layer = bs.SRC({"0": 0, "2": 0.01, "4": 0}, {"0": 0, "2": 0.002, "4": 0})
    assert night_of(plasticity=by_layer).findings == ()


def test_changes_too_small_for_the_data_type_are_found():
    tiny = bs.SRC(1e-12, 1e-12)
    night = night_of(plasticity=tiny)
    assert found(night) == {(layer, "unchanged") for layer in LAYERS}
    assert "too small for float32" in remedy(night, "0", "unchanged")
    assert night_of(plasticity=tiny, dtype="float64").findings == ()


def test_modulation_of_zero_explains_why_nothing_was_learned():
    night = night_of(modulation=np.zeros(300))
    assert found(night) == {(layer, "unchanged") for layer in LAYERS}
    assert {one.remedy for one in night.findings} == {"modulation is 0 in every step"}
    assert night_of(modulation=np.arange(300) < 100).findings == ()
    reward = bs.RewardSTDP(0.01, 0.005)
    unrewarded = night_of(plasticity=reward, modulation=np.zeros(300))
    assert remedy(unrewarded, "2", "unchanged") == "modulation is 0 in every step"


class Closed:
    """A stage of sleep that lets nothing through."""

    def gate(self, n_steps, dt, seed):
        from brainsleep.night.gating import Gate

        return Gate(np.zeros(n_steps), np.zeros(n_steps))


def test_stages_that_open_in_no_step_are_the_reason_given():
    night = night_of(stages=Closed())
    assert "stages of sleep open in no step" in remedy(night, "input", "silent")
    assert "stages of sleep open in no step" in remedy(night, "0", "unchanged")


def test_what_regulates_by_the_clock_needs_no_spikes():
    decay = bs.Downscaling(bs.SRC(0, 0), downscaling=0.1, every=100 * ms)
    assert night_of(stimulus=0.0, plasticity=decay).findings == ()
    both = bs.Downscaling(RULE, downscaling=0.1, every=100 * ms)
    silent = found(night_of(stimulus=0.0, plasticity=both))
    assert silent == {(name, "silent") for name in ("input", *LAYERS)}, "weights did change"


def test_weights_that_ran_into_their_bounds_are_found():
    strong = bs.STDP(0.5, 0.5, w_min=-0.2, w_max=0.2)
    night = night_of(plasticity=strong)
    at_bound = [one for one in night.findings if one.kind == "at_bound"]
    assert at_bound
    for one in at_bound:
        before, after = (
            np.isin(weights[f"{one.layer}.weight"], np.float32([-0.2, 0.2]))
            for weights in (night.weights_before, night.weights_after)
        )
        assert one.value == pytest.approx((after & ~before).mean())
        assert one.value > BOUND_SHARE
        assert "(-0.2 or 0.2)" in one.text
    again = night_of(night.ann, plasticity=strong)
    assert not [one for one in again.findings if one.kind == "at_bound"], "they were there before"


def test_absent_synapses_are_left_out():
    ann = mlp(SMALL, scale=1.5)
    prune.random_unstructured(ann[0], "weight", amount=0.5)
    night = night_of(ann, plasticity=bs.STDP(0.5, 0.5, w_min=-0.2, w_max=0.2))
    there = ann[0].weight_mask.numpy() == 1
    (one,) = [each for each in night.findings if (each.layer, each.kind) == ("0", "at_bound")]
    before, after = (
        np.isin(weights["0.weight_orig"], np.float32([-0.2, 0.2]))
        for weights in (night.weights_before, night.weights_after)
    )
    assert one.value == pytest.approx((after & ~before)[there].mean())
    ann[0].weight_mask[:] = 0
    ann(torch.zeros(1, 12))  # the mask takes effect in forward
    assert ("0", "unchanged") not in found(night_of(ann)), "there is nothing that could change"


def test_rules_without_bounds_have_none():
    night = night_of(plasticity=bs.SRC(1, 1))
    assert not [one for one in night.findings if one.kind == "at_bound"]


# When it is too early to tell


def test_a_short_night_is_not_judged():
    short = night_of(duration=5, neuron=bs.LIF(gain=1, threshold=15 * mV))
    assert short.findings == ()
    longer = night_of(duration=60, neuron=bs.LIF(gain=1, threshold=15 * mV))
    assert found(longer) == {(name, kind) for name in LAYERS for kind in ("silent", "unchanged")}


def test_a_night_that_was_stopped_is_judged_by_what_it_did():
    quiet = bs.LIF(gain=1, threshold=15 * mV)
    with pytest.warns(UserWarning, match="stopped after"):
        night = night_of(
            neuron=quiet, device="cpp", duration=3000, should_stop=iter([False, True]).__next__
        )
    assert night.n_steps < 300
    sizes = dict(zip(LAYERS, SMALL[1:], strict=True))
    judged = [name for name in LAYERS if sizes[name] * night.n_steps * 1e-3 * 10 >= 3]
    assert [one.layer for one in night.findings if one.kind == "silent"] == judged


# Kept


def test_findings_are_saved_with_the_night(tmp_path):
    quiet = bs.LIF(gain=1, threshold=15 * mV)
    in_memory = night_of(neuron=quiet)
    in_memory.save(tmp_path / "saved")
    assert bs.Night.load(tmp_path / "saved").findings == in_memory.findings != ()
    streamed = night_of(
        neuron=quiet, device="cpp", record=None, save=bs.Save(tmp_path / "streamed")
    )
    assert streamed.findings == in_memory.findings
    assert bs.Night.load(tmp_path / "streamed").findings == in_memory.findings
    finished = bs.Save(tmp_path / "streamed", resume=True)
    with pytest.warns(bs.NightWarning):
        again = asleep(
            mlp(SMALL, scale=1.5), np.full(12, 0.2), duration=300, neuron=quiet, plasticity=RULE,
            record=None, save=finished,
        )  # fmt: skip
    assert again.findings == in_memory.findings


# The parts


def test_activity_by_hand():
    one = Activity(n_spikes=30, n_neurons=10, n_steps=100, dt=1e-3)
    assert one.rate == pytest.approx(30)
    assert one.share == pytest.approx(0.03)
    assert not one.is_silent
    assert not one.is_saturated
    assert Activity(0, 10, 100, 1e-3).is_silent
    assert not Activity(0, 10, 5, 1e-3).is_silent
    assert not Activity(0, 10, 0, 1e-3).is_silent
    assert Activity(501, 10, 100, 1e-3).is_saturated
    assert not Activity(500, 10, 100, 1e-3).is_saturated
    assert Activity(170, 10, 100, 1e-3, steps_per_spike=3).share == pytest.approx(0.51)


def test_shares_by_hand():
    before = [np.array([0.0, 0.5, 1.0, -1.0])]
    after = [np.array([1.0, 0.5, 1.0, -0.9])]
    assert changed_share(before, after) == 0.5
    assert changed_share([], []) == 1.0
    assert share_brought_to_bounds(before, after, (-1.0, 1.0)) == 0.25
    assert share_brought_to_bounds(after, before, (-1.0, 1.0)) == 0.25
    narrow = [np.float32([0.1, 0.2])]
    assert share_brought_to_bounds([narrow[0] * 0], narrow, (-1, 0.1)) == 0.5


def test_layers_alike_share_a_line():
    alike = [Finding(name, "silent", 0.0, "silent (0 Hz)", "do this") for name in "ab"]
    other = [
        Finding("c", "saturated", 1.0, "saturated", "x"),
        Finding("c", "at_bound", 1, "at", "y"),
    ]
    assert summary([*alike, *other]) == "  a, b: silent (0 Hz); do this\n  c: saturated, at; x; y"
    assert summary([]) == ""
