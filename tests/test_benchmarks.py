"""All methods of the benchmarks compute the same night; how fast they are is not tested."""

import itertools
import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch

import brainsleep as bs
from brainsleep.circuit import WinnerNetwork
from brainsleep.circuit.winners import CELLS, LEARNED

ORDERS = ("auto", "rows", "blocks", "spikes", "over-time")


@pytest.fixture(scope="module")
def kernel(script):
    return script("problem").compile_kernel()


@pytest.fixture(scope="module")
def problem(script):
    """A small night in which every layer fires and learns; 37 is no multiple of a vector length."""
    return script("problem").make_problem(37, 60, hidden_rate=6.0, n_inputs=49)


@pytest.fixture(scope="module")
def expected(script, problem):
    """The result of the package."""
    result = script("night_methods").run_brainsleep(problem, record="all")
    assert all(count > 20 for count in result.spikes)
    changes = [
        np.abs(after - before).max()
        for after, before in zip(result.weights, problem.weights, strict=True)
    ]
    assert min(changes) > 1e-5
    return result


def assert_same(result, expected):
    assert result.spikes == expected.spikes
    for one, other in zip(result.weights, expected.weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-7)


@pytest.mark.parametrize("order", ORDERS)
def test_the_kernel_agrees_with_the_package(script, kernel, problem, expected, order):
    assert_same(script("problem").run_kernel(kernel, problem, order), expected)


def test_the_dense_loop_agrees_with_the_package(script, problem, expected):
    assert_same(script("loops").run_dense(problem), expected)


@pytest.mark.parametrize("variant", ["columns", "product"])
def test_the_row_sparse_loop_agrees_with_the_package(script, problem, expected, variant):
    assert_same(script("loops").run_sparse(problem, variant=variant), expected)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("DenseLoop", {}),
        ("SparseLoop", {"gather": True}),
        ("SparseLoop", {"gather": False}),
        ("FixedSparseLoop", {"gather": True, "capacity": 37}),
        ("FixedSparseLoop", {"gather": False, "capacity": 37}),
    ],
)
def test_the_loops_for_gpus_agree_with_the_package(script, problem, expected, name, options):
    loops = script("gpu_loops")
    result = loops.run_eagerly(getattr(loops, name), problem, "cpu", **options)
    assert_same(result, expected)


def test_a_fixed_number_of_rows_that_is_too_small_is_an_error(script, problem):
    loops = script("gpu_loops")
    with pytest.raises(RuntimeError, match="more than 3 neurons spiked"):
        loops.run_eagerly(loops.FixedSparseLoop, problem, "cpu", capacity=3)
    with pytest.raises(ValueError, match="61 steps are no multiple of 8"):
        loops.run_as_graphs(loops.DenseLoop, script("problem").make_problem(9, 61), "cpu")


def test_bytes_that_are_moved_per_step(script):
    spikes = [2.0, 3.0, 1.0]
    expected = (10 * min(32 * 2, 4 * 8) + 8 * 3 * 8) + (5 * min(32 * 3, 4 * 10) + 8 * 1 * 10)
    assert script("gpu_memory").bytes_per_step((8, 10, 5), spikes) == expected


def test_the_gpu_benchmark_needs_a_gpu_or_a_dry_run(script, tmp_path, capsys):
    arguments = ["--sizes", "40", "--output", str(tmp_path), "--repeats", "1"]
    arguments += ["--steps-factor", "0.02", "--spikes", "6", "20%"]
    if not torch.cuda.is_available():
        with pytest.raises(SystemExit) as ended:
            script("gpu").main(arguments)
        assert ended.value.code == 2
        message = "benchmarks/gpu.py: PyTorch finds no GPU on this machine.\n"
        assert capsys.readouterr().err == message
    script("gpu").main([*arguments, "--dry-run"])
    text = (tmp_path / "RESULTS_GPU.md").read_text()
    assert "# Results on no GPU (dry run)" in text
    assert [line for line in after_tables(text) if line] == []
    assert text.count("| brainsleep cuda |") == text.count("| memory bandwidth |") == 2


def after_tables(text):
    """Return the lines that follow a table, which Markdown needs to be empty."""
    pairs = itertools.pairwise(text.splitlines())
    return [after for line, after in pairs if line.startswith("|") and not after.startswith("|")]


def test_problems_fire_at_the_given_rates(script, kernel):
    problem = script("problem").make_problem(200, 200)
    spikes = script("problem").run_kernel(kernel, problem).spikes
    per_step = np.array(spikes) / problem.n_steps
    np.testing.assert_allclose(per_step[:3], [12, 60, 60], rtol=0.25)


def test_a_kernel_input_that_is_too_short_is_an_error(kernel, tmp_path):
    damaged = tmp_path / "input"
    damaged.write_bytes(b"\0" * 4)
    finished = subprocess.run(
        [kernel, damaged, tmp_path / "output"], capture_output=True, text=True
    )
    assert finished.returncode == 1
    assert "too short" in finished.stderr


def test_the_loop_of_winners_agrees_with_brian2(script):
    network = WinnerNetwork(
        n_inputs=16,
        n_neurons=6,
        total_rate="1600 Hz",
        presentation="50 ms",
        rest="20 ms",
        dt="1 ms",
        plasticity=bs.Homeostasis(bs.DiehlCook(0.1, 1e-3), total_weight=6, every="70 ms"),
        neuron=bs.ConductanceLIF(theta_increment="0.1 mV", tau_m="20 ms"),
    )
    images = np.random.default_rng(0).random((6, 16))
    weights = network.initial_state(1).weights
    spikes = network.sequence(images).draw(420, "1 ms", seed=2)
    loop = script("winners_torch").WinnersLoop(network, weights, torch.float64)
    loop.learn(spikes[:100])
    loop.learn(spikes[100:])
    prepared = network.prepare(bs.devices.Runtime("numpy"), dtype="float64", progress=False)
    found = prepared.prepared.run(spikes, weights={LEARNED: weights}, progress=False)
    assert loop.n_spikes == len(found.spikes[CELLS].i) > 20
    np.testing.assert_allclose(loop.weights, found.weights[LEARNED], rtol=0, atol=1e-12)
    assert np.abs(found.weights[LEARNED] - weights).max() > 0.1


def test_slope_of_logarithms(script):
    x = [1.0, 10.0, 100.0]
    assert script("growth").log_slope(x, [2 * value**0.5 for value in x]) == pytest.approx(0.5)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "rows"),
    [("nights", 2), ("other_methods", 5), ("growth", 3), ("convolution", 3), ("memory", 1)],
)
def test_a_quick_run(script, tmp_path, monkeypatch, name, rows):
    """Each script runs, and what it writes becomes a table of the page."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    file, figure = tmp_path / "found.json", tmp_path / "growth.png"
    more = ["--figure", str(figure)] if name == "growth" else []
    script(name).main(["--quick", "--json", str(file), *more])
    found = json.loads(file.read_text())
    assert len(found) == rows
    details, keeping = script("details"), script("keeping")
    if name in details.SECTIONS:
        kept = keeping.holds_for(busy=True) | {"found": found}
        lines = details.section_of(details.SECTIONS[name], kept)
        assert len([line for line in lines if line.startswith("| ")]) == 1 + rows
        assert kept["commit"] in lines[-1]
    if more:
        assert figure.stat().st_size > 10_000


def test_the_page_of_defaults_shows_what_is_kept(script):
    carry_over = script("carry_over")
    folder = Path(carry_over.__file__).parent
    page = carry_over.page_of(carry_over.read_kept(folder / "carry_over.json"))
    assert (folder / "RESULTS_CARRY_OVER.md").read_text() == page
