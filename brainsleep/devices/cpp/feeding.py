"""Stream a night's input into its program."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import IO

import numpy as np
from numpy.typing import NDArray
from tqdm.std import tqdm

from ..base import STEPS_PER_REPORT, Job
from .watching import Watch

#: If steps take fewer seconds than this, a pipe of `FAST_PIPE` bytes is gone through in no time; it
#: holds the steps that are drawn at once, so program and drawing need not wait for each other.
FAST_STEP, FAST_PIPE = 5e-5, 2**18


def feed(
    stream: IO[bytes],
    job: Job,
    n_inputs: int,
    signals: Iterable[str],
    bar: tqdm,
    watch: Watch | None = None,
    is_running: Callable[[], bool] = lambda: True,
) -> bool:
    """Write a night's input to its program; tell whether it was stopped before the end.

    Ctrl-C, or `Job.should_stop`, ends the input, and so the night, which writes what it has.

    Parameters
    ----------
    stream : file
        The program's standard input; closed at the end.
    job : Job
        Gives input spikes and signals. Without input spikes nothing is written: the program knows.
    n_inputs : int
        Number of input neurons.
    signals : iterable of str
        What the program reads of each step besides its spikes, in this order.
    bar : tqdm
        Progress bar, in steps.
    watch : Watch, optional
        Looks at the night meanwhile.
    is_running : callable, optional
        Tells whether the program has not ended.

    Returns
    -------
    bool

    Raises
    ------
    KeyboardInterrupt
        For Ctrl-C before the first step: there is nothing to keep.
    """
    fed = 0
    bar.update(job.first_step)
    if job.input_spikes is None:
        stream.close()
        return False
    try:
        with stream:
            _shrink_pipe(stream.fileno(), (n_inputs + 7) // 8)
            for rows in _rows(job, job.input_spikes, [job.signals[name] for name in signals]):
                started, n_rows = time.perf_counter(), len(rows)
                while len(rows) > 0:
                    stop = job.should_stop is not None and job.should_stop()
                    if stop and fed > 0:  # a night of no steps leaves nothing to read
                        return True
                    piece, rows = np.split(rows, [_most_steps(watch, job.first_step + fed)])
                    stream.write(piece.tobytes())
                    bar.update(len(piece))
                    fed += len(piece)
                    if watch is not None:
                        stream.flush()
                        watch.wait(job.first_step + fed, is_running)
                if watch is None and time.perf_counter() - started < n_rows * FAST_STEP:
                    _set_pipe(stream.fileno(), FAST_PIPE)
    except BrokenPipeError:
        if watch is not None and watch.at_work:
            raise
        # else the program died; its exit status says more
    except KeyboardInterrupt:
        if fed == 0:
            raise
        return True
    return False


def _most_steps(watch: Watch | None, n_fed: int) -> int:
    """Return how many steps to feed at once."""
    return STEPS_PER_REPORT if watch is None else min(STEPS_PER_REPORT, watch.steps_ahead(n_fed))


def _rows(
    job: Job, input_spikes: Iterable[NDArray[np.bool_]], signals: Sequence[np.ndarray]
) -> Iterator[np.ndarray]:
    """Yield what the program reads, one row per step: packed spikes, then the signals."""
    step = job.first_step
    values = np.array(signals, dtype=float).T.copy()  # steps × signals
    for chunk in input_spikes:
        rows = np.packbits(chunk, axis=1, bitorder="little")
        if signals:
            rows = np.hstack([rows, values[step : step + len(rows)].view(np.uint8)])
        step += len(rows)
        yield rows


def _shrink_pipe(descriptor: int, row_bytes: int) -> None:
    """Let a pipe hold few steps (or a page), so that what was fed tells how far the night is."""
    _set_pipe(descriptor, max(4096, STEPS_PER_REPORT * row_bytes))


def _set_pipe(descriptor: int, n_bytes: int) -> None:
    """Choose how many bytes a pipe holds, where the system lets us."""
    with suppress(ImportError, AttributeError, OSError):  # Linux only
        import fcntl

        fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, n_bytes)
