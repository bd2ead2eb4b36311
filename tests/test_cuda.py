"""CUDA: what is missing in one line each; generated code run on the CPU, compiled, and on a GPU.

There are three kinds of tests. Those of messages run everywhere. Where Brian2CUDA is installed,
its code is compiled for the CPU, with `cuda_on_cpu.h` in place of CUDA, and run: what it computes
is what it should. Marked `cuda_build`, nvcc compiles it; marked `gpu`, it runs on a GPU.
"""

import itertools
import subprocess
import sys
import tarfile
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
import torch
from brian2 import ms, mV
from cuda_on_cpu import compile_for_cpu
from helpers import (
    SMALL,
    assert_same_nights,
    bias_vectors,
    mlp,
    random_spikes,
    raster,
    weight_matrices,
)
from reference import FACTORS, heaviside_night
from test_devices import job
from torch import nn

import brainsleep as bs
from brainsleep.devices import Cuda, get_device
from brainsleep.devices.cache import SOURCES
from brainsleep.devices.cuda import coverage, sources, toolkit
from brainsleep.devices.cuda import device as cuda_device
from brainsleep.devices.cuda.flags import compiler_flags
from brainsleep.errors import CompilerError, MissingPackageError, NightError, ParameterError
from brainsleep.neurons import NEURON_MODELS
from brainsleep.plan import NetworkPlan
from brainsleep.plasticity import SPIKE_TIMING_RULES

NEURON = bs.Heaviside(gain=[1.0, 1.3, 1.1], threshold=0.4, decay=0.999)
RULE = bs.SRC(2e-3, 5e-4, "tadros2022")
SIZES = (30, 25, 20, 10)
LIF = bs.LIF(
    gain=[1.0, 1.3, 1.1],
    threshold=[0.5, 0.4, 0.3],
    tau_m=20 * ms,
    v_rest=-65 * mV,
    v_reset=-65.07 * mV,
    refractory=3 * ms,
)


LIF_OF_TWO = replace(LIF, gain=[1.0, 1.3], threshold=0.3)
PLAN = NetworkPlan.chain(
    SMALL,
    NEURON.equations(),
    RULE.equations(),
    delay_steps=0,
    dt=1e-3,
    dtype="float32",
    recorded=(0, 1, 2, 3),
)


def has_brian2cuda():
    try:
        toolkit.require_packages()
    except (ParameterError, MissingPackageError):
        return False
    return True


def has_nvcc():
    try:
        toolkit.require_toolkit()
    except CompilerError:
        return False
    return True


needs_brian2cuda = pytest.mark.skipif(not has_brian2cuda(), reason="Brian2CUDA is not installed")
needs_nvcc = pytest.mark.skipif(not has_nvcc(), reason="there is no nvcc with cuRAND")
needs_gpu = pytest.mark.skipif(not toolkit.gpu_names(), reason="there is no GPU")


# What is missing, in one line


def told(error, call, *words):
    with pytest.raises(error) as raised:
        call()
    message = str(raised.value)
    assert "\n" not in message
    for word in words:
        assert word in message
    return message


@pytest.fixture
def complete(monkeypatch, tmp_path):
    """A machine that has everything, to take things away from: versions, toolkit, driver."""
    versions = {"brian2cuda": "1.0b1", "brian2": "2.10.1"}
    monkeypatch.setattr(toolkit, "_installed", versions.get)
    monkeypatch.setattr(toolkit, "PYTHON", (3, 11))
    monkeypatch.setattr(toolkit, "HOMES", ())
    monkeypatch.setattr(toolkit, "_wheels", lambda: [])
    toolkit.nvcc_version.cache_clear()
    home = tmp_path / "cuda"
    script(home / "bin" / "nvcc", "echo Cuda compilation tools, release 13.0, V13.0.88")
    (home / "include").mkdir()
    (home / "include" / "curand.h").touch()
    (home / "lib64").mkdir()
    (home / "lib64" / "libcurand.so.10").touch()
    monkeypatch.setenv("CUDA_PATH", str(home))
    script(
        tmp_path / "driver" / "nvidia-smi",
        'case "$1" in *cap*) echo 9.0;; *) echo NVIDIA H200;; esac',
    )
    script(tmp_path / "tools" / "g++", "echo g++ 12")  # and no driver of this very machine
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path / 'driver'}:{tmp_path / 'tools'}")
    return versions, home


def script(file, text):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)


def check(**options):
    Cuda(**options).check(PLAN)


def test_a_complete_machine_is_told_that_nobody_tried(complete, empty_cache):
    told(ParameterError, check, "never run on a GPU", "Cuda(unverified=True)", "pytest -m gpu")
    check(unverified=True)
    assert toolkit.detected_capability() == "9.0"
    found = toolkit.require_toolkit()
    assert found.version == "13.0"
    assert found.curand_library.name == "libcurand.so.10"
    assert toolkit.gpu_names() == ["NVIDIA H200"]


def test_python_that_is_too_old(complete, monkeypatch):
    monkeypatch.setattr(toolkit, "PYTHON", (99, 0))
    told(ParameterError, check, "needs Python 99.0 or newer", "python99.0 -m venv")


@pytest.mark.parametrize(
    ("versions", "words"),
    [
        ({"brian2cuda": None}, ("it is not installed", "pip install 'brainsleep[cuda]'")),
        ({"brian2cuda": "1.0a7"}, ("1.0a7 is installed", "pip install 'brainsleep[cuda]'")),
        ({"brian2": "2.11.0"}, ("2.11.0 is installed", "pip install 'brian2==2.10.1'")),
    ],
)
def test_packages_that_are_missing_or_others(complete, versions, words):
    complete[0].update(versions)
    told(MissingPackageError, check, *words)


def test_no_nvcc(complete, monkeypatch):
    (complete[1] / "bin" / "nvcc").unlink()
    told(CompilerError, check, "needs nvcc", "nvidia-cuda-toolkit", "CUDA_PATH")
    monkeypatch.delenv("CUDA_PATH")
    monkeypatch.setenv("PATH", "/nowhere")
    told(CompilerError, check, "none is found")


def test_nvcc_on_the_path(complete, monkeypatch):
    monkeypatch.delenv("CUDA_PATH")
    monkeypatch.setenv("PATH", str(complete[1] / "bin"))
    assert toolkit.find_nvcc() == complete[1] / "bin" / "nvcc"


def test_nvcc_that_says_nothing(complete):
    script(complete[1] / "bin" / "nvcc", "exit 1")
    told(CompilerError, check, "names no release")


@pytest.mark.parametrize("missing", ["include/curand.h", "lib64/libcurand.so.10"])
def test_no_curand(complete, missing):
    (complete[1] / missing).unlink()
    told(CompilerError, check, "needs cuRAND", "pip install nvidia-curand")


def test_no_gpu(complete, tmp_path):
    smi = tmp_path / "driver" / "nvidia-smi"
    script(smi, "echo no devices were found; exit 9")
    told(ParameterError, check, "found no NVIDIA GPU", "use device='cpp'")
    smi.unlink()
    told(ParameterError, check, "found no NVIDIA GPU")


def test_a_driver_that_knows_no_capabilities(complete, tmp_path):
    smi = tmp_path / "driver" / "nvidia-smi"
    script(smi, 'case "$1" in *cap*) exit 2;; *) echo Tesla;; esac')
    told(ParameterError, toolkit.detected_capability, "Cuda(compute_capability='9.0')")


@pytest.mark.parametrize("capability", ["9", "sm_90", "90", "4.9", ""])
def test_compute_capabilities_that_are_none(capability):
    told(ParameterError, lambda: Cuda(capability), "compute_capability")


def test_device_by_name():
    device = get_device("cuda")
    assert (device.name, device.unverified, device.writes_to_disk) == ("cuda", False, False)
    assert device.memory(PLAN) == 4 * PLAN.n_synapses
    code = "import brainsleep.devices, sys; sys.exit('brian2cuda' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_plans_that_are_not_covered(complete):
    links = PLAN.projections
    random = replace(RULE.equations(), on_post="w += increase*rand()")
    order = replace(RULE.equations(), on_pre="drive_post += w\nbest_post = w")
    convolution = bs.translate(nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU()), (1, 4, 4))
    window = convolution.layers[0].connections[0].window
    others = {
        "draws random numbers": replace(links[0], synapse=random),
        "in no fixed order": replace(links[0], synapse=order),
        "convolution that learns": replace(links[0], kind="window", window=window),
    }
    for reason, link in others.items():
        plan = replace(PLAN, projections=(link, *links[1:]))
        told(ParameterError, lambda plan=plan: Cuda(unverified=True).check(plan), reason, "'cpp'")


def test_what_needs_stock_synapses():
    link = PLAN.projections[0]
    others = {
        "takes a list": replace(link, kind="wired"),
        "integrates": replace(link, synapse=replace(link.synapse, model="dw/dt = -w/second : 1")),
        "many synapses change total_post": replace(
            link, synapse=replace(link.synapse, on_post="total_post += w")
        ),
        "many synapses change used_pre": replace(
            link, synapse=replace(link.synapse, on_pre="drive_post += w\nused_pre += 1")
        ),
    }
    for reason, other in others.items():
        assert reason in str(coverage.why_not_rows(other))
    plan = replace(PLAN, projections=(others["integrates"], *PLAN.projections[1:]))
    index_bytes = 16 * plan.n_synapses_of(link)
    assert coverage.bytes_on_gpu(plan) == 4 * plan.n_synapses + index_bytes


@pytest.mark.parametrize("rule", [bs.SRC, *SPIKE_TIMING_RULES])
@pytest.mark.parametrize("neuron", NEURON_MODELS)
def test_own_models_are_covered(neuron, rule):
    plan = NetworkPlan.chain(
        SMALL,
        neuron().equations(),
        rule().equations(),
        delay_steps=neuron().delay_steps,
        dt=1e-3,
        dtype="float32",
        recorded=(),
    )
    assert coverage.why_not_cuda(plan) is None
    assert all(coverage.why_not_rows(link) is None for link in plan.projections)


def test_keys_tell_programs_apart(complete, monkeypatch):
    def key(plan=PLAN, capability="9.0"):
        return Cuda()._key(plan, capability)

    before = key()
    assert key() == before
    others = [key(capability="8.0"), key(replace(PLAN, dtype="float64"))]
    monkeypatch.setenv("BRAINSLEEP_NVCCFLAGS", "-lineinfo")
    others.append(key())
    assert compiler_flags("float32", "9.0")[-1] == "-lineinfo"
    assert len({before, *others}) == 4


# What is changed in generated files


def test_code_objects_get_namespaces_of_their_own():
    code = "namespace {\nint f();\n}\nvoid _run_x()\n{\n    using namespace brian;\n}\n"
    changed = sources.includable(code, "x-1")
    assert changed.startswith("namespace support_x_1 {}\nnamespace support_x_1 {\nint f();")
    assert "using namespace brian; using namespace support_x_1;" in changed
    assert sources.includable("int g();", "y") == "int g();"
    before = f"{sources.OPENING}\nint h();\n{sources.CLOSING}z() {{}}"
    assert "namespace support_z {\nint h();\n\n}\nvoid _before_run_z" in sources.includable(
        before, "z"
    )


def test_mistakes_are_mended():
    assert sources.repaired("if (defaultclock.timestep[0] >= 1)") == (
        "if (night_clock.timestep[0] >= 1)"
    )


# Generated code, run on the CPU


@pytest.fixture
def on_cpu(monkeypatch):
    """Let Cuda programs be compiled for the CPU."""
    if not has_brian2cuda():
        pytest.skip("Brian2CUDA is not installed")
    from brainsleep.devices.cuda import program

    def compile_unit(directory, _, flags):
        ours = [flag for flag in flags if flag.startswith(("-D", "-g", "-fsanitize"))]
        compile_for_cpu(directory, *ours)

    toolkit_of_none = toolkit.Toolkit(Path("nvcc"), "13.0", Path("include"), Path("libcurand.so"))
    monkeypatch.setattr(cuda_device, "require_toolkit", lambda: toolkit_of_none)
    monkeypatch.setattr(cuda_device, "require_gpu", lambda: None)
    monkeypatch.setattr(program, "compile_unit", compile_unit)
    return Cuda("9.0", unverified=True)


def sleep(ann, spikes, device, neuron=NEURON, plasticity=RULE, dtype="float64", **options):
    return bs.sleep(
        ann, spikes, neuron=neuron, plasticity=plasticity, device=device, dtype=dtype, **options
    )


def assert_conforms(night, expected, tolerance=1e-12):
    for name, spikes in zip(night.sizes, expected.spikes, strict=True):
        np.testing.assert_array_equal(raster(night, name), spikes, err_msg=name)
    for values, weights in zip(night.weights_after.values(), expected.weights, strict=True):
        np.testing.assert_allclose(values, weights, rtol=0, atol=tolerance)


def heaviside_reference(ann, spikes, factor, decay=0.999, biases=None):
    return heaviside_night(
        weight_matrices(ann),
        spikes,
        gains=[1.0, 1.3, 1.1],
        thresholds=[0.4] * 3,
        decays=[decay] * 3,
        increase=[2e-3] * 3,
        decrease=[5e-4] * 3,
        factor=factor,
        biases=biases,
    )


def check_nights_of_one_program(device):
    """Weights, biases, parameters, input, and duration are new; the program is not."""
    for number, (ann, factor, decay, n_steps) in enumerate(
        [
            (mlp(SIZES), "tadros2022", 0.999, 300),
            (mlp(SIZES, bias=True, seed=3), "tadros2022", 0.5, 40),
        ]
    ):
        spikes = random_spikes(n_steps, 30, 0.2, seed=number)
        night = sleep(ann, spikes, device, replace(NEURON, decay=decay), bs.SRC(2e-3, 5e-4, factor))
        biases = bias_vectors(ann) or None
        expected = heaviside_reference(ann, spikes, factor, decay, biases)
        assert_conforms(night, expected)
        assert all(rises > 0 for rises in expected.rises)
        assert night.timings["build_cached"] is (number > 0)
        assert night.n_steps == n_steps


def test_code_follows_the_published_algorithm_on_cpu(on_cpu, empty_cache):
    check_nights_of_one_program(on_cpu)


@pytest.mark.parametrize("rule", [RULE, bs.STDP()])
def test_the_order_of_threads_changes_nothing(on_cpu, monkeypatch, rule):
    """Not the last digit, in single precision: on a GPU there is no order."""
    ann, spikes = mlp(SIZES), random_spikes(300, 30, 0.2)
    nights = []
    for flag in ("-DFORWARDS", "-DBACKWARDS"):
        monkeypatch.setenv("BRAINSLEEP_NVCCFLAGS", flag)
        nights.append(sleep(ann, spikes, on_cpu, plasticity=rule, dtype="float32"))
        assert len(nights[-1].spikes["4"]) > 0
    assert_same_nights(*nights, tolerance=0)


@pytest.mark.parametrize("n_inputs", [1, 31, 33, 20_000])
def test_no_byte_is_touched_that_is_not_ours(on_cpu, monkeypatch, tmp_path, n_inputs):
    """The GPU's memory stands on the CPU's heap here, where every access is checked."""
    monkeypatch.setenv("BRAINSLEEP_NVCCFLAGS", "-fsanitize=address -g")
    monkeypatch.setenv("ASAN_OPTIONS", f"detect_leaks=0:log_path={tmp_path}/asan")
    ann = mlp((n_inputs, 40, 7), scale=5.0)
    spikes = random_spikes(150, n_inputs, 0.1)
    night = sleep(ann, spikes, on_cpu, LIF_OF_TWO, bs.STDP())
    expected = sleep(ann, spikes, "cpp", LIF_OF_TWO, bs.STDP())
    assert_same_nights(night, expected, tolerance=1e-12)
    np.testing.assert_array_equal(raster(night, "input"), spikes)


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(30, 16), nn.Linear(16, 16), nn.Linear(16, 5)

    def forward(self, x):
        x = torch.relu(self.a(x))
        return self.c(torch.relu(self.b(x) + x))


def convolutional():
    convolution, pooling = nn.Conv2d(1, 3, 3, padding=1), nn.AvgPool2d(2)
    return nn.Sequential(convolution, nn.ReLU(), pooling, nn.Flatten(), nn.Linear(27, 5))


#: Network, neuron, rule, and what else a night takes.
NIGHTS = {
    "traces": (LIF, bs.SRC(2e-3, 5e-4, "sigmoid", tau_pre=5 * ms), {}),
    "STDP": (replace(LIF, delay_steps=0), bs.STDP(), {}),
    "AdEx": (bs.AdEx(gain=20, threshold=15), bs.TripletSTDP(), dict(dt="0.1 ms")),
    "reward": (LIF, bs.RewardSTDP(), dict(modulation=np.linspace(-1, 2, 150))),
    "recurrent": (LIF, RULE, dict(lateral={"0": bs.lateral.InhibitoryPopulation()})),
    "pooled": (LIF, RULE, dict(lateral={"0": bs.lateral.MeanInhibition(0.3)})),
    "regulated": (LIF, bs.Homeostasis(RULE), {}),
    "scaled": (LIF, bs.SynapticScaling(RULE), {}),
    "additions": (replace(NEURON, gain=1.0), RULE, {}),
    "convolution": (
        replace(NEURON, gain=1.0),
        RULE,
        dict(frozen=["0"], input_shape=(1, 6, 6)),
    ),
}


def network_of(case):
    torch.manual_seed(0)
    return {"additions": Residual, "convolution": convolutional}.get(case, lambda: mlp(SIZES))()


def check_against(device, reference, case):
    neuron, plasticity, options = NIGHTS[case]
    ann = network_of(case)
    spikes = random_spikes(150, 36 if case == "convolution" else 30, 0.2)
    one = sleep(ann, spikes, device, neuron, plasticity, **options)
    assert_same_nights(
        one, sleep(ann, spikes, reference, neuron, plasticity, **options), tolerance=1e-12
    )
    assert all(len(train) > 0 for train in one.spikes.values())
    changes = [one.weights_after[name] - before for name, before in one.weights_before.items()]
    assert any((change != 0).any() for change in changes)


#: What has stock synapses, and so goes step by step.
STOCK = {"recurrent", "regulated", "convolution"}


@pytest.mark.parametrize("case", NIGHTS)
def test_code_of_other_models_on_cpu(on_cpu, case, empty_cache):
    check_against(on_cpu, bs.devices.Runtime("numpy"), case)
    (packed,) = empty_cache.rglob(SOURCES)
    with tarfile.open(packed) as archive:
        unit = archive.extractfile("unity.cu").read().decode()
        names = archive.getnames()
    stock = case in STOCK | {"pooled"}  # a sum over neurons, which Brian2CUDA clears by itself
    assert f"goes_in_graphs = {str(not stock).lower()};" in unit
    assert any("push_spikes" in name for name in names) is (case in STOCK)


def test_values_of_neurons_on_cpu(on_cpu):
    plan = replace(PLAN, dtype="float64", watched=((1, "v"), (3, "v")), recorded=())
    weights = [np.full((after, before), 0.05) for before, after in itertools.pairwise(SMALL)]
    wanted = ((2, "v"), (1, "trace"))
    one, other = (
        device.prepare(plan).run(replace(job(weights), wanted=wanted))
        for device in (on_cpu, bs.devices.Runtime("numpy"))
    )
    for key in wanted:
        np.testing.assert_allclose(one.finals[key], other.finals[key], rtol=0, atol=1e-12)
    assert list(one.states) == list(other.states)
    for key, values in one.states.items():
        np.testing.assert_allclose(values, other.states[key], rtol=0, atol=1e-12)
        assert (values != 0).any()


def test_single_precision_and_rates_on_cpu(on_cpu):
    ann, spikes = mlp(SIZES), random_spikes(100, 30, 0.2)
    night = sleep(ann, spikes, on_cpu, dtype="float32", record=["0"], record_rates="all")
    expected = heaviside_reference(ann, spikes, "tadros2022")
    assert list(night.spikes) == ["0"]
    np.testing.assert_array_equal(raster(night, "0"), expected.spikes[1])
    np.testing.assert_array_equal(night.counts["4"], expected.spikes[3].sum(1))
    for values, weights in zip(night.weights_after.values(), expected.weights, strict=True):
        np.testing.assert_allclose(values, weights, rtol=0, atol=1e-5)


def test_what_a_launch_refuses(on_cpu):
    with pytest.raises(ParameterError, match="disk"):
        sleep(mlp(SIZES), random_spikes(9, 30), on_cpu, directory="night")


# Compiled with nvcc


@pytest.mark.cuda_build
@needs_brian2cuda
@needs_nvcc
@pytest.mark.parametrize(
    ("capability", "dtype"), [("9.0", "float32"), ("8.0", "float32"), ("9.0", "float64")]
)
def test_programs_compile(capability, dtype, empty_cache):
    plan = replace(PLAN, dtype=dtype, counted=(1,), recorded=(0, 2))
    device = Cuda(capability)
    engine = device.prepare(plan)
    assert (engine.directory / "main").stat().st_size > 100_000
    assert not engine.build_cached
    assert device.prepare(plan).build_cached
    if not toolkit.gpu_names():
        with pytest.raises(NightError, match="cudaSetDevice") as raised:
            engine.run(job())
        assert "\n" not in str(raised.value)


@pytest.mark.cuda_build
@needs_brian2cuda
@needs_nvcc
def test_nvcc_that_fails(monkeypatch, empty_cache):
    monkeypatch.setenv("BRAINSLEEP_NVCCFLAGS", "--no-such-flag")
    told(CompilerError, lambda: Cuda("9.0").prepare(PLAN), "nvcc could not compile")
    assert (empty_cache / "last_failure.log").exists()


# On a GPU


@pytest.mark.gpu
@needs_brian2cuda
@needs_nvcc
@needs_gpu
class TestOnGpu:
    """Held against the NumPy loop and the C++ device; run by nobody so far."""

    device = Cuda(unverified=True)

    def test_nights_of_one_program(self, empty_cache):
        check_nights_of_one_program(self.device)

    @pytest.mark.parametrize("factor", FACTORS)
    def test_same_as_cpp(self, factor):
        ann, spikes = mlp((784, 60, 40, 10)), random_spikes(400, 784, 0.05)
        plasticity = bs.SRC(2e-3, 5e-4, factor)
        one, other = (
            sleep(ann, spikes, device, plasticity=plasticity) for device in (self.device, "cpp")
        )
        assert_same_nights(one, other, tolerance=1e-12)

    @pytest.mark.parametrize("case", NIGHTS)
    def test_other_models_same_as_cpp(self, case):
        check_against(self.device, "cpp", case)

    def test_drawn_stimuli_are_those_of_cpp(self):
        ann = mlp((784, 1200, 1200, 10), scale=2.0)
        nights = [
            sleep(ann, np.full(784, 0.02), device, dtype="float32", duration=200, seed=4)
            for device in (self.device, "cpp")
        ]
        np.testing.assert_array_equal(raster(nights[0], "input"), raster(nights[1], "input"))
        counts = [len(night.spikes["0"]) for night in nights]
        assert counts[0] == pytest.approx(counts[1], rel=0.02)


def test_pins_are_those_of_setup_cfg():
    """What the package asks for is what its extra installs."""
    requirements = metadata.requires("brainsleep") or []
    wanted = [line for line in requirements if line.startswith("brian2cuda")]
    assert wanted
    assert toolkit.BRIAN2CUDA in wanted[0]
