"""CUDA: a message for each thing that is missing, changes to Brian2CUDA's code, and builds.

Where the code is run: `test_cuda_on_cpu.py`, `test_gpu.py`.
"""

import subprocess
import sys
from dataclasses import fields, replace
from importlib import metadata

import pytest
from cuda_nights import NIGHTS, RULE, needs_brian2cuda, needs_nvcc, network_of, sleep
from helpers import SMALL, random_spikes
from test_devices import PLAN, job
from torch import nn

import brainsleep as bs
from brainsleep.devices import Cuda, get_device
from brainsleep.devices.cuda import coverage, sources, toolkit
from brainsleep.devices.cuda import device as cuda_device
from brainsleep.devices.cuda.flags import compiler_flags
from brainsleep.errors import CompilerError, MissingPackageError, NightError, ParameterError
from brainsleep.network.plan import NetworkPlan
from brainsleep.neurons import NEURONS
from brainsleep.plasticity import RULES

# Messages for what is missing


def assert_message(error, call, *words):
    with pytest.raises(error) as raised:
        call()
    message = str(raised.value)
    assert "\n" not in message
    for word in words:
        assert word in message
    return message


@pytest.fixture
def complete(monkeypatch, tmp_path):
    """A machine that has everything (versions, toolkit, driver), from which tests remove things."""
    versions = {"brian2cuda": "1.0b1", "brian2": "2.10.1"}
    monkeypatch.setattr(toolkit, "_installed", versions.get)
    monkeypatch.setattr(toolkit, "PYTHON", (3, 11))
    monkeypatch.setattr(toolkit, "HOMES", ())
    monkeypatch.setattr(toolkit, "_wheels", lambda: [])
    forget()
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
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path / 'driver'}:{tmp_path / 'tools'}")
    return versions, home


def forget():
    """Let nvcc and the driver be asked again."""
    toolkit.nvcc_version.cache_clear()
    toolkit._query_gpus.cache_clear()


def script(file, text):
    forget()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)


def check(**options):
    Cuda(**options).check(PLAN)


def test_a_complete_machine(complete, empty_cache):
    check()
    assert toolkit.detected_capability() == "9.0"
    found = toolkit.require_toolkit()
    assert found.version == "13.0"
    assert found.curand_library.name == "libcurand.so.10"
    assert toolkit.gpu_names() == ["NVIDIA H200"]


def test_python_that_is_too_old(complete, monkeypatch):
    monkeypatch.setattr(toolkit, "PYTHON", (99, 0))
    assert_message(ParameterError, check, "needs Python 99.0 or newer", "python99.0 -m venv")


@pytest.mark.parametrize(
    ("versions", "words"),
    [
        ({"brian2cuda": None}, ("it is not installed", "pip install 'brainsleep[cuda]'")),
        ({"brian2cuda": "1.0a7"}, ("1.0a7 is installed", "pip install 'brainsleep[cuda]'")),
        ({"brian2": "2.11.0"}, ("2.11.0 is installed", "pip install 'brian2==2.10.1'")),
    ],
)
def test_packages_that_are_missing_or_of_another_version(complete, versions, words):
    complete[0].update(versions)
    assert_message(MissingPackageError, check, *words)


def test_no_nvcc(complete, monkeypatch):
    (complete[1] / "bin" / "nvcc").unlink()
    assert_message(CompilerError, check, "needs nvcc", "nvidia-cuda-toolkit", "CUDA_PATH")
    monkeypatch.delenv("CUDA_PATH")
    monkeypatch.setenv("PATH", "/nowhere")
    assert_message(CompilerError, check, "none is found")


def test_nvcc_on_the_path(complete, monkeypatch):
    monkeypatch.delenv("CUDA_PATH")
    monkeypatch.setenv("PATH", str(complete[1] / "bin"))
    assert toolkit.find_nvcc() == complete[1] / "bin" / "nvcc"


def test_nvcc_that_says_nothing(complete):
    script(complete[1] / "bin" / "nvcc", "exit 1")
    assert_message(CompilerError, check, "names no release")


@pytest.mark.parametrize("missing", ["include/curand.h", "lib64/libcurand.so.10"])
def test_no_curand(complete, missing):
    (complete[1] / missing).unlink()
    assert_message(CompilerError, check, "needs cuRAND", "pip install nvidia-curand")


def test_no_gpu(complete, tmp_path):
    smi = tmp_path / "driver" / "nvidia-smi"
    script(smi, "echo no devices were found; exit 9")
    assert_message(ParameterError, check, "found no NVIDIA GPU", "use device='cpp'")
    smi.unlink()
    forget()
    assert_message(ParameterError, check, "found no NVIDIA GPU")


def test_a_gpu_that_is_chosen(complete, tmp_path, monkeypatch):
    two = 'case "$3" in "") echo A; echo B;; --id=1) echo B;; *) exit 6;; esac'
    script(tmp_path / "driver" / "nvidia-smi", two)
    assert toolkit.gpu_names() == ["A", "B"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1,0")
    assert toolkit.gpu_names() == ["B"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert_message(ParameterError, check, "found no NVIDIA GPU")


def test_a_driver_that_knows_no_capabilities(complete, tmp_path):
    smi = tmp_path / "driver" / "nvidia-smi"
    script(smi, 'case "$1" in *cap*) exit 2;; *) echo Tesla;; esac')
    assert_message(ParameterError, toolkit.detected_capability, "Cuda(compute_capability='9.0')")


@pytest.mark.parametrize("capability", ["9", "sm_90", "90", "4.9", ""])
def test_texts_that_are_not_compute_capabilities(capability):
    assert_message(ParameterError, lambda: Cuda(capability), "compute_capability")


def test_device_by_name():
    device = get_device("cuda")
    assert (device.name, device.writes_to_disk) == ("cuda", False)
    assert device.memory(PLAN) == 4 * PLAN.n_synapses
    code = "import brainsleep.devices, sys; sys.exit('brian2cuda' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_plans_that_are_not_covered(complete):
    links = PLAN.projections
    random = replace(RULE.equations(), on_post="w += increase*rand()")
    order = replace(RULE.equations(), on_pre="drive_post += w\nbest_post = w")
    convolution = bs.translate(nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU()), (1, 4, 4))
    window = convolution.layers[0].connections[0].window
    own = replace(order, on_pre="drive += w\ndrive = w")
    others = {
        "draws random numbers": replace(links[0], synapse=random),
        "overwrite drive of": replace(links[0], synapse=own),
        "in no fixed order": replace(links[0], synapse=order),
        "convolution that learns": replace(links[0], kind="window", window=window),
    }
    for reason, link in others.items():
        plan = replace(PLAN, projections=(link, *links[1:]))
        assert_message(ParameterError, lambda plan=plan: Cuda().check(plan), reason, "'cpp'")


def test_what_needs_stock_synapses():
    link = PLAN.projections[0]
    others = {
        "need a list": replace(link, kind="wired"),
        "integrates": replace(link, synapse=replace(link.synapse, model="dw/dt = -w/second : 1")),
        "many synapses change total_post": replace(
            link, synapse=replace(link.synapse, on_post="total_post += w")
        ),
        "many synapses change seen": replace(  # Brian2 takes it for seen_post
            link, synapse=replace(link.synapse, on_post="seen += w", postsynaptic_model="seen : 1")
        ),
        "many synapses change rate": replace(
            link,
            synapse=replace(link.synapse, model="w : 1\nrate : 1 (shared)", on_pre="rate += w"),
        ),
        "other synapses read in the same step": replace(
            link, target=0, synapse=replace(link.synapse, on_pre="x_post += w*x_pre")
        ),
        "many synapses change used_pre": replace(
            link, synapse=replace(link.synapse, on_pre="drive_post += w\nused_pre += 1")
        ),
    }
    for reason, other in others.items():
        assert reason in str(coverage.unsupported_by_rows(other))
    plan = replace(PLAN, projections=(others["integrates"], *PLAN.projections[1:]))
    index_bytes = 16 * plan.n_synapses_of(link)
    assert coverage.bytes_on_gpu(plan) == 4 * plan.n_synapses + index_bytes


#: Rules that do not regulate another rule.
LEARNING_RULES = [
    rule for rule in RULES.values() if "rule" not in {field.name for field in fields(rule)}
]


@pytest.mark.parametrize("rule", LEARNING_RULES)
@pytest.mark.parametrize("neuron", NEURONS.values())
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
    assert coverage.unsupported_by_cuda(plan) is None
    assert all(coverage.unsupported_by_rows(link) is None for link in plan.projections)


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


def test_mistakes_are_corrected():
    assert sources.repaired("if (defaultclock.timestep[0] >= 1)") == (
        "if (night_clock.timestep[0] >= 1)"
    )


def test_parameters_become_what_a_function_in_blocks_wants():
    parameters = "const int n,\n\tfloat* _ptr_w"
    code = "\n".join(
        f"///// {kind} /////{parameters}///// END OF {kind} /////"
        for kind in ("MEMBERS", "PARAMETERS", "NAMES")
    )
    members, *others = sources.repaired(code).split("\n\t")
    assert members == "int n;"
    assert "\n\t".join(others) == (
        "float* _ptr_w\nconst int n,\n\tfloat* __restrict__ _ptr_w\nn, _ptr_w"
    )


def test_the_time_of_a_function_in_blocks_is_that_of_its_call():
    code = "const double* t = &_value_array_night_clock_t;"
    assert sources.repaired(code) == "const double* t = &brainsleep::now;"
    assert sources.repaired(code, in_blocks=True) == "const double* t = &_place.now;"


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("drive_post += w", True),
        ("drive_post += w\nw = clip(w + trace_post, 0, 1)", True),
        ("drive_post += w*drive_post", False),
        ("drive_post = w", False),
        ("drive_post -= w", False),
        ("drive_post += w\nw += drive_post", False),
    ],
)
def test_what_only_adds_up_needs_no_order(code, told):
    assert coverage.only_sums(code, ["drive_post"]) is told


def test_which_networks_go_in_blocks():
    assert coverage.reason_for_steps(PLAN) is None
    (first, *rest) = PLAN.projections
    regulated = replace(first.synapse, event="v_post > 1", on_event=("w = clip(w, 0, 1)",))
    plan = replace(PLAN, projections=(replace(first, synapse=regulated), *rest))
    assert "regulates synapses" in coverage.reason_for_steps(plan)
    drawn = replace(PLAN, projections=(replace(first, kind="drawn"), *rest))
    assert "need a list" in coverage.reason_for_steps(drawn)


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


@pytest.mark.slow
@pytest.mark.cuda_build
@needs_brian2cuda
@needs_nvcc
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", NIGHTS)
def test_programs_of_all_kinds_compile(case, dtype, empty_cache, monkeypatch):
    """With a GPU the programs run; without one they end with a message."""
    monkeypatch.setattr(cuda_device, "require_gpu", lambda: None)
    neuron, plasticity, options = NIGHTS[case]
    spikes = random_spikes(150, 36 if case == "convolution" else 30, 0.2)

    def night():
        device = Cuda("9.0" if not toolkit.gpu_names() else None)
        sleep(network_of(case), spikes, device, neuron, plasticity, dtype, **options)

    if toolkit.gpu_names():
        night()
    else:
        assert_message(NightError, night, "cudaSetDevice")
    assert [path.stat().st_size > 100_000 for path in empty_cache.rglob("main")] == [True]


@pytest.mark.cuda_build
@needs_brian2cuda
@needs_nvcc
def test_nvcc_that_fails(monkeypatch, empty_cache):
    monkeypatch.setenv("BRAINSLEEP_NVCCFLAGS", "--no-such-flag")
    assert_message(CompilerError, lambda: Cuda("9.0").prepare(PLAN), "nvcc could not compile")
    assert (empty_cache / "last_failure.log").exists()


def test_pins_are_those_of_setup_cfg():
    """The version that the device needs is the one that the extra ``cuda`` installs."""
    requirements = metadata.requires("brainsleep") or []
    wanted = [line for line in requirements if line.startswith("brian2cuda")]
    assert wanted
    assert toolkit.BRIAN2CUDA in wanted[0]
