"""Ways to run a night on a GPU: this package, and PyTorch's loops; and two on the CPU beside it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from gpu_loops import DenseLoop, FixedSparseLoop, Loop, SparseLoop, run_as_graphs, run_eagerly
from night_methods import INTERCHANGED_ORDERS, run_brainsleep
from problem import Problem, Result, run_kernel

PACKAGE = "brainsleep cuda"
ON_CPU, KERNEL = "brainsleep cpp, on the CPU", "C++ written by hand, on the CPU"
#: From this size on, neither the package on the CPU nor loops that are launched step by step: they
#: take minutes, and were far behind at smaller sizes.
LARGE = 8000

Method = Callable[..., Result]


def torch_methods(capacity: int, device: str) -> dict[str, Method]:
    """Return all PyTorch loops, launched eagerly and as graphs; on a CPU there are no graphs."""

    def eagerly(make: type[Loop], **options: int) -> Method:
        return lambda night: run_eagerly(make, night, device, **options)

    def as_graphs(make: type[Loop], **options: int) -> Method:
        return lambda night: run_as_graphs(make, night, device, **options)

    methods = {"PyTorch dense": eagerly(DenseLoop), "PyTorch dense, graphs": as_graphs(DenseLoop)}
    for how, gather in (("columns", True), ("product", False)):
        name = f"PyTorch row-sparse, {how}"
        methods[name] = eagerly(SparseLoop, gather=gather)
        methods[f"{name}, graphs"] = as_graphs(FixedSparseLoop, gather=gather, capacity=capacity)
    if device == "cpu":
        return {name: method for name, method in methods.items() if "graphs" not in name}
    return methods


def all_methods(problem: Problem, program: Path, capacity: int, device: str) -> dict[str, Method]:
    """Return all methods for a size: the package and PyTorch on the GPU, and two on the CPU."""
    import brainsleep as bs

    own = bs.devices.Cuda() if device == "cuda" else "cpp"
    methods: dict[str, Method] = {
        PACKAGE: lambda night: run_brainsleep(night, own),
        **torch_methods(capacity, device),
        ON_CPU: lambda night: run_brainsleep(night, "cpp"),
        KERNEL: partial(run_kernel, program, order=INTERCHANGED_ORDERS[0]),
    }
    if problem.sizes[1] < LARGE:
        return methods
    return {name: each for name, each in methods.items() if is_fast(name) or name == KERNEL}


def is_fast(method: str) -> bool:
    """Tell whether a method runs whole nights, and networks of all sizes."""
    return method == PACKAGE or method.endswith("graphs")
