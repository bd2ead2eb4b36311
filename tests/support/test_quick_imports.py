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


def test_brian2_is_imported_without_what_it_need_not_have() -> None:
    code = """
import sys
from brainsleep.support.quick_imports import quick_imports
with quick_imports():
    import brian2
assert not {"pylab", "pytest", "matplotlib.pyplot"} & set(sys.modules)
from brian2 import Hz, NeuronGroup, arange, ms  # NumPy's names are there
import pylab, pytest  # others may import them afterwards
with quick_imports():
    assert sys.modules["pylab"] is pylab
"""
    subprocess.run([sys.executable, "-c", code], check=True)
