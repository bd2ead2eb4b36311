"""Generate and compile a plan's CUDA program. Imports Brian2CUDA."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from brian2 import BrianObject, NeuronGroup

from ...network.build import build_network
from ...network.plan import NetworkPlan
from ..cpp.building import run_from_rest
from ..cpp.manifest import Manifest
from ..isolation import isolated_brian2, standalone_preferences
from .block_description import LoopDescription
from .coverage import reason_for_steps
from .dense import connect_on_gpu, goes_in_graphs, list_in_order
from .flags import compiler_flags
from .gpu_blocks import connect_in_blocks, use_functions
from .project import CudaProject
from .toolkit import Toolkit

gputools: Any = import_module("brian2cuda.utils.gputools")


def build_program(plan: NetworkPlan, directory: Path, toolkit: Toolkit, capability: str) -> None:
    """Generate and compile a plan's program, and write its manifest.

    Parameters
    ----------
    plan : NetworkPlan
        A plan that `unsupported_by_cuda` does not object to.
    directory : Path
        Empty folder for ``main`` and ``manifest.json``.
    toolkit : Toolkit
        The compiler.
    capability : str
        Compute capability to compile for, as ``"9.0"``.

    Raises
    ------
    CompilerError
        If nvcc fails.
    """
    project = CudaProject(plan, toolkit, compiler_flags(plan.dtype, capability))
    with isolated_brian2(project, _preferences(plan, toolkit, capability)), _quiet():
        manifest = _generate(plan, project, directory)
    project.compile_source(str(directory))  # outside, so that threads compile at the same time
    manifest.write(directory)


def _generate(plan: NetworkPlan, project: CudaProject, directory: Path) -> Manifest:
    """Build the network, and write its code."""
    in_blocks = reason_for_steps(plan) is None
    join = connect_in_blocks if in_blocks else connect_on_gpu
    built = build_network(plan, _no_feed, join, record=_no_record, count=_no_record)
    project.populations = built.populations
    if in_blocks:
        use_functions(built)
        project.loop_description = LoopDescription(plan, built, project)
    else:
        list_in_order(built)
    project.insert_code("before_start", "brainsleep::be_quiet();")
    project.apply_run_args()
    run_from_rest(built, plan)
    project.goes_in_graphs = goes_in_graphs(built)
    project.build(directory=str(directory), compile=False, run=False)
    return Manifest.of(project, built, plan)


def _no_feed(group: NeuronGroup, signals: dict[str, list[NeuronGroup]]) -> list[BrianObject]:
    """Make nothing for the input: code of our own takes it in."""
    return []


def _no_record(group: NeuronGroup, what: int | str) -> BrianObject:
    """Make what stands for a record in the network; code of our own keeps it."""
    return BrianObject(clock=group.clock, when="end", name=f"record_{group.name}_{what}")


def _preferences(plan: NetworkPlan, toolkit: Toolkit, capability: str) -> dict[str, object]:
    """Return the preferences that code generation reads; nothing is detected, and nothing run."""
    backend = "devices.cuda_standalone.cuda_backend."
    return {
        **standalone_preferences(plan.dtype),
        backend + "detect_gpus": False,
        backend + "detect_cuda": False,
        backend + "gpu_id": 0,
        backend + "compute_capability": float(capability),
        backend + "cuda_runtime_version": float(toolkit.version),
    }


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence what Brian2CUDA logs, and let it forget the GPU that it used last."""
    logger, selection = logging.getLogger("brian2.brian2cuda"), dict(gputools._gpu_selection)
    level = logger.level
    try:
        logger.setLevel(logging.WARNING)
        gputools.reset_gpu_selection()
        yield
    finally:
        logger.setLevel(level)
        gputools.restore_gpu_selection(selection)
