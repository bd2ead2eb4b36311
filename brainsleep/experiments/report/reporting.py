"""Write a page of a run, a sweep, a study or a night, or of several runs side by side."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from ...dreams.dream_files import DREAMS
from ...errors import BrainsleepError, DirectoryError, ParameterError, brief
from ...night.files.night_files import NIGHT
from ...support.calls import public
from ...support.checks import whole_number
from ...support.cores import n_cores
from ...support.disk import is_there
from ...support.files import make_parents, write_atomically
from ...support.names import read_path
from ...wake import torch_threads
from ..comparison import label_runs
from ..finished_runs.sweep_comparison import load_runs
from ..model_files.run_request import say_nothing
from .comparison_page import comparison_page
from .night_page import night_page
from .run_page import run_page
from .study_page import study_page
from .sweep_page import sweep_page
from .templating import HtmlPage

#: What the page is called, in the directory it is of.
REPORT = "report.html"


@public
def write_report(
    *directories: str | os.PathLike[str],
    out: str | os.PathLike[str] | None = None,
    report: Callable[[str], None] = say_nothing,
    n_jobs: int | None = None,
) -> Path:
    """Write one HTML page that shows a run, and asks for nothing elsewhere.

    Parameters
    ----------
    *directories : path
        The directory of a finished run, a sweep, a study (finished or not), or a saved night; or
        several of runs and sweeps, which are put side by side.
    out : path, optional
        The file; ``report.html`` in the directory, or of several ``comparison.html`` beside the
        first, unless given. One that is there is replaced; missing directories are made.
    report : callable
        Told what is left out and why, as a night that is damaged: a line each. The page says it,
        too.
    n_jobs : int, optional
        How many nights of a run are read at the same time, each in a process of its own; the page
        is the same. As many as there are cores unless given; one where processes cannot be forked.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ParameterError
        If no directory is given, or several that cannot be compared.
    DirectoryError
        If there is nothing to show, it is damaged, or the page cannot be written.

    Examples
    --------
    >>> bs.write_report("runs/split_mnist_heaviside")  # doctest: +SKIP
    PosixPath('runs/split_mnist_heaviside/report.html')
    """
    folders = [read_path(one, "directory") for one in directories]
    if not folders:
        raise ParameterError("a report needs the directory of a run.")
    n = n_cores() if n_jobs is None else whole_number(n_jobs, "n_jobs", minimum=1)
    with torch_threads(1):  # equal numbers on any machine, and no threads for small products
        page = _page(folders[0], n) if len(folders) == 1 else _comparison(folders)
    default = folders[0] / REPORT if len(folders) == 1 else folders[0].parent / "comparison.html"
    file = default if out is None else read_path(out, "out")
    for line in page.left_out:
        report(line)
    make_parents(file)
    write_atomically(file, page.html)
    return file


def _page(folder: Path, n_jobs: int) -> HtmlPage:
    """Return the page of what a directory holds."""
    if is_there(folder / "study.json"):
        return _of_results(lambda: study_page(folder))
    is_night = is_there(folder / NIGHT) or is_there(folder / DREAMS)
    if is_night and not is_there(folder / "metrics.json"):
        return night_page(folder)
    if not is_there(folder / "metrics.json") and not is_there(folder / "summary.json"):
        raise DirectoryError(_nothing(folder))
    runs = load_runs(folder)
    if is_there(folder / "metrics.json"):
        return _of_results(lambda: run_page(runs[0], n_jobs))
    return _of_results(lambda: sweep_page(folder, runs))


def _comparison(folders: list[Path]) -> HtmlPage:
    """Return the page of several runs or sweeps."""
    for folder in folders:
        if is_there(folder / "study.json"):
            raise ParameterError(f"{folder} holds a study; write a page of it alone.")
    labelled = label_runs([load_runs(folder) for folder in folders])
    return _of_results(lambda: comparison_page(labelled))


def _of_results(page: Callable[[], HtmlPage]) -> HtmlPage:
    """Return a page; results that are not what runs write are damaged."""
    try:
        return page()
    except BrainsleepError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise DirectoryError(
            f"results are damaged ({brief(str(error))}); --resume writes them anew."
        ) from error


def _nothing(folder: Path) -> str:
    """Say what is missing in a directory that has nothing to show, and what to do."""
    if not folder.is_dir():
        return f"there is no directory {folder}; brainsleep report wants that of a finished run."
    if is_there(folder / "run.json"):
        return (
            f"{folder} holds a run that is not finished; go on with it by brainsleep run MODEL "
            f"--resume --out {folder}."
        )
    if any(folder.glob("seed-*/run.json")):
        return (
            f"{folder} holds a sweep that is not finished; go on with it by brainsleep sweep MODEL "
            f"--resume --out {folder}."
        )
    return (
        f"{folder} holds no finished run: metrics.json is missing. brainsleep report wants the "
        "directory of a run, a sweep, a study or a night."
    )
