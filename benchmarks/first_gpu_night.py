"""One night on a GPU, in a line per fact: how it was built, how long it took, whether C++ agrees.

python benchmarks/first_gpu_night.py [--versions] [--dry-run]
"""

from __future__ import annotations

import argparse
import platform
import shutil
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

import numpy as np
from night_methods import sleep
from problem import make_problem

PACKAGES = ("brian2", "brian2cuda", "cython", "numpy", "torch", "pytest", "scipy")
#: Hidden neurons and steps: on a GPU, and in a dry run.
NIGHT, DRY_NIGHT = (1200, 2000), (60, 100)


def version(package: str) -> str:
    """Return a package's version, or say that it is missing."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def print_versions(dry_run: bool) -> None:
    """Print what a report needs, and end if something that every step needs is missing."""
    import torch

    from brainsleep.devices.cuda import toolkit

    print(f"Python {platform.python_version()} on {platform.machine()}")
    print(", ".join(f"{package} {version(package)}" for package in PACKAGES))
    toolkit.require_packages()
    found = toolkit.require_toolkit()
    print(f"nvcc {found.version} at {found.nvcc}, cuRAND {found.curand_library}")
    compiler = subprocess.check_output([shutil.which("g++") or "c++", "--version"], text=True)
    print(compiler.splitlines()[0])
    if dry_run:
        print("a dry run: no GPU is looked for")
        return
    toolkit.require_gpu()
    print(f"{toolkit.gpu_names()[0]}, compute capability {toolkit.detected_capability()}")
    print(f"CUDA in PyTorch: {torch.version.cuda}, sees {torch.cuda.get_device_name()}")


def emulated() -> object:
    """Return a device whose programs are compiled for the CPU, as the tests do."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    from cuda_on_cpu import compile_for_cpu

    from brainsleep.devices import Cuda
    from brainsleep.devices.cuda import device, project

    device.require_gpu = lambda: None
    project.compile_unit = lambda directory, _, flags: compile_for_cpu(directory)
    return Cuda("9.0")


def print_night(dry_run: bool) -> int:
    """Run the night twice on the device and once in C++, and return the exit status."""
    import brainsleep as bs

    device = emulated() if dry_run else bs.devices.Cuda()
    n_hidden, n_steps = DRY_NIGHT if dry_run else NIGHT
    problem = make_problem(n_hidden, n_steps, hidden_rate=0.05 * n_hidden)
    nights = {}
    for name, where in (("cold", device), ("warm", device), ("cpp", "cpp")):
        started = time.perf_counter()
        nights[name] = sleep(problem, where, "all", dtype="float64")
        seconds = time.perf_counter() - started
        counts = [len(train) for train in nights[name].spikes.values()]
        loop = 1e3 * nights[name].timings["run"] / n_steps
        print(f"{name}: {seconds:.1f} s in all, {loop:.4f} ms per step, spikes {counts}")
    one, other = nights["warm"], nights["cpp"]
    same = all(
        np.array_equal(one.spikes[name].t, other.spikes[name].t)
        and np.array_equal(one.spikes[name].i, other.spikes[name].i)
        for name in one.spikes
    )
    difference = max(
        float(np.abs(values - other.weights_after[name]).max())
        for name, values in one.weights_after.items()
    )
    print(f"same spikes as C++: {same}; largest difference of a weight: {difference:.1e}")
    return 0 if same and difference < 1e-12 else 1


def main() -> int:
    """Read the options, and do as they say."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--versions", action="store_true", help="print versions and nothing else")
    parser.add_argument("--dry-run", action="store_true", help="without a GPU, on the CPU")
    options = parser.parse_args()
    if options.versions:
        print_versions(options.dry_run)
        return 0
    return print_night(options.dry_run)


if __name__ == "__main__":
    sys.exit(main())
