"""The benchmark's methods do the same night; how fast they are is not tested."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
ORDERS = ("auto", "rows", "blocks", "spikes", "over-time")


@pytest.fixture(scope="module")
def modules():
    """The folder's modules, which are scripts beside each other and no package."""
    sys.path.insert(0, str(BENCHMARKS))
    try:
        import bench
        import loops
        import problem

        yield {"bench": bench, "loops": loops, "problem": problem}
    finally:
        sys.path.remove(str(BENCHMARKS))


@pytest.fixture(scope="module")
def kernel(modules, tmp_path_factory):
    return modules["problem"].compile_kernel(tmp_path_factory.mktemp("kernel"))


@pytest.fixture(scope="module")
def problem(modules):
    """A small night in which every layer fires and learns; 37 is no multiple of a vector."""
    return modules["problem"].make_problem(37, 60, hidden_rate=6.0, n_inputs=49)


@pytest.fixture(scope="module")
def expected(modules, problem):
    """What the package makes of it."""
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


def test_problems_fire_as_wanted(modules, kernel):
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


def test_slope(modules):
    x = [1.0, 10.0, 100.0]
    assert modules["bench"].log_slope(x, [2 * value**0.5 for value in x]) == pytest.approx(0.5)


@pytest.mark.slow
def test_a_quick_run_of_everything(tmp_path):
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
