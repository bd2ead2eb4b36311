"""What a study varies: values and ranges of keys of a model file, as the command line has them."""

from __future__ import annotations

import itertools
import math
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from ...errors import ParameterError, brief
from ...support.files import JsonObject
from ..model_files.model_changes import parse_value, split_change

#: Values of a model file by their dotted keys.
Setting = JsonObject


@dataclass(frozen=True)
class Choice:
    """A key that takes one of some values.

    Attributes
    ----------
    key : str
        As ``sleep.neuron.decay``.
    values : tuple
        What it may be.
    """

    key: str
    values: tuple[object, ...]

    def draw(self, rng: np.random.Generator) -> object:
        """Return one of the values, each as likely as the others."""
        return self.values[int(rng.integers(len(self.values)))]


@dataclass(frozen=True)
class Range:
    """A key that takes any number between two, both included.

    Attributes
    ----------
    key : str
        As ``sleep.plasticity.increase``.
    low, high : float
        The smallest and the largest; whole numbers if both are `int`.
    log : bool
        Whether its logarithm is spread evenly.
    """

    key: str
    low: float
    high: float
    log: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether it takes whole numbers only."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    def draw(self, rng: np.random.Generator) -> object:
        """Return a number in between."""
        low, high = (self.low, self.high + 1) if self.is_whole else (self.low, self.high)
        if self.log:
            value = math.exp(rng.uniform(math.log(low), math.log(high)))
        else:
            value = rng.uniform(low, high)
        return min(int(value), int(self.high)) if self.is_whole else min(value, self.high)


def parse_space(
    set_words: Iterable[str], vary_words: Iterable[str]
) -> tuple[JsonObject, tuple[Choice | Range, ...]]:
    """Read what is changed and what is varied.

    Parameters
    ----------
    set_words : iterable of str
        Each ``KEY=VALUE``. A value that TOML does not take and that has commas is several values:
        ``1e-4,2e-4``; in brackets or quotes it is one: ``[784, 100, 10]``.
    vary_words : iterable of str
        The same, but always several values, or a range: ``1e-5..1e-3``, ``1e-5..1e-3:log`` or
        ``10..20`` (whole numbers).

    Returns
    -------
    fixed : dict
        Values by dotted keys.
    space : tuple of Choice or Range
        In the order given.

    Raises
    ------
    ParameterError
        For a word that is not of this form, or a key that comes twice.
    """
    fixed: JsonObject = {}
    space: dict[str, Choice | Range] = {}
    words = [*((word, "--set") for word in set_words), *((word, "--vary") for word in vary_words)]
    for word, option in words:
        key, text = split_change(word, option)
        if key in fixed or key in space:
            raise ParameterError(f"{brief(key)} is given twice.")
        parts = _parts(text)
        found = _range(key, text)
        if found is not None:
            space[key] = found
        elif len(parts) > 1:
            space[key] = Choice(key, _distinct(key, parts))
        elif option == "--set":
            fixed[key] = parse_value(text)
        else:
            raise ParameterError(
                f"--vary {key} wants values with commas between them, or a range such as "
                f"1e-5..1e-3:log, but got {brief(text)}."
            )
    return fixed, tuple(space.values())


def grid(space: Iterable[Choice | Range]) -> Iterator[Setting]:
    """Go through all combinations of values, the last key's fastest.

    Raises
    ------
    ParameterError
        If there is a range, which has no end of values.
    """
    choices = []
    for one in space:
        if isinstance(one, Range):
            raise ParameterError(
                f"{one.key} has a range, and a grid needs values: name them (KEY=a,b,c), or search "
                "by random or tpe."
            )
        choices.append(one)
    for values in itertools.product(*(one.values for one in choices)):
        yield {one.key: value for one, value in zip(choices, values, strict=True)}


def draws(space: Iterable[Choice | Range], seed: int, n: int) -> list[Setting]:
    """Draw combinations of values at random; the first of more are the same."""
    rng, space = np.random.default_rng(seed), tuple(space)
    return [{one.key: one.draw(rng) for one in space} for _ in range(n)]


def _distinct(key: str, parts: list[str]) -> tuple[object, ...]:
    values = tuple(map(parse_value, parts))
    for number, value in enumerate(values):
        if value in values[:number] and type(value) in map(type, values[:number]):
            raise ParameterError(f"{key} takes {brief(value)} twice.")
    return values


def _range(key: str, text: str) -> Range | None:
    """Read a range; None if this is none."""
    match = re.fullmatch(r"(.+?)\.\.(.+?)(:log)?", text)
    if match is None:
        return None
    ends = [parse_value(match[number].strip()) for number in (1, 2)]
    if not all(type(end) in (int, float) for end in ends):
        return None
    low, high = (end for end in ends if isinstance(end, int | float))
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ParameterError(f"the range of {key} must go up, but is {brief(text)}.")
    if match[3] and low <= 0:
        raise ParameterError(f"the range of {key} is logarithmic, and must begin above 0.")
    return Range(key, low, high, log=match[3] is not None)


def _parts(text: str) -> list[str]:
    """Split a text at commas outside of brackets and quotes, unless TOML takes it as one value."""
    try:
        tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return [part.strip() for part in _split(text)]
    return [text]


def _split(text: str) -> Iterator[str]:
    depth, quote, start = 0, "", 0
    for at, one in enumerate(text):
        if quote:
            quote = "" if one == quote else quote
        elif one in "\"'":
            quote = one
        elif one in "[{":
            depth += 1
        elif one in "]}":
            depth -= 1
        elif one == "," and depth == 0:
            yield text[start:at]
            start = at + 1
    yield text[start:]
