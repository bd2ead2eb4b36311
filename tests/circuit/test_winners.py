"""Unsupervised learning: image sequences, assigned classes, and a small network that learns."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from brian2 import Hz, ms, mV
from changed_models import changed_model

import brainsleep as bs
from brainsleep.circuit import ClassReadout, ImageSequence, WinnerNetwork
from brainsleep.errors import BrainsleepError, ModelFileError, ParameterError, UnitsError
from brainsleep.experiments.result_tables.tables import result_table, sweep_table
from brainsleep.experiments.run import run_experiment
from brainsleep.experiments.sweep import run_sweep

NUMPY = bs.devices.Runtime("numpy")
MODEL = Path(__file__).parents[2] / "models" / "diehl_cook_digits.toml"

#: Two images that have nothing in common, over and over, with noise.
PATTERNS = np.kron(np.eye(2), np.ones(8))


def noisy_patterns(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return images of the two patterns, and which of them each is."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, n)
    return np.clip(PATTERNS[labels] + 0.1 * rng.random((n, 16)), 0, 1), labels


def small(**changed) -> WinnerNetwork:
    """Return a network of six neurons."""
    given = {
        "n_inputs": 16,
        "n_neurons": 6,
        "total_rate": 1600 * Hz,
        "presentation": 50 * ms,
        "rest": 20 * ms,
        "dt": 1 * ms,
        "plasticity": bs.Homeostasis(bs.DiehlCook(0.1, 1e-3), total_weight=6, every=70 * ms),
        "neuron": bs.ConductanceLIF(theta_increment=0.1 * mV, tau_m=20 * ms),
    }
    return WinnerNetwork(**(given | changed))


def test_each_image_has_the_same_total_rate_and_a_rest_follows() -> None:
    images = np.array([[1.0, 0.0, 0.5], [0.1, 0.1, 0.0]])
    sequence = ImageSequence(
        images, total_rate=200 * Hz, presentation=2000 * ms, rest=500 * ms, dt=1 * ms
    )
    spikes = sequence.draw(sequence.n_steps, 1 * ms, seed=3)
    assert spikes.shape == (5000, 3)
    assert not spikes[2000:2500].any()
    assert not spikes[4500:].any()
    shown = [spikes[:2000], spikes[2500:4500]]
    for table, expected in zip(shown, ([400 * 2 / 3, 0, 400 / 3], [200, 200, 0]), strict=True):
        np.testing.assert_allclose(table.sum(axis=0), expected, atol=4 * 20)
    again = sequence.draw(2600, 1 * ms, seed=3)
    np.testing.assert_array_equal(again, spikes[:2600])  # shorter nights begin the same way


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"images": np.zeros((2, 4))}, "all black"),
        ({"images": -np.ones((2, 4))}, "at least 0"),
        ({"images": np.ones(4)}, "shape"),
        ({"total_rate": 1e5 * Hz}, "more than once in a step"),
        ({"presentation": 0.7 * ms}, "whole number of steps"),
    ],
)
def test_images_that_make_no_sense(changed, words) -> None:
    with pytest.raises(ParameterError, match=words):
        ImageSequence(**({"images": np.ones((2, 4)), "dt": 0.5 * ms} | changed))


def test_neurons_go_to_the_class_they_answer_most_per_image() -> None:
    counts = np.array([[4, 0, 0], [4, 1, 0], [0, 3, 0]])
    labels = np.array([7, 7, 9])
    readout = ClassReadout.fit(counts, labels)
    np.testing.assert_array_equal(readout.assigned, [0, 1, -1])
    np.testing.assert_array_equal(readout.predict(np.array([[5, 4, 0], [1, 2, 9]])), [7, 9])
    assert readout.accuracy(counts, labels) == 1.0
    with pytest.raises(ParameterError, match="labels"):
        ClassReadout.fit(counts, labels[:2])


@pytest.mark.parametrize("interneurons", [False, True])
def test_devices_agree(interneurons: bool) -> None:
    network = small(interneurons=interneurons)
    images, _ = noisy_patterns(6)
    states, answers = [], []
    for device in ("cpp", "cpp_stock", NUMPY):
        prepared = network.prepare(device, dtype="float64")
        state = prepared.learn(images, network.initial_state(1), seed=2)
        states.append(state)
        answers.append(prepared.respond(images, state, seed=3))
    assert answers[0].sum() > 10
    for state, answer in zip(states[1:], answers[1:], strict=True):
        np.testing.assert_allclose(state.weights, states[0].weights, rtol=0, atol=1e-12)
        np.testing.assert_allclose(state.theta, states[0].theta, rtol=0, atol=1e-15)
        np.testing.assert_array_equal(answer, answers[0])


def test_a_small_network_learns_two_patterns() -> None:
    network = small()
    prepared = network.prepare()
    images, labels = noisy_patterns(80)
    before = network.initial_state(0)
    state = prepared.learn(images, before, seed=1)
    assert (state.theta > 0).any()
    np.testing.assert_allclose(state.weights.sum(axis=1), 6, rtol=1e-4)
    halves = state.weights.reshape(6, 2, 8).sum(axis=2)
    assert (halves.max(axis=1) > 0.8 * 6).sum() >= 4  # most neurons know one of the patterns
    answers = prepared.respond(images, state, seed=2)
    readout = ClassReadout.fit(answers, labels)
    others, other_labels = noisy_patterns(40, seed=5)
    assert readout.accuracy(prepared.respond(others, state, seed=3), other_labels) > 0.9
    again = prepared.learn(images, before, seed=1)
    np.testing.assert_array_equal(again.weights, state.weights)


def test_answers_change_nothing() -> None:
    network = small()
    prepared = network.prepare()
    images, _ = noisy_patterns(5)
    state = network.initial_state(0)
    first = prepared.respond(images, state, seed=1)
    np.testing.assert_array_equal(prepared.respond(images, state, seed=1), first)


def test_networks_that_make_no_sense() -> None:
    with pytest.raises(UnitsError, match=r"must be a ConductanceLIF object"):
        small(neuron=bs.LIF(gain=1, threshold=1))
    with pytest.raises(ParameterError, match="n_neurons"):
        small(n_neurons=1)
    with pytest.raises(ParameterError, match="has 9 inputs"):
        small().prepare(NUMPY).respond(np.ones((2, 9)), small().initial_state())


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Return the model file, made small."""
    changes = {
        "n_neurons = 400": "n_neurons = 10\nn_assign = 30",
        "n_presentations = 12000": "n_presentations = 40",
        "blocks = 4": "blocks = 2",
        'dataset = "digits"': 'dataset = "digits"\ntrain_per_class = 10',
        'presentation = "500 ms"': 'presentation = "20 ms"',
        '"550 ms"': '"70 ms"',
    }
    return changed_model(MODEL, changes, tmp_path / "small.toml")


def test_a_model_file_from_beginning_to_end(model: Path, tmp_path: Path) -> None:
    run = run_experiment(model, out=tmp_path / "run", seed=1, progress=False)
    metrics = json.loads((run.directory / "metrics.json").read_text())
    assert metrics["scenario"] == "unsupervised"
    assert len(metrics["accuracy"]["curve"]) == 2
    assert 0.6 < metrics["accuracy"]["class_means"] < 0.9
    assert "learned by spike timing" in result_table(metrics)
    for figure in ("receptive_fields", "learning_curve"):
        assert (run.directory / "figures" / f"{figure}.png").stat().st_size > 1000
    said: list[str] = []
    again = run_experiment(model, out=run.directory, seed=1, progress=False, report=said.append)
    assert again == run
    assert said == [f"{run.directory} holds this very run, finished; it is not run again"]
    # cut off after the first block, it goes on to the very same end
    progress = json.loads((run.directory / "progress.json").read_text())
    assert len(progress["curve"]) == 2
    resumed = run_experiment(model, out=run.directory, seed=1, resume=True, progress=False)
    assert resumed.metrics["accuracy"] == metrics["accuracy"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("n_neurons = 10", "n_neuron = 10", "n_neurons"),
        ('kind = "conductance_lif"', 'kind = "conductance_lift"', "conductance_lif"),
        ('kind = "conductance_lif"', 'kind = "lif"', r"must be a ConductanceLIF object|no key"),
        ("n_presentations = 40", "n_presentations = 0", "n_presentations"),
        ("total_weight = 78.4", "", "total_weight"),
    ],
)
def test_model_files_that_make_no_sense(model: Path, tmp_path: Path, old, new, words) -> None:
    model.write_text(model.read_text().replace(old, new))
    with pytest.raises(ModelFileError, match=words):
        run_experiment(model, out=tmp_path / "run")
    with pytest.raises(BrainsleepError):
        bs.experiments.run.run_experiment(model, controls=("decrease_only",))


def test_a_sweep_over_seeds(model: Path, tmp_path: Path) -> None:
    directory, summary = run_sweep(model, n_seeds=2, out=tmp_path / "sweep")
    assert summary["seeds"] == [0, 1]
    assert set(summary["accuracy"]) == {"final", "untrained", "class_means"}
    assert "±" in sweep_table(summary)
    assert (directory / "seed-1" / "metrics.json").exists()
