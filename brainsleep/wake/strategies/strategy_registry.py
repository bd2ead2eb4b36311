"""Every strategy that comes with the package: a line per strategy, and nothing else to do."""

from __future__ import annotations

from ...support.checks import known_name
from .centred import SequentialCentred
from .joint import Joint
from .masked import SequentialMasked
from .sequential import Sequential
from .strategy import Strategy
from .weight_averaging import WeightAveraging

#: Strategies by name. For one seed, all but ``"joint"`` see the same batches in the same order, so
#: that they differ in method alone.
STRATEGIES: dict[str, type[Strategy]] = {
    strategy.kind: strategy
    for strategy in (
        Sequential,
        Joint,
        SequentialMasked,
        WeightAveraging,
        SequentialCentred,
    )
}


def build_strategy(name: str, **parameters: object) -> Strategy:
    """Make a strategy by its name.

    Parameters
    ----------
    name : str
        A key of :data:`STRATEGIES`, where each strategy has a description.
    **parameters
        Its parameters, where they are not to be the defaults.

    Returns
    -------
    Strategy
        One that has learned nothing yet.

    Raises
    ------
    CallError
        If the strategy has no such parameter.
    ParameterError
        If there is no such strategy, or a parameter makes no sense.

    Examples
    --------
    >>> build_strategy("sequential")
    Sequential()
    """
    return STRATEGIES[known_name(name, "strategy", STRATEGIES)](**parameters)
