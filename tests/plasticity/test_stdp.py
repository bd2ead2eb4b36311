"""Rules of spike timing against their closed forms and against loops over spikes."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from brian2 import Hz, ms
from torch import nn

import brainsleep as bs
from brainsleep.errors import ParameterError, UnitsError

NUMPY = bs.devices.Runtime("numpy")
#: A weight so large that its target spikes in the same step, whatever is learned.
STRONG = 100.0


def pair(w: float) -> nn.Sequential:
    """Return two inputs and one output: an observed synapse, and one that drives the output."""
    network = nn.Sequential(nn.Linear(2, 1, bias=False)).double()
    network[0].weight.data = torch.tensor([[w, STRONG]], dtype=torch.float64)
    return network


def change(rule, pre_steps, post_steps, n_steps=400, w=0.2, device="cpp", sign=1) -> float:
    """Return the change of the observed weight for given spikes of both neurons."""
    spikes = np.zeros((n_steps, 2), dtype=bool)
    spikes[list(pre_steps), 0] = True
    spikes[list(post_steps), 1] = True
    night = bs.sleep(
        pair(w),
        spikes,
        neuron=bs.Heaviside(gain=1, threshold=STRONG / 2, decay=0.0),
        plasticity=rule,
        device=device,
        dtype="float64",
        progress=False,
    )
    np.testing.assert_array_equal(np.rint(night.spikes["0"].t / ms), sorted(post_steps))
    return float(night.weights_after["0.weight"][0, 0] - w)


BOUNDS = {"w_min": -1000.0, "w_max": 1000.0}


def test_the_stdp_window_pair_by_pair() -> None:
    rule = bs.STDP(0.01, 0.0105, tau_plus=17 * ms, tau_minus=34 * ms, **BOUNDS)
    for delta in (-150, -60, -20, -5, -1, 0, 1, 2, 7, 30, 100, 180):
        found = change(rule, [200], [200 + delta])
        expected = 0.01 * np.exp(-delta / 17) if delta >= 0 else -0.0105 * np.exp(delta / 34)
        assert found == pytest.approx(expected, abs=1e-9)


def trains(seed: int) -> tuple[list[int], list[int]]:
    """Return random spikes of both neurons."""
    rng = np.random.default_rng(seed)
    return [np.flatnonzero(rng.random(400) < 0.05).tolist() for _ in range(2)]  # type: ignore[return-value]


@pytest.mark.parametrize("interactions", ["all", "nearest"])
def test_stdp_sums_over_pairs(interactions: str) -> None:
    pre, post = trains(1)
    rule = bs.STDP(0.01, 0.0105, interactions=interactions, **BOUNDS)
    expected = 0.0
    for t in post:  # potentiation, by earlier or simultaneous presynaptic spikes
        earlier = [s for s in pre if s <= t]
        earlier = earlier[-1:] if interactions == "nearest" else earlier
        expected += sum(0.01 * np.exp(-(t - s) / 20) for s in earlier)
    for s in pre:
        earlier = [t for t in post if t < s]
        earlier = earlier[-1:] if interactions == "nearest" else earlier
        expected += sum(-0.0105 * np.exp(-(s - t) / 20) for t in earlier)
    assert change(rule, pre, post) == pytest.approx(expected, abs=1e-9)
    assert abs(expected) > 1e-3


def traces(times: list[int], tau: float, nearest: bool) -> dict:
    """Return the values of a trace in a step and just before it, as functions of time."""

    def at(t: int, including: bool) -> float:
        earlier = [s for s in times if s < t or (including and s == t)]
        earlier = earlier[-1:] if nearest else earlier
        return sum(np.exp(-(t - s) / tau) for s in earlier)

    return {"after": lambda t: at(t, True), "before": lambda t: at(t, False)}


def test_triplets_against_a_loop_over_spikes() -> None:
    pre, post = trains(2)
    rule = bs.TripletSTDP(
        1e-4, 7e-3, triplet_potentiation=6.2e-3, triplet_depression=2.3e-4, **BOUNDS
    )
    r1, r2 = traces(pre, 16.8, False), traces(pre, 101, False)
    o1, o2 = traces(post, 33.7, False), traces(post, 125, False)
    expected = sum(-o1["before"](t) * (7e-3 + 2.3e-4 * r2["before"](t)) for t in pre)
    expected += sum(r1["after"](t) * (1e-4 + 6.2e-3 * o2["before"](t)) for t in post)
    assert change(rule, pre, post) == pytest.approx(expected, abs=1e-9)


def test_diehl_and_cook_against_a_loop_over_spikes() -> None:
    pre, post = trains(3)
    rule = bs.DiehlCook(depression=1e-3, potentiation=1e-2, w_max=1000.0)
    r1, o1, o2 = traces(pre, 20, True), traces(post, 20, True), traces(post, 40, True)
    expected = sum(-1e-3 * o1["before"](t) for t in pre)
    expected += sum(1e-2 * r1["after"](t) * o2["before"](t) for t in post)
    assert change(rule, pre, post) == pytest.approx(expected, abs=1e-9)


def test_bounds_hold() -> None:
    torch.manual_seed(1)
    network = nn.Sequential(nn.Linear(30, 20, bias=False)).double()
    nn.init.uniform_(network[0].weight, 0.1, 0.3)
    spikes = np.random.default_rng(0).random((300, 30)) < 0.1
    for rule, reached in (
        (bs.STDP(0.1, -0.1, w_min=-0.5, w_max=0.4), 0.4),
        (bs.STDP(-0.1, 0.1, w_min=0.05, w_max=1), 0.05),
        (bs.DiehlCook(depression=0.1, potentiation=0.0), 0.0),
    ):
        neuron = bs.Heaviside(gain=1, threshold=0.3, decay=0.9)
        weights = bs.sleep(
            network, spikes, neuron=neuron, plasticity=rule, dtype="float64", progress=False
        ).weights_after["0.weight"]
        extreme = weights.max() if reached > 0.1 else weights.min()
        assert extreme == reached


@pytest.mark.parametrize(
    ("rule", "neuron"),
    [
        (bs.STDP(), bs.LIF(gain=1, threshold=0.3)),
        (bs.TripletSTDP(), bs.Heaviside(gain=1, threshold=0.3, decay=0.9)),
        (bs.DiehlCook(), bs.LIF(gain=1, threshold=0.3)),
    ],
    ids=["pairs", "triplets", "Diehl and Cook"],
)
def test_the_same_on_every_device(rule, neuron) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(30, 20), nn.ReLU(), nn.Linear(20, 8)).double()
    spikes = np.random.default_rng(0).random((300, 30)) < 0.1
    nights = [
        bs.sleep(
            network,
            spikes,
            neuron=neuron,
            plasticity=rule,
            device=device,
            dtype="float64",
            progress=False,
        )
        for device in ("cpp", "cpp_stock", NUMPY)
    ]
    for other in nights[1:]:
        for name, train in nights[0].spikes.items():
            assert len(train) > 0
            np.testing.assert_array_equal(train.i, other.spikes[name].i)
            np.testing.assert_array_equal(train.t, other.spikes[name].t)
        for name, weights in nights[0].weights_after.items():
            assert (weights != nights[0].weights_before[name]).any()
            np.testing.assert_allclose(weights, other.weights_after[name], rtol=0, atol=1e-12)


def test_inhibition_learns_to_hold_a_rate() -> None:
    """Vogels et al. 2011: inhibitory weights settle where the neuron fires at the target rate."""
    rng = np.random.default_rng(0)
    n_steps, n_inputs = 40_000, 40
    network = nn.Sequential(nn.Linear(n_inputs, 1)).double()
    network[0].weight.data[:] = 0.01
    network[0].bias.data[:] = 0.6  # excitation that does not learn
    night = bs.sleep(
        network,
        rng.random((n_steps, n_inputs)) < 0.02,
        neuron=bs.Heaviside(gain=1, threshold=5.0, decay=0.95),
        plasticity=bs.InhibitorySTDP(learning_rate=5e-3, target_rate=20 * Hz),
        dtype="float64",
        progress=False,
    )
    late = night.rates["0"].counts[n_steps // 2 :].mean() / 1e-3
    early = night.rates["0"].counts[:500].mean() / 1e-3
    assert early > 60
    assert late == pytest.approx(20, rel=0.2)


def test_calibration_keeps_the_bounds() -> None:
    network = nn.Sequential(nn.Linear(30, 20)).double()
    network[0].weight.data[:] = 0.1
    night = bs.sleep(
        network,
        np.full(30, 0.1),
        neuron=bs.Heaviside(gain=1, threshold="calibrated", target_rate=50, decay=0.9),
        plasticity=bs.STDP(1e-6, 1e-6),
        dtype="float64",
        progress=False,
    )
    assert float(night.rates["0"].mean / Hz) == pytest.approx(50, rel=0.2)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: bs.STDP(tau_plus=0 * ms), ParameterError, "tau_plus"),
        (lambda: bs.STDP(tau_minus=20), UnitsError, "tau_minus"),
        (lambda: bs.STDP(interactions="nearst"), ParameterError, "'nearest'"),
        (lambda: bs.STDP(w_min=1, w_max=0), ParameterError, "w_min"),
        (lambda: bs.InhibitorySTDP(target_rate=5), UnitsError, "target_rate"),
    ],
)
def test_bad_parameters(make, error, message: str) -> None:
    with pytest.raises(error, match=message):
        make()


BOUNDED = {
    "STDP": bs.STDP(0, 0, w_min=-0.5, w_max=0.5),
    "TripletSTDP": bs.TripletSTDP(0, 0, triplet_potentiation=0, w_min=-0.5, w_max=0.5),
    "RewardSTDP": bs.RewardSTDP(0, 0, w_min=-0.5, w_max=0.5),
    "DiehlCook": bs.DiehlCook(0, w_max=0.5),
    "ASP": bs.ASP(0, w_max=0.5),
    "InhibitorySTDP": bs.InhibitorySTDP(0, w_max=0.5),
    "Homeostasis": bs.Homeostasis(bs.STDP(0, 0, w_min=-0.5, w_max=0.5), regulation=0),
}


def bounded_night(rule: object, **options: object) -> bs.Night:
    network = nn.Sequential(nn.Linear(4, 2, bias=False), nn.ReLU(), nn.Linear(2, 1, bias=False))
    network[0].weight.data[:] = torch.tensor([[-2.0, 0.25, 0.5, 3.0], [0.1, 0.2, 0.3, 0.4]])
    network[2].weight.data[:] = 0.25
    return bs.sleep(
        bs.translate(network, **options),
        np.full(4, 0.5),
        duration=50,
        neuron=bs.LIF(gain=1, threshold=0.2),
        plasticity=rule,
        modulation=np.ones(50) if isinstance(rule, bs.RewardSTDP) else None,
        device=bs.devices.Runtime("numpy"),
    )


@pytest.mark.parametrize("name", BOUNDED)
def test_weights_outside_the_bounds_are_told_before_they_are_cut(name: str) -> None:
    low = 0 if name in ("DiehlCook", "ASP", "InhibitorySTDP") else -0.5
    words = rf"bounds of {name} are .*layer '0' has weights from -2 to 3, 25 % of them outside "
    with pytest.warns(bs.WeightBoundsWarning, match=rf"{words}\[{low}, 0.5\]\. Give") as warned:
        night = bounded_night(BOUNDED[name])
    (ours,) = (one for one in warned if one.category is bs.WeightBoundsWarning)
    assert ours.filename == __file__
    assert night.weights_after["0.weight"].min() >= low


def test_weights_within_the_bounds_and_frozen_ones_need_no_warning() -> None:
    with warnings.catch_warnings(action="error", category=bs.WeightBoundsWarning):
        bounded_night(bs.STDP(w_min=-2, w_max=3))
        bounded_night(bs.STDP(w_min=0.1, w_max=0.5), frozen=["0"])
        bounded_night(bs.STDP(w_min={"0": -2, "2": 0}, w_max={"0": 3, "2": 0.25}))
        bounded_night(bs.SRC())


def test_presynaptic_learning_on_a_kernel_is_refused() -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 3))
    with pytest.raises(
        ParameterError, match=r"'input' -> '0' is a .*, and a shared kernel .*; freeze it, as in"
    ):
        bs.sleep(
            network,
            np.full((1, 6, 6), 0.1),
            neuron=bs.Heaviside(gain=1, threshold=0.3),
            plasticity=bs.STDP(),
        )
