"""What benchmarks measure in turns: rounds, ratios and their range, and what is kept of them."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def interleaved(script) -> ModuleType:
    """benchmarks/interleaved.py."""
    return script("interleaved")


def test_a_round_has_each_alternative_once_and_every_other_one_goes_backwards(
    interleaved: ModuleType,
) -> None:
    called: list[str] = []
    calls = {name: lambda name=name: called.append(name) for name in "abc"}
    found = interleaved.take_turns(calls, 3, warm_up=1)
    assert "".join(called) == "cba" + "abc" + "cba" + "abc"
    assert {name: len(times.wall) for name, times in found.items()} == dict.fromkeys("abc", 3)


def test_times_are_those_of_the_call_or_those_that_it_returns(interleaved: ModuleType) -> None:
    found = interleaved.take_turns({"own": lambda: (2.0, 3.0), "busy": busy}, 1)
    assert found["own"] == interleaved.Times([2.0], [3.0])
    assert found["busy"].processor[0] > 0.05
    assert found["busy"].wall[0] > 0.05


def busy() -> None:
    """Use a processor for a tenth of a second."""
    import time

    until = time.process_time() + 0.1
    while time.process_time() < until:
        pass


def test_a_ratio_is_that_of_medians_and_its_range_that_of_rounds(interleaved: ModuleType) -> None:
    found = interleaved.ratio_of([2.0, 6.0, 9.0], [1.0, 2.0, 9.0])
    assert found == interleaved.Ratio(median=3.0, lowest=1.0, highest=3.0, rounds=3)
    with pytest.raises(ValueError, match="same rounds on both sides, not 2, 1"):
        interleaved.ratio_of([1.0, 1.0], [1.0])


def test_a_comparison_survives_its_file_and_says_who_is_ahead(
    interleaved: ModuleType, tmp_path: Path
) -> None:
    times = {
        "package": interleaved.Times([0.2, 0.2], [0.1, 0.1]),
        "other": interleaved.Times([2.0, 2.0], [0.2, 0.2]),
    }
    found = interleaved.Comparison("night", "package", "other", times, amount=100, unit="step")
    interleaved.write_comparisons(tmp_path / "kept.json", [found])
    (content,) = json.loads((tmp_path / "kept.json").read_text())
    assert interleaved.read_comparison(content) == found
    assert found.ratio().median == pytest.approx(10)
    assert found.ratio("processor").median == pytest.approx(2)
    lines = "\n".join(found.lines())
    assert "2 ms wall-clock time, 1 ms processor time per step" in lines
    assert "other / package: 10 (10–10) by wall-clock time, 2.00 (2.00–2.00) by processor" in lines
