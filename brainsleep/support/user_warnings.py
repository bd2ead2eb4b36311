"""Warnings that point to the user's own line, however deep in the package they arise."""

from __future__ import annotations

import sys
import warnings

from .progress import bars_aside

#: Frames of these are none of the user's: ours, and what runs our ``with`` statements.
_NOT_OF_THE_USER = {__name__.partition(".")[0], "contextlib"}


def warn_user(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn, and name the line outside the package that led here.

    Parameters
    ----------
    message : str
        What to say.
    category : type of Warning
        Its class.
    """
    level, frame = 1, sys._getframe(0)
    while frame.f_back is not None:
        if frame.f_globals.get("__name__", "").partition(".")[0] not in _NOT_OF_THE_USER:
            break
        level, frame = level + 1, frame.f_back
    with bars_aside():
        warnings.warn(message, category, stacklevel=level)
