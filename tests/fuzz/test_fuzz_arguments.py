"""Whatever comes in place of an argument, a call returns, or raises an error of the package.

500 calls each time. For more, and for other ones::

    BRAINSLEEP_FUZZ=10000 BRAINSLEEP_FUZZ_SEED=1 make test ARGS="tests/fuzz -k arguments"
"""

import os
import resource
import signal
import warnings
from contextlib import chdir, contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from foreign_values import FOREIGN, foreign_values
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from matplotlib import pyplot
from silent_device import silent_devices
from valid_calls import CALLS, ann, arguments_of

from brainsleep.errors import BrainsleepError

N_CALLS = int(os.environ.get("BRAINSLEEP_FUZZ", "500"))
#: With a seed of its own, the calls are others; without, always the same.
SEED = int(os.environ.get("BRAINSLEEP_FUZZ_SEED", "0"))
#: Seconds that a call may take: on a busy machine a valid one takes one.
DEADLINE = 20


#: Arguments that take a function: what a user's own function raises is the user's.
OWN = ("reduce", "should_stop", "surrogate")


@st.composite
def calls(draw):
    """Draw a call and up to three arguments with foreign values, by name."""
    name = draw(st.sampled_from(sorted(filter(arguments_of, CALLS))))
    chosen = draw(
        st.lists(st.sampled_from(arguments_of(name)), min_size=1, max_size=3, unique=True)
    )
    return name, {argument: draw(foreign_values()) for argument in chosen}


@pytest.fixture(scope="module", autouse=True)
def nothing_is_built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files") / "within"  # some write to "../x"
    folder.mkdir()
    with silent_devices(), little_memory(8), chdir(folder):
        yield


@pytest.mark.parametrize("name", CALLS)
def test_the_calls_are_right(name):
    if name in (
        "from_nir",
        "Night.load",
        "DreamMemory.load",
        "DreamNight.load",
        "load_run",
        "load_split",
        "write_report",
    ):
        pytest.skip("reads a file that is not there")
    function, valid, *_ = CALLS[name]
    function(**{argument: make() for argument, make in valid.items()})
    pyplot.close("all")


@seed(SEED)
@settings(
    max_examples=N_CALLS,
    database=None,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)
@given(calls())
def test_any_value_for_any_argument(call):
    problem = outcome(*call)
    assert problem is None, problem


def outcome(name, foreign):
    """Return what is wrong with how a call took its arguments; None if nothing is."""
    function, valid, *_ = CALLS[name]
    arguments = {argument: make() for argument, make in valid.items()}
    network = arguments["ann"] = ann() if "ann" in valid else None
    if network is None:
        del arguments["ann"]
    values = {argument: FOREIGN[value]() for argument, value in foreign.items()}
    if name.startswith("train"):  # in place
        values.pop("network", None)
    before = [image(value) for value in [*values.values(), network]]
    with warnings.catch_warnings(), deadline(DEADLINE):
        warnings.simplefilter("ignore")
        try:
            function(**{**arguments, **values})
        except BrainsleepError as error:
            if len(str(error)) > 600 or "\n" in str(error):
                return f"{name}({foreign}): a message of {len(str(error))} characters: {error}"
        except Exception as error:
            if any(argument in OWN and callable(values[argument]) for argument in foreign):
                return None
            place = error.__traceback__
            while place.tb_next is not None:
                place = place.tb_next
            where = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}"
            return f"{name}({foreign}): {type(error).__name__}: {error}, at {where}"
        finally:
            pyplot.close("all")
    if [image(value) for value in [*values.values(), network]] != before:
        return f"{name}({foreign}): changed a value of its caller's"
    return None


def image(value):
    """Return the content of an array, a tensor or a network, to see whether it is changed."""
    if isinstance(value, np.ndarray) and value.size < 10**6 and value.dtype != object:
        return value.tobytes()
    if isinstance(value, torch.nn.Module):
        return [tensor.numpy().tobytes() for tensor in value.state_dict().values()]
    return None


@contextmanager
def little_memory(gigabytes):
    """Let a call that asks for too much memory fail, rather than the machine."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + gigabytes * 2**30, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


@contextmanager
def deadline(seconds):
    """Raise a TimeoutError in a call that takes longer."""

    def ring(*_):
        raise TimeoutError(f"took more than {seconds} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
