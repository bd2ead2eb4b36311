"""All methods of the benchmarks compute the same night; how fast they are is not tested."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import brainsleep as bs
from brainsleep.circuit import WinnerNetwork
from brainsleep.circuit.winners import CELLS, LEARNED

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
ORDERS = ("auto", "rows", "blocks", "spikes", "over-time")


@pytest.fixture(scope="module")
def modules():
    """The modules of the folder, which are scripts and no package."""
    sys.path.insert(0, str(BENCHMARKS))
    try:
        import bench
        import gpu
        import gpu_loops
        import loops
        import problem
        import winners_torch

        found = (bench, gpu, gpu_loops, loops, problem, winners_torch)
        yield {module.__name__: module for module in found}
    finally:
        sys.path.remove(str(BENCHMARKS))


@pytest.fixture(scope="module")
def kernel(modules, tmp_path_factory):
    return modules["problem"].compile_kernel(tmp_path_factory.mktemp("kernel"))


@pytest.fixture(scope="module")
def problem(modules):
    """A small night in which every layer fires and learns; 37 is no multiple of a vector length."""
    return modules["problem"].make_problem(37, 60, hidden_rate=6.0, n_inputs=49)


@pytest.fixture(scope="module")
def expected(modules, problem):
    """The result of the package."""
    result = modules["bench"].run_brainsleep(problem, record="all")
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
def test_the_kernel_agrees_with_the_package(modules, kernel, problem, expected, order):
    assert_same(modules["problem"].run_kernel(kernel, problem, order), expected)


def test_the_dense_loop_agrees_with_the_package(modules, problem, expected):
    assert_same(modules["loops"].run_dense(problem), expected)


@pytest.mark.parametrize("variant", ["columns", "product"])
def test_the_row_sparse_loop_agrees_with_the_package(modules, problem, expected, variant):
    assert_same(modules["loops"].run_sparse(problem, variant=variant), expected)


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
def test_the_loops_for_gpus_agree_with_the_package(modules, problem, expected, name, options):
    loops = modules["gpu_loops"]
    result = loops.run_eagerly(getattr(loops, name), problem, "cpu", **options)
    assert_same(result, expected)


def test_a_fixed_number_of_rows_that_is_too_small_is_an_error(modules, problem):
    loops = modules["gpu_loops"]
    with pytest.raises(RuntimeError, match="more than 3 neurons spiked"):
        loops.run_eagerly(loops.FixedSparseLoop, problem, "cpu", capacity=3)
    with pytest.raises(ValueError, match="61 steps are no multiple of 8"):
        loops.run_as_graphs(loops.DenseLoop, modules["problem"].make_problem(9, 61), "cpu")


def test_bytes_that_are_moved_per_step(modules):
    spikes = [2.0, 3.0, 1.0]
    expected = (10 * min(32 * 2, 4 * 8) + 8 * 3 * 8) + (5 * min(32 * 3, 4 * 10) + 8 * 1 * 10)
    assert modules["gpu"].bytes_per_step((8, 10, 5), spikes) == expected


def test_the_gpu_benchmark_needs_a_gpu_or_a_dry_run(tmp_path):
    command = [sys.executable, BENCHMARKS / "gpu.py", "--sizes", "40", "--output", tmp_path]
    command += ["--repeats", "1", "--steps-factor", "0.02", "--spikes", "6", "20%"]
    if not torch.cuda.is_available():
        finished = subprocess.run(command, capture_output=True, text=True)
        assert finished.returncode == 2
        assert finished.stderr == "benchmarks/gpu.py: PyTorch finds no GPU on this machine.\n"
    finished = subprocess.run([*command, "--dry-run"], capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    text = (tmp_path / "RESULTS_GPU.md").read_text()
    assert "# Results on no GPU (dry run)" in text
    assert text.count("| brainsleep cuda |") == text.count("| memory bandwidth |") == 2


def test_problems_fire_at_the_given_rates(modules, kernel):
    problem = modules["problem"].make_problem(200, 200)
    spikes = modules["problem"].run_kernel(kernel, problem).spikes
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


def test_the_loop_of_winners_agrees_with_brian2(modules):
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
    loop = modules["winners_torch"].WinnersLoop(network, weights, torch.float64)
    loop.learn(spikes[:100])
    loop.learn(spikes[100:])
    prepared = network.prepare(bs.devices.Runtime("numpy"), dtype="float64", progress=False)
    found = prepared.prepared.run(spikes, weights={LEARNED: weights}, progress=False)
    assert loop.n_spikes == len(found.spikes[CELLS].i) > 20
    np.testing.assert_allclose(loop.weights, found.weights[LEARNED], rtol=0, atol=1e-12)
    assert np.abs(found.weights[LEARNED] - weights).max() > 0.1


def test_slope_of_logarithms(modules):
    x = [1.0, 10.0, 100.0]
    assert modules["bench"].log_slope(x, [2 * value**0.5 for value in x]) == pytest.approx(0.5)


@pytest.mark.slow
def test_a_quick_run_of_all_parts(tmp_path):
    finished = subprocess.run(
        [sys.executable, BENCHMARKS / "bench.py", "--quick", "--output", tmp_path],
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, finished.stderr
    text = (tmp_path / "RESULTS.md").read_text()
    for part in ("Steady state", "Memory", "Start", "Growth"):
        assert f"## {part}" in text
    assert (tmp_path / "results.json").exists()
    assert (tmp_path / "results.png").stat().st_size > 10_000
