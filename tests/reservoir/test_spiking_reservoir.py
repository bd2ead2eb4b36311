"""Reservoirs of spiking neurons: a plain loop spike for spike, their wiring, and their states."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from brian2 import Hz, ms
from scipy.stats import chi2

import brainsleep as bs
from brainsleep.errors import BrainsleepError
from brainsleep.reservoir import (
    DistanceDependent,
    DynamicSynapses,
    Reservoir,
    ShortTerm,
    Strengths,
    spike_templates,
)
from brainsleep.reservoir.distance_wiring import by_type, grid_positions

TAU, REFRACTORY, THRESHOLD = 20.0, 2, 6.0
NEURON = bs.LIF(1, THRESHOLD, tau_m=TAU * ms, refractory=REFRACTORY * ms)
SMALL = Reservoir(8, (4, 3, 2), neuron=NEURON, strengths=Strengths(2, 3, 3, 2, input=4), seed=3)
DYNAMIC = replace(SMALL, strengths=Strengths(8, 12, 12, 8, input=4), dynamics=DynamicSynapses())
N_SEQUENCES, N_STEPS = 3, 60
NUMPY = bs.devices.Runtime("numpy")


def given() -> np.ndarray:
    return np.random.default_rng(5).random((N_SEQUENCES, N_STEPS, 8)) < 0.08


def loop(reservoir: Reservoir, spikes: np.ndarray) -> np.ndarray:
    """Return the spikes of a reservoir: potentials in mV above rest, a step of delay."""
    rule, types = reservoir._short_term, (~reservoir.is_excitatory).astype(int)
    out = np.zeros((*spikes.shape[:2], reservoir.n), dtype=bool)
    for k, sequence in enumerate(spikes):
        v, rests = np.zeros(reservoir.n), np.full(reservoir.n, -(10**6))
        arriving, own = np.zeros(8), np.zeros((reservoir.n, reservoir.n))
        trains: list[list[int]] = [[] for _ in v]
        for t, now in enumerate(sequence):
            is_free = t - rests >= REFRACTORY
            v = np.where(is_free, v * np.exp(-1 / TAU), v)
            v = v + is_free * (
                reservoir.input_weights @ arriving + (reservoir.weights * own).sum(1)
            )
            fired = (v >= THRESHOLD) & is_free
            v[fired], rests[fired] = 0.0, t
            out[k, t] = fired
            arriving, own = now.astype(float), np.tile(fired.astype(float), (reservoir.n, 1))
            for j in np.flatnonzero(fired):
                trains[j].append(t)
                if rule is not None:  # of each synapse, from all spikes of its neuron so far
                    own[:, j] = efficacies(rule, j, trains[j])[types]
    return out


def efficacies(rule, neuron: int, times: list[int]) -> np.ndarray:
    """Return u R of the last spike, onto excitatory and inhibitory neurons, as in the paper."""
    use, recovery, fading = (x[:, neuron] for x in (rule.use, rule.tau_rec, rule.tau_facil))
    u, left = use, np.ones(2)
    for interval in np.diff(times) * 1e-3:
        left = 1 + (left - u * left - 1) * np.exp(-interval / recovery)
        u = use + u * (1 - use) * np.exp(-interval / fading)
    return u * left


def filter_by_hand(spikes: np.ndarray, every: int, tau: float) -> np.ndarray:
    trace, states = np.zeros((len(spikes), spikes.shape[2])), []
    for t in range(spikes.shape[1]):
        trace = trace * np.exp(-1 / tau) + spikes[:, t]
        if (t + 1) % every == 0:
            states.append(trace)
    return np.stack(states, axis=1)


@pytest.mark.parametrize(
    ("reservoir", "device"),
    [(DYNAMIC, device) for device in ("cpp", "cpp_stock", NUMPY)]
    + [(SMALL, device) for device in ("cpp", NUMPY)],  # on cpp_stock: tests of circuits
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_plain_loop_gives_the_same_spikes_and_states(reservoir, device) -> None:
    run = reservoir.run(given(), sample_every=7 * ms, tau=11 * ms, device=device, dtype="float64")
    expected = loop(reservoir, given())
    found = np.zeros_like(expected)
    for k in range(N_SEQUENCES):
        neurons, steps = run.spikes_of(k)
        found[k, steps, neurons] = True
    np.testing.assert_array_equal(found, expected)
    assert expected.any(axis=(0, 1)).mean() > 0.9
    np.testing.assert_allclose(run.states, filter_by_hand(expected, 7, 11.0), rtol=1e-12)
    assert run.rate == pytest.approx(1000 * expected.mean())


@pytest.mark.parametrize("reservoir", [SMALL, DYNAMIC], ids=["constant", "dynamic"])
def test_a_sequence_does_not_depend_on_those_before(reservoir) -> None:
    """Nor does what is drawn depend on anything but the seed."""
    whole = reservoir.run(given(), dtype="float64", progress=False).states
    again = replace(reservoir).run(given()[::-1], dtype="float64", progress=False).states
    np.testing.assert_array_equal(whole, again[::-1])
    other = replace(SMALL, seed=4)
    assert not np.array_equal(other.weights, SMALL.weights)


def test_types_and_weights_are_those_asked_for() -> None:
    reservoir = Reservoir(30, (20, 4, 4), strengths=Strengths(1, 2, 3, 4, input=5), seed=1)
    excites, weights = reservoir.is_excitatory, reservoir.weights
    assert excites.sum() == 256
    assert (weights[:, excites] >= 0).all()
    assert (weights[:, ~excites] <= 0).all()
    assert not weights.diagonal().any()
    for post, pre, mean in [(1, 1, 1), (0, 1, 2), (1, 0, -3), (0, 0, -4)]:
        block = weights[np.ix_(excites == post, excites == pre)]
        drawn = block[block != 0]
        error = abs(mean) / np.sqrt(len(drawn))  # spread 1
        assert abs(drawn.mean() - mean) < 4 * error
    inputs = reservoir.input_weights[reservoir.input_weights > 0]
    assert abs(inputs.mean() - 5) < 4 * 5 / np.sqrt(len(inputs))
    assert abs(len(inputs) / (30 * 320) - 0.3) < 4 * np.sqrt(0.21 / (30 * 320))
    signed = replace(reservoir, excitatory_inputs=0.25).input_weights
    part = (signed > 0).sum() / (signed != 0).sum()
    assert abs(part - 0.25) < 4 * np.sqrt(0.19 / (signed != 0).sum())
    assert not replace(reservoir, recurrent=False).weights.any()
    even = replace(reservoir, strengths=Strengths(spread=0.0)).weights
    assert set(np.unique(even)) == {-2.0, -1.0, 0.0, 1.0, 2.0}


def test_short_term_dynamics_are_those_of_the_types() -> None:
    """Means and spreads of what neurons draw; without spread, the paper's own values."""
    types = np.arange(4000) < 2000
    drawn = DynamicSynapses().draw(types, np.random.default_rng(2))
    even = DynamicSynapses(spread=0).draw(types, np.random.default_rng(2))
    paper = {  # U, D, F in seconds; from, and onto, excitatory and inhibitory neurons
        (0, True): (0.5, 1.1, 0.05),
        (1, True): (0.05, 0.125, 1.2),
        (0, False): (0.25, 0.7, 0.02),
        (1, False): (0.32, 0.144, 0.06),
    }
    for (target, source), means in paper.items():
        of = target, types == source
        for name, mean in zip(("use", "tau_rec", "tau_facil"), means, strict=True):
            values = getattr(drawn, name)[of]
            np.testing.assert_allclose(getattr(even, name)[of], mean, rtol=1e-12)
            # what a normal distribution draws below 0, and U = 0.5 above 1, is drawn anew
            expected = (1.0, 0.447) if name == "use" and mean == 0.5 else (1.026, 0.473)
            assert abs(values.mean() / mean - expected[0]) < 4 * expected[1] / np.sqrt(2000)
            assert abs(values.std() / mean - expected[1]) < 0.03
            assert (values > 0).all()
            assert name != "use" or (values <= 1).all()


def test_only_dynamic_synapses_remember_through_a_long_silence() -> None:
    """Without them, what neurons do after 0.4 s of silence does not depend on what was before."""
    two = {"n_templates": 2, "n_segments": 2, "pause": 400 * ms, "jitter": 0 * ms}
    task = spike_templates(40, **two, n_inputs=8, rate=50 * Hz, seed=1)
    strong = {"strengths": Strengths(30, 60, 60, 30, input=12)}
    outcomes = {}
    for name, changes in {
        "dynamic": {"dynamics": DynamicSynapses()},
        "unconnected": {"dynamics": DynamicSynapses(), "recurrent": False},
    }.items():
        run = replace(SMALL, **strong, **changes).run(task.spikes, dtype="float64", progress=False)
        rows = [run.spikes_of(k) for k in range(40)]
        late = ["".join(f"{i},{t};" for i, t in zip(*row, strict=True) if t > 500) for row in rows]
        assert all(late)
        outcomes[name] = len(set(late))
    assert outcomes["unconnected"] == 2  # one for each template of the second segment
    assert outcomes["dynamic"] > 2


def test_probabilities_fall_with_distance() -> None:
    """Synapses are counted by type and distance, over seeds, and held against the closed form."""
    grid, wiring = (6, 5, 4), DistanceDependent(1.7, ee=0.5, ei=0.3, ie=0.6, ii=0.2)
    positions = grid_positions(grid)
    squares = ((positions[:, None] - positions[None]) ** 2).sum(axis=2)
    statistic, freedom = 0.0, 0
    counts: dict[tuple[float, float], list[int]] = {}
    for seed in range(5):
        one = Reservoir(1, grid, wiring=wiring, seed=seed)
        constants = by_type(one.is_excitatory, ee=0.5, ei=0.3, ie=0.6, ii=0.2)
        joined = one.weights != 0
        for square in np.unique(squares[squares > 0]):
            for constant in (0.5, 0.3, 0.6, 0.2):
                pairs = (squares == square) & (constants == constant)
                count = counts.setdefault((square, constant), [0, 0])
                count[0] += int(joined[pairs].sum())
                count[1] += int(pairs.sum())
    for (square, constant), (found, n) in counts.items():
        p = constant * np.exp(-square / 1.7**2)
        if n * p > 5:
            statistic += (found - n * p) ** 2 / (n * p * (1 - p))
            freedom += 1
    assert freedom > 30
    assert 1e-3 < chi2.cdf(statistic, freedom) < 1 - 1e-3


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Reservoir(0), "n_inputs"),
        (lambda: Reservoir(5, (3, 3)), r"grid must be three numbers of neurons, not \(3, 3\)"),
        (lambda: Reservoir(5, (3, 0, 3)), "grid"),
        (lambda: Reservoir(5, excitatory=1.2), "excitatory"),
        (lambda: DistanceDependent(0), "lambda_"),
        (lambda: DistanceDependent(ee=1.5), "ee"),
        (lambda: Strengths(ie=-1), "ie"),
        (lambda: ShortTerm(use=0), "use"),
        (lambda: ShortTerm(tau_rec=0 * ms), "tau_rec"),
        (lambda: DynamicSynapses(spread=-1), "spread"),
        (lambda: SMALL.run(np.zeros((2, 10, 7))), "spikes"),
        (lambda: SMALL.run(given(), sample_every=2.5 * ms), r"sample_every \(2\.5 ms\) must be"),
        (lambda: SMALL.run(given(), sample_every=70 * ms), "a sequence has only 60"),
        (lambda: SMALL.run(given(), tau=0 * ms), "tau"),
    ],
)
def test_what_makes_no_sense_is_refused(make, message: str) -> None:
    with pytest.raises(BrainsleepError, match=message):
        make()
