"""The C++ devices: which plans they run, and where programs come from."""

from __future__ import annotations

import hashlib
import logging
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import brian2
from brian2 import Synapses

from ...network.plan import NetworkPlan
from ...network.stock import connect_stock, unsupported_by_stock
from ...support.calls import public
from ..base import require_plan
from ..cache import cache_directory, size_limit
from ..compiler import compiler_flags, compiler_version, require_compiler
from ..dense import connect_computed, unsupported_by_computed
from ..digest import source_digest
from .building import build_program
from .engine import CppEngine
from .synapse_memory import computed_memory, stock_memory

logger = logging.getLogger("brainsleep")


@public
class CppStandalone:
    """Run nights in Brian2's C++ standalone code.

    Parameters
    ----------
    name : str
        ``"cpp"``, which needs no memory for synapses but their variables wherever it can, or
        ``"cpp_stock"``, which has Brian2's own synapses everywhere.
    """

    writes_to_disk = True
    can_be_observed = True
    records_state = True

    def __init__(self, name: Literal["cpp", "cpp_stock"] = "cpp") -> None:
        self.name: str = name

    def arguments(self) -> dict[str, object]:
        """Return the arguments that make the same device again."""
        return {"name": self.name}

    def __repr__(self) -> str:
        return f"CppStandalone({self.name!r})"

    def join(self, plan: NetworkPlan) -> Callable[..., Synapses]:
        """Return what joins the populations of a plan.

        Returns
        -------
        callable
            `connect_computed` where the device can, else `connect_stock`.
        """
        if self.name == "cpp_stock" or unsupported_by_computed(plan) is not None:
            return connect_stock
        return connect_computed

    def check(self, plan: NetworkPlan) -> None:
        """Raise, in one line, if the plan cannot run here.

        Raises
        ------
        ParameterError
            If stock synapses would be needed and cannot run the plan.
        CompilerError
            Without a C++ compiler.
        DirectoryError
            Without a folder for compiled programs.
        """
        reason = unsupported_by_stock(plan) if self.join(plan) is connect_stock else None
        if reason is not None and self.name != "cpp_stock":
            reason = f"{reason}, and {unsupported_by_computed(plan)}"
        require_plan(self.name, reason)
        require_compiler()
        cache_directory()
        size_limit()

    def memory(self, plan: NetworkPlan) -> int:
        """Estimate the memory of a night in bytes: that of its synapses."""
        memory = stock_memory if self.join(plan) is connect_stock else computed_memory
        return sum(memory(plan, link) for link in plan.projections)

    def prepare(self, plan: NetworkPlan, progress: bool = False) -> CppEngine:
        """Find the plan's program in the cache, or compile it.

        Parameters
        ----------
        plan : NetworkPlan
            What to run.
        progress : bool
            Whether to show a progress bar while compiling.

        Raises
        ------
        CompilerError
            If the generated code does not compile.
        DirectoryError
            If the cache is full or cannot be written.
        """
        join = self.join(plan)
        if join is connect_stock and self.name != "cpp_stock":
            reason = unsupported_by_computed(plan)
            logger.info("device 'cpp' uses Brian2's stock synapses: %s", reason)

        def build(directory: Path) -> None:
            build_program(plan, directory, join)

        return CppEngine.obtained(
            plan,
            self._key(plan),
            build,
            describe(plan, "cpp_stock" if join is connect_stock else "cpp"),
            computed=join is connect_computed,
            progress=progress,
        )

    def _key(self, plan: NetworkPlan) -> str:
        """Return a name that differs whenever the program could."""
        command = require_compiler()
        parts = [
            plan.key(),
            source_digest(),
            brian2.__version__,
            command,
            compiler_version(command),
            platform.machine() + _processor(),  # -march=native
            " ".join(platform.libc_ver()),  # a home folder may be shared by unlike machines
            *compiler_flags(plan.dtype),
            self.join(plan).__name__,
        ]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def describe(plan: NetworkPlan, device: str) -> dict[str, str]:
    """Say in a few words what a program is, for ``brainsleep cache list``.

    Parameters
    ----------
    plan : NetworkPlan
        What the program runs.
    device : str
        Name of the device.
    """
    return {
        "network": "-".join(map(str, plan.sizes)),
        "neuron": plan.labels.neuron,
        "plasticity": plan.labels.plasticity,
        "dtype": plan.dtype,
        "device": device,
    }


def _processor() -> str:
    """Return the instruction sets of this processor, as far as the system tells."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith(("flags", "Features")):
                return line
    return platform.processor()
