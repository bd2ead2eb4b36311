"""Progress bars of everything that takes a while: training, compiling, nights, sweeps.

A bar shows on standard error where that is a terminal, and in a notebook; never in a file, in a
pipe, or in processes that `multiprocessing` has started. Of bars within bars the outer two show.
A bar is gone when it is closed, also by an exception.
"""

from __future__ import annotations

import functools
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from importlib.util import find_spec
from multiprocessing import parent_process
from typing import Any

from tqdm.std import TqdmDefaultWriteLock
from tqdm.std import tqdm as text_bar

__all__ = [
    "bars_aside",
    "bars_if",
    "in_notebook",
    "on_terminal",
    "progress_bar",
    "text_bar",
    "waiting_bar",
]

#: Most bars that show at the same time.
MOST_LINES = 2

#: Columns and rows of a terminal that does not know its own, as of `script` or in a container.
USUAL_SIZE = (80, 24)

#: The bars that show.
_shown: set[Any] = set()

#: Whether bars may show at all, in this thread.
_allowed: ContextVar[bool] = ContextVar("allowed", default=True)


class _ForkSafe:
    """What sets our bars apart from tqdm's own: no thread behind them, and a lock to fork with.

    The lock is tqdm's between threads, so that our bars and the user's take turns. The one between
    processes is left out: whoever forks while it is held hangs.
    """

    monitor_interval = 0
    _lock: Any = TqdmDefaultWriteLock.th_lock

    def close(self) -> None:
        """Let the bar vanish; tqdm would keep one in a notebook that was cut short."""
        _shown.discard(self)
        self.total = None
        super().close()  # type: ignore[misc]


class _TextBar(_ForkSafe, text_bar):
    """A bar of characters."""


def _begin_anew() -> None:
    """Make a forked process independent of bars and threads that only its parent has."""
    _ForkSafe._lock = threading.RLock()
    _shown.clear()


if hasattr(os, "register_at_fork"):  # POSIX
    os.register_at_fork(after_in_child=_begin_anew)


def in_notebook() -> bool:
    """Tell whether this code runs inside a Jupyter kernel."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return type(shell).__name__ == "ZMQInteractiveShell"


def on_terminal() -> bool:
    """Tell whether standard error is a terminal."""
    try:
        return sys.stderr is not None and sys.stderr.isatty()
    except ValueError:  # it is closed
        return False


def progress_bar(
    total: int | None,
    description: str,
    enabled: bool = True,
    unit: str = "step",
    **options: Any,
) -> text_bar:
    """Open a progress bar; use it as a context manager and call ``update(n)``.

    Parameters
    ----------
    total : int or None
        What counts as done, if that is known.
    description : str
        The words before the bar.
    enabled : bool, optional
        ``False`` gives a bar that never prints.
    unit : str, optional
        What is counted.
    **options
        Of `tqdm.tqdm`.

    Returns
    -------
    tqdm.tqdm
        Silent without a terminal or notebook.
    """
    notebook = in_notebook()
    visible = (
        enabled
        and _allowed.get()
        and (notebook or on_terminal())
        and parent_process() is None
        and len(_shown) < MOST_LINES
    )
    kind = _notebook_bar() if notebook and visible else _TextBar
    bar = kind(
        total=total,
        desc=description,
        unit=unit,
        disable=not visible,
        leave=False,
        miniters=1,  # or tqdm skips updates by the hundred, and needs a thread to catch up
        **(_size() if visible else {}),
        **options,
    )
    if visible:
        _shown.add(bar)
    return bar


@contextmanager
def waiting_bar(description: str, enabled: bool = True) -> Iterator[None]:
    """Show for how long something has been going on of which nobody knows how long it takes.

    Parameters
    ----------
    description : str
        What is waited for.
    enabled : bool, optional
        Whether to show it.
    """
    over = threading.Event()
    with progress_bar(None, description, enabled, bar_format="{desc}: {elapsed}") as bar:

        def tick() -> None:
            while not over.wait(1):
                bar.refresh()

        clock = threading.Thread(target=tick, daemon=True)
        if not bar.disable:
            clock.start()
        try:
            yield
        finally:
            over.set()
            if clock.ident is not None:
                clock.join()


@contextmanager
def bars_if(enabled: bool) -> Iterator[None]:
    """Let whatever is called meanwhile show its bars, or none of them if not `enabled`."""
    token = _allowed.set(enabled and _allowed.get())
    try:
        yield
    finally:
        _allowed.reset(token)


def bars_aside() -> AbstractContextManager[None]:
    """Return a context in which a line can be printed: bars make way, and come back below it."""
    return _TextBar.external_write_mode()


def _size() -> dict[str, Any]:
    """Return options for the size of bars: that of the terminal, whatever becomes of it."""
    try:
        known = min(os.get_terminal_size(sys.stderr.fileno())) > 0
    except (AttributeError, OSError, ValueError):
        known = False
    if known:
        return {"dynamic_ncols": True}
    return {"ncols": USUAL_SIZE[0], "nrows": USUAL_SIZE[1]}


@functools.cache
def _notebook_bar() -> type[text_bar]:
    """Return the class of bars in a notebook: widgets, or characters where those are missing."""
    if find_spec("ipywidgets") is None:
        return _TextBar
    from tqdm.notebook import tqdm as widget_bar

    class WidgetBar(_ForkSafe, widget_bar):
        """A bar of widgets."""

    return WidgetBar
