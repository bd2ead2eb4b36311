"""A network in integers by plain Python: one image, one neuron, one synapse at a time."""

from __future__ import annotations

from collections.abc import Sequence

from brainsleep.neuromorphic import ChipLayer
from brainsleep.translation import Layer


def synapses(layer: Layer, chip: ChipLayer) -> list[list[tuple[str, int, int]]]:
    """Return for each neuron its synapses: source, neuron there, weight as an integer."""
    found: list[list[tuple[str, int, int]]] = [[] for _ in range(layer.n_out)]
    for link, weights in zip(layer.connections, chip.weights, strict=True):
        flat = [int(one) for one in weights.ravel()]
        if link.window is not None:
            for source, target, number in zip(*link.window.unrolled(), strict=True):
                weight = flat[0] if link.weight is None else flat[number]
                found[target].append((link.source, int(source), weight))
        elif link.weight is None:
            for neuron in range(layer.n_out):
                found[neuron].append((link.source, neuron, flat[0]))
        else:
            for neuron in range(layer.n_out):
                for source in range(link.n_in):
                    found[neuron].append((link.source, source, flat[neuron * link.n_in + source]))
    return found


def kept(v: int, part: int) -> int:
    """Return what a step leaves of a potential, rounded toward zero."""
    return (v * part) // 4096 if v >= 0 else -((-v * part) // 4096)


def run(
    layers: Sequence[Layer],
    chip: Sequence[ChipLayer],
    image: Sequence[float],
    n_steps: int,
    state_bits: int,
    spikes: Sequence[Sequence[bool]] | None = None,
    delay_steps: int = 0,
) -> tuple[dict[str, list[int]], list[list[int]]]:
    """Show one image; return spike counts by layer, and the outputs' potentials after each step.

    Without `spikes` of the input, the image comes as a current.
    """
    low, high = -(2 ** (state_bits - 1)), 2 ** (state_bits - 1) - 1
    pixels = [round(255 * float(x)) for x in image]
    wired = [synapses(layer, one) for layer, one in zip(layers, chip, strict=True)]
    v = {one.name: [0] * one.n_neurons for one in chip}
    counts = {one.name: [0] * one.n_neurons for one in chip if one.threshold is not None}
    before = {name: [0] * len(values) for name, values in {"input": pixels, **v}.items()}
    outputs = []
    for step in range(n_steps):
        now = {"input": [0] * len(pixels)}
        if spikes is not None:
            now["input"] = [int(one) for one in spikes[step]]
        for one, of_neuron in zip(chip, wired, strict=True):
            arriving = before if delay_steps else now
            fired = []
            for neuron, own in enumerate(of_neuron):
                potential = kept(v[one.name][neuron], one.kept)
                current = int(one.bias[neuron])
                if spikes is None and "input" in one.sources:
                    total = sum(w * pixels[k] for source, k, w in own if source == "input")
                    # the nearest integer: 255 is odd, so there are no ties
                    current += (2 * total * 2**one.exponent + 255) // 510
                    current = min(max(current, low), high)
                potential += current
                for source, k, w in own:
                    potential += arriving[source][k] * w * 2**one.exponent
                potential = min(max(potential, low), high)
                spike = one.threshold is not None and potential >= one.threshold
                if spike:
                    potential = potential - one.threshold if one.reset is None else one.reset
                    counts[one.name][neuron] += 1
                v[one.name][neuron] = potential
                fired.append(int(spike))
            now[one.name] = fired
        before = now
        outputs.append(list(v[chip[-1].name]))
    return counts, outputs
