"""Kernels that nothing changes: the same as in Brian2 itself, bit for bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

import brainsleep as bs
from brainsleep.awake.inference_preparation import prepare_inference
from brainsleep.awake.inference_request import InferenceRequest
from brainsleep.awake.presenting import PreparedInference
from brainsleep.devices import CppStandalone, Runtime

SHAPE, N_IMAGES, N_STEPS = (2, 12, 9), 3, 40
#: Links of the network: convolutions with more channels than one slice has, in groups, and channel
#: by channel; link 1 pools.
SLICED, GROUPED, DEPTHWISE = 0, 2, 3


def prepared() -> PreparedInference:
    """Return a network of windows of all kinds, to which random images are to be shown."""
    torch.manual_seed(5)
    ann = nn.Sequential(
        nn.Conv2d(2, 10, (3, 2), padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(10, 10, 3, stride=(1, 2), padding=2, dilation=2, groups=2),
        nn.ReLU(),
        nn.Conv2d(10, 20, 2, groups=10),
        nn.ReLU(),
        nn.Flatten(),
        nn.LazyLinear(4),
    )
    images = np.random.default_rng(0).random((N_IMAGES, *SHAPE))
    ann(torch.tensor(images, dtype=torch.float32))
    return prepare_inference(
        InferenceRequest(
            ann=ann.eval(),
            data=(images, np.arange(N_IMAGES) % 4),
            n_steps=N_STEPS,
            coding="poisson",
            neuron=bs.IntegrateAndFire(),
            dtype="float64",
        )
    )


@pytest.mark.parametrize("lasts", [False, True], ids=["drive", "what lasts, too"])
def test_same_as_brian2_itself_bit_for_bit(lasts: bool) -> None:
    shown = prepared()
    plan = shown.plan
    what = shown.images, np.arange(len(shown.images))
    job = replace(shown.job(*what), presentation_steps=0)
    last = len(plan.sizes) - 1
    kept = [(last, "v")]
    if lasts:  # besides the drive, which is 0 before the spikes of each step
        links = list(plan.projections)
        for number in (SLICED, GROUPED, DEPTHWISE):
            rule = replace(
                links[number].synapse,
                on_pre="drive_post += w\nheard_post = 0.9*heard_post + w",
                postsynaptic_model="heard : 1",
            )
            links[number] = replace(links[number], synapse=rule)
            kept.append((links[number].target, "heard"))
        plan = replace(plan, projections=tuple(links))
    found, plain = (
        device.prepare(plan).run(replace(again, final_values=tuple(kept)))
        for device, again in (
            (CppStandalone(), job),
            (Runtime("numpy"), replace(job, input_spikes=shown.job(*what).input_spikes)),
        )
    )
    for number, (indices, steps) in plain.spikes.items():
        assert len(indices) > 50, number
        np.testing.assert_array_equal(found.spikes[number][0], indices)
        np.testing.assert_array_equal(found.spikes[number][1], steps)
    for variable, values in plain.final_values.items():
        assert values.any(), variable
        np.testing.assert_array_equal(found.final_values[variable], values, err_msg=str(variable))
