"""Let Brian2 be imported in any thread, and leave signals, errors and folders of others alone.

At the end of its import Brian2 sets a handler of SIGINT (Ctrl-C); only the main thread may do so:
``import brian2`` fails in any other. And where SIGINT is ignored, as in a background job of a
shell script, the handler raises a TypeError in place of ignoring it.

It also takes over `sys.excepthook`: each uncaught error of a script is then called unexpected, and
to be reported to Brian2. And it begins a log file and a copy of the script in the temporary
directory, which stay there when the process is killed; whoever imports Brian2 in their own code
keeps these.
"""

from __future__ import annotations

import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from traceback import walk_tb
from types import FrameType, ModuleType, TracebackType

from ..errors import BrainsleepError

#: The name of this package.
_PACKAGE = __name__.split(".")[0]


def mend_import_of_brian2() -> None:
    """Mend the import of Brian2: the one that was, or the one that will be, in whichever thread."""
    if "brian2" in sys.modules:
        _leave_sigint_alone()
        _show_errors_plainly(sys.__excepthook__, lambda error, traceback: False)
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
                hook_before, is_ours = sys.excepthook, _importer() == _PACKAGE
                if _in_main_thread():
                    execute(module)
                    _leave_sigint_alone()
                else:
                    with _sigint_passed_over():
                        execute(module)
                _show_errors_plainly(hook_before, _is_of_others)
                if is_ours:
                    _end_log_file()

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


def _show_errors_plainly(
    plain_hook: Callable[[type[BaseException], BaseException, TracebackType | None], object],
    is_plain: Callable[[BaseException, TracebackType | None], bool],
) -> None:
    """Keep Brian2's "please report this bug in Brian 2" away from errors that are not its own.

    Those of brainsleep, and all that `is_plain` picks, go to `plain_hook`.
    """
    hook_of_brian2 = sys.excepthook

    def hook(
        kind: type[BaseException], error: BaseException, traceback: TracebackType | None
    ) -> None:
        plain = isinstance(error, BrainsleepError) or is_plain(error, traceback)
        (plain_hook if plain else hook_of_brian2)(kind, error, traceback)

    sys.excepthook = hook


def _is_of_others(error: BaseException, traceback: TracebackType | None) -> bool:
    """Tell whether an error was raised with no function of Brian2 on its way."""
    frames = (frame for frame, _ in walk_tb(traceback))
    return all(frame.f_globals.get("__name__", "").split(".")[0] != "brian2" for frame in frames)


def _importer() -> str:
    """Return the package whose module has the import statement that is being executed."""
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        name = str(frame.f_globals.get("__name__", ""))
        if name != __name__ and not name.startswith("importlib"):
            return name.split(".")[0]
        frame = frame.f_back
    return ""


def _end_log_file() -> None:
    """Remove Brian2's log file and its copy of the script; nothing else is written to them."""
    from brian2.utils.logger import BrianLogger

    handler = BrianLogger.file_handler
    if handler is not None:
        logging.getLogger("brian2").removeHandler(handler)
        handler.close()
    for name in ("tmp_log", "tmp_script"):
        file = getattr(BrianLogger, name)
        if file is not None:
            Path(file).unlink(missing_ok=True)
            setattr(BrianLogger, name, None)
    BrianLogger.file_handler = None


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
