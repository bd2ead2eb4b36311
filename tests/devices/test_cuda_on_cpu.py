"""The code of CUDA programs, compiled for the CPU with `cuda_on_cpu.h` in place of CUDA, and run.

Its results are right whichever thread comes first, it accesses no memory but its own, and threads
that run at the same time do not race.
"""

import itertools
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from cuda_nights import (
    LIF_OF_TWO,
    NIGHTS,
    RULE,
    SINGLE_PRECISION,
    SIZES,
    check_against,
    check_nights_of_one_program,
    check_single_precision,
    has_brian2cuda,
    heaviside_reference,
    sleep,
)
from cuda_on_cpu import compile_for_cpu
from helpers import SMALL, assert_same_nights, mlp, random_spikes, raster
from test_devices import PLAN, job

import brainsleep as bs
from brainsleep.devices import Cuda
from brainsleep.devices.cache import SOURCES
from brainsleep.devices.cuda import device as cuda_device
from brainsleep.devices.cuda import toolkit
from brainsleep.errors import ParameterError


@pytest.fixture
def on_cpu(monkeypatch):
    """Let Cuda programs be compiled for the CPU."""
    if not has_brian2cuda():
        pytest.skip("Brian2CUDA is not installed")
    from brainsleep.devices.cuda import project

    def compile_unit(directory, _, flags):
        ours = [flag for flag in flags if flag.startswith(("-D", "-g", "-fsanitize"))]
        compile_for_cpu(directory, *ours)

    toolkit_of_none = toolkit.Toolkit(Path("nvcc"), "13.0", Path("include"), Path("libcurand.so"))
    monkeypatch.setattr(cuda_device, "require_toolkit", lambda: toolkit_of_none)
    monkeypatch.setattr(cuda_device, "require_gpu", lambda: None)
    monkeypatch.setattr(project, "compile_unit", compile_unit)
    return Cuda("9.0")


def test_code_follows_the_published_algorithm_on_cpu(on_cpu, empty_cache):
    check_nights_of_one_program(on_cpu)


@pytest.mark.parametrize("rule", [RULE, bs.STDP()])
def test_the_order_of_threads_changes_nothing(on_cpu, monkeypatch, rule):
    """Not even the last digit in single precision changes: on a GPU there is no order."""
    ann, spikes = mlp(SIZES), random_spikes(300, 30, 0.2)
    nights = []
    for flag in ("-DFORWARDS", "-DBACKWARDS"):
        monkeypatch.setenv("BRAINSLEEP_NVCCFLAGS", flag)
        nights.append(sleep(ann, spikes, on_cpu, plasticity=rule, dtype="float32"))
        assert len(nights[-1].spikes["4"]) > 0
    assert_same_nights(*nights, tolerance=0)


@pytest.mark.parametrize("n_inputs", [1, 31, 33, 20_000])
def test_no_memory_but_its_own_is_accessed(on_cpu, monkeypatch, tmp_path, n_inputs):
    """Here the GPU's memory lies on the CPU's heap, where every access is checked."""
    monkeypatch.setenv("BRAINSLEEP_NVCCFLAGS", "-fsanitize=address -g")
    monkeypatch.setenv("ASAN_OPTIONS", f"detect_leaks=0:log_path={tmp_path}/asan")
    ann = mlp((n_inputs, 40, 7), scale=5.0)
    spikes = random_spikes(150, n_inputs, 0.1)
    night = sleep(ann, spikes, on_cpu, LIF_OF_TWO, bs.STDP())
    expected = sleep(ann, spikes, "cpp", LIF_OF_TWO, bs.STDP())
    assert_same_nights(night, expected, tolerance=1e-12)
    np.testing.assert_array_equal(raster(night, "input"), spikes)


@pytest.mark.slow
@pytest.mark.parametrize("rule", [RULE, bs.STDP(), bs.SynapticScaling(RULE)])
def test_threads_that_run_at_once_do_not_race(on_cpu, monkeypatch, tmp_path, rule, empty_cache):
    """Every GPU thread is a thread of the system, and a checker watches what they share.

    The last night goes step by step, the others in blocks.
    """
    from brainsleep.devices.cuda import dense

    monkeypatch.setattr(dense, "THREADS_PER_BLOCK", 32)  # a few hundred threads per kernel
    monkeypatch.setenv("BRAINSLEEP_NVCCFLAGS", "-DAT_ONCE -fsanitize=thread -g")
    monkeypatch.setenv("TSAN_OPTIONS", f"log_path={tmp_path}/races")
    ann, spikes = mlp((20, 34, 5), scale=5.0), random_spikes(10, 20, 0.3)
    night = sleep(ann, spikes, on_cpu, LIF_OF_TWO, rule)
    assert_same_nights(night, sleep(ann, spikes, "cpp", LIF_OF_TWO, rule), tolerance=1e-12)
    assert not list(tmp_path.glob("races*"))
    assert all(len(train) > 0 for train in night.spikes.values())


#: Cases that go step by step, and those of them that have stock synapses.
STEPS = {"reward", "scaled", "pooled"}
STOCK = {"recurrent", "regulated", "masked, regulated", "convolution"}


@pytest.mark.parametrize("case", NIGHTS)
def test_code_of_other_models_on_cpu(on_cpu, case, empty_cache):
    check_against(on_cpu, bs.devices.Runtime("numpy"), case)
    (packed,) = empty_cache.rglob(SOURCES)
    with tarfile.open(packed) as archive:
        unit = archive.extractfile("unity.cu").read().decode()
        names = archive.getnames()
    assert ("go_through1" in unit) is (case not in STEPS | STOCK)
    if case in STEPS | STOCK:
        stock = case in STOCK | {"pooled"}  # a sum over neurons, which Brian2CUDA clears by itself
        assert f"goes_in_graphs = {str(not stock).lower()};" in unit
    assert any("push_spikes" in name for name in names) is (case in STOCK)


def test_values_of_neurons_on_cpu(on_cpu):
    plan = replace(PLAN, dtype="float64", watched=((1, "v"), (3, "v"), (0, "trace")), recorded=())
    weights = [np.full((after, before), 0.05) for before, after in itertools.pairwise(SMALL)]
    final_values = ((2, "v"), (1, "trace"))
    one, other = (
        device.prepare(plan).run(replace(job(weights), final_values=final_values))
        for device in (on_cpu, bs.devices.Runtime("numpy"))
    )
    for key in final_values:
        np.testing.assert_allclose(
            one.final_values[key], other.final_values[key], rtol=0, atol=1e-12
        )
    assert list(one.states) == list(other.states)
    for key, values in one.states.items():
        np.testing.assert_allclose(values, other.states[key], rtol=0, atol=1e-12)
        assert (values != 0).any()


@pytest.mark.parametrize("case", SINGLE_PRECISION)
def test_single_precision_on_cpu(on_cpu, case):
    check_single_precision(on_cpu, case)


def test_rates_on_cpu(on_cpu):
    ann, spikes = mlp(SIZES), random_spikes(100, 30, 0.2)
    night = sleep(ann, spikes, on_cpu, dtype="float32", record=bs.Record(["0"], rates="all"))
    expected = heaviside_reference(ann, spikes, "tadros2022")
    assert list(night.spikes) == ["0"]
    np.testing.assert_array_equal(raster(night, "0"), expected.spikes[1])
    np.testing.assert_array_equal(night.counts["4"], expected.spikes[3].sum(1))
    for values, weights in zip(night.weights_after.values(), expected.weights, strict=True):
        np.testing.assert_allclose(values, weights, rtol=0, atol=1e-5)


def test_what_a_launch_refuses(on_cpu):
    with pytest.raises(ParameterError, match="disk"):
        sleep(mlp(SIZES), random_spikes(9, 30), on_cpu, save="night")


def test_feedback_without_delay_and_receptors_by_name(on_cpu, empty_cache):
    """Populations keep their order; what leads back takes one step."""
    rng = np.random.default_rng(4)
    cell = bs.ConductanceLIF(delay_steps=0)
    cells = {"a": bs.circuit.Population(9, cell), "b": bs.circuit.Population(5, cell, bias=0.1)}
    links = [
        bs.circuit.Projection("input", "a", 3 * rng.random((9, 12)), plasticity=RULE),
        bs.circuit.Projection("a", "b", 3 * rng.random((5, 9)), plasticity=RULE),
        bs.circuit.Projection("b", "a", rng.random((9, 5)), plasticity=RULE),
        bs.circuit.Projection("b", "a", rng.random((9, 5)), receptor="inhibition"),
        bs.circuit.Projection("a", "a", 0.5 * rng.random((9, 9))),
    ]
    circuit = bs.circuit.Circuit(12, cells, links)
    spikes = random_spikes(150, 12, 0.3)
    found, expected = (
        circuit.run(spikes, device=device, dtype="float64") for device in (on_cpu, "runtime")
    )
    for name in ("a", "b"):
        assert 20 < raster(expected, name).sum() < 0.7 * 150 * circuit.sizes[name]
        np.testing.assert_array_equal(raster(found, name), raster(expected, name))
    for name, values in expected.weights.items():
        np.testing.assert_allclose(found.weights[name], values, rtol=0, atol=1e-12)
