"""Python's collector of unused objects while modules are imported."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from brainsleep.support.quick_imports import quick_imports


def test_the_collector_is_as_before_even_if_an_import_fails() -> None:
    def failing() -> None:
        with quick_imports():
            assert not gc.isenabled()
            raise ImportError

    assert gc.isenabled()
    with pytest.raises(ImportError):
        failing()
    assert gc.isenabled()
    gc.unfreeze()  # of this process, which is not only ours


def test_what_was_imported_is_looked_through_no_more() -> None:
    """A collection in a process of its own looks at what was made after the imports alone."""
    code = """
import gc
from brainsleep.support.quick_imports import quick_imports
with quick_imports():
    import email.mime.text
assert gc.get_freeze_count() > 1000, gc.get_freeze_count()
class Loop: pass
one = Loop()
one.itself = one
del one
assert gc.collect() > 0
"""
    subprocess.run([sys.executable, "-c", code], check=True)
