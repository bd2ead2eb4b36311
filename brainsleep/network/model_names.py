"""What equations define, by name; remembered, since Brian2 takes a millisecond to read some."""

from __future__ import annotations

from functools import lru_cache

from brian2 import Equations


@lru_cache(maxsize=256)
def model_names(model: str) -> frozenset[str]:
    """Return the names that equations define.

    Parameters
    ----------
    model : str
        The equations, as Brian2 reads them.
    """
    return frozenset(Equations(model).names)


@lru_cache(maxsize=256)
def differential_names(model: str) -> frozenset[str]:
    """Return the names that differential equations define; see `model_names`."""
    return frozenset(Equations(model).diff_eq_names)
