"""CUDA: a plan becomes a program for NVIDIA GPUs, through Brian2CUDA; see :class:`Cuda`.

Brian2CUDA is imported only when a program is built.
"""

from .device import Cuda

__all__ = ["Cuda"]
