"""What importing Brian2 does to a process: its hook for errors, and its log file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

#: Of the message with which Brian2 asks for a report.
REPORT = "Brian 2 encountered an unexpected error"


def run(script: str, folder: Path) -> tuple[str, list[str]]:
    """Run a script; return what it says in the end, and what it leaves in the temporary folder."""
    file, temporary = folder / "script.py", folder / "tmp"
    file.write_text(script)
    temporary.mkdir()
    result = subprocess.run(
        [sys.executable, str(file)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
    )
    return result.stderr, sorted(path.name.split("_")[0] for path in temporary.iterdir())


@pytest.mark.parametrize(
    ("imports", "error", "is_of_brian2"),
    [
        ("import brainsleep as bs; from brian2 import Hz", "1 / 0", False),
        ("from brian2 import Hz; import brainsleep as bs", "bs.LIF(tau_m=1)", False),
        ("import brainsleep as bs; from brian2 import *", "NeuronGroup(1, 'v : x')", True),
    ],
)
def test_brian2_asks_for_reports_of_its_own_errors_only(
    imports: str, error: str, is_of_brian2: bool, tmp_path: Path
) -> None:
    said, left = run(f"{imports}\n{error}\n", tmp_path)
    assert said.count("Traceback (most recent call last)") >= 1
    assert (REPORT in said) is is_of_brian2
    assert "script.py" in said
    assert left == (["brian", "brian"] if is_of_brian2 else []), "its log is kept after its errors"


def test_a_hook_that_was_there_before_stays(tmp_path: Path) -> None:
    said, _ = run(
        "import sys; sys.excepthook = lambda *_: print('mine', file=sys.stderr)\n"
        "import brainsleep as bs; bs.LIF()\n1 / 0\n",
        tmp_path,
    )
    assert said == "mine\n"


def test_a_killed_process_leaves_no_log_of_brian2(tmp_path: Path) -> None:
    script = "import brainsleep as bs; bs.LIF()\nimport os\nos.kill(os.getpid(), 9)\n"
    assert run(script, tmp_path) == ("", [])
