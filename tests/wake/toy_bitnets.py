"""Binary-interaction nets that are quick to run."""

import torch

from brainsleep import wake


def small_bitnet(**changes):
    """Small, but not so small that it falls silent."""
    arguments = {"image_size": 8, "steps": 4, "seed": 1} | changes
    return wake.bitnet(0.125, 4, **arguments)


def small_images(n_images=5, seed=0):
    return torch.rand(n_images, 64, generator=torch.Generator().manual_seed(seed))
