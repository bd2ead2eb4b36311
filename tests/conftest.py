"""Set-up for all tests: one build cache per session, no display, one torch thread."""

import gc
import importlib
import logging
import os
import shutil
import subprocess
import sys
from pathlib import Path

# tests run side by side, and some look into the process that does the work
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "Agg")
# saves a third of the time to compile; tests of exactness compile with the flags of users
os.environ.setdefault("BRAINSLEEP_CXXFLAGS", "-O1")

import pytest
import torch
from helpers import SMALL, mlp
from hypothesis import settings

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"

torch.set_num_threads(1)
logging.getLogger("brian2").setLevel(logging.INFO)  # else it logs pages of generated code
settings.register_profile("brainsleep", deadline=None)
settings.load_profile("brainsleep")


@pytest.fixture(scope="session", autouse=True)
def build_cache(tmp_path_factory):
    """Compile each program once per session; with BRAINSLEEP_CACHE they are kept for longer."""
    if "BRAINSLEEP_CACHE" not in os.environ:
        folder = tmp_path_factory.getbasetemp()
        if "PYTEST_XDIST_WORKER" in os.environ:
            folder = folder.parent  # shared by all workers
        (folder / "programs").mkdir(exist_ok=True)
        os.environ["BRAINSLEEP_CACHE"] = str(folder / "programs")
        yield
        del os.environ["BRAINSLEEP_CACHE"]
    else:
        yield


@pytest.fixture(scope="session")
def script():
    """A function that imports a script or module of benchmarks/, which is no package, by name."""
    sys.path.insert(0, str(BENCHMARKS))
    try:
        yield importlib.import_module
    finally:
        sys.path.remove(str(BENCHMARKS))


@pytest.fixture(scope="module", autouse=True)
def settled_heap():
    """Spare the garbage collector what is there already: Brian2 calls it before each run."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def flags_of_users(request, monkeypatch):
    """Compile as users do wherever results are compared with other devices or plain loops."""
    if request.node.path.stem in (
        "test_conformance",
        "test_dense",
        "test_graphs",
        "test_night_threads",
    ):
        monkeypatch.delenv("BRAINSLEEP_CXXFLAGS")


@pytest.fixture
def empty_cache(tmp_path, monkeypatch):
    """An empty build cache, to see whether something is compiled."""
    folder = tmp_path / "empty_cache"
    folder.mkdir()
    monkeypatch.setenv("BRAINSLEEP_CACHE", str(folder))
    return folder


@pytest.fixture
def small():
    """A small network in training mode, 12-10-8-5."""
    return mlp(SMALL, scale=1.5)


@pytest.fixture
def small_disk(tmp_path):
    """Return a function that mounts a file system of some MiB; also ``ro`` and other options."""
    mounted = []

    def make(mebibytes, *options):
        folder = tmp_path / f"disk{len(mounted)}"
        folder.mkdir()
        how = ",".join([f"size={int(mebibytes * 2**20)}", "mode=700", *options])
        command = ["mount", "-t", "tmpfs", "-o", how, "tmpfs", str(folder)]
        if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
            pytest.skip("only root may mount")
        mounted.append(folder)
        return folder

    yield make
    for folder in mounted:
        subprocess.run(["umount", "-l", str(folder)], check=True)
