"""One quiet style for all figures: few lines, colours for colour-blind eyes, readable in print."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, ParamSpec, TypeVar

import matplotlib as mpl
from cycler import cycler

from ..support.calls import public

Arguments = ParamSpec("Arguments")
Drawn = TypeVar("Drawn")

#: Colours that can be told apart with colour-blind eyes (Okabe and Ito 2008), without black.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9")

_TEXT = "0.1"
_LINES = "0.35"

#: Settings of matplotlib (`matplotlib.rcParams`) that all figures of this package are drawn with.
#: For your own: ``with bs.figures.style(): ...``, or ``plt.style.use(dict(bs.figures.STYLE))``.
STYLE: MappingProxyType[str, Any] = MappingProxyType(
    {
        "axes.axisbelow": True,
        "axes.edgecolor": _LINES,
        "axes.facecolor": "white",
        "axes.formatter.limits": (-3, 5),  # 0.0004 is written as 4 with 1e-4 at the end
        "axes.grid": False,
        "axes.labelcolor": _TEXT,
        "axes.labelsize": "medium",
        "axes.linewidth": 0.8,
        "axes.prop_cycle": cycler(color=COLOURS),
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlecolor": _TEXT,
        "axes.titlesize": "medium",
        "axes.titleweight": "normal",
        "figure.constrained_layout.use": True,
        "figure.edgecolor": "white",
        "figure.facecolor": "white",
        "figure.titlesize": "medium",
        "font.family": "sans-serif",
        "font.size": 9.5,
        "image.cmap": "cividis",
        "image.interpolation": "nearest",
        "legend.borderpad": 0.3,
        "legend.edgecolor": "white",
        "legend.facecolor": "white",
        "legend.fancybox": False,
        "legend.fontsize": "small",
        "legend.framealpha": 0.85,  # a legend can be read on whatever lies under it
        "legend.frameon": True,
        "lines.linewidth": 1.3,
        "lines.markersize": 4.5,
        "savefig.edgecolor": "auto",
        "savefig.facecolor": "auto",
        "text.color": _TEXT,
        "text.usetex": False,  # where "%" would begin a comment
        "xtick.color": _LINES,
        "xtick.labelcolor": _TEXT,
        "xtick.labelsize": "small",
        "ytick.color": _LINES,
        "ytick.labelcolor": _TEXT,
        "ytick.labelsize": "small",
    }
)

#: matplotlib's settings are those of the whole process: one thread at a time may change them.
_LOCK = threading.RLock()


@public
@contextmanager
def style() -> Iterator[None]:
    """Use the style of this package within a ``with`` block; settings are then as they were.

    Other threads that enter the block meanwhile wait.

    Examples
    --------
    >>> import brainsleep as bs
    >>> with bs.figures.style():  # doctest: +SKIP
    ...     fig, ax = plt.subplots()
    """
    settings: Any = dict(STYLE)
    with _LOCK, mpl.rc_context(settings):
        yield


@public
def styled(plot: Callable[Arguments, Drawn]) -> Callable[Arguments, Drawn]:
    """Decorate a function that draws, so that it draws in the style of this package."""

    @functools.wraps(plot)
    def in_style(*args: Arguments.args, **keywords: Arguments.kwargs) -> Drawn:
        with style():
            return plot(*args, **keywords)

    return in_style
