"""How a program ended, in words: by itself, or by a signal."""

from __future__ import annotations

import signal

from ..support.memory import available_memory, in_words


def signal_name(number: int) -> str:
    """Return the name of a signal, such as ``"SIGKILL"``."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def ending(status: int) -> str:
    """Say how a program ended that did not do what it should.

    Parameters
    ----------
    status : int
        As `subprocess.Popen.returncode` has it: negative for signals.
    """
    if status >= 0:
        return f"ended with status {status}"
    killed = f"was killed by {signal_name(-status)}"
    if status == -signal.SIGKILL:
        return (
            f"{killed}: someone ended it, or the memory did not suffice "
            f"({in_words(available_memory())} are free now)"
        )
    if status == -signal.SIGXFSZ:
        return f"{killed}: a limit (ulimit -f) allows no file as long"
    if status == -signal.SIGXCPU:
        return f"{killed}: a limit (ulimit -t) allows no more processor time"
    return killed
