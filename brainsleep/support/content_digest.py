"""A digest of what an object holds: equal for equal content, in this process and in others.

Arrays and tensors count by their values; functions by their code and what it refers to; other
objects by their class and state, and by the methods of a class that comes from no library.
What has no state that can be seen, such as an open file or a generator, counts by its class.
"""

from __future__ import annotations

import functools
import hashlib
import sys
import sysconfig
import types
from collections.abc import Iterator, Mapping, Set
from pathlib import Path
from typing import Any

import numpy as np

#: Objects that lie deeper in others count by their class.
_DEEPEST = 50

#: Folders of modules that are installed: their versions say what is in them.
_LIBRARIES = [Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib")]

#: Bytes of an array that are taken in at a time.
_PIECE = 2**20

#: What its repr says all about.
_PLAIN = (bool, int, float, complex, str, bytes, bytearray, range, slice, type(None), type(...))

#: Members of a class on which its methods depend.
_MEMBERS: tuple[type, ...] = (
    *(types.FunctionType, classmethod, staticmethod, property, functools.cached_property),
    *(int, float, str, tuple, np.ndarray),
)


def content_digest(*values: object) -> str:
    """Return the SHA-256 of what objects hold, as 64 hexadecimal digits."""
    digest = _Digest()
    for value in values:
        digest.add(value)
    return digest.sha256.hexdigest()


class _Digest:
    """Goes through objects, each once."""

    def __init__(self, depth: int = 0) -> None:
        self.sha256 = hashlib.sha256()
        self._depth = depth
        self._seen: dict[int, tuple[int, object]] = {}  # keeps them, so that no other has their id

    def add(self, value: object) -> None:
        """Take in an object."""
        if isinstance(value, np.generic):
            value = np.asarray(value)
        if isinstance(value, _PLAIN):
            self._tag(type(value).__name__, repr(value))
        elif id(value) in self._seen:
            self._tag("again", self._seen[id(value)][0])
        else:
            self._seen[id(value)] = len(self._seen), value
            self._depth += 1
            if self._depth <= _DEEPEST:
                self._add_new(value)
            else:
                self._tag("deep", type(value).__qualname__)
            self._depth -= 1

    def _add_new(self, value: Any) -> None:
        if isinstance(value, type):
            self._add_class(value)
        elif isinstance(value, np.ndarray):
            self._add_array(value)
        elif hasattr(value, "detach") and hasattr(value, "cpu"):  # of torch
            self._tag("tensor", value.dtype)
            self._add_array(_values_of(value))
        elif isinstance(value, Mapping):
            self._tag("mapping", len(value))
            for key in sorted(value, key=self._alone):
                self.add(key)
                self.add(value[key])
        elif isinstance(value, Set):
            self._add_all("set", sorted(map(self._alone, value)))
        elif isinstance(value, (list, tuple)):
            self._add_all(type(value).__name__, value)
        elif isinstance(value, types.CodeType):
            self._add_all("code", (value.co_code, value.co_names, value.co_consts))
        elif isinstance(value, types.ModuleType):
            self._tag("module", value.__name__)
        elif isinstance(value, types.FunctionType):
            self._add_function(value)
        elif isinstance(value, (classmethod, staticmethod)):
            self.add(value.__func__)
        elif isinstance(value, property):
            self._add_all("property", (value.fget,))
        elif isinstance(value, functools.cached_property):
            self._add_all("property", (value.func,))
        else:
            self._add_object(value)

    def _tag(self, kind: str, text: object) -> None:
        """Take in a text, with its kind and length."""
        content = f"{kind} {text}".encode(errors="surrogatepass")
        self.sha256.update(b"%d:" % len(content) + content)

    def _add_all(self, kind: str, values: Any) -> None:
        self._tag(kind, len(values))
        for value in values:
            self.add(value)

    def _alone(self, value: object) -> str:
        """Return the digest of an object alone, by which what has no order is put in order."""
        alone = _Digest(self._depth)
        alone.add(value)
        return alone.sha256.hexdigest()

    def _add_array(self, array: np.ndarray) -> None:
        unit = getattr(array, "dim", "")  # of Brian2's quantities
        self._tag("array", f"{array.dtype.str} {array.shape} {unit}")
        if array.dtype.hasobject:
            self._add_all("objects", array.ravel().tolist())
            return
        rows = np.atleast_1d(array)
        n_rows = max(1, _PIECE * len(rows) // max(1, rows.nbytes))
        for start in range(0, len(rows), n_rows):  # a large array is never copied whole
            piece = np.ascontiguousarray(rows[start : start + n_rows])
            self.sha256.update(piece.view(np.uint8).data if piece.size else b"")

    def _add_class(self, one: type) -> None:
        """Take in the name of a class, and its code if it is of no known package."""
        for base in one.__mro__:
            self._tag("class", base.__qualname__)
            if not _is_known(base):
                names = [name for name, value in vars(base).items() if isinstance(value, _MEMBERS)]
                # a docstring and a line number change nothing
                wanted = [n for n in names if not n.startswith("__") or callable(vars(base)[n])]
                self._add_named({name: vars(base)[name] for name in wanted})

    def _add_named(self, values: Mapping[str, object]) -> None:
        for name in sorted(values):
            self._tag("name", name)
            self.add(values[name])

    def _add_function(self, function: types.FunctionType) -> None:
        """Take in a function: its name if it is of a known package, else all it refers to."""
        self._tag("function", function.__qualname__)
        if _is_known(function):
            return
        cells = [cell.cell_contents for cell in function.__closure__ or () if _is_filled(cell)]
        self.add(function.__code__)
        self._add_all("around", (function.__defaults__, function.__kwdefaults__, cells))
        names = set(_names_in(function.__code__)) & set(function.__globals__)
        self._add_named({name: function.__globals__[name] for name in names})

    def _add_object(self, value: object) -> None:
        """Take in the class and the state of an object, as it would be pickled."""
        self._add_class(type(value))
        self._tag("named", getattr(value, "__name__", ""))
        try:
            reduced = value.__reduce_ex__(4)
        except Exception:  # of what has no state that can be seen
            return
        if isinstance(reduced, str):
            self._tag("named", reduced)
            return
        maker, arguments, state, items, entries = (*reduced, None, None, None)[:5]
        if isinstance(state, dict):
            state = {k: each for k, each in state.items() if not _is_cached(value, k)}
        self._add_all("made", (getattr(maker, "__qualname__", ""), arguments, state))
        self._add_all("held", (list(items or ()), list(entries or ())))


def _values_of(tensor: Any) -> np.ndarray:
    """Return the values of a tensor of any type."""
    tensor = tensor.detach().cpu()
    try:
        return np.asarray(tensor.numpy())
    except (TypeError, RuntimeError):  # such as bfloat16, which NumPy does not have
        return np.asarray(tensor.double().numpy())


def _is_known(thing: Any) -> bool:
    """Tell whether a class or a function comes from a package whose version says all."""
    name = str(thing.__module__)
    package = name.split(".")[0]
    if package == "brainsleep" or package in sys.stdlib_module_names:
        return True
    file = getattr(sys.modules.get(name), "__file__", None)
    if file is None:  # a notebook, or a module that is not of Python
        return package != "__main__"
    return any(Path(file).is_relative_to(folder) for folder in _LIBRARIES)


def _is_cached(value: object, name: str) -> bool:
    """Tell whether an attribute only keeps what a property has computed."""
    return isinstance(getattr(type(value), name, None), functools.cached_property)


def _is_filled(cell: types.CellType) -> bool:
    """Tell whether a variable of a closure has a value."""
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return False
    return True


def _names_in(code: types.CodeType) -> Iterator[str]:
    """Yield the global names that code, and code inside it, may use."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names_in(constant)
