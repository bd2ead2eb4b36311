"""What the parts of a run take: each second counts once."""

import json
import time
from pathlib import Path

import pytest

from brainsleep.experiments.run_directory.run_clock import (
    RunClock,
    Seconds,
    save_seconds,
    seconds_line,
)


def test_a_part_within_another_counts_once() -> None:
    clock = RunClock()
    with clock.part("learning"), clock.part("measuring"):
        time.sleep(0.02)
    assert set(clock.parts) == {"learning"}
    assert clock.parts["learning"].wall >= 0.02


def test_a_part_that_fails_counts_and_ends() -> None:
    clock = RunClock()
    with pytest.raises(ZeroDivisionError), clock.part("learning"):
        1 / 0  # noqa: B018
    with clock.part("nights"):
        pass
    assert set(clock.parts) == {"learning", "nights"}


def test_what_is_left_of_the_whole_is_all_else(tmp_path: Path) -> None:
    clock = RunClock({"nights": Seconds(3.0, 1.0), "learning": Seconds(4.0, 4.0)})
    parts = clock.whole(wall=10.0)
    assert list(parts) == ["learning", "nights", "all else", "whole"]
    assert (parts["nights"].wall, parts["all else"].wall) == (3.0, 3.0)
    assert seconds_line(tmp_path) == ""
    save_seconds(tmp_path, parts)
    assert seconds_line(tmp_path) == "took 10.0 s: learning 4.0 s, nights 3.0 s, all else 3.0 s"
    content = json.loads((tmp_path / "seconds.json").read_text())
    assert content["learning"] == {"wall": 4.0, "processor": 4.0}


def test_of_a_process_beside_this_one_processor_time_counts() -> None:
    clock = RunClock({"nights": Seconds(2.0, 1.0)})
    clock.add_processor(RunClock({"nights": Seconds(1.0, 0.5), "learning": Seconds(4.0, 3.0)}))
    assert clock.parts == {"nights": Seconds(2.0, 1.5), "learning": Seconds(0.0, 3.0)}
