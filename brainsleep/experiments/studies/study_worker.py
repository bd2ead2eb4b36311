"""A process that runs trials for a study: asked for by lines on its input, answered on its output.

Imports and compiled programs are paid for once. It ends when its input does, as when the process
that started it was killed.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from typing import IO

from ...support.files import JsonObject
from .study_request import Trial

#: What is said when a trial begins; its answer comes on the next line.
BEGUN = {"begun": True}


def line_of(path: str, trial: Trial) -> bytes:
    """Return the line that asks for a trial of the study in a directory."""
    return _line({"path": path, "trial": asdict(trial)})


def main() -> None:
    """Answer each line by two: that the trial begins, and what came of it."""
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # what libraries print is no answer
    asked: queue.Queue[bytes] = queue.Queue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, asked), daemon=True).start()
    while True:
        request = json.loads(asked.get())
        from .trial import run_trial  # the first time this loads torch, for seconds

        answers.write(_line(BEGUN))
        answers.write(_line(_answer(run_trial, request)))


def _listen(stream: IO[bytes], asked: queue.Queue[bytes]) -> None:
    """Take in lines; end this process when there will be no more."""
    for line in stream:
        asked.put(line)
    os._exit(0)


def _answer(run: Callable[[str, Trial], str], request: JsonObject) -> JsonObject:
    try:
        return {"outcome": run(request["path"], Trial(**request["trial"]))}
    except (OSError, MemoryError) as error:
        return {"failed": str(error) or type(error).__name__}


def _line(content: JsonObject) -> bytes:
    return json.dumps(content).encode() + b"\n"


if __name__ == "__main__":
    main()
