"""Times to the first spike: the larger a number, the sooner its input spikes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...support.array_values import check_memory, numbers
from ...support.calls import public
from ...support.checks import number, whole_number


@public
def latency(
    values: npt.ArrayLike, n_steps: int, silent_below: float = 0.0
) -> npt.NDArray[np.bool_]:
    r"""Encode numbers as times to the first spike: the larger a number, the sooner it spikes.

    Input i spikes once, in step

    .. math:: k_i = \lfloor (1 - x_i)(n - 1) \rfloor

    of the :math:`n` steps: a 1 spikes in the first, and what is nearly 0 in the last but one. A 0
    never spikes. These are the spikes of ``coding="latency"`` in `bs.spiking_accuracy`.

    Parameters
    ----------
    values : array_like
        Numbers x in [0, 1]; any shape, made flat.
    n_steps : int
        Number of time steps.
    silent_below : float, optional
        Smaller numbers do not spike either; in [0, 1].

    Returns
    -------
    ndarray of bool, shape (n_steps, n_values)
        True where an input spikes.

    Raises
    ------
    ParameterError
        If a value is out of range or NaN, or there is none.
    UnitsError
        If a value has units or is not a number.

    References
    ----------
    Thorpe, Delorme, Van Rullen 2001, Neural Networks 14:715; Gollisch, Meister 2008, Science
    319:1108.

    Examples
    --------
    >>> latency([1.0, 0.5, 0.0], n_steps=3).tolist()
    [[True, False, False], [False, True, False], [False, False, False]]
    """
    x = numbers(values, "codes: values", minimum=0, maximum=1).ravel()
    steps = whole_number(n_steps, "codes: n_steps", minimum=1)
    weakest = number(silent_below, "codes: silent_below", minimum=0, maximum=1)
    check_memory(steps * x.size, "codes: n_steps", bytes_each=1)
    spikes = np.zeros((steps, x.size), dtype=bool)
    seen = np.flatnonzero((x > 0) & (x >= weakest))
    due = np.floor((1 - x[seen]) * (steps - 1)).astype(np.int64)
    spikes[due, seen] = True
    return spikes
