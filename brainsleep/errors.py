"""Every error brainsleep raises on purpose, and the helper that guesses what was meant.

All derive from :class:`BrainsleepError`, and from the builtin a caller would
expect to catch (``ValueError``, ``TypeError``, ``OSError``, ``RuntimeError``).
"""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Iterable
from pathlib import PurePath

#: Most characters of a value in a message; of more values than this, only the shape is shown.
_MOST_SHOWN, _MANY = 60, 1000

#: Shows the beginning of long and deep values without looking at the rest.
_REPR = reprlib.Repr()
_REPR.maxlevel = 4
_REPR.maxstring = _REPR.maxother = _REPR.maxlong = 2 * _MOST_SHOWN
_REPR.maxlist = _REPR.maxtuple = _REPR.maxdict = _REPR.maxset = _REPR.maxfrozenset = 30


class BrainsleepError(Exception):
    """Base of every error that brainsleep raises on purpose."""


class ParameterError(BrainsleepError, ValueError):
    """A parameter or an input array has a value that makes no sense."""


class UnitsError(BrainsleepError, TypeError):
    """A quantity has the wrong units, or a value is of the wrong kind."""


class KindError(UnitsError, ParameterError):
    """A value is not of the kind that is wanted, such as text where a number should be.

    It derives from both, so that ``except ValueError`` and ``except TypeError`` both catch it.
    """


class CallError(BrainsleepError, TypeError):
    """A function or a class is called with arguments that it does not have."""


class UnknownNameError(ParameterError, KeyError):
    """There is nothing of this name."""

    __str__ = Exception.__str__  # KeyError shows its message in quotes


class TranslationError(BrainsleepError, ValueError):
    """A part of the network cannot be translated; named by its path in the module."""


class ModelFileError(BrainsleepError, ValueError):
    """A model file has an unknown key, or a value of the wrong kind."""


class DataError(BrainsleepError, ValueError):
    """A data set is missing, empty, or not what its name says."""


class DirectoryError(BrainsleepError, OSError):
    """A directory cannot be written, or holds something that must not be overwritten."""


class CompilerError(BrainsleepError, RuntimeError):
    """No working C++ compiler, or the generated code did not compile."""


class MissingPackageError(BrainsleepError, ImportError):
    """A package that only some uses need is not installed."""


class NightError(BrainsleepError, RuntimeError):
    """A night was started but did not finish."""


def brief(value: object) -> str:
    """Return what a message shows of any value: on one line, at most 60 characters."""
    try:
        text = " ".join(_shown(value).split())
    except Exception:  # of a value's own repr, which may do anything
        text = f"<{type(value).__name__}>"
    return text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 3]}..."


def reason(error: BaseException) -> str:
    """Return what a message shows of an error from elsewhere: the beginning of what it says."""
    try:
        text = " ".join(str(error).split()) or type(error).__name__
    except Exception:  # of a class of the user's
        text = type(error).__name__
    return text if len(text) <= 2 * _MOST_SHOWN else f"{text[: 2 * _MOST_SHOWN - 3]}..."


def _shown(value: object) -> str:
    """Return a value's repr; for values that hold many, what they are."""
    size = getattr(value, "size", None)  # of arrays; torch's is a method
    if callable(size):
        size = getattr(value, "numel", lambda: 1)()
    if isinstance(size, int) and size > _MANY:
        return f"<{type(value).__name__} of shape {tuple(getattr(value, 'shape', ()))}>"
    return _REPR.repr(value)


def suggest(name: object, options: Iterable[str]) -> str:
    """Say which of `options` was probably meant by `name`.

    Parameters
    ----------
    name : object
        What the user wrote; nothing is near to what is not text.
    options : iterable of str
        What would have been right.

    Returns
    -------
    str
        `` Did you mean 'x'?`` (with a leading space) for the nearest spelling, else
        `` Expected one of: ...``.
    """
    options = [str(option) for option in options]
    expected = f" Expected one of: {', '.join(map(repr, sorted(options)))}."
    return suggest_nearest(name, options) or expected


def suggest_nearest(name: object, options: Iterable[str]) -> str:
    """Return `` Did you mean 'x'?`` for the option with the nearest spelling; nothing if far."""
    if not isinstance(name, str):
        return ""
    by_lower_case = {option.lower(): option for option in options}
    # no option is as long as some texts, and comparing takes time
    near = difflib.get_close_matches(name[:100].lower(), by_lower_case, n=1, cutoff=0.6)
    return f" Did you mean {by_lower_case[near[0]]!r}?" if near else ""


def suggest_file(name: str, files: Iterable[str]) -> str:
    """Do as :func:`suggest_nearest` for the names of files, whose endings make no name near."""
    by_stem: dict[str, list[str]] = {}
    for file in files:
        by_stem.setdefault(PurePath(file).stem.lower(), []).append(file)
    stem = PurePath(name).stem.lower()
    near = difflib.get_close_matches(stem[:100], by_stem, n=1, cutoff=0.6)
    if not near:
        return ""
    likest = max(by_stem[near[0]], key=lambda one: difflib.SequenceMatcher(None, name, one).ratio())
    return f" Did you mean {likest!r}?"


def __dir__() -> list[str]:
    """Return what users catch, for tab completion: the exceptions."""
    return sorted(
        name
        for name, one in globals().items()
        if isinstance(one, type) and issubclass(one, BrainsleepError)
    )
