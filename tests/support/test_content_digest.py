"""Digests of content: equal for equal content in any process, another for any change."""

import functools
import random
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from brian2 import Hz, ms

from brainsleep import stimuli
from brainsleep.support.content_digest import content_digest

RATE = 0.5
IMAGES = np.random.default_rng(0).random((5, 4, 4))


class Own(stimuli.Stimulus):
    """A stimulus of a user's own."""

    factor = 1.0

    def __init__(self, n_inputs=4, scale=0.1):
        self.n_inputs, self.scale = n_inputs, scale

    @functools.cached_property
    def computed(self):
        return np.full(self.n_inputs, self.scale)

    def probabilities(self, rng, n_steps, dt):
        return self.computed[None] * self.factor * RATE


class Other(Own):
    """The same, but for a number in its code."""

    def probabilities(self, rng, n_steps, dt):
        return self.computed[None] * self.factor * RATE * 2


def scaled(factor):
    return lambda x: x * factor


@dataclass(frozen=True)
class Slotted:
    __slots__ = ("x",)
    x: float


def looped(n):
    values = [n]
    values.append(values)
    return values


def deep(n):
    values = []
    for _ in range(n):
        values = [values]
    return values


def own_table():
    table = {"a": 1}
    table["table"] = table
    return table


class Node:
    """Knows its neighbours, and they it."""

    def __init__(self, value):
        self.value, self.neighbours = value, {self}


def random_state(seed, cls):
    return cls(seed)


#: Makers of objects, no two of which are the same.
DIFFERENT = [
    lambda: None,
    lambda: 1,
    lambda: 1.0,
    lambda: True,
    lambda: "1",
    lambda: b"1",
    lambda: [1],
    lambda: (1,),
    lambda: {1},
    lambda: {"a": 1},
    lambda: {"a": 2},
    lambda: {"b": 1},
    lambda: np.ones(4),
    lambda: np.ones(4, np.float32),
    lambda: np.ones((2, 2)),
    lambda: np.ones((2, 2)) * Hz,
    lambda: np.ones((2, 2)) * ms,
    lambda: np.array([1, "a", None], dtype=object),
    lambda: np.array([1, "b", None], dtype=object),
    lambda: torch.ones(4),
    lambda: torch.ones(4).bfloat16(),
    lambda: torch.ones(5).bfloat16(),
    lambda: Path("a"),
    lambda: Path("b"),
    lambda: scaled(1),
    lambda: scaled(2),
    lambda: functools.partial(scaled, 3),
    lambda: functools.partial(scaled, factor=3),
    lambda: np.sin,
    lambda: np.cos,
    lambda: len,
    lambda: np.random.default_rng(0),
    lambda: np.random.default_rng(1),
    lambda: random_state(0, np.random.RandomState),
    lambda: random_state(1, np.random.RandomState),
    lambda: random_state(0, random.Random),
    lambda: random_state(1, random.Random),
    lambda: Slotted(1.0),
    lambda: Slotted(2.0),
    lambda: looped(1),
    lambda: looped(2),
    lambda: deep(100_000),
    own_table,
    lambda: Node(1),
    lambda: Node(2),
    lambda: Own(),
    lambda: Own(scale=0.2),
    lambda: Own(5),
    lambda: Other(),
    lambda: Own().probabilities,
    lambda: Own,
    lambda: stimuli.ConstantProbabilities(np.full(4, 0.1)),
    lambda: stimuli.ConstantProbabilities(np.full(4, 0.2)),
    lambda: stimuli.ConstantRates(np.full(4, 100) * Hz),
    lambda: stimuli.ExplicitSpikes(np.eye(4)),
    lambda: stimuli.ExplicitSpikes(np.eye(4)[::-1]),
    lambda: stimuli.MeanImage(IMAGES),
    lambda: stimuli.MeanImage(IMAGES[:4]),
    lambda: stimuli.MeanImage(IMAGES, max_rate=100 * Hz),
    lambda: stimuli.MeanImage(IMAGES, mask=stimuli.RandomWindow(2)),
    lambda: stimuli.MeanImage(IMAGES, mask=stimuli.RandomWindow(3)),
    lambda: stimuli.MeanImage(IMAGES, mask=stimuli.RandomPixels(0.5)),
    lambda: stimuli.ClassMeans(IMAGES, [0, 1, 0, 1, 0]),
    lambda: stimuli.ClassMeans(IMAGES, [0, 1, 0, 1, 1]),
    lambda: stimuli.MeanOfRandomImages(IMAGES),
    lambda: stimuli.MeanOfRandomImages(IMAGES, 3),
    lambda: stimuli.WhiteNoise(stimuli.MeanImage(IMAGES)),
    lambda: stimuli.ShuffledPixels(stimuli.MeanImage(IMAGES), 1),
    lambda: stimuli.ShuffledPixels(stimuli.MeanImage(IMAGES), 2),
    lambda: stimuli.Gated(stimuli.MeanImage(IMAGES), np.ones(5)),
    lambda: stimuli.Gated(stimuli.MeanImage(IMAGES), np.ones(6)),
]


def test_other_content_has_another_digest_and_the_same_the_same():
    digests = [content_digest(make()) for make in DIFFERENT]
    assert digests == [content_digest(make()) for make in DIFFERENT]
    same = {}
    for number, digest in enumerate(digests):
        assert digest not in same, f"{number} is as {same.get(digest)}"
        same[digest] = number


def test_other_processes_agree():
    code = (
        "import sys; sys.path[:0] = sys.argv[1:]; import test_content_digest as t;"
        "print(*(t.content_digest(make()) for make in t.DIFFERENT), sep='\\n')"
    )
    here, root = Path(__file__).parent, Path(__file__).parents[2]
    run = [sys.executable, "-c", code, str(here), str(root)]
    # with another hash seed, by default
    result = subprocess.run(run, capture_output=True, text=True, check=True)
    digests = [content_digest(make()) for make in DIFFERENT]
    assert result.stdout.split() == digests


def test_what_is_only_cached_does_not_count():
    used = Own()
    assert used.computed.sum() > 0
    assert content_digest(used) == content_digest(Own())


def test_globals_and_attributes_of_the_class_count(monkeypatch):
    before = content_digest(Own())
    monkeypatch.setattr(Own, "factor", 2.0)
    changed = content_digest(Own())
    monkeypatch.undo()
    monkeypatch.setattr(sys.modules[__name__], "RATE", 0.7)
    assert len({before, changed, content_digest(Own())}) == 3


def test_the_order_of_tables_and_the_layout_of_arrays_do_not_count():
    assert content_digest({"a": 1, "b": 2}) == content_digest({"b": 2, "a": 1})
    array = np.arange(12.0).reshape(3, 4)
    assert content_digest(array) == content_digest(np.asfortranarray(array))
    assert content_digest(array[:, ::2]) == content_digest(array[:, ::2].copy())
    assert content_digest(np.float64(1)) == content_digest(np.array(1.0))


@pytest.mark.parametrize(
    "make", [lambda: (i for i in range(3)), lambda: open(__file__), lambda: iter([])], ids=range(3)
)
def test_what_has_no_content_counts_by_its_class(make):
    assert content_digest(make()) == content_digest(make())
