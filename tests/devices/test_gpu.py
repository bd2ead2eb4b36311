"""Nights on a GPU, compared with the NumPy loop and the C++ device."""

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from cuda_nights import (
    NIGHTS,
    RULE,
    SINGLE_PRECISION,
    SIZES,
    check_against,
    check_nights_of_one_program,
    check_single_precision,
    needs_brian2cuda,
    needs_gpu,
    needs_nvcc,
    sleep,
)
from helpers import assert_same_nights, mlp, random_spikes, raster
from numpy_night import FACTORS
from test_devices import PLAN, job

import brainsleep as bs
from brainsleep.devices import Cuda
from brainsleep.devices.cuda import toolkit

pytestmark = [pytest.mark.gpu, needs_brian2cuda, needs_nvcc, needs_gpu]

DEVICE = Cuda()
#: A network whose sums are long enough for their order to matter in single precision.
WIDE = (784, 1200, 1200, 10)


def used_memory():
    """MiB in use on the GPU that the tests run on."""
    query = ["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits"]
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0]
    return int(subprocess.check_output([*query, f"--id={chosen}"], text=True).split()[0])


def test_nights_of_one_program(empty_cache):
    check_nights_of_one_program(DEVICE)


@pytest.mark.parametrize("factor", FACTORS)
def test_same_as_cpp(factor):
    ann, spikes = mlp((784, 60, 40, 10)), random_spikes(400, 784, 0.05)
    plasticity = bs.SRC(2e-3, 5e-4, weight_factor=factor)
    one, other = (sleep(ann, spikes, device, plasticity=plasticity) for device in (DEVICE, "cpp"))
    assert_same_nights(one, other, tolerance=1e-12)


@pytest.mark.parametrize("case", NIGHTS)
def test_other_models_same_as_cpp(case):
    check_against(DEVICE, "cpp", case)


@pytest.mark.parametrize("case", SINGLE_PRECISION)
def test_single_precision_same_as_cpp(case):
    check_single_precision(DEVICE, case)


def test_drawn_stimuli_are_those_of_cpp():
    ann = mlp(WIDE, scale=2.0)
    one, other = (
        sleep(ann, np.full(784, 0.02), device, dtype="float32", duration=200, seed=4)
        for device in (DEVICE, "cpp")
    )
    np.testing.assert_array_equal(raster(one, "input"), raster(other, "input"))
    assert len(one.spikes["0"]) == pytest.approx(len(other.spikes["0"]), rel=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("plasticity", [RULE, bs.STDP()])
def test_a_hundred_nights_are_one_night(plasticity):
    ann, spikes = mlp(WIDE, scale=2.0), random_spikes(300, 784, 0.02)
    first, *others = (
        sleep(ann, spikes, DEVICE, plasticity=plasticity, dtype="float32") for _ in range(100)
    )
    assert len(first.spikes["0"]) > 1000
    for night in others:
        assert_same_nights(night, first, tolerance=0)


@pytest.mark.slow
def test_memory_does_not_grow_over_two_hundred_nights():
    engine = DEVICE.prepare(PLAN)
    engine.run(job())
    before = used_memory()
    for _ in range(200):
        engine.run(job())
    assert used_memory() <= before + 16  # MiB; others may use the GPU, too


def sanitizer():
    """CUDA's checker of memory and races, or None."""
    beside = Path(toolkit.find_nvcc() or "nvcc").parent / "compute-sanitizer"
    return shutil.which("compute-sanitizer") or (str(beside) if beside.exists() else None)


class Checked(Cuda):
    """Launches programs through a checker."""

    def __init__(self, folder, tool):
        super().__init__()
        self.folder, self.tool = folder, tool

    def prepare(self, plan, progress=False):
        engine = super().prepare(plan, progress)
        wrapper = self.folder / "main"
        options = f"--tool {self.tool} --error-exitcode 9 --log-file '{self.folder}/log'"
        command = f"'{sanitizer()}' {options} '{engine.directory}/main' \"$@\" && exit 0"
        command += f"\ntail -n 40 '{self.folder}/log' >&2; exit 9"  # so that the failure says why
        wrapper.write_text(f"#!/bin/sh\n{command}\n")
        wrapper.chmod(0o755)
        return replace(engine, directory=self.folder)


@pytest.mark.slow
@pytest.mark.parametrize("tool", ["memcheck", "racecheck", "initcheck", "synccheck"])
@pytest.mark.parametrize("rule", [RULE, bs.STDP()])
def test_compute_sanitizer_finds_nothing(tmp_path, tool, rule):
    if sanitizer() is None:
        pytest.skip("there is no compute-sanitizer")
    spikes = random_spikes(150, 30, 0.2)
    night = sleep(mlp(SIZES), spikes, Checked(tmp_path, tool), plasticity=rule)
    nothing = "RACECHECK SUMMARY: 0 hazards" if tool == "racecheck" else "ERROR SUMMARY: 0 errors"
    assert nothing in (tmp_path / "log").read_text()
    assert all(len(train) > 0 for train in night.spikes.values())
