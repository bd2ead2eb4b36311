"""The memory of a GPU: how fast it is, and what a step of a night has to move."""

from __future__ import annotations

import time

import torch

#: Bytes of a copy that measures bandwidth, far more than any cache, and number of copies.
COPY_BYTES, COPIES = {"cuda": 2**31, "cpu": 2**27}, 20
#: The smallest amount that a GPU reads from its memory.
SECTOR_BYTES = 32


def bandwidth(device: str) -> float:
    """Measure the memory of a device: bytes read and written per second in a large copy."""
    one = torch.zeros(COPY_BYTES[device], dtype=torch.uint8, device=device)
    other = torch.empty_like(one)
    other.copy_(one)
    wait = torch.cuda.synchronize if device == "cuda" else lambda: None
    wait()
    started = time.perf_counter()
    for _ in range(COPIES):
        other.copy_(one)
    wait()
    return 2 * COPIES * len(one) / (time.perf_counter() - started)


def cache_bytes() -> int:
    """Return the size of the largest cache of the GPU in bytes."""
    return torch.cuda.get_device_properties(0).L2_cache_size


def bytes_per_step(sizes: tuple[int, ...], spikes: list[float]) -> float:
    """Return what an event-driven step has to move between the GPU and its memory.

    A spike of an input reads one number of each row, and with it a whole sector, but no row more
    than once. A neuron's own spike reads and writes its row.
    """
    total = 0.0
    for n_pre, n_post, pre, post in zip(sizes, sizes[1:], spikes, spikes[1:], strict=False):
        total += n_post * min(SECTOR_BYTES * pre, 4 * n_pre) + 8 * post * n_pre
    return total
