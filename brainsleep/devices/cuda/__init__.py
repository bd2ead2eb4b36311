"""CUDA: a plan becomes a program for NVIDIA GPUs, through Brian2CUDA; see :class:`Cuda`.

`device` decides which plans it runs (`coverage`) and what must be installed (`toolkit`, `flags`);
`program` generates and compiles one (`project`, `sources`). Its synapses are those of `dense`, step
by step, or of `gpu_blocks`, in blocks of steps (`block_description`). Brian2CUDA is imported only
when a program is built.
"""

from .device import Cuda

__all__ = ["Cuda"]
