"""The key of a program covers all code that shapes it."""

import shutil
from pathlib import Path

import pytest

import brainsleep
from brainsleep.devices import CppStandalone, digest
from brainsleep.devices.cpp import cpp_standalone
from brainsleep.devices.digest import source_digest, source_files
from brainsleep.network.plan import Labels, NetworkPlan

PACKAGE = Path(brainsleep.__file__).parent
PLAN = NetworkPlan.chain(
    (3, 2),
    brainsleep.LIF().equations(),
    brainsleep.SRC().equations(),
    delay_steps=1,
    dt=1e-3,
    dtype="float64",
    recorded=(),
)


@pytest.fixture
def copy(tmp_path):
    """A copy of the folders whose code shapes programs."""
    for name in digest.PACKAGES:
        shutil.copytree(
            PACKAGE / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    return tmp_path


def test_every_file_that_shapes_programs_changes_the_digest(copy):
    files = source_files(root=copy)
    names = {file.relative_to(copy).as_posix() for file in files}
    assert {"network/plan.py", "network/build.py", "network/groups.py"} <= names
    assert {"devices/cpp/cpp_standalone.py", "devices/cpp/unity.py"} <= names
    assert "devices/templates/program/unity.cpp" in names
    assert "devices/dense/templates/night_loop.cpp" in names
    assert not any(name.startswith("devices/cuda/") for name in names)
    digests = {digest_of(copy)}
    for file in files:
        content = file.read_bytes()
        file.write_bytes(content + b"\n")
        digests.add(digest_of(copy))
        file.write_bytes(content)
    assert len(digests) == 1 + len(files)
    assert digest_of(copy) in digests


def test_swapped_slots_of_the_time_step_change_the_digest(copy):
    plan = copy / "network" / "plan.py"
    before = digest_of(copy)
    text = plan.read_text()
    assert '"reset", "learn"' in text
    plan.write_text(text.replace('"reset", "learn"', '"learn", "reset"'))
    assert digest_of(copy) != before


def test_files_that_come_go_or_are_renamed_change_the_digest(copy):
    before = digest_of(copy)
    new = copy / "network" / "new.py"
    new.write_text("")
    with_new = digest_of(copy)
    new.rename(copy / "network" / "newer.py")
    assert len({before, with_new, digest_of(copy)}) == 3


def test_cuda_counts_for_its_own_programs_only(copy):
    before = digest_of(copy), digest_of(copy, with_cuda=True)
    (copy / "devices" / "cuda" / "templates" / "night.cu").write_text("// changed\n")
    assert digest_of(copy) == before[0]
    assert digest_of(copy, with_cuda=True) != before[1]


def test_version_and_digest_are_part_of_a_programs_key(copy, monkeypatch):
    before = digest_of(copy), CppStandalone()._key(PLAN)
    monkeypatch.setattr("brainsleep.support.source_digest.__version__", "99.0")
    assert digest_of(copy) != before[0]
    monkeypatch.setattr(cpp_standalone, "source_digest", lambda: "another")
    assert CppStandalone()._key(PLAN) != before[1]


def test_labels_do_not_tell_plans_apart():
    from dataclasses import replace

    other = replace(PLAN, labels=Labels("LIF", "STDP"))
    assert other == PLAN
    assert other.key() == PLAN.key()


def digest_of(root, with_cuda=False):
    source_digest.cache_clear()
    return source_digest(root=root, with_cuda=with_cuda)
