"""One progress bar for everything that takes a while: training, compiling, nights.

A bar shows in a terminal and in a notebook, and nowhere else: a log file or a
pipe stays clean.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec

from tqdm.std import tqdm as text_bar


def in_notebook() -> bool:
    """Tell whether this code runs inside a Jupyter kernel."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return type(shell).__name__ == "ZMQInteractiveShell"


def progress_bar(
    total: int, description: str, enabled: bool = True, unit: str = "step"
) -> text_bar:
    """Open a progress bar; use it as a context manager and call ``update(n)``.

    Parameters
    ----------
    total : int
        What counts as done.
    description : str
        The words before the bar.
    enabled : bool, optional
        ``False`` gives a bar that never prints.
    unit : str, optional
        What is counted.

    Returns
    -------
    tqdm.tqdm
        Silent without a terminal or notebook.
    """
    notebook = in_notebook()
    visible = enabled and (notebook or sys.stderr.isatty())
    bar_type = text_bar
    if notebook and find_spec("ipywidgets") is not None:  # the text bar serves where it is missing
        from tqdm.notebook import tqdm as widget_bar

        bar_type = widget_bar
    return bar_type(
        total=total,
        desc=description,
        unit=unit,
        disable=not visible,
        leave=False,
        dynamic_ncols=True,
    )
