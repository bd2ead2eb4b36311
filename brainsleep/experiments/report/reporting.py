"""Write a page of a run, a sweep or a study, or of several of them side by side."""

from __future__ import annotations

import os
from pathlib import Path

from ...support.calls import public
from ...support.files import write_atomically
from ...support.names import read_path
from ..run_results import load_run
from .run_page import run_page

#: What the page is called, in the directory it is of.
REPORT = "report.html"


@public
def write_report(
    *directories: str | os.PathLike[str], out: str | os.PathLike[str] | None = None
) -> Path:
    """Write one HTML page that shows a run, and asks for nothing elsewhere.

    Parameters
    ----------
    *directories : path
        The directory of a finished run.
    out : path, optional
        The file; ``report.html`` in the first directory unless given. One that is there is
        replaced.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    DirectoryError
        If there is no finished run, it is damaged, or the page cannot be written.
    """
    folders = [read_path(one, "directory") for one in directories]
    file = folders[0] / REPORT if out is None else read_path(out, "out")
    write_atomically(file, run_page(load_run(folders[0])))
    return file
