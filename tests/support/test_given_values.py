"""Arrays, names, tables, paths and shapes that users give: read in one place."""

import math
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from brian2 import ms

from brainsleep.errors import (
    BrainsleepError,
    KindError,
    ParameterError,
    UnitsError,
    UnknownNameError,
    brief,
    reason,
    suggest_file,
)
from brainsleep.support.array_values import check_memory, numbers, read_array
from brainsleep.support.checks import read_seed, whole_number
from brainsleep.support.names import (
    ByName,
    items,
    known_names,
    objects,
    read_path,
    read_shape,
    table,
    text,
)

VALUES = [0.0, 0.5, 1.0]


@pytest.mark.parametrize(
    "given",
    [
        VALUES,
        tuple(VALUES),
        np.array(VALUES),
        np.array(VALUES, np.float16),
        np.array(VALUES, np.longdouble),
        torch.tensor(VALUES),
        torch.tensor(VALUES, dtype=torch.bfloat16),
        torch.tensor(VALUES, requires_grad=True) * 1,
        pd.Series(VALUES),
        np.ma.array(VALUES, mask=False),
        np.array(VALUES) * ms / ms,
    ],
    ids=lambda given: type(given).__name__,
)
def test_numbers_of_any_library(given):
    read = numbers(given, "x", shape=(3,), minimum=0, maximum=1)
    assert read.dtype == np.float64
    np.testing.assert_array_equal(read, VALUES)


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (VALUES * ms, UnitsError, "x must be numbers without units, not array"),
        ([0 * ms, 1 * ms], UnitsError, "x must be numbers without units"),
        ([[1.0], [2 * ms]], UnitsError, "x must be numbers without units"),
        (torch.empty(3, device="meta"), KindError, "a tensor on the meta device holds no values"),
        (torch.eye(3).to_sparse(), KindError, "pass a sparse tensor as .to_dense()"),
        (np.ma.array(VALUES, mask=[1, 0, 0]), KindError, "some values are masked"),
        ([[1], [1, 2]], KindError, "cannot be read as an array"),
        (["a"], KindError, "x must be numbers, not ['a']"),
        (np.zeros(3, complex), KindError, "x must be numbers"),
        (np.zeros(3, "M8[s]"), KindError, "x must be numbers"),
        ([10**400, 1], KindError, "x must be numbers"),
        ([math.nan, 1.0], ParameterError, "holds NaN or infinite values"),
        (np.array([1e400], np.longdouble), ParameterError, "holds NaN or infinite values"),
        ([], ParameterError, "is empty"),
        ([2.0], ParameterError, "x must lie in [0, 1]; the values given range from 2 to 2"),
        (np.broadcast_to(0.5, (10**6, 10**5)), ParameterError, "x: 800 GB of values are more than"),
        (torch.zeros(1).expand(10**11), ParameterError, "x: 800 GB of values are more than this"),
        (range(10**11), ParameterError, "x: 800 GB of values are more than this machine's memory"),
    ],
)  # fmt: skip
def test_what_are_no_numbers(given, error, message):
    started = time.perf_counter()
    with pytest.raises(error) as raised:
        numbers(given, "x", minimum=0, maximum=1)
    assert message in str(raised.value)
    assert time.perf_counter() - started < 5, "nothing was copied"


def test_nan_may_be_allowed_and_then_has_no_range():
    given = [math.nan, 0.5]
    read = numbers(given, "x", minimum=0, maximum=1, nan=True)
    np.testing.assert_array_equal(read, given)
    assert np.isnan(numbers([math.nan], "x", minimum=0, nan=True)).all()
    for wrong, message in (([math.nan, 2.0], "range from 2 to 2"), ([math.inf], "holds infinite")):
        with pytest.raises(ParameterError, match=message):
            numbers(wrong, "x", maximum=1, nan=True)


def test_a_shape_is_said_as_it_should_be():
    with pytest.raises(ParameterError, match=r"^x must have shape \(n, 3\), not \(3, 2\)\.$"):
        numbers(np.ones((3, 2)), "x", shape=(None, 3))
    with pytest.raises(ParameterError, match=r"^x must have shape \(4,\), not \(3,\)\.$"):
        numbers(VALUES, "x", shape=(4,))
    assert numbers(np.ones((3, 2)), "x", dtype=np.float32).dtype == np.float32
    assert read_array(["a"], "x").tolist() == ["a"]
    check_memory(1000, "x")


class Hostile:
    """Raises whatever is asked of it."""

    def __repr__(self):
        raise ZeroDivisionError

    __iter__ = __len__ = __array__ = __repr__


@pytest.mark.parametrize(
    "value",
    [10**5000, "x" * 10**6, Hostile(), [[[[[[1]]]]]] * 1000, np.zeros((100, 100)), b"\n" * 900],
    ids=lambda value: type(value).__name__,
)
def test_a_message_shows_little_of_a_value(value):
    assert len(brief(value)) <= 60
    assert "\n" not in brief(value)


def test_a_message_shows_little_of_an_error():
    assert len(reason(ValueError("x\n" * 900))) <= 120
    assert reason(ValueError()) == "ValueError"


def test_names():
    assert known_names("a", "x", ["a", "b"]) == ["a"]
    assert known_names(("b", "a"), "x", {"a": 1, "b": 2}) == ["b", "a"]
    with pytest.raises(ParameterError, match=r"x: no layer is called 'c1'\. Did you mean 'c'\?"):
        known_names(["c1"], "x", ["c", "z"])
    for wrong in (5, {"a": 1}, b"a", [5], [["a"]], [None], Hostile()):
        with pytest.raises(KindError, match="x must be names of layers"):
            known_names(wrong, "x", ["a"])


def test_lists_and_tables():
    assert items(iter([1, 2]), "x", "numbers") == [1, 2]
    assert objects([1, 2], "x", int, "numbers") == [1, 2]
    assert table({"a": 1}, "x", "numbers by name") == {"a": 1}
    assert text("a", "x") == "a"
    for call, message in (
        (lambda: items(5, "x", "a list"), "x must be a list, not 5"),
        (lambda: items("ab", "x", "a list"), "x must be a list, not 'ab'"),
        (lambda: items(torch.tensor(1), "x", "a list"), "cannot be read"),
        (lambda: objects([1, "a"], "x", int, "numbers"), "x must be numbers, but holds 'a'"),
        (lambda: table([1], "x", "numbers by name"), r"x must be numbers by name, not \[1\]"),
        (lambda: table({1: 2}, "x", "numbers by name"), "x: names are text, but one is 1"),
        (lambda: text(b"a", "x"), "x must be text, not b'a'"),
    ):
        with pytest.raises(KindError, match=message):
            call()
    with pytest.raises(ParameterError, match="x holds more than 10 values"):
        items(iter(int, 1), "x", "a list", most=10)


def test_paths():
    assert read_path("a/b", "x") == Path("a/b")
    assert read_path(Path("a"), "x") == Path("a")
    for wrong in (5, b"a", Path, None, Hostile()):
        with pytest.raises(KindError, match="x must be a path"):
            read_path(wrong, "x")
    for wrong in ("", "a\0b", "é" * 200):
        with pytest.raises(ParameterError, match="x: no file can be called"):
            read_path(wrong, "x")


def test_shapes():
    assert read_shape([np.int64(1), 28, 28], "x") == (1, 28, 28)
    for wrong in (5, "784", {784: 1}, (1.5,), (True,), np.ones((2, 2))):
        with pytest.raises(KindError, match=r"^x"):
            read_shape(wrong, "x")
    for wrong in ((), (0,), (-1, 2), (10**6, 10**6)):
        with pytest.raises(ParameterError, match=r"^x"):
            read_shape(wrong, "x")


def test_counts_and_seeds_have_an_upper_end():
    assert read_seed(2**63 - 1) == 2**63 - 1
    for wrong in (2**63, 10**400, -1):
        with pytest.raises(ParameterError, match=r"^seed must be at "):
            read_seed(wrong)
    with pytest.raises(ParameterError, match=r"^n must be at most 2147483647, but is 2147483648"):
        whole_number(2**31, "n")
    with pytest.raises(KindError, match="whole number"):
        whole_number(np.timedelta64(3, "s"), "n")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("mine.tml", "mine.toml"),  # of two with this name, the one with the likest ending
        ("min.npz", "mine.npz"),
        ("Mine.npy", "mine.npz"),
        ("b_missing.npz", None),  # the ending alone is no likeness
        ("/long/folder/of/mine/other.toml", None),
        ("", None),
    ],
)
def test_files_are_suggested_by_their_names_without_endings(name, meant):
    found = suggest_file(name, ["mine.npz", "mine.toml", "/long/folder/of/mine/first.toml"])
    assert found == ("" if meant is None else f" Did you mean {meant!r}?")


def test_what_is_looked_up_by_name_suggests_the_nearest():
    found = ByName({"input": 1, "0": 2})
    assert found["0"] == 2
    assert found.get("x") is None
    with pytest.raises(UnknownNameError, match=r"^there is no 'inputs'\. Did you mean 'input'\?$"):
        found["inputs"]
    with pytest.raises(KeyError):
        found["x"]
    assert issubclass(UnknownNameError, BrainsleepError)
