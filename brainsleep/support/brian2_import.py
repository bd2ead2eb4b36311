"""Let Brian2 be imported in any thread, and leave signals that are ignored alone.

At the end of its import Brian2 sets a handler of SIGINT (Ctrl-C); only the main thread may do so:
``import brian2`` fails in any other. And where SIGINT is ignored, as in a background job of a
shell script, the handler raises a TypeError in place of ignoring it.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


def mend_import_of_brian2() -> None:
    """Mend the import of Brian2: the one that was, or the one that will be, in whichever thread."""
    if "brian2" in sys.modules:
        _leave_sigint_alone()
    else:
        sys.meta_path.insert(0, _Brian2Finder())


class _Brian2Finder(MetaPathFinder):
    """Finds Brian2 where the others find it, and keeps its handler of SIGINT from doing harm."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Return how to import Brian2; None for all other modules."""
        if fullname != "brian2":
            return None
        others = (finder for finder in sys.meta_path if finder is not self)
        found = (finder.find_spec(fullname, path, target) for finder in others)
        spec = next(filter(None, found), None)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                if _in_main_thread():
                    execute(module)
                    _leave_sigint_alone()
                else:
                    with _sigint_passed_over():
                        execute(module)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def _leave_sigint_alone() -> None:
    """Undo what Brian2 did to a SIGINT that was ignored, or left to the system."""
    previous = getattr(signal.getsignal(signal.SIGINT), "previous_handler", None)
    if isinstance(previous, signal.Handlers) and _in_main_thread():
        signal.signal(signal.SIGINT, previous)


@contextmanager
def _sigint_passed_over() -> Iterator[None]:
    """Let ``signal.signal`` do nothing where this thread would set a handler of SIGINT."""
    this_thread, set_handler = threading.get_ident(), signal.signal

    def set_all_but_sigint(signalnum, handler):  # type: ignore[no-untyped-def]
        if signalnum == signal.SIGINT and threading.get_ident() == this_thread:
            return signal.getsignal(signalnum)
        return set_handler(signalnum, handler)

    signal.signal = set_all_but_sigint
    try:
        yield
    finally:
        signal.signal = set_handler


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
