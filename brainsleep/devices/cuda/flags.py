"""Flags of nvcc."""

from __future__ import annotations

import os
import shlex

#: float64 is the exact mode: no fused multiply-add. Functions are not approximated in either: a
#: night spends its time on memory, and a neuron's decay is one number that all steps share.
FLAGS = {"float64": ["-fmad=false"], "float32": []}

#: Streams of its own, not the one that waits for all others: only those can make graphs.
STREAMS = ["-default-stream", "per-thread"]


def compiler_flags(dtype: str, capability: str) -> list[str]:
    """Return nvcc's flags; those in ``BRAINSLEEP_NVCCFLAGS`` come last, and win.

    Brian2CUDA asks for C++11, which the Thrust of CUDA 13 refuses.

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
