"""The time step that a NIR graph is read with: asked for where it decides, never guessed."""

from __future__ import annotations

import warnings

import nir
import numpy as np
import pytest
from brian2 import Hz, ms, second
from nir_euler import chain, lif

import brainsleep as bs
from brainsleep.errors import ParameterError, TranslationError, UnitsError
from brainsleep.translation.nir import NirWarning

W = nir.Linear(np.ones((3, 2)))


def snntorch_like(beta: float = 0.9, dt: float = 1e-4) -> nir.NIRGraph:
    """Return a graph with the constants that snnTorch writes for a Leaky, in its float32."""
    tau = np.float32(dt / (1 - np.full(3, beta, np.float32)))
    return chain(W, lif(tau=tau, r=np.float32(tau / dt), v_threshold=1.0))


def integrators(r: float) -> nir.NIRGraph:
    return chain(W, nir.IF(np.full(3, r), np.ones(3)))


@pytest.mark.parametrize(
    ("graph", "found", "guess"),
    [
        (snntorch_like(), r"tau: 1\*ms at 'lif'", r"dt=0\.1\*ms"),
        (snntorch_like(0.5), r"tau: 0\.2\*ms at 'lif'", r"dt=0\.1\*ms"),
        (chain(W, lif(tau=20.0, r=1.0)), r"tau: 20\*second", r"dt=1\*second"),  # as sinabs
        (chain(W, lif(tau=1e-5, r=1.0)), r"tau: 0\.01\*ms", r"dt=0\.001\*ms"),  # as Norse
        (chain(W, lif(tau=0.02, r=1.0)), r"tau: 20\*ms", r"dt=1\*ms"),
        (chain(W, lif(tau=0.02, r=20.0)), r"tau: 20\*ms", r"dt=1\*ms"),
        (integrators(1.0), r"r\*dt of its weight, at 'if'", r"dt=1\*second"),
        (integrators(1e3), r"r\*dt of its weight", r"dt=1\*ms"),
        (
            chain(nir.Delay(np.full(2, 2e-3)), W, nir.Threshold(np.ones(3))),
            r"2\*ms at 'delay'",
            "1.ms",
        ),
    ],
)
def test_it_is_asked_for_with_what_was_found_and_a_plausible_one(graph, found, guess) -> None:
    with pytest.raises(ParameterError, match=rf"dt is missing.*{found}.*for example .*{guess}"):
        bs.from_nir(graph)


def test_it_is_not_asked_for_where_it_decides_nothing() -> None:
    network = bs.from_nir(chain(W, nir.Threshold(np.full(3, 0.5))))
    assert network.dt is None
    assert network.neuron.decay == [0.0]


def test_the_guess_gives_the_neurons_that_were_written() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        network = bs.from_nir(snntorch_like(), dt=0.1 * ms)
    assert network.neuron.decay == pytest.approx([0.9], rel=1e-6)
    assert network.neuron.gain == pytest.approx([1.0], rel=1e-6)
    assert network.dt == 0.1 * ms


def test_a_memory_of_a_step_and_none_at_all_are_read_from_float32() -> None:
    with pytest.warns(NirWarning, match="only 0 of a potential"):
        network = bs.from_nir(snntorch_like(0.0), dt="0.1 ms")
    assert network.neuron.decay == pytest.approx([0], abs=1e-6)


@pytest.mark.parametrize("steps", [1.0, 1.5, 2.0, 4.9])
def test_a_time_constant_about_dt_is_warned_of(steps: float) -> None:
    graph = chain(W, lif(tau=steps * 1e-3, r=1.0))
    with pytest.warns(NirWarning, match=r"'lif': tau is .*about dt \(1\*ms\)") as caught:
        bs.from_nir(graph, dt=1 * ms)
    assert caught[0].filename == __file__


def test_the_wrong_step_of_the_right_graph_is_warned_of() -> None:
    with pytest.warns(NirWarning, match=r"only 0 of a potential.*fit dt=0\.1\*ms"):
        bs.from_nir(snntorch_like(), dt=1 * ms)
    with pytest.raises(TranslationError, match="shorter than dt"):
        bs.from_nir(snntorch_like(), dt=2 * ms)


@pytest.mark.parametrize("graph", [chain(W, lif(tau=0.02, r=1.0)), snntorch_like(0.5, dt=1e-3)])
def test_long_time_constants_and_short_ones_that_were_meant_are_not(graph) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        bs.from_nir(graph, dt=1 * ms)


def test_integrators_to_which_hardly_anything_is_added_are_warned_of() -> None:
    with pytest.warns(NirWarning, match=r"adds 0\.001 of its weight.*dt=1\*second"):
        bs.from_nir(integrators(1.0), dt=1 * ms)
    assert bs.from_nir(integrators(1.0), dt=1 * second).neuron.gain == [1.0]


def test_metadata_of_the_graph_say_it() -> None:
    graph = snntorch_like()
    graph.metadata = {"dt": 1e-4}
    assert bs.from_nir(graph).neuron.decay == pytest.approx([0.9], rel=1e-6)
    with pytest.warns(NirWarning, match=r"written for dt=0\.1\*ms; read with 0\.5\*ms"):
        bs.from_nir(graph, dt=0.5 * ms)


@pytest.mark.parametrize("junk", ["fast", b"1 ms", np.nan, -1.0, [1.0, 2.0], {"a": 1}])
def test_metadata_that_are_no_time_are_no_answer(junk) -> None:
    graph = snntorch_like()
    graph.metadata = {"dt": junk}
    with pytest.raises(ParameterError, match="dt is missing"):
        bs.from_nir(graph)


@pytest.mark.parametrize("wrong", [1, 3 * Hz, "soon", "1 mV", [1, 2] * ms])
def test_what_is_no_time_is_refused(wrong) -> None:
    with pytest.raises(UnitsError, match="dt"):
        bs.from_nir(snntorch_like(), dt=wrong)


@pytest.mark.parametrize("wrong", [0 * ms, -1 * ms, np.nan * ms, np.inf * ms])
def test_no_time_at_all_is_refused_too_where_dt_decides_nothing(wrong) -> None:
    with pytest.raises(ParameterError, match="dt"):
        bs.from_nir(chain(W, nir.Threshold(np.ones(3))), dt=wrong)
