"""What is varied, as the command line has it."""

from __future__ import annotations

import math

import pytest

from brainsleep.errors import ParameterError
from brainsleep.experiments.studies.search_space import Choice, Range, draws, grid, parse_space


@pytest.mark.parametrize(
    ("word", "values"),
    [
        ("a.b=1e-4,2e-4", (1e-4, 2e-4)),
        ("a = 1, 2 ,3", (1, 2, 3)),
        ("a=x,y", ("x", "y")),
        ("a=1 ms,2 ms", ("1 ms", "2 ms")),
        ("a=[1, 2],[3]", ([1, 2], [3])),
        ("a=[[0, 1], [2]],[[0, 1, 2]]", ([[0, 1], [2]], [[0, 1, 2]])),
        ("a='x,y',z", ("x,y", "z")),
        ("a={kind='x', n=1},{kind='y', n=2}", ({"kind": "x", "n": 1}, {"kind": "y", "n": 2})),
        ("a=true,false", (True, False)),
        ("a=1,true", (1, True)),
        ("a=0.5,default", (0.5, "default")),
    ],
)
def test_commas_make_several_values(word: str, values: tuple[object, ...]) -> None:
    key = word.partition("=")[0].strip()
    for given in (([word], []), ([], [word])):
        assert parse_space(*given) == ({}, (Choice(key, values),))


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("a=[784, 100, 10]", [784, 100, 10]),
        ('a="x,y"', "x,y"),
        ("a=1 ms", "1 ms"),
        ("a={kind='x', n=1}", {"kind": "x", "n": 1}),
        ("a=../data/mine.npz", "../data/mine.npz"),
    ],
)
def test_one_value_stays_one(word: str, value: object) -> None:
    assert parse_space([word], []) == ({"a": value}, ())


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("a=1e-5..1e-3:log", Range("a", 1e-5, 1e-3, log=True)),
        ("a=0.1..0.9", Range("a", 0.1, 0.9)),
        ("a=-1..1", Range("a", -1, 1)),
        ("a=10..20", Range("a", 10, 20)),
    ],
)
def test_ranges(word: str, expected: Range) -> None:
    assert parse_space([], [word]) == ({}, (expected,))
    assert parse_space([word], []) == ({}, (expected,))


@pytest.mark.parametrize(
    ("set_words", "vary_words", "words"),
    [
        (["a=1", "a=2"], [], ["'a' is given twice"]),
        (["a=1,2"], ["a=3,4"], ["'a' is given twice"]),
        (["a"], [], ["--set wants KEY=VALUE"]),
        ([], ["=1,2"], ["--vary wants KEY=VALUE"]),
        ([], ["a=1"], ["--vary a wants values", "1e-5..1e-3:log"]),
        ([], ["a=2..1"], ["must go up"]),
        ([], ["a=0..1:log"], ["above 0"]),
        ([], ["a=1..inf"], ["must go up"]),
        (["a=1,1"], [], ["takes 1 twice"]),
    ],
)
def test_what_cannot_be_varied(
    set_words: list[str], vary_words: list[str], words: list[str]
) -> None:
    with pytest.raises(ParameterError) as raised:
        parse_space(set_words, vary_words)
    assert all(word in str(raised.value) for word in words)


def test_a_grid_is_all_combinations_the_last_key_fastest() -> None:
    _, space = parse_space(["b=1,2", "a=x,y,z"], [])
    settings = list(grid(space))
    assert len(settings) == 6
    assert settings[:4] == [
        {"b": 1, "a": "x"},
        {"b": 1, "a": "y"},
        {"b": 1, "a": "z"},
        {"b": 2, "a": "x"},
    ]
    with pytest.raises(ParameterError, match="has a range, and a grid needs values"):
        list(grid([Range("a", 0, 1)]))


def test_draws_stay_within_and_do_not_depend_on_their_number() -> None:
    space = (Range("log", 1e-5, 1e-1, log=True), Range("n", 1, 3), Choice("c", ("x", "y")))
    many = draws(space, 7, 600)
    assert many[:5] == draws(space, 7, 5)
    assert many[:5] != draws(space, 8, 5)
    assert {one["n"] for one in many} == {1, 2, 3}
    assert {type(one["n"]) for one in many} == {int}
    assert {one["c"] for one in many} == {"x", "y"}
    logs = [math.log10(one["log"]) for one in many]
    assert -5 <= min(logs) <= max(logs) <= -1
    assert sum(one < -3 for one in logs) / 600 == pytest.approx(0.5, abs=0.07)
