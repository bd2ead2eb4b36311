"""Flags of nvcc."""

from __future__ import annotations

import os
import shlex

#: float64 is the exact mode: no fused multiply-add. In float32, quotients may be off by two units
#: in the last place: exact division has a branch for denormal numbers, at which a loop over
#: synapses waits for each of its loads. Functions such as exp are approximated in neither mode.
FLAGS: dict[str, list[str]] = {"float64": ["-fmad=false"], "float32": ["-prec-div=false"]}

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
