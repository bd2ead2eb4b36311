"""pandas, which only tables need: imported where one is made, and named where it is missing."""

from __future__ import annotations

from types import ModuleType

from ..errors import MissingPackageError


def import_pandas(tables: str) -> ModuleType:
    """Return pandas.

    Parameters
    ----------
    tables : str
        What the tables are of, for the message.

    Raises
    ------
    MissingPackageError
        If it is not installed.
    """
    try:
        import pandas
    except ImportError:
        raise MissingPackageError(f"tables of {tables} need pandas: pip install pandas.") from None
    return pandas
