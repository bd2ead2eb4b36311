"""The same night again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import ParameterError
from ..support.stored_objects import Foreign
from ..translation import StoredModule, write_back
from .result import Night, with_hidden
from .sleep import run_night, warn_of_findings


def sleep_again(night: Night, changes: Mapping[str, Any], *, progress: bool) -> Night:
    """Sleep a night again, from the weights before it.

    Parameters
    ----------
    night : Night
        The night, slept or loaded.
    changes : mapping
        Arguments of `brainsleep.sleep` that are to be others.
    progress : bool
        Whether to show a progress bar.

    Raises
    ------
    ParameterError
        If something is missing that was not stored.
    """
    setup = night.setup
    for name in ("stimulus", "lateral", "stages", "device"):
        value = getattr(setup, name)
        if isinstance(value, Foreign) and name not in changes:
            raise ParameterError(
                f"again: the {name} of this night is made of {value.name}, a class of your own, "
                f"which is not stored with a night; pass {name}=."
            )
    weights = with_hidden(night.weights_before, night.under_masks)
    module = StoredModule(weights) if night.ann is None else write_back(night.ann, weights)
    repeated = run_night(
        setup.request(setup.translation(module, weights), **changes), progress=progress
    )
    warn_of_findings(repeated)
    return repeated
