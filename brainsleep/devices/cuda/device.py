"""The CUDA device: which plans it takes, where programs come from, and how one is launched."""

from __future__ import annotations

import hashlib
import platform
from dataclasses import dataclass
from pathlib import Path

from ...errors import ParameterError
from ...network.plan import NetworkPlan
from ...support.calls import public
from ...support.names import text
from ..base import Job, Outcome, require_plan
from ..cache import cache_directory, size_limit
from ..compiler import compiler_version, require_compiler
from ..cpp.cpp_standalone import describe
from ..cpp.engine import CppEngine
from ..digest import source_digest
from .coverage import bytes_on_gpu, unsupported_by_cuda
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


@public
class Cuda:
    """Run nights on an NVIDIA GPU, in code that Brian2CUDA generates.

    Tested on an NVIDIA H200 against the C++ device (``pytest -m gpu``): in float64 the same spikes,
    and weights to 1e-12.

    In a feed-forward network layers take turns in blocks of steps, as in C++; each neuron has a
    block of threads, and its weights stay in shared memory meanwhile. Networks in which spikes flow
    back, and some others, go step by step (`docs/how_to/cuda.md`). All-to-all and one-to-one
    projections need no memory but their variables, as on the CPU, and give the same night each
    time, to the last digit. Other projections (pooling, convolutions that are frozen, drawn pairs,
    rules that sum weights) are Brian2CUDA's stock synapses: there the weights of spikes that arrive
    in one step are added in no fixed order, so that two runs may differ in their last digits, and
    therefore, in single precision above all, in spikes.

    As in C++, weights, parameters, input spikes and duration go in when the program is launched,
    so one program serves every night on the same plan; programs are kept in the cache. Not
    covered are models that draw random numbers, convolutions that learn,
    ``max_pooling="most_active"``, layers of which only some neurons may spike at a time, signals of
    neuron models, nights written to disk as they run, recorded state, and images presented one
    after the other.

    Parameters
    ----------
    compute_capability : str, optional
        What to compile for, as ``"9.0"``; the first GPU's unless given. ``CUDA_VISIBLE_DEVICES``
        chooses the GPU.

    Raises
    ------
    ParameterError
        If `compute_capability` is not of this form, or is too old for Brian2CUDA.
    """

    name = "cuda"
    writes_to_disk = False
    records_state = False

    def __init__(self, compute_capability: str | None = None) -> None:
        self.compute_capability = compute_capability
        if compute_capability is not None:
            checked_capability(text(compute_capability, "compute_capability"))

    def arguments(self) -> dict[str, object]:
        """Return the arguments that make the same device again."""
        return {"compute_capability": self.compute_capability}

    def check(self, plan: NetworkPlan) -> None:
        """Raise, in one line, if anything is missing or the plan cannot run.

        Raises
        ------
        MissingPackageError
            Without Brian2CUDA, or with another Brian2.
        CompilerError
            Without nvcc or cuRAND.
        ParameterError
            With too old a Python, or without a GPU; and for plans that this device does not
            cover.
        """
        require_packages()
        require_toolkit()
        require_compiler()
        require_gpu()
        require_plan(self.name, unsupported_by_cuda(plan))
        cache_directory()
        size_limit()

    def memory(self, plan: NetworkPlan) -> int:
        """Estimate the memory of a night in bytes, on the GPU."""
        return bytes_on_gpu(plan)

    def prepare(self, plan: NetworkPlan, progress: bool = False) -> CudaEngine:
        """Find the plan's program in the cache, or generate and compile it.

        Parameters
        ----------
        plan : NetworkPlan
            What to run.
        progress : bool
            Whether to show a progress bar while compiling.

        Raises
        ------
        MissingPackageError, CompilerError, DirectoryError
            If Brian2CUDA or nvcc is missing, nvcc fails, or the cache cannot be written.
        """
        require_packages()
        toolkit = require_toolkit()
        capability = self.compute_capability or detected_capability()

        def build(directory: Path) -> None:
            from .program import build_program

            build_program(plan, directory, toolkit, capability)

        return CudaEngine.obtained(
            plan,
            self._key(plan, capability),
            build,
            describe(plan, f"cuda {capability}"),
            computed=False,
            progress=progress,
        )

    def _key(self, plan: NetworkPlan, capability: str) -> str:
        """Return a name that differs whenever the program could."""
        toolkit, command = require_toolkit(), require_compiler()
        parts = [
            plan.key(),
            source_digest(with_cuda=True),
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
            For jobs that are written to disk as they run, or consist of presentations.
        NightError
            If the program does not finish, as without a GPU.
        """
        if job.folder is not None:
            raise ParameterError(
                "device 'cuda' cannot write a night to disk as it runs; use 'cpp'."
            )
        if not job.sampling.is_whole:
            raise ParameterError("device 'cuda' records no state; use 'cpp'.")
        if job.presentation_steps > 0:
            raise ParameterError("device 'cuda' runs no presentations; use 'cpp'.")
        return super().run(job, progress, description)

    def environment(self, job: Job) -> dict[str, str]:
        """Return the program's environment; GPUs are numbered as nvidia-smi numbers them."""
        return {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"} | super().environment(job)
