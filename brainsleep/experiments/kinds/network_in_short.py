"""What tables of model files call a network: its sizes, or its kind."""

from __future__ import annotations

from ...support.files import JsonMapping


def network_in_short(table: JsonMapping) -> str:
    """Return the sizes of a network, or what it is.

    Parameters
    ----------
    table : mapping
        Content of ``[network]``, which may leave out what has a default.
    """
    if sizes := table.get("sizes") or table.get("hidden"):
        return "-".join(map(str, sizes))
    return "own" if "module" in table else str(table.get("kind", "mlp"))
