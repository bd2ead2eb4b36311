"""Small networks and images, for the tests of networks that are awake."""

from dataclasses import replace

import numpy as np
import torch
from helpers import mlp
from torch import nn

import brainsleep as bs
from brainsleep.awake.inference_preparation import prepare_inference
from brainsleep.awake.inference_request import InferenceRequest
from brainsleep.awake.normalisation import normalise
from brainsleep.devices import Runtime

SIZES = (12, 10, 8, 5)
NUMPY = Runtime("numpy")  # slow, but nothing is compiled
DEVICES = {"cpp": "cpp", "cpp_stock": "cpp_stock", "runtime": NUMPY}


def dyadic(ann):
    """Round all parameters to 1/64, so that their sums are exact in any order."""
    for parameter in ann.parameters():
        parameter.data = torch.round(parameter.data * 64) / 64
    return ann


def network(seed=0):
    return dyadic(mlp(SIZES, bias=True, scale=1.5, seed=seed, dtype=torch.float64))


def labelled(ann, n_images=40, n_inputs=12, seed=0):
    """Return random images, with the choices of the network as their labels."""
    images = np.round(np.random.default_rng(seed).random((n_images, n_inputs)) * 64) / 64
    with torch.no_grad():
        outputs = ann.eval()(torch.tensor(images, dtype=next(ann.parameters()).dtype))
    return images, outputs.argmax(dim=1).numpy()


def run(ann, images, n_steps, coding, device="cpp", neuron=None, dtype="float64"):
    """Return spikes of each population, potentials of the output, and the normalisation."""
    translation = bs.translate(ann)
    scaled = normalise(translation, images, input_scale=coding.input_scale(n_steps))
    awake = prepare_inference(
        InferenceRequest(
            ann=ann,
            data=(images, np.zeros(len(images), dtype=int)),
            n_steps=n_steps,
            coding=coding,
            neuron=neuron or bs.IntegrateAndFire(),
            calibration_data=images,
            device=device,
            dtype=dtype,
        )
    )
    plan = replace(awake.plan, recorded=tuple(range(len(SIZES) - 1)))
    outcome = awake.device.prepare(plan).run(awake.job(images, np.arange(len(images))))
    spikes = []
    for index, (indices, steps) in sorted(outcome.spikes.items()):
        table = np.zeros((len(images) * n_steps, awake.plan.sizes[index]), dtype=bool)
        table[steps, indices] = True
        spikes.append(table)
        counts = table.reshape(len(images), n_steps, -1).sum(axis=1)
        if index in plan.tallied:
            np.testing.assert_array_equal(outcome.tallies[index], counts)
        else:
            assert not counts.any()
    return spikes, outcome.states[len(SIZES) - 1, "v"], scaled


def reference(ann, images, input_spikes, n_steps, scaled, constant):
    """Integrate and fire, image by image and step by step."""
    linear = [module for module in ann if isinstance(module, nn.Linear)]
    weights = [module.weight.detach().numpy() for module in linear]
    biases = [module.bias.detach().numpy() for module in linear]
    names = list(scaled.gains)
    spikes = [np.zeros((len(images) * n_steps, size), dtype=bool) for size in SIZES[:-1]]
    potentials = np.zeros((len(images) * n_steps, SIZES[-1]))
    spikes[0][:] = input_spikes
    for number, image in enumerate(images):
        v = [np.zeros(size) for size in SIZES[1:]]
        for step in range(number * n_steps, (number + 1) * n_steps):
            for k, name in enumerate(names):
                drive, bias = weights[k] @ spikes[k][step], biases[k]
                if k == 0 and constant:
                    bias = bias + weights[0] @ image
                v[k] += scaled.gains[name] * drive + scaled.bias_gains[name] * bias
                if k + 1 == len(names):
                    potentials[step] = v[k]
                else:
                    fired = v[k] >= 1
                    v[k][fired] -= 1
                    spikes[k + 1][step] = fired
    return spikes, potentials
