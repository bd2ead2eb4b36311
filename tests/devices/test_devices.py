"""Devices: the build cache, missing compilers, programs that fail, and the user's own Brian2."""

import json
import os
import re
import shutil
import sys
import tarfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import brian2
import numpy as np
import pytest
from helpers import SMALL, assert_same_nights, mlp, random_spikes, raster
from terminals import screen_of_stderr

import brainsleep as bs
from brainsleep.devices import CppStandalone, Job, Runtime, get_device
from brainsleep.devices.cache import SOURCES, sign
from brainsleep.devices.compiler import find_compiler
from brainsleep.devices.cpp.engine import CppEngine
from brainsleep.devices.cpp.manifest import Manifest
from brainsleep.devices.recording import SpikeFiles, read_result
from brainsleep.devices.runtime import _compiling
from brainsleep.errors import CompilerError, DirectoryError, NightError, ParameterError, UnitsError
from brainsleep.network.plan import NetworkPlan
from brainsleep.support import progress

NEURON = bs.Heaviside(gain=1, threshold=0.4, decay=0.9)
RULE = bs.SRC(2e-3, 5e-4)
PLAN = NetworkPlan.chain(
    SMALL,
    NEURON.equations(),
    RULE.equations(),
    delay_steps=0,
    dt=1e-3,
    dtype="float32",
    recorded=(0, 1, 2, 3),
)


def night(device="cpp", **options):
    """Run a night on the program that test_night uses, too."""
    options = {"duration": 60, "neuron": NEURON, "plasticity": RULE, **options}
    return bs.sleep(mlp(SMALL, scale=1.5), np.full(12, 0.2), device=device, **options)


def job(weights=None, n_steps=20):
    names = ["0", "2", "4"]
    shapes = list(zip(SMALL[1:], SMALL, strict=False))
    trace = RULE.presynaptic_parameters(1e-3)
    layers = NEURON.parameters(names, [1.0] * 3, [0.4] * 3)
    return Job(
        input_spikes=iter([random_spikes(n_steps, 12, 0.3)]),
        n_steps=n_steps,
        weights=[np.ones(shape) for shape in shapes] if weights is None else weights,
        biases=[None] * 3,
        population_parameters=[trace, *({**layer, **trace} for layer in layers[:-1]), layers[-1]],
        projection_parameters=RULE.synapse_parameters(names),
    )


def programs(folder):
    return sorted(path.name for path in folder.iterdir() if path.is_dir())


# The build cache


def test_one_program_serves_many_nights(empty_cache):
    first = night()
    assert first.timings["build_cached"] is False
    built = programs(empty_cache)
    assert len(built) == 1
    stamp = (empty_cache / built[0] / "main").stat().st_mtime_ns
    others = [
        night(),
        night(neuron=bs.Heaviside(gain=2, threshold=0.1, decay=0)),
        night(plasticity=bs.SRC(increase=0, decrease=[1, 2, 3])),
        night(duration=500, seed=3),
        bs.sleep(
            mlp(SMALL, bias=True, seed=7), random_spikes(9, 12), neuron=NEURON, plasticity=RULE
        ),
        bs.sleep(
            mlp(SMALL, seed=7),
            np.full(12, 0.5),
            np.random.rand(5, 12),
            9,
            neuron=bs.Heaviside(threshold="calibrated", target_rate=[200, 100, 100]),
            plasticity=RULE,
        ),
    ]
    assert all(other.timings["build_cached"] is True for other in others)
    assert programs(empty_cache) == built
    assert (empty_cache / built[0] / "main").stat().st_mtime_ns == stamp
    assert_same_nights(first, others[0])
    assert first.timings["build"] > 10 * others[0].timings["build"]


def test_equal_plans_have_equal_keys_and_others_others():
    cpp = CppStandalone()
    assert cpp._key(PLAN) == cpp._key(replace(PLAN)) != CppStandalone("cpp_stock")._key(PLAN)
    other = replace(PLAN.projections[2], synapse=bs.SRC(weight_factor="additive").equations())
    skip = replace(PLAN.projections[2], source=1)
    variants = [
        replace(PLAN, sizes=(12, 10, 8, 6)),
        replace(PLAN, neurons=(*PLAN.neurons[:2], bs.LIF().equations())),
        replace(PLAN, projections=(*PLAN.projections[:2], other)),
        replace(PLAN, projections=(*PLAN.projections[:2], skip)),
        replace(PLAN, delay_steps=1),
        replace(PLAN, dt=2e-3),
        replace(PLAN, dtype="float64"),
        replace(PLAN, recorded=(0,)),
        replace(PLAN, counted=(1,)),
        replace(PLAN, watched=((3, "v"),)),
    ]
    keys = {cpp._key(plan) for plan in [PLAN, *variants]}
    assert len(keys) == 1 + len(variants)


def test_another_compiler_gets_its_own_programs(monkeypatch, tmp_path):
    before = CppStandalone()._key(PLAN)
    other = tmp_path / "my-g++"
    other.write_text(f'#!/bin/sh\nexec {find_compiler()} "$@"\n')
    other.chmod(0o755)
    monkeypatch.setenv("CXX", str(other))
    assert CppStandalone()._key(PLAN) != before


def test_cache_folder_that_cannot_be_made(monkeypatch, tmp_path):
    file = tmp_path / "file"
    file.write_text("in the way")
    monkeypatch.setenv("BRAINSLEEP_CACHE", str(file / "below" / "it"))
    with pytest.raises(DirectoryError) as raised:
        night()
    message = str(raised.value)
    assert "cannot create the build folder" in message
    assert str(file / "below" / "it") in message
    assert "BRAINSLEEP_CACHE" in message
    assert "\n" not in message
    assert file.read_text() == "in the way"
    monkeypatch.setenv("BRAINSLEEP_CACHE", str(file))
    with pytest.raises(DirectoryError):
        night()
    assert len(night(Runtime("numpy")).spikes["0"]) > 0, "the runtime needs no folder"


def test_cache_folder_that_cannot_be_written(monkeypatch, tmp_path):
    monkeypatch.setenv("BRAINSLEEP_CACHE", str(tmp_path))
    # root may write anywhere
    no_access = SimpleNamespace(**{**vars(os), "access": lambda *args: False})
    monkeypatch.setattr("brainsleep.support.cache_folders.os", no_access)
    with pytest.raises(DirectoryError, match="cannot write to the build folder"):
        night()
    assert not any(tmp_path.iterdir())


def _unit(device):
    with tarfile.open(CppStandalone(device).prepare(PLAN).directory / SOURCES) as archive:
        return archive.extractfile("unity.cpp").read().decode()


def test_only_what_runs_once_is_not_optimised():
    before, once, after = re.split(r"#pragma GCC (?:push|pop)_options\n", _unit("cpp_stock"))
    assert '#pragma GCC optimize("O0")' in once
    files = {"once": re.findall('include "(.*\\.cpp)"', once)}
    files["often"] = re.findall('include "(.*\\.cpp)"', before + after)
    assert {"main.cpp", "objects.cpp", "run.cpp"} < {*files["once"]}
    assert all(re.match("[a-z]+\\.cpp|code_objects/(before|after)_run", name)
               for name in files["once"])  # fmt: skip
    assert sum("synapses" in name for name in files["often"]) > 5
    assert "network.cpp" in files["often"], "Brian2's loop over all steps"


def test_most_programs_do_without_the_frame_of_brian2():
    unit = _unit("cpp")
    assert set(re.findall("#include (.*)", unit)) <= {
        f"<{name}>"
        for name in (
            *("cerrno", "cmath", "cstdarg", "cstdint", "cstdio", "cstdlib", "cstring"),
            *("sysexits.h", "fcntl.h", "sys/stat.h", "unistd.h", "time.h", "fenv.h", "pthread.h"),
        )
    }, "each header of C++'s own library takes a tenth of the time that the whole program does"
    assert "RUNS_ONCE int main(" in unit
    assert "\nstatic void _run_synapses1_pre_codeobject()" in unit
    assert "RUNS_ONCE static void _run" not in unit


# No compiler, or one that fails


@pytest.fixture
def no_compiler(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    assert find_compiler() is None


@pytest.mark.parametrize("device", ["cpp", "cpp_stock"])
def test_cpp_refuses_without_a_compiler(no_compiler, device, empty_cache):
    with pytest.raises(CompilerError) as raised:
        night(device)
    message = str(raised.value)
    assert message.startswith("no C++ compiler found: install one")
    assert "apt-get install g++" in message
    assert "\n" not in message
    assert not any(empty_cache.iterdir())


def test_runtime_falls_back_to_numpy(no_compiler):
    assert get_device("runtime").prepare(PLAN).target == "numpy"
    assert_same_nights(night("runtime"), night(Runtime("numpy")))


def test_runtime_takes_cython_where_there_is_a_compiler():
    assert get_device("runtime").prepare(PLAN).target == "cython"


def test_cxx_that_is_no_compiler(monkeypatch, empty_cache):
    monkeypatch.setenv("CXX", "false")
    with pytest.raises(CompilerError) as raised:
        night()
    message = str(raised.value)
    assert message.startswith("false could not compile")
    assert "\n" not in message
    log = Path(message.partition("see ")[2].partition(")")[0])
    assert log.read_text().startswith("false -O3"), "the log outlives the failure"
    monkeypatch.delenv("CXX")
    assert night().timings["build_cached"] is False
    monkeypatch.setenv("CXX", "no-such-compiler")
    assert night().timings["build_cached"] is True, "another compiler is found"


# Programs that fail


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """A compiled program that tests may damage: its cache and its folder."""
    cache = tmp_path_factory.mktemp("damaged")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BRAINSLEEP_CACHE", str(cache))
        night()
    (folder,) = (path for path in cache.iterdir() if path.is_dir())
    return cache, folder


@pytest.fixture
def damaged(program, tmp_path, monkeypatch):
    cache, folder = program
    shutil.copytree(cache, tmp_path / "cache")
    monkeypatch.setenv("BRAINSLEEP_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / folder.name


@pytest.mark.parametrize(
    "content",
    [
        b"no program at all",
        b"",
        b"#!/bin/sh\nexit 3\n",
        b"#!/bin/sh\nkill -SEGV $$\n",
        b"#!/bin/sh\ncat > /dev/null\necho out of memory >&2\n",
        b"#!/bin/sh\nexit 0\n",
    ],
    ids=["noise", "empty", "exit", "crash", "complaint", "nothing_done"],
)
def test_program_that_fails(damaged, content):
    (damaged / "main").write_bytes(content)
    sign(damaged, {})  # else it would be compiled again
    with pytest.raises(NightError) as raised:
        night(duration=3000)
    assert str(damaged) in str(raised.value)
    assert "night's program" in str(raised.value)
    assert ("out of memory" in str(raised.value)) == (b"memory" in content)


@pytest.mark.parametrize("missing", ["main", "manifest.json"])
def test_half_a_build_is_built_again(damaged, missing):
    (damaged / missing).unlink()
    again = night()
    assert again.timings["build_cached"] is False
    assert night().timings["build_cached"] is True
    assert len(programs(damaged.parent)) == 1


def test_errors_while_streaming_end_the_program(damaged):
    class Interrupted(bs.stimuli.Stimulus):
        n_inputs = 12

        def probabilities(self, rng, n_steps, dt):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bs.sleep(mlp(SMALL), Interrupted(), None, 10, neuron=NEURON, plasticity=RULE)
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    running = children.read_text().split() if children.exists() else []
    names = [Path(f"/proc/{child}/cmdline").read_bytes() for child in running]
    assert not any(str(damaged).encode() in name for name in names)


def test_input_that_ends_too_early():
    short = job(n_steps=20)
    short.n_steps = 30
    with pytest.raises(NightError, match="ran 20 of 30 steps"):
        CppStandalone().prepare(PLAN).run(short)


@pytest.mark.parametrize("device", [CppStandalone(), Runtime("numpy")])
def test_weights_of_a_wrong_shape_never_start(device, monkeypatch):
    engine = device.prepare(PLAN)
    outcome = engine.run(job())
    assert [w.shape for w in outcome.weights] == [(10, 12), (8, 10), (5, 8)]
    monkeypatch.setattr(CppEngine, "_start", lambda *args: pytest.fail("launched"))
    with pytest.raises(
        ValueError, match=r"projection 1: weights of shape \(10, 8\), not \(8, 10\)"
    ):
        engine.run(job(weights=[np.ones((10, 12)), np.ones((10, 8)), np.ones((5, 8))]))


@pytest.mark.parametrize("device", [CppStandalone(), Runtime("numpy")])
def test_engines_run_again_from_the_start(device):
    engine = device.prepare(PLAN)
    one, other = engine.run(job()), engine.run(job())
    assert sorted(one.spikes) == [0, 1, 2, 3]
    for index, (neurons, steps) in one.spikes.items():
        assert len(neurons) > 0
        assert neurons.dtype == np.int32
        assert steps.dtype == np.int64
        np.testing.assert_array_equal(neurons, other.spikes[index][0])
        np.testing.assert_array_equal(steps, other.spikes[index][1])
    for first, second in zip(one.weights, other.weights, strict=True):
        np.testing.assert_array_equal(first, second)
    assert set(one.timings) == {"run", "read"}


def test_temporary_files_are_cleared_away(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert len(night().spikes["input"]) > 0
    assert not list(tmp_path.glob("brainsleep-*"))


# Names


def test_variables_of_the_environment_do_not_lead_a_night_elsewhere(tmp_path, monkeypatch):
    expected = night()
    (tmp_path / "others.state").write_bytes(bytes(10))
    monkeypatch.setenv("BRAINSLEEP_FOLDER", str(tmp_path))
    monkeypatch.setenv("BRAINSLEEP_RESUME", str(tmp_path / "others.state"))
    monkeypatch.setenv("BRAINSLEEP_PRESENTATION_STEPS", "3")
    assert_same_nights(night(), expected)
    assert [file.name for file in tmp_path.iterdir()] == ["others.state"]


def test_results_that_are_cut_or_gone_are_named(tmp_path):
    file = tmp_path / "spikes0.n"
    with pytest.raises(NightError, match=r"cannot read .*spikes0\.n"):
        read_result(file, np.int32, 3)
    file.write_bytes(bytes(8))
    with pytest.raises(NightError, match=r"left 2 of 3 values in .*spikes0\.n"):
        read_result(file, np.int32, 3)
    assert read_result(file, np.int32, 2).tolist() == [0, 0]
    (tmp_path / "spikes0.i").write_bytes(bytes(4))
    np.array([1, 1], np.int32).tofile(file)
    with pytest.raises(NightError, match=r"left 1 of 2 values in .*spikes0\.i"):
        SpikeFiles.of(0).read(tmp_path, 2)


@pytest.mark.parametrize("name", ["../w", "/etc/passwd", "a/b", ""])
def test_manifests_name_files_in_the_folder_of_results(name, tmp_path):
    content = {"populations": ["input"], "projections": [], "weight_files": [None]}
    content |= {"population_files": [{"v": "v_1"}]}
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps(content))
    assert Manifest.read(tmp_path).populations == ["input"]
    for key, value in [
        ("populations", [name]),
        ("projections", [name]),
        ("weight_files", [name]),
        ("population_files", [{"v": name}]),
    ]:
        manifest.write_text(json.dumps({**content, key: value}))
        with pytest.raises(ValueError, match="is no name"):
            Manifest.read(tmp_path)


def test_devices_by_name():
    assert get_device("cpp").name == "cpp"
    assert get_device("cpp_stock").name == "cpp_stock"
    assert get_device("runtime").name == "runtime"
    runtime = Runtime("numpy")
    assert get_device(runtime) is runtime
    with pytest.raises(ParameterError, match="Did you mean 'runtime'"):
        get_device("run_time")
    with pytest.raises(UnitsError, match="device must be"):
        get_device(3)
    with pytest.raises(ParameterError, match="runtime target 'c'"):
        Runtime("c")


@pytest.mark.parametrize(
    ("device", "indices"),
    [(CppStandalone(), 0), (CppStandalone("cpp_stock"), 8), (Runtime("numpy"), 8)],
)
def test_memory_grows_with_synapses_and_precision(device, indices):
    memory = device.memory(PLAN)
    assert memory >= PLAN.n_synapses * (4 + indices)
    assert device.memory(replace(PLAN, dtype="float64")) == memory + 4 * PLAN.n_synapses
    assert device.memory(replace(PLAN, sizes=(24, 20, 16, 10))) == 4 * memory


# Brian2


def test_isolation_survives_errors_and_nesting():
    from brainsleep.devices.isolation import isolated_brian2

    device, target = brian2.get_device(), brian2.prefs.codegen.target
    clock = brian2.defaultclock.dt

    def fail_inside():
        with isolated_brian2(type(device)(), {"codegen.target": "numpy"}):
            assert brian2.get_device() is not device
            brian2.defaultclock.dt = 7 * brian2.ms
            night()
            assert brian2.prefs.codegen.target == "numpy"
            assert brian2.defaultclock.dt == 7 * brian2.ms
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_inside()
    assert brian2.get_device() is device
    assert brian2.prefs.codegen.target == target
    assert brian2.defaultclock.dt == clock


def test_magic_run_does_not_see_the_night():
    """Objects of a night are not in the user's magic network, nor the other way round."""
    brian2.prefs.codegen.target, target = "numpy", brian2.prefs.codegen.target
    try:
        group = brian2.NeuronGroup(1, "dv/dt = 1/second : 1", method="euler")
        brian2.run(3 * brian2.ms)
        one = night(Runtime("numpy"), duration=20)
        brian2.run(4 * brian2.ms)
        assert float(group.v[0]) == pytest.approx(7e-3)
        assert raster(one, "input").shape == (20, 12)
    finally:
        brian2.prefs.codegen.target = target


# Progress


class Terminal:
    """What a progress bar needs of a terminal."""

    def __init__(self):
        self.text = ""

    def isatty(self):
        return True

    def write(self, text):
        self.text += text

    def flush(self):
        pass


def test_progress_bar_shows_in_a_terminal_only(monkeypatch, capfd):
    with progress.progress_bar(10, "quiet") as bar:
        bar.update(10)
    assert bar.disable
    assert capfd.readouterr() == ("", "")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress.progress_bar(10, "loud") as bar:
        bar.update(10)
        assert bar.n == 10
    assert "loud" in terminal.text
    terminal.text = ""
    with progress.progress_bar(10, "off", enabled=False) as bar:
        bar.update(10)
    assert terminal.text == ""


@pytest.mark.parametrize("device", ["cpp", Runtime("numpy")])
def test_a_night_in_a_terminal_shows_where_it_is(device, monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    night(device, duration=3000)
    assert "sleep: 240 synapses" in terminal.text
    assert "0/3000" in terminal.text
    terminal.text = ""
    night(device, progress=False)
    assert terminal.text == ""


def test_runtime_says_that_cython_compiles_if_it_takes_a_while():
    for wanted in (True, False):
        with screen_of_stderr() as screen:
            engine = Runtime("cython").prepare(PLAN, progress=wanted)
            with _compiling(engine.shows_compiling) as bar:
                bar.update(1)  # at once: nothing is said of what is compiled already
                bar.start_t = bar.last_print_t = 0.0  # long ago
                bar.update(11)
        said = 'Cython compiles, once (device="cpp" is quicker): 12 pieces' in screen.text()
        assert said is wanted
        assert ": 1 pieces" not in screen.text()
    assert not Runtime("numpy").prepare(PLAN, progress=True).shows_compiling


def test_no_notebook_here():
    assert not progress.in_notebook()
