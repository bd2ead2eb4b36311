"""Outputs of a network by their numbers, as users give them."""

from __future__ import annotations

import numpy as np

from ..errors import ParameterError
from ..support.checks import whole_number
from ..support.names import items


def read_outputs(value: object, field: str, n_outputs: int) -> tuple[int, ...]:
    """Read which outputs are meant: whole numbers, each once, ascending.

    Parameters
    ----------
    value : sequence of int
        What the user gave.
    field : str
        What messages call it.
    n_outputs : int
        How many outputs there are.

    Raises
    ------
    KindError
        If it is no such sequence.
    ParameterError
        If a number is out of range, or comes twice.
    """
    given = value.tolist() if isinstance(value, np.ndarray) else value
    found = [
        whole_number(one, field, maximum=n_outputs - 1)
        for one in items(given, field, "numbers of outputs")
    ]
    if len(set(found)) < len(found):
        twice = next(one for one in found if found.count(one) > 1)
        raise ParameterError(f"{field}: output {twice} comes twice.")
    return tuple(sorted(found))
