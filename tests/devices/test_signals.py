"""Signals, first use outside the main thread, and forks: each in a process of its own."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

#: Brian2 is not imported here, nor torch: that is left to the script.
START = """
import os, signal, sys, threading, time
sys.path.insert(0, {tests!r})
import brainsleep as bs

def night(device="cpp", duration=60, **options):
    import numpy as np
    from helpers import SMALL, heaviside, mlp
    return bs.sleep(mlp(SMALL, scale=1.5), np.full(12, 0.2), duration=duration, device=device,
                    neuron=heaviside(threshold=0.4), plasticity=bs.SRC(2e-3, 5e-4), **options)
"""


@pytest.fixture(autouse=True)
def _heed_ctrl_c():
    """Let Ctrl-C be heard, also where the tests run in a background job, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def start(script, *, shell="exec", **environment):
    """Start a script in a process of its own."""
    script = START.format(tests=str(ROOT / "tests")) + script
    return subprocess.Popen(
        ["/bin/sh", "-c", f'{shell} "$@"', "sh", sys.executable, "-W", "ignore", "-c", script],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process):
    """Return what a script prints when all went well."""
    output, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    return output.split()


def test_the_first_night_of_all_may_be_in_a_thread():
    script = """
found = []
threads = [threading.Thread(target=lambda: found.append(night())) for _ in range(4)]
assert "brian2" not in sys.modules and "torch" not in sys.modules
for thread in threads: thread.start()
for thread in threads: thread.join()
assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
print(*(len(one.spikes["4"]) for one in found))
"""
    counts = finish(start(script))
    assert len(counts) == 4
    assert len(set(counts)) == 1
    assert int(counts[0]) > 0


@pytest.mark.slow
@pytest.mark.parametrize(
    "first",
    [
        "import brian2",
        "from brainsleep.night.sleep import sleep",
        "from brainsleep.devices.cpp.engine import CppEngine",
        "bs.LIF, bs.spiking_accuracy, bs.figures.plot_raster",
    ],
)
def test_first_imports_in_many_threads(first):
    script = f"""
import traceback

def use():
    try:
        {first}
    except BaseException:
        print("failed:", traceback.format_exc())

threads = [threading.Thread(target=use) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
own = lambda *_: print("handled")
signal.signal(signal.SIGINT, own)  # the main thread still sets handlers
assert signal.getsignal(signal.SIGINT) is own
"""
    assert finish(start(script)) == []


@pytest.mark.parametrize(
    ("device", "before"),
    [
        ("bs.devices.Runtime('numpy')", ""),
        ("'cpp'", "import brian2; del sys.modules['brainsleep']; import brainsleep as bs"),
    ],
)
def test_an_ignored_sigint_stays_ignored(device, before):
    """As in a background job of a shell script."""
    script = f"""
{before}
calls = []
def should_stop():
    os.kill(os.getpid(), signal.SIGINT)
    calls.append(1)
one = night({device}, should_stop=should_stop, duration=100)
assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
print(one.n_steps, len(calls) > 0)
"""
    assert finish(start(script, shell="trap '' INT; exec")) == ["100", "True"]


def test_sigint_left_to_the_system_stays_so():
    script = """
signal.signal(signal.SIGINT, signal.SIG_DFL)
night()
os.kill(os.getpid(), signal.SIGINT)
"""
    process = start(script)
    process.communicate(timeout=300)
    assert process.returncode == -signal.SIGINT


@pytest.mark.parametrize("device", ["'cpp'", "bs.devices.Runtime('numpy')"])
def test_ctrl_c_is_for_the_main_thread(device):
    """Nights in other threads go on to their ends."""
    script = f"""
night({device})  # Brian2 sets its handler, in the main thread
found, on_its_way = [], threading.Event()
def should_stop():
    on_its_way.set()
thread = threading.Thread(target=lambda: found.append(
    night({device}, duration=20_000, should_stop=should_stop)))
thread.start()
on_its_way.wait()
try:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(60)
except KeyboardInterrupt:
    print("interrupted", thread.is_alive())
thread.join()
print(found[0].n_steps)
"""
    assert finish(start(script)) == ["interrupted", "True", "20000"]


@pytest.mark.parametrize("device", ["'cpp'", "bs.devices.Runtime('numpy')"])
def test_ctrl_c_ends_a_night_with_what_it_has(device):
    script = f"""
import warnings
import numpy as np
from helpers import SMALL, heaviside, mlp

class Interrupted(bs.stimuli.Stimulus):
    n_inputs = SMALL[0]
    blocks = 0

    def probabilities(self, rng, n_steps, dt):
        self.blocks += 1
        if self.blocks == 3:
            signal.raise_signal(signal.SIGINT)
        return np.full((n_steps, self.n_inputs), 0.2)

with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    night = bs.sleep(mlp(SMALL, scale=1.5), Interrupted(), duration=2000, device={device},
                     neuron=heaviside(threshold=0.4), plasticity=bs.SRC(2e-3, 5e-4))
print(0 < night.n_steps < 2000, night.stopped)
print(any("the night was stopped after" in str(one.message) for one in told))
"""
    assert finish(start(script)) == ["True", "True", "True"]


def processes_of(folder):
    """Return the command lines of all processes that were given something in a folder."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = file.read_bytes().replace(b"\0", b" ").decode()
        except OSError:  # it has ended
            continue
        if str(folder) in command:
            found.append(command)
    return found


def wait_until(condition, seconds=300):
    """Wait for a condition to hold; raise if it does not."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="looks into /proc")
@pytest.mark.parametrize(
    ("deadly", "n_threads"), [(signal.SIGTERM, 3), (signal.SIGKILL, 1), (signal.SIGINT, 1)]
)
def test_a_night_that_is_killed_leaves_nothing_behind(request, tmp_path, deadly, n_threads):
    """Neither a folder nor a program that runs."""
    compiled = tmp_path / "compiled"  # the night before it has a program, too, and a handler
    night = f"""
night()  # compiled
signal.signal(signal.SIGINT, signal.SIG_DFL)
open({str(compiled)!r}, "w").close()
for _ in range({n_threads}):
    threading.Thread(target=lambda: night(duration=100_000_000, record=None)).start()
time.sleep(300)
"""
    process = start(night, TMPDIR=str(tmp_path))
    request.addfinalizer(process.kill)  # also if the test fails

    def running():
        return len([one for one in processes_of(tmp_path) if "--results_dir" in one])

    wait_until(lambda: compiled.exists() or process.poll() is not None)
    wait_until(lambda: running() == n_threads or process.poll() is not None)
    assert len(list(tmp_path.glob("brainsleep-*"))) == n_threads
    process.send_signal(deadly)
    process.communicate(timeout=60)
    assert process.returncode == -deadly
    wait_until(lambda: not list(tmp_path.glob("brainsleep-*")))
    wait_until(lambda: not processes_of(tmp_path))


def test_a_build_that_is_killed_leaves_nothing_in_the_temporary_directory(
    request, tmp_path, empty_cache
):
    compiler, begun = tmp_path / "g++", tmp_path / "begun"
    compiler.write_text(f'#!/bin/sh\ncase "$*" in *unity*) touch {begun};; esac\nexec g++ "$@"\n')
    compiler.chmod(0o755)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    process = start("night()", TMPDIR=str(temporary), CXX=str(compiler))
    request.addfinalizer(process.kill)
    wait_until(lambda: begun.exists() or process.poll() is not None)
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGTERM

    def left():
        return [path for path in temporary.iterdir() if not path.name.startswith("brian_")]

    wait_until(lambda: not left() and not processes_of(compiler))
    assert finish(start("print(len(night().spikes['4']) > 0)")) == ["True"]
    assert not list(empty_cache.glob("building-*"))


def test_finished_and_failed_nights_leave_nothing_behind(tmp_path):
    script = """
def raising():
    raise LookupError
night()
night(bs.devices.CppStandalone("cpp"))
try:
    night(should_stop=raising, duration=100)
except LookupError:
    print("raised")
"""
    assert finish(start(script, TMPDIR=str(tmp_path))) == ["raised"]
    assert not list(tmp_path.glob("brainsleep-*"))


@pytest.mark.slow
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_nights_in_processes(tmp_path, method):
    """Also if other threads are asleep at the moment of the fork."""
    script = tmp_path / "script.py"
    script.write_text(
        START.format(tests=str(ROOT / "tests"))
        + f"""
import multiprocessing
from concurrent.futures import ThreadPoolExecutor

def spikes(device):
    return len(night(bs.devices.Runtime("numpy") if device == "runtime" else device).spikes["4"])

if __name__ == "__main__":
    devices = ["cpp", "runtime", "cpp", "runtime"]
    alone = [spikes(device) for device in devices]
    with ThreadPoolExecutor(2) as threads:
        beside = [threads.submit(spikes, device) for device in devices * 2]
        with multiprocessing.get_context({method!r}).Pool(2) as pool:
            assert pool.map(spikes, devices) == alone
        assert [one.result() for one in beside] == alone * 2
    assert alone[0] > 0
    print("equal")
"""
    )
    result = subprocess.run(
        [sys.executable, "-W", "ignore", str(script)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == ["equal"]
