"""Arms that fail: what is said of them, in a run, in its results and under its tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ...errors import BrainsleepError, ParameterError
from ...support.files import JsonMapping
from ..model_files.training_sections import StrategySection


def failure_of(waking: StrategySection, seed: int, error: BrainsleepError) -> str:
    """Return in one line which arm has failed, with which seed, and why.

    Parameters
    ----------
    waking : StrategySection
        The arm's strategy; its parameters are named.
    seed : int
        Of the run.
    error : BrainsleepError
        What was raised.
    """
    parameters = [f"{key} = {value}" for key, value in waking.values.items()]
    name = waking.arm_name.partition(":")[0]
    words = ", ".join([name, *parameters, f"seed {seed}"])
    is_strong = "diverged" in str(error) and hasattr(waking.strategy(), "strength")
    return f"{words}: {error}" + (" Or try a smaller strength." if is_strong else "")


@contextmanager
def naming(words: str) -> Iterator[None]:
    """Put words before the message of a ParameterError that is raised within."""
    try:
        yield
    except ParameterError as error:
        if type(error) is not ParameterError:
            raise
        raise ParameterError(f"{words}: {error}") from error


def failed_of(runs: Sequence[JsonMapping]) -> dict[str, list[str]]:
    """Return what is said of the arms that failed in any of some runs, by the arm's name.

    Parameters
    ----------
    runs : sequence of mapping
        Contents of ``metrics.json``.
    """
    failed: dict[str, list[str]] = {}
    for run in runs:
        for name, message in run.get("failed", {}).items():
            failed.setdefault(name, []).append(message)
    return failed


def failed_lines(failed: JsonMapping) -> list[str]:
    """Return what is said of arms that failed, as lines for under a table.

    Parameters
    ----------
    failed : mapping
        As of :func:`failed_of`.
    """
    lines = [f"  {message}" for messages in failed.values() for message in messages]
    return ["", "failed, and left out (--resume tries again):", *lines] if lines else []
