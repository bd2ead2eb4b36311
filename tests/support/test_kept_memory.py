"""Memory of arrays that are no more is that of the next ones."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

#: Prints how many pages the process got for arrays of 8 MB, of which two at a time are in use.
FAULTS = """
import resource, sys
from brainsleep.support.kept_memory import keep_memory
if sys.argv[1] == "kept":
    keep_memory()
import numpy as np

def pages():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        one = np.ones(10**6)
        other = one + 1
        del one, other
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

pages()
print(pages())
"""


def n_pages(how: str, **variables: str) -> int:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("MALLOC_", "GLIBC_"))}
    found = subprocess.run(
        [sys.executable, "-c", FAULTS, how],
        env=environment | {"PYTHONPATH": str(ROOT)} | variables,
        capture_output=True,
        text=True,
        check=True,
    )
    return int(found.stdout)


@pytest.mark.skipif(
    not any("CS_GNU_LIBC_VERSION" in name for name in getattr(os, "confstr_names", ())),
    reason="the C library is another",
)
def test_arrays_take_over_memory_unless_the_user_has_chosen() -> None:
    usual = n_pages("usual")
    assert n_pages("kept") < usual / 10
    assert n_pages("kept", GLIBC_TUNABLES="") > usual / 2
