"""Functions in users' own files, named in text, as ``"file.py:make"`` or ``"package.module:make"``.

Finding a function executes nothing (but the packages around a module); calling it executes the
file, which its digest names before that.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from ..errors import (
    BrainsleepError,
    DataError,
    ParameterError,
    brief,
    reason,
    suggest_file,
    suggest_nearest,
)
from .files import read_bytes

_NAMED = re.compile(r"(?P<place>[^:]+):(?P<function>\w+)")
_MODULE = re.compile(r"\w+(\.\w+)*")


def is_function_name(text: str) -> bool:
    """Tell whether text names a function in a file or module, as ``"file.py:make"`` does."""
    return _NAMED.fullmatch(text) is not None


@dataclass(frozen=True)
class UserFunction:
    """A function in a file of the user's.

    Attributes
    ----------
    name : str
        As the user named it.
    asked_as : str
        What messages call the argument that names it.
    file : Path
        The file that is executed.
    module : str
        Its name as a module; empty for a file that is named as such.
    function : str
        What is called.
    folder : Path
        From where modules may be imported, too.
    source : bytes
        What is in the file.
    """

    name: str
    asked_as: str
    file: Path
    module: str
    function: str
    folder: Path
    source: bytes = field(repr=False)

    @property
    def place(self) -> str:
        """The file or module, as the user named it."""
        return self.name.rpartition(":")[0]

    @property
    def sha256(self) -> str:
        """Digest of the file, in hexadecimal; that of what it imports is not in it."""
        return hashlib.sha256(self.source).hexdigest()

    def call(self, offered: Mapping[str, object], own: Mapping[str, object] | None = None) -> Any:
        """Execute the file and call the function.

        Parameters
        ----------
        offered : mapping of str to object
            Arguments of which it gets those that its signature takes.
        own : mapping of str to object, optional
            Further arguments, each of which it must take.

        Raises
        ------
        ParameterError
            If there is no such function, it wants other arguments, or it or its file raises an
            error.
        """
        own = {} if own is None else own
        with _importing_from(self.folder):
            function = self._load()
            arguments = self._arguments(function, offered, own)
            with self._plain_errors():
                return function(**arguments)

    def _load(self) -> Callable[..., Any]:
        """Execute the file, unless that was done, and return the function."""
        with self._plain_errors():
            module = importlib.import_module(self.module) if self.module else self._execute()
        if not hasattr(module, self.function):
            near = suggest_nearest(self.function, vars(module))
            raise ParameterError(
                f"{self.asked_as}: {self.file.name} has no {brief(self.function)}.{near}"
            )
        function = getattr(module, self.function)
        if not callable(function):
            raise ParameterError(
                f"{self.asked_as}: {self.name} is {brief(function)}, which cannot be called."
            )
        return function

    def _execute(self) -> ModuleType:
        """Make a module of the file; a file that changed is another module."""
        key = hashlib.sha256(f"{self.file} {self.sha256}".encode()).hexdigest()[:16]
        name = f"{re.sub(r'[^0-9A-Za-z_]', '_', self.file.stem)}_{key}"
        if name in sys.modules:
            return sys.modules[name]
        module = ModuleType(name)
        module.__file__ = str(self.file)
        sys.modules[name] = module  # where inspect and pickle look for what is defined in it
        try:
            exec(compile(self.source, str(self.file), "exec"), vars(module))
        except BaseException:
            del sys.modules[name]
            raise
        return module

    def _arguments(
        self,
        function: Callable[..., Any],
        offered: Mapping[str, object],
        own: Mapping[str, object],
    ) -> dict[str, object]:
        """Return the arguments of a call: of those offered, the ones that there are."""
        try:
            wanted = inspect.signature(function).parameters
        except (TypeError, ValueError):  # of functions that are not written in Python
            return dict(own)
        takes_any = any(one.kind is one.VAR_KEYWORD for one in wanted.values())
        named = {
            name: one.default is one.empty
            for name, one in wanted.items()
            if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)
        }
        for name in own:
            if name not in named and not takes_any:
                near = suggest_nearest(name, named)
                raise ParameterError(f"{self.asked_as}: {self.name} takes no {brief(name)}.{near}")
        taken = {name: value for name, value in offered.items() if takes_any or name in named}
        given = {**taken, **own}
        for name, is_needed in named.items():
            if is_needed and name not in given:
                there = f"; there are {', '.join(offered)}" if offered else ""
                raise ParameterError(
                    f"{self.asked_as}: {self.name} wants an argument {brief(name)}, which it is "
                    f"not given{there}."
                )
        return given

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        """Say where in the user's file an error came from."""
        try:
            yield
        except (BrainsleepError, KeyboardInterrupt, MemoryError):
            raise
        except (Exception, SystemExit) as error:
            line = _line_within(self.file, error)
            raise ParameterError(
                f"{self.asked_as}: {self.file.name}{line} raised {type(error).__name__}: "
                f"{reason(error)}."
            ) from error


def find_function(name: str, folder: Path, field: str, source: bytes | None = None) -> UserFunction:
    """Find a function by its name, and the digest of the file that it is in.

    Parameters
    ----------
    name : str
        ``"file.py:function"``, the file being relative to `folder`; or
        ``"package.module:function"``, of what is installed or lies in `folder`.
    folder : Path
        That of the model file.
    field : str
        What messages call the argument.
    source : bytes, optional
        What was in the file when it was read before, to be executed in place of what is in it now.

    Raises
    ------
    ParameterError
        If the text is no such name, or there is no such file or module.
    """
    match = _NAMED.fullmatch(name)
    if match is None:
        raise ParameterError(
            f'{field} must be "file.py:function" or "package.module:function", not {brief(name)}.'
        )
    place, function = match["place"], match["function"]
    folder = folder.absolute()
    is_file = place.endswith(".py") or not _MODULE.fullmatch(place)
    file = folder / Path(place).expanduser() if is_file else _file_of(place, folder, field)
    return UserFunction(
        name=name,
        asked_as=field,
        file=file,
        module="" if is_file else place,
        function=function,
        folder=folder,
        source=_source_of(file, field) if source is None or not is_file else source,
    )


def in_words(functions: list[UserFunction]) -> str:
    """Say which files are executed, each once: ``"code of net.py (SHA-256 1f2e3d4c5b6a)"``."""
    files = {one.file: one.sha256 for one in functions}
    named = [f"{file.name} (SHA-256 {sha256[:12]})" for file, sha256 in files.items()]
    return f"code of {' and '.join(named)}"


def _file_of(module: str, folder: Path, field: str) -> Path:
    """Return the file of a module; the packages around it are executed, itself is not."""
    try:
        with _importing_from(folder):
            importlib.invalidate_caches()
            spec = find_spec(module)
    except Exception as error:  # of the packages around it, too
        raise ParameterError(f"{field}: there is no module {module} ({reason(error)}).") from error
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        near = suggest_nearest(module, (file.stem for file in folder.glob("*.py")))
        raise ParameterError(
            f"{field}: there is no module {module}, neither installed nor in {folder}.{near}"
        )
    return Path(spec.origin)


def _source_of(file: Path, field: str) -> bytes:
    """Return what is in a file."""
    try:
        return read_bytes(file)
    except FileNotFoundError:
        near = suggest_file(file.name, (one.name for one in file.parent.glob("*.py")))
        raise ParameterError(f"{field}: there is no file {file}.{near}") from None
    except (OSError, DataError) as error:
        raise ParameterError(f"{field}: {file} cannot be read: {reason(error)}.") from error


@contextmanager
def _importing_from(folder: Path) -> Iterator[None]:
    """Let modules of a folder be imported, first of all others, for a while."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        if str(folder) in sys.path:
            sys.path.remove(str(folder))


def _line_within(file: Path, error: BaseException) -> str:
    """Return the line of a file that an error came through last, as ", line 3,"."""
    line = getattr(error, "lineno", None) if isinstance(error, SyntaxError) else None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(file):
            line = trace.tb_lineno
        trace = trace.tb_next
    return "" if line is None else f", line {line},"
