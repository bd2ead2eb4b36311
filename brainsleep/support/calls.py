"""Calls of what users call, held to the signature: which arguments there are, and of which kind.

Numbers, quantities, arrays, names and paths are read where they are used, by the other modules of
this package: they have ranges, units and shapes. What is wrong already by its type is found here.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Mapping
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

import numpy as np

from ..errors import CallError, KindError, brief, suggest, suggest_nearest

Target = TypeVar("Target", bound=Callable[..., object])

#: All that is decorated, to tell where an argument may have been meant to go.
_PUBLIC: list[Callable[..., object]] = []


def public(target: Target) -> Target:
    """Decorate a function or a class that users call, so that calls are held to its signature.

    An argument that is not there is answered with the nearest one. An argument whose annotation is
    `bool`, a class of the package or of torch.nn, or one of several, must be of this kind.
    Signature, docstring and types stay as they are.

    Parameters
    ----------
    target : function or class
        Of a class, the constructor is decorated; so it comes above ``@dataclass``.

    Returns
    -------
    function or class
        The class itself; of a function, one that calls it.

    Raises
    ------
    CallError
        When called: if there is no such argument, or one is missing.
    KindError
        When called: if an argument is of the wrong kind.
    """
    _PUBLIC.append(target)
    if not isinstance(target, type):
        return _held_to_signature(target, target)
    decorated: Any = target
    decorated.__init__ = _held_to_signature(decorated.__init__, target)
    return target


def _held_to_signature(function: Any, target: Callable[..., object]) -> Any:
    """Return a function that checks how it is called."""
    signature = inspect.signature(function)

    @functools.cache  # when first called: some annotations name what is imported later
    def kinds() -> dict[str, tuple[type, ...]]:
        return _kinds(signature, function)

    @functools.wraps(function)
    def call(*args: object, **keywords: object) -> object:
        try:
            given = signature.bind(*args, **keywords).arguments
        except TypeError as error:
            raise CallError(_in_words(signature, target, keywords, str(error))) from None
        for name, kind in kinds().items():
            if name in given and not isinstance(given[name], kind):
                raise KindError(f"{name} must be {_wanted(kind)}, not {brief(given[name])}.")
        return function(*args, **keywords)

    return call


def _kinds(signature: inspect.Signature, function: Any) -> dict[str, tuple[type, ...]]:
    """Return the classes that an argument may be of, for those whose annotation says it."""
    names = vars(sys.modules[function.__module__])
    found = {}
    for one in signature.parameters.values():
        if one.name == "ann":  # translation says what to pass in its place
            continue
        annotation = one.annotation
        if isinstance(annotation, str):
            try:
                annotation = eval(annotation, names)
            except (NameError, TypeError):  # imported for type checkers alone
                continue
        kind = _classes(annotation)
        if kind is not None:
            found[one.name] = kind
    return found


def _classes(annotation: Any) -> tuple[type, ...] | None:
    """Return the classes that an annotation stands for; None unless it says no more than that."""
    if get_origin(annotation) in (Union, UnionType):
        members = [_classes(member) for member in get_args(annotation)]
        found = [one for member in members if member is not None for one in member]
        return tuple(found) if None not in members else None
    if annotation is None or annotation is NoneType:
        return (NoneType,)
    if annotation is bool:
        return (bool, np.bool_)
    is_own = isinstance(annotation, type) and annotation.__module__.startswith(_CHECKED)
    is_protocol = getattr(annotation, "_is_protocol", False)
    return (annotation,) if is_own and not is_protocol else None


#: Where the classes come from that are checked.
_CHECKED = ("brainsleep.", "torch.nn.")
#: What messages call some of them.
_WORDS = {
    "bool": "True or False",
    "NoneType": "None",
    "Module": "a torch.nn.Module",
    "LayeredNeuron": "a model like bs.LIF(threshold=15)",  # users call none of them by that name
}


def _wanted(kinds: tuple[type, ...]) -> str:
    """Put classes into words."""
    names = [kind.__name__ for kind in kinds if kind is not np.bool_]
    return " or ".join(_WORDS.get(name, f"{_article(name)} {name} object") for name in names)


def _article(name: str) -> str:
    """Return the article of a class's name, as it is read aloud."""
    is_spelled = name[:2].isupper()  # letter by letter, as LSNN
    return "an" if name[0] in ("AEFHILMNORSX" if is_spelled else "AEIO") else "a"


def _in_words(
    signature: inspect.Signature,
    target: Callable[..., object],
    keywords: Mapping[str, object],
    reason: str,
) -> str:
    """Say why a call does not fit a signature."""
    name, known = target.__name__, _keywords(signature)
    for keyword in keywords:
        if keyword not in known:
            hint = suggest_nearest(keyword, known) or _taken_by(keyword) or suggest("", known)
            return f"{name}: there is no argument {brief(keyword)}.{hint}"
    if reason.startswith("too many"):
        return f"{name}: {reason}; pass some by name: {', '.join(known)}."
    return f"{name}: {reason}."


def _keywords(signature: inspect.Signature) -> list[str]:
    """Return the arguments that can be passed by name."""
    return [
        one.name
        for one in signature.parameters.values()
        if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)
        and one.name not in ("self", "cls")
    ]


def _taken_by(keyword: str) -> str:
    """Say which other functions have an argument of this name, if one or two have."""
    others = sorted(
        {one.__name__ for one in _PUBLIC if keyword in _keywords(inspect.signature(one))}
    )
    if not 0 < len(others) < 3:
        return ""
    return f" {' and '.join(others)} {'has' if len(others) == 1 else 'have'} it."
