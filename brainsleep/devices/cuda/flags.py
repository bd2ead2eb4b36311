"""Flags of nvcc."""

from __future__ import annotations

import os
import shlex

#: float64 is the exact mode: no fused multiply-add. Functions are approximated in neither mode: a
#: night spends its time on memory, and the decay of a neuron is computed once for all steps.
FLAGS: dict[str, list[str]] = {"float64": ["-fmad=false"], "float32": []}

#: One stream per thread instead of the default one, which cannot make graphs.
STREAMS = ["-default-stream", "per-thread"]


def compiler_flags(dtype: str, capability: str) -> list[str]:
    """Return nvcc's flags; those in ``BRAINSLEEP_NVCCFLAGS`` come last, and win.

    C++17, as the Thrust of CUDA 13 refuses C++11, which Brian2CUDA would ask for.

    Parameters
    ----------
    dtype : str
        ``"float32"`` or ``"float64"``.
    capability : str
        Compute capability, as ``"9.0"``.
    """
    architecture = f"-arch=sm_{capability.replace('.', '')}"
    given = shlex.split(os.environ.get("BRAINSLEEP_NVCCFLAGS", ""))
    return ["-O3", "-std=c++17", "-w", "-rdc=true", *STREAMS, architecture, *FLAGS[dtype], *given]
