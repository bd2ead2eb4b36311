"""The names that users type: what the top level offers, what completion shows, what types know."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import brainsleep as bs

ROOT = Path(__file__).parents[1]

#: A script with the mistakes that a type checker should see, each marked.
SCRIPT = """
import brainsleep as bs
import numpy as np
from brian2 import mV, ms
from torch import nn

ann = nn.Sequential(nn.Linear(3, 2))
night: bs.Night = bs.sleep(ann, np.ones(3), duration=10 * ms, neuron=bs.LIF(gain=1, threshold=5))
network = bs.translate(ann, frozen=["0"])
bs.sleep(network, np.ones(3), record=bs.Record("0", rates="all"), save=bs.Save("night"))
bs.AdEx(1.0, 20.2, tau_w=[100 * ms], b="80 pA")
weights: dict[str, np.ndarray] = night.weights_after
bs.slep(ann)  # wrong
bs.sleep(1, 2, nonsense=3)  # wrong
bs.sleep(ann, np.ones(3), None, 10, bs.LIF())  # wrong
bs.LIF(gian=3)  # wrong
bs.SRC(1e-3, 1e-4, "sigmoid")  # wrong
bs.STDP(a_plus=0.1)  # wrong
bs.spiking_accuracy(ann, (np.ones((2, 3)), [0, 1]), n_step=3)  # wrong
bs.calibrate(ann, np.ones((2, 3)), rates=5)  # wrong
night.spiks  # wrong
"""


def test_every_name_can_be_imported():
    for name in dir(bs):
        assert getattr(bs, name) is not None, name


def test_the_contract_is_there():
    for name in (
        "sleep", "translate", "Night", "Record", "Save", "LIF", "Heaviside", "AdEx", "SRC", "STDP",
        "spiking_accuracy", "calibrate", "from_nir", "stimuli", "devices",
    ):  # fmt: skip
        assert name in dir(bs)


def test_completion_shows_no_inner_module():
    names = dir(bs)
    assert "sleep" in names
    for inner in (
        "preparation",
        "assembly",
        "groups",
        "rule_registry",
        "lazy_names",
        "TYPE_CHECKING",
    ):
        assert inner not in names


def test_a_misspelt_name_is_answered_with_the_nearest():
    with pytest.raises(AttributeError, match=r"no attribute 'slep'. Did you mean 'sleep'\?"):
        bs.slep  # noqa: B018


def test_models_are_read_from_their_registries():
    assert {model.__name__ for model in bs.neurons.NEURONS.values()} <= set(dir(bs))
    assert {rule.__name__ for rule in bs.plasticity.RULES.values()} <= set(dir(bs))


def test_importing_is_quick_and_loads_no_library():
    code = (
        "import sys, brainsleep; dir(brainsleep); "
        "print({'torch', 'brian2', 'matplotlib', 'numpy'} & set(sys.modules))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert result.stdout.strip() == "set()"


@pytest.mark.slow
def test_a_type_checker_finds_the_mistakes_of_a_script_and_no_others(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    # with the settings and cache of `make lint`, which has checked the package itself
    result = subprocess.run(
        [sys.executable, "-m", "mypy", str(script)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    found = {
        int(line.split(":")[1])
        for line in result.stdout.splitlines()
        if f"{script.name}:" in line and " error: " in line
    }
    marked = {
        number
        for number, line in enumerate(SCRIPT.splitlines(), start=1)
        if line.endswith("# wrong")
    }
    assert found == marked, result.stdout


def test_modules_outside_of_packages_have_different_names():
    """Tests import them by name alone: whichever comes first would stand for both."""
    files = [file for folder in ("tests", "benchmarks") for file in (ROOT / folder).rglob("*.py")]
    names = Counter(file.stem for file in files if file.name not in ("conftest.py", "__init__.py"))
    assert [name for name, n in names.items() if n > 1] == []
