"""The CUDA device: which plans it takes, where programs come from, and how one is launched."""

from __future__ import annotations

import hashlib
import platform
import re
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import ParameterError
from ...groups import connect_stock, why_not_stock
from ...plan import NetworkPlan
from ...progress import progress_bar
from ..base import Job, Outcome, require_plan
from ..cache import cache_directory, obtain, size_limit
from ..compiler import compiler_version, require_compiler
from ..cpp import CppEngine, _describe, _generator_digest, _read_manifest
from .flags import compiler_flags
from .toolkit import (
    BRIAN2,
    BRIAN2CUDA,
    checked_capability,
    detected_capability,
    require_gpu,
    require_packages,
    require_toolkit,
)

#: What draws random numbers in equations.
RANDOM = re.compile(r"\b(rand|randn|poisson|binomial)\(|\bxi\b")

#: What lets synapses set a neuron's variable, rather than add to it.
OVERWRITES = re.compile(r"\w_(pre|post)\s*=(?!=)")


class Cuda:
    """Run nights on an NVIDIA GPU, in code that Brian2CUDA generates.

    **Never run on a GPU so far.** Programs are generated, and compiled for compute capabilities
    8.0 and 9.0; and the same code, compiled for a CPU where one thread of a kernel follows the
    other, gives the nights of the runtime device. How a GPU runs it, nobody has seen. So
    ``device="cuda"`` asks you to say that you know:
    ``bs.sleep(..., device=bs.devices.Cuda(unverified=True))``. ``pytest -m gpu`` holds it against
    the C++ device.

    Stock Brian2CUDA with these changes: one translation unit instead of some fifty; weights,
    parameters, input spikes and duration go in when the program is launched, so one program
    serves every night on the same plan, and programs are kept in the cache; input spikes are
    those of all other devices; recorded spikes are written while the program runs, and sorted.
    Weights of spikes that arrive in one step are added in no fixed order: two runs may differ in
    their last digits, and so, in single precision above all, in spikes. Not covered are models
    that draw random numbers, convolutions that learn, ``max_pooling="most_active"``, nights
    written to disk as they run, and images presented one after the other.

    Parameters
    ----------
    compute_capability : str, optional
        To compile for, as ``"9.0"``; the first GPU's unless given. ``CUDA_VISIBLE_DEVICES``
        chooses the GPU.
    unverified : bool
        Run although this was never tried on a GPU.

    Raises
    ------
    ParameterError
        If the compute capability is none.
    """

    name = "cuda"
    writes_to_disk = False

    def __init__(self, compute_capability: str | None = None, unverified: bool = False) -> None:
        self.compute_capability = compute_capability
        if compute_capability is not None:
            checked_capability(compute_capability)
        self.unverified = unverified

    def check(self, plan: NetworkPlan) -> None:
        """Raise, in one line, if anything is missing or the plan cannot run.

        Raises
        ------
        MissingPackageError
            Without Brian2CUDA, or with another Brian2.
        CompilerError
            Without nvcc or cuRAND.
        ParameterError
            With too old a Python, or without a GPU; for plans that this device does not cover; and
            unless `unverified`.
        """
        require_packages()
        require_toolkit()
        require_compiler()
        require_gpu()
        require_plan(self.name, why_not_cuda(plan))
        if not self.unverified:
            raise ParameterError(
                "device 'cuda' compiles but was never run on a GPU by its authors; if `pytest -m "
                "gpu` passes here, pass device=bs.devices.Cuda(unverified=True), else use 'cpp'."
            )
        cache_directory()
        size_limit()

    def memory(self, plan: NetworkPlan) -> int:
        """Estimate the memory of a night in bytes, on the GPU."""
        # weight, indices of pre and post, the synapses of each neuron for two pathways
        return plan.n_synapses * (np.dtype(plan.dtype).itemsize + 4 * 4)

    def prepare(self, plan: NetworkPlan, progress: bool = False) -> CudaEngine:
        """Find the plan's program in the cache, or generate and compile it."""
        started = time.perf_counter()
        require_packages()
        toolkit = require_toolkit()
        capability = self.compute_capability or detected_capability()

        def build(directory: Path) -> None:
            from .program import build_program  # imports Brian2CUDA

            with progress_bar(1, "compile", progress, unit="program") as bar:
                build_program(plan, directory, toolkit, capability)
                bar.update(1)

        description = _describe(plan, connect_stock) | {"device": f"cuda {capability}"}
        found = obtain(self._key(plan, capability), build, _read_manifest, description)
        return CudaEngine(
            plan,
            found.program.directory,
            found.contents,
            found.cached,
            time.perf_counter() - started,
            found.program,
            computed=False,
        )

    def _key(self, plan: NetworkPlan, capability: str) -> str:
        """Return a name that differs whenever the program could."""
        toolkit, command = require_toolkit(), require_compiler()
        parts = [
            plan.key(),
            _generator_digest(),
            f"brian2 {BRIAN2}, brian2cuda {BRIAN2CUDA}",
            f"{toolkit.nvcc} {toolkit.version} {toolkit.curand_library}",
            compiler_version(command),
            platform.machine() + " ".join(platform.libc_ver()),
            *compiler_flags(plan.dtype, capability),
        ]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


@dataclass
class CudaEngine(CppEngine):
    """A compiled CUDA program and what is needed to launch it."""

    def run(self, job: Job, progress: bool = False, description: str = "sleep") -> Outcome:
        """Launch the program once.

        Raises
        ------
        ParameterError
            For jobs that are written to disk as they run, or go in presentations.
        NightError
            If the program does not finish: without a GPU, say.
        """
        if job.folder is not None:
            raise ParameterError("device 'cuda' cannot write a night to disk as it runs.")
        if job.presentation_steps > 0:
            raise ParameterError("device 'cuda' runs no presentations; use 'cpp'.")
        return super().run(job, progress, description)


def why_not_cuda(plan: NetworkPlan) -> str | None:
    """Say why a plan is not for this device, or None if it is.

    It covers what stock synapses do, unless random numbers are drawn or the outcome depends on the
    order in which synapses act: on a GPU there is none.
    """
    if RANDOM.search(repr((plan.neurons, plan.projections))) is not None:
        return "it draws random numbers"
    for link in plan.projections:
        for statement in link.synapse.statements:
            if OVERWRITES.search(statement) is not None:
                return "synapses overwrite a variable of neurons, in no fixed order on a GPU"
    return why_not_stock(plan)
