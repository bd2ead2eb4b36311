"""NIR graphs that cannot sleep: refused by the name of the node, with the reason."""

from __future__ import annotations

import warnings

import nir
import numpy as np
import pytest
from brian2 import ms
from nir_euler import chain, graph_of, lif

import brainsleep as bs
from brainsleep.errors import TranslationError

ONES = np.ones((3, 2))
W, V = nir.Linear(ONES), nir.Linear(np.ones((3, 3)))
IN, OUT = nir.Input(np.array([2])), nir.Output(np.array([3]))
PAIR = np.array([2, 2])
POOL = nir.SumPool2d(PAIR, PAIR, 0 * PAIR)


def square(weight, **changes) -> nir.Conv2d:
    options = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, "bias": np.zeros(len(weight))}
    return nir.Conv2d(input_shape=None, weight=weight, **(options | changes))


def on_images(*nodes, shape=(1, 6, 6)) -> nir.NIRGraph:
    return chain(nir.Input(np.array(shape)), *nodes, nir.Output(np.array([1])), type_check=False)


def cuba() -> nir.CubaLIF:
    return nir.CubaLIF(*(np.full(3, value) for value in (5e-3, 1e-2, 1.0, 0.0, 1.0)))


KERNEL = np.ones((2, 1, 3, 3))
UNEVEN = np.linspace(1, 2, 32).reshape(2, 4, 4)

REFUSED = {
    "two weights": (lambda: chain(W, V, lif()), "'linear_1'.*no neurons"),
    "no neurons": (lambda: chain(W), "no neurons"),
    "readout alone": (lambda: chain(W, nir.LI(*[np.ones(3)] * 3)), "no neurons"),
    "no weights": (lambda: chain(W, lif(), lif()), "'lif_1'.*no weights before"),
    "neurons at the input": (lambda: chain(lif()), "'lif'.*no weights before"),
    "Scale alone": (lambda: chain(W, lif(), nir.Scale(np.ones(3)), lif()), "'lif_1'.*no weights"),
    "readout in the middle": (
        lambda: chain(W, nir.LI(*[np.ones(3)] * 3), V, lif()),
        "'li'.*only come last",
    ),
    "CubaLIF": (lambda: chain(W, cuba()), "'cubalif'.*synaptic current"),
    "tau by neuron": (lambda: chain(W, lif(tau=[0.01, 0.02, 0.03])), "'lif'.*tau differs"),
    "tau of 0": (lambda: chain(W, lif(tau=0.0)), "'lif'.*tau must be above 0"),
    "tau below 0": (lambda: chain(W, lif(tau=-0.02)), "'lif'.*tau must be above 0"),
    "tau NaN": (lambda: chain(W, lif(tau=np.nan)), "'lif'.*tau has values that are NaN"),
    "tau infinite": (
        lambda: chain(W, lif(tau=np.inf)),
        "'lif'.*tau has values that are NaN or inf",
    ),
    "tau below dt": (lambda: chain(W, lif(tau=1e-4)), "'lif'.*shorter than dt"),
    "r below 0": (lambda: chain(W, lif(r=-1.0)), "'lif'.*r must be at least 0"),
    "threshold below 0": (lambda: chain(W, lif(v_threshold=-0.5)), "'lif'.*v_threshold must be"),
    "threshold below rest": (lambda: chain(W, lif(v_leak=0.7, v_reset=0.7)), "from v_leak"),
    "threshold of 0 for some": (lambda: chain(W, lif(v_threshold=[0.0, 1, 1])), "0 for some"),
    "reset at the threshold": (lambda: chain(W, lif(v_reset=0.5)), "'lif'.*must be below"),
    "reset by neuron": (lambda: chain(W, lif(v_reset=[0.0, -0.1, -0.2])), "'lif'.*v_reset differs"),
    "leak unlike reset, by neuron": (
        lambda: chain(W, lif(v_leak=[0.0, 0.1, 0.2])),
        "v_reset differs",
    ),
    "text for numbers": (
        lambda: chain(W, nir.Threshold(np.array(["a", "b", "c"]))),
        "'threshold'.*must be numbers",
    ),
    "weights NaN": (lambda: chain(nir.Linear(np.full((3, 2), np.nan)), lif()), "'linear'.*NaN"),
    "bias infinite": (lambda: chain(nir.Affine(ONES, np.full(3, np.inf)), lif()), "'affine'.*bias"),
    "bias of another size": (
        lambda: chain(nir.Affine(ONES, np.ones(4)), lif()),
        "'affine'.*bias has 4",
    ),
    "weights of 3 dimensions": (
        lambda: graph_of(
            {"i": IN, "w": nir.Linear(np.ones((2, 3, 2))), "n": lif(), "o": OUT},
            "i w",
            "w n",
            "n o",
        ),
        "'w'.*n_out, n_in",
    ),
    "no weights in the weights": (
        lambda: graph_of(
            {"i": IN, "w": nir.Linear(np.ones((0, 2))), "n": lif(), "o": OUT}, "i w", "w n", "n o"
        ),
        "'w'.*n_out, n_in",
    ),
    "neurons of another number": (
        lambda: graph_of({"i": IN, "w": W, "n": lif(5), "o": OUT}, "i w", "w n", "n o"),
        r"'n'.*\(5,\).*\(3,\)",
    ),
    "weights of another size": (
        lambda: graph_of(
            {"i": nir.Input(np.array([7])), "w": W, "n": lif(), "o": OUT}, "i w", "w n", "n o"
        ),
        r"'w'.*does not fit.*\(7,\)",
    ),
    "images without Flatten": (
        lambda: on_images(square(KERNEL), lif(2, 4, 4), nir.Linear(np.ones((3, 32))), lif()),
        r"'linear'.*does not fit.*\(2, 4, 4\)",
    ),
    "Flatten of a part": (
        lambda: on_images(
            square(KERNEL),
            lif(2, 4, 4),
            nir.Flatten({"input": np.array([2, 4, 4])}, 0, 1),
            nir.Linear(np.ones((3, 32))),
            lif(),
        ),
        "'flatten'.*only all of them",
    ),
    "a kernel larger than the image": (
        lambda: on_images(square(np.ones((2, 1, 9, 9))), lif(2, 1, 1)),
        "'conv2d'.*larger than",
    ),
    "channels that do not fit": (
        lambda: on_images(square(np.ones((2, 3, 3, 3))), lif(2, 4, 4)),
        "'conv2d'.*does not fit",
    ),
    "a kernel of 3 dimensions": (
        lambda: on_images(square(np.ones((2, 3, 3))), lif(2, 4, 4)),
        "'conv2d'.*4 dimensions",
    ),
    "a stride of 0": (
        lambda: on_images(square(KERNEL, stride=(0, 1)), lif(2, 4, 4)),
        "'conv2d'.*stride",
    ),
    "a padding of a half": (
        lambda: on_images(square(KERNEL, padding=(0.5, 1)), lif(2, 4, 4)),
        "'conv2d'.*padding",
    ),
    "same with an even kernel": (
        lambda: on_images(square(np.ones((2, 1, 2, 2)), padding="same"), lif(2, 6, 6)),
        "'same'",
    ),
    "same with a stride": (
        lambda: on_images(square(KERNEL, padding="same", stride=2), lif(2, 3, 3)),
        "'same'",
    ),
    "thresholds within a channel": (
        lambda: on_images(square(KERNEL), lif(2, 4, 4, v_threshold=UNEVEN)),
        "'lif'.*within a channel",
    ),
    "a Scale within a channel": (
        lambda: on_images(square(KERNEL), nir.Scale(UNEVEN), lif(2, 4, 4)),
        "'scale'.*within a channel",
    ),
    "a Scale of another shape": (
        lambda: chain(nir.Input(np.array([2])), nir.Scale(np.ones(5)), W, lif(), type_check=False),
        "'scale'.*does not fit",
    ),
    "a pool without weights": (
        lambda: on_images(square(KERNEL), lif(2, 4, 4), POOL, lif(2, 2, 2)),
        "'lif_1'.*no weights between the pool 'sumpool2d'",
    ),
    "a pool with another threshold": (
        lambda: on_images(
            square(KERNEL), lif(2, 4, 4), POOL, nir.Threshold(np.full((2, 2, 2), 2.5))
        ),
        "'threshold'.*adds up to 4",
    ),
    "a pool of vectors": (
        lambda: chain(W, lif(), POOL, V, lif(), type_check=False),
        "'sumpool2d'.*does not fit",
    ),
    "windows that overlap, before Conv2d": (
        lambda: on_images(
            square(KERNEL),
            lif(2, 4, 4),
            nir.SumPool2d(PAIR, PAIR // 2, 0 * PAIR),
            square(np.ones((1, 2, 2, 2))),
            lif(1, 2, 2),
        ),
        "'sumpool2d'.*stride of its window",
    ),
    "a padded pool of currents": (
        lambda: on_images(square(KERNEL), nir.SumPool2d(PAIR, PAIR, PAIR // 2), lif(2, 3, 3)),
        "'sumpool2d'.*no padding",
    ),
    "an edge that a pool leaves out": (
        lambda: on_images(
            square(np.ones((2, 1, 2, 2))),
            lif(2, 5, 5),
            POOL,
            square(np.ones((1, 2, 3, 3)), padding=1),
            lif(1, 2, 2),
        ),
        "leaves out an edge",
    ),
    "recurrent": (
        lambda: graph_of(
            {"i": IN, "w": W, "lif": lif(), "rec": V, "o": OUT},
            "i w",
            "w lif",
            "lif rec",
            "rec lif",
            "lif o",
        ),
        "recurrent.*lif -> rec -> lif|rec -> lif",
    ),
    "recurrent within": (
        lambda: graph_of(
            {
                "i": IN,
                "w": W,
                "3": graph_of(
                    {"in": nir.Input(np.array([3])), "lif": lif(), "rec": V, "out": OUT},
                    "in lif",
                    "lif rec",
                    "rec lif",
                    "lif out",
                ),
                "o": OUT,
            },
            "i w",
            "w 3",
            "3 o",
        ),
        r"recurrent.*3\.lif",
    ),
    "a sum before weights": (
        lambda: graph_of(
            {"i": IN, "w": W, "a": lif(), "v": V, "b": lif(), "u": V, "c": lif(), "o": OUT},
            "i w",
            "w a",
            "a v",
            "v b",
            "a u",
            "b u",
            "u c",
            "c o",
        ),
        "'u': 2 nodes lead",
    ),
    "weights used twice": (
        lambda: graph_of(
            {"i": IN, "w": W, "a": lif(), "b": lif(), "v": V, "c": lif(), "o": OUT},
            "i w",
            "w a",
            "w b",
            "a v",
            "v c",
            "b c",
            "c o",
        ),
        "'w'.*used twice",
    ),
    "two inputs": (
        lambda: graph_of(
            {"i": IN, "j": IN, "w": W, "n": lif(), "o": OUT}, "i w", "j w", "w n", "n o"
        ),
        "2 Input nodes.*'i', 'j'",
    ),
    "two outputs": (
        lambda: graph_of(
            {"i": IN, "w": W, "n": lif(), "o": OUT, "p": OUT}, "i w", "w n", "n o", "n p"
        ),
        "2 Output nodes",
    ),
    "no input": (lambda: graph_of({"w": W, "n": lif(), "o": OUT}, "w n", "n o"), "0 Input nodes"),
    "neurons of two layers at the output": (
        lambda: graph_of(
            {"i": IN, "w": W, "a": lif(), "v": W, "b": lif(), "o": OUT},
            "i w",
            "w a",
            "i v",
            "v b",
            "a o",
            "b o",
        ),
        "'o'.*one layer.*'a', 'b'",
    ),
    "a loose end": (
        lambda: graph_of(
            {"i": IN, "w": W, "n": lif(), "v": V, "m": lif(), "o": OUT},
            "i w",
            "w n",
            "n o",
            "n v",
            "v m",
        ),
        "'m'|'v'",
    ),
    "a node that nothing leads to": (
        lambda: graph_of(
            {"i": IN, "w": W, "n": lif(), "v": W, "o": OUT}, "i w", "w n", "v n", "n o"
        ),
        "'v'.*nothing leads to it",
    ),
    "neurons that nothing leads to": (
        lambda: graph_of(
            {"i": IN, "w": W, "n": lif(), "m": lif(), "o": OUT}, "i w", "w n", "n o", "m o"
        ),
        "'m'.*nothing leads to it",
    ),
    "something that leads to the input": (
        lambda: graph_of({"i": IN, "w": W, "n": lif(), "o": OUT}, "i w", "w n", "n o", "n i"),
        "'i'.*something leads to it",
    ),
    "an edge to nowhere": (
        lambda: graph_of({"i": IN, "w": W, "n": lif(), "o": OUT}, "i w", "w n", "n o", "n ghost"),
        "'ghost'",
    ),
    "an edge that is there twice": (
        lambda: graph_of({"i": IN, "w": W, "n": lif(), "o": OUT}, "i w", "w n", "w n", "n o"),
        "twice",
    ),
    "no nodes": (lambda: graph_of({}), "no nodes"),
    "input straight to output": (lambda: graph_of({"i": IN, "o": OUT}, "i o"), "no neurons"),
    "an input without a shape": (
        lambda: graph_of(
            {"i": nir.Input({"input": None}), "c": square(KERNEL), "n": lif(2, 4, 4), "o": OUT},
            "i c",
            "c n",
            "n o",
        ),
        "'i'.*shape of its input",
    ),
    "a text as the input's shape": (
        lambda: graph_of(
            {"i": nir.Input({"input": "wide"}), "w": W, "n": lif(), "o": OUT}, "i w", "w n", "n o"
        ),
        "'i'.*whole numbers.*'wide'",
    ),
    "an input of size 0": (
        lambda: graph_of(
            {"i": nir.Input(np.array([0])), "w": W, "n": lif(), "o": OUT}, "i w", "w n", "n o"
        ),
        "'i'.*from 1 on",
    ),
    "delays of two steps": (
        lambda: chain(nir.Delay(np.full(2, 2e-3)), W, lif()),
        r"'delay'.*2\*ms is not one step of 1\*ms",
    ),
    "delays that differ": (lambda: chain(nir.Delay(np.array([0.0, 1e-3])), W, lif()), "'delay'"),
    "delays here and not there": (
        lambda: chain(W, lif(), nir.Delay(np.full(3, 1e-3)), V, lif()),
        "delays differ.*0 before 'linear', 1 before 'linear_1'",
    ),
    "two delays": (
        lambda: chain(nir.Delay(np.full(2, 1e-3)), nir.Delay(np.full(2, 1e-3)), W, lif()),
        "two delays",
    ),
    "residual scales that differ": (
        lambda: graph_of(
            {
                "i": IN,
                "w": W,
                "a": lif(),
                "v": V,
                "b": lif(),
                "s": nir.Scale(np.full(3, 2.0)),
                "c": lif(),
                "o": OUT,
            },
            "i w",
            "w a",
            "a v",
            "v b",
            "a s",
            "s c",
            "b c",
            "c o",
        ),
        "'c'.*one scale.*2, 1|1, 2",
    ),
    "a residual scale below 0": (
        lambda: graph_of(
            {
                "i": IN,
                "w": W,
                "a": lif(),
                "v": V,
                "s": nir.Scale(-np.ones(3)),
                "b": lif(),
                "o": OUT,
            },
            "i w",
            "w a",
            "a v",
            "v b",
            "a s",
            "s b",
            "b o",
        ),
        "'b'.*above 0",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_refused_by_name(kind: str) -> None:
    make, message = REFUSED[kind]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(TranslationError, match=message) as caught:
            bs.from_nir(make(), dt=1 * ms)
    text = str(caught.value)
    assert "\n" not in text
    assert len(text) < 260


def test_an_unknown_kind_of_node_is_refused_by_name() -> None:
    class Resonator(nir.Threshold):
        pass

    with pytest.raises(TranslationError, match=r"'resonator': Resonator cannot sleep; Linear, Aff"):
        bs.from_nir(chain(W, Resonator(np.ones(3))), dt=1 * ms)


def test_what_is_wrong_with_the_graph_comes_before_the_time_step() -> None:
    with pytest.raises(TranslationError, match="no neurons between"):
        bs.from_nir(chain(W, V, lif()))
