"""The one reader of bare numbers, and that it needs neither Brian2 nor torch."""

import math
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import torch
from brian2 import ms

from brainsleep.errors import BrainsleepError, KindError, ParameterError, UnitsError
from brainsleep.support.checks import known_name, number, whole_number
from brainsleep.support.quantities import quantity


@pytest.mark.parametrize(
    "value",
    [2, 2.0, np.float32(2), np.int8(2), np.array(2.0), Fraction(2), Decimal(2), torch.tensor(2.0)],
    ids=lambda value: type(value).__name__,
)
def test_real_numbers_of_any_type(value):
    assert number(value, "x") == 2.0
    assert type(number(value, "x")) is float


@pytest.mark.parametrize(
    "value",
    [
        "2",
        b"2",
        True,
        np.True_,
        None,
        [2],
        np.array([2.0]),
        [[1], [1, 2]],
        2j,
        np.complex64(2),
        {2},
    ],
    ids=repr,
)
def test_what_is_not_a_number_is_of_the_wrong_kind(value):
    with pytest.raises(KindError, match=r"^gain must be a number, not "):
        number(value, "gain")


@pytest.mark.parametrize("value", ["2", 2.0, np.float32(2), True, np.True_, None, [2]], ids=repr)
def test_what_is_not_a_whole_number_is_of_the_wrong_kind(value):
    with pytest.raises(KindError, match=r"^n_steps must be a whole number, not "):
        whole_number(value, "n_steps")


def test_whole_numbers():
    assert whole_number(np.int64(3), "n") == 3
    assert type(whole_number(np.uint8(3), "n")) is int
    assert whole_number(-2, "n", minimum=-2, maximum=-2) == -2


@pytest.mark.parametrize(
    ("read", "message"),
    [
        (lambda: number(math.nan, "x"), "x must be finite, but is nan."),
        (lambda: number(-math.inf, "x"), "x must be finite, but is -inf."),
        (lambda: number(10**400, "x"), "x must be finite, but is inf."),
        (lambda: number(-1, "x", minimum=0), "x must be at least 0, but is -1."),
        (lambda: number(2, "x", maximum=1.5), "x must be at most 1.5, but is 2."),
        (
            lambda: number(0, "x", minimum=0, exclusive_minimum=True),
            "x must be greater than 0, but is 0.",
        ),
        (
            lambda: number(1, "x", maximum=1, exclusive_maximum=True),
            "x must be less than 1, but is 1.",
        ),
        (lambda: whole_number(0, "n", minimum=1), "n must be at least 1, but is 0."),
        (lambda: whole_number(5, "n", maximum=4), "n must be at most 4, but is 5."),
        (
            lambda: quantity(-2 * ms, ms, "t", minimum=0),
            "t must be at least 0 ms, but is -2 ms.",
        ),
        (lambda: known_name("sub", "reset", ["zero"]), "unknown reset 'sub'."),
        (lambda: known_name(["zero"], "reset", {"zero": 1}), "unknown reset ['zero']."),
    ],
)
def test_wrong_values_are_named_with_their_bounds(read, message):
    with pytest.raises(ParameterError) as raised:
        read()
    assert str(raised.value).startswith(message)
    assert not isinstance(raised.value, KindError)


def test_a_number_has_no_units():
    with pytest.raises(UnitsError, match="x has no units, but "):
        number(2 * ms, "x")
    assert number(2 * ms / ms, "x") == 2


def test_the_wrong_kind_is_caught_as_a_type_and_as_a_value():
    for caught in (UnitsError, ParameterError, TypeError, ValueError, BrainsleepError):
        with pytest.raises(caught):
            number("2", "x")


@pytest.mark.parametrize("text", ["1.2.3 ms", ". ms", "ms", "2"])
def test_text_that_is_not_a_quantity(text):
    with pytest.raises(UnitsError, match="is not a quantity; write it like '20 ms'"):
        quantity(text, ms, "t")


@pytest.mark.parametrize("text", ["20 ms", "2e1*ms", "20. ms", "+20ms", ".02 s"])
def test_text_that_is_a_quantity(text):
    assert quantity(text, ms, "t") == pytest.approx(0.02)


def test_checks_need_neither_brian2_nor_torch():
    code = (
        "import sys, brainsleep.support.checks; print({'brian2', 'torch'}.isdisjoint(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"
