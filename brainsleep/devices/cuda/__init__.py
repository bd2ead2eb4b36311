"""CUDA: a plan becomes a program for NVIDIA GPUs, through Brian2CUDA; see :class:`Cuda`.

`device` decides which plans it runs (`coverage`) and what must be installed (`toolkit`, `flags`);
`program` generates and compiles one (`project`, `dense`, `sources`). Brian2CUDA is imported only
when a program is built.
"""

from .device import Cuda

__all__ = ["Cuda"]
