"""Calls that do not fit a signature: answered with the nearest keyword."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from ..errors import BrainsleepError, CallError, brief, suggest, suggest_nearest

Target = TypeVar("Target", bound=Callable[..., object])

#: All that is decorated, to tell where an argument may have been meant to go.
_PUBLIC: list[Callable[..., object]] = []


def public(target: Target) -> Target:
    """Decorate a function or a class that users call: a wrong call raises a CallError.

    An unknown keyword is answered with the nearest one. Signature, docstring and types stay as
    they are, and a call that fits costs nothing.

    Parameters
    ----------
    target : function or class
        Of a class, the constructor is decorated; so it comes above ``@dataclass``.

    Returns
    -------
    function or class
        The class itself; of a function, one that calls it.
    """
    _PUBLIC.append(target)
    if not isinstance(target, type):
        return _answering(target, target)
    decorated: Any = target
    decorated.__init__ = _answering(decorated.__init__, target)
    return target


def _answering(function: Any, target: Callable[..., object]) -> Any:
    """Return a function that explains a call which its signature does not take."""

    @functools.wraps(function)
    def call(*args: object, **keywords: object) -> object:
        try:
            return function(*args, **keywords)
        except TypeError as error:
            if isinstance(error, BrainsleepError):
                raise
            message = _what_is_wrong(function, target, args, keywords)
            if message is None:  # the call is right: the error comes from within
                raise
        raise CallError(message)

    return call


def _what_is_wrong(
    function: Callable[..., object],
    target: Callable[..., object],
    args: tuple[object, ...],
    keywords: Mapping[str, object],
) -> str | None:
    """Say why a call does not fit a signature; None if it does."""
    signature = inspect.signature(function)
    try:
        signature.bind(*args, **keywords)
    except TypeError as error:
        reason = str(error)
    else:
        return None
    name = getattr(target, "__name__", repr(target))
    known = _keywords(function)
    for keyword in keywords:
        if keyword not in known:
            hint = suggest_nearest(keyword, known) or _taken_by(keyword) or suggest("", known)
            return f"{name}: there is no argument {brief(keyword)}.{hint}"
    if reason.startswith("too many"):
        return f"{name}: {reason}; pass some by name: {', '.join(known)}."
    return f"{name}: {reason}."


def _keywords(function: Callable[..., object]) -> list[str]:
    """Return the arguments that can be passed by name."""
    return [
        one.name
        for one in inspect.signature(function).parameters.values()
        if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)
        and one.name not in ("self", "cls")
    ]


def _taken_by(keyword: str) -> str:
    """Say which other function has an argument of this name, if one or two have."""
    others = sorted({one.__name__ for one in _PUBLIC if keyword in _keywords(one)})
    if not 0 < len(others) < 3:
        return ""
    return f" {' and '.join(others)} {'has' if len(others) == 1 else 'have'} it."
