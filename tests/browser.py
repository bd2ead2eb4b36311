"""Chromium without a window, told what to do over a pipe (the DevTools protocol)."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


def chromium() -> str:
    """Return the browser's command; skip the test if there is none."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip(f"there is no Chromium (none of {', '.join(NAMES)})")
    return found


#: Seconds that the browser may take for anything.
LONGEST = 60


class Browser:
    """A page in a new browser; `events` is what it reported."""

    def __init__(self) -> None:
        self.profile = tempfile.mkdtemp(prefix="browser-")
        self.events: list[dict[str, Any]] = []
        self.number, self.session = 0, None
        read_commands, write_commands = os.pipe()
        read_answers, write_answers = os.pipe()
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe"]
        flags += [f"--user-data-dir={self.profile}", "about:blank"]
        # the browser reads its descriptor 3 and writes 4
        shell = f'exec 3<&{read_commands} 4>&{write_answers}; exec "$@"'
        self.process = subprocess.Popen(
            ["bash", "-c", shell, "-", chromium(), *flags],
            pass_fds=(read_commands, write_answers),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(read_commands)
        os.close(write_answers)
        self.commands = os.fdopen(write_commands, "wb", buffering=0)
        self.answers = os.fdopen(read_answers, "rb", buffering=0)
        self.received = b""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self.session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        self.process.terminate()
        self.process.wait(20)
        self.commands.close()
        self.answers.close()
        shutil.rmtree(self.profile, ignore_errors=True)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the protocol; return its result."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session is not None:
            message["sessionId"] = self.session
        self.commands.write(json.dumps(message).encode() + b"\0")
        while (answer := self._next()).get("id") != self.number:
            self.events.append(answer)
        assert "error" not in answer, answer
        return answer["result"]

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self.received:
            ready, _, _ = select.select([self.answers], [], [], LONGEST)
            assert ready, "the browser does not answer"
            part = self.answers.read(1 << 16)
            assert part, "the browser has ended"
            self.received += part
        text, _, self.received = self.received.partition(b"\0")
        return json.loads(text)

    def open(self, file: Path, *, width: int = 1400, scheme: str = "light") -> None:
        """Open a page, and wait until its scripts have run."""
        self.events.clear()
        self.call(
            "Emulation.setDeviceMetricsOverride",
            **{"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500},
        )
        self.set_scheme(scheme)
        self.call("Page.navigate", url=file.as_uri())
        while not any(one["method"] == "Page.loadEventFired" for one in self.events):
            self.events.append(self._next())
        self.run("new Promise(done => setTimeout(done, 300))")  # drawing begins when it is unpacked

    def set_scheme(self, scheme: str) -> None:
        """Prefer light or dark pages."""
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.call("Emulation.setEmulatedMedia", features=[feature])

    def run(self, script: str) -> Any:
        """Return the value of an expression, or what its promise came to."""
        result = self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def complaints(self) -> list[str]:
        """Return what the page's console says, and what was thrown."""
        wanted = ("Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled")
        return [json.dumps(one["params"]) for one in self.events if one["method"] in wanted]

    def requests(self) -> list[str]:
        """Return the addresses that the page asked for."""
        asked = [one for one in self.events if one["method"] == "Network.requestWillBeSent"]
        return [one["params"]["request"]["url"] for one in asked]
