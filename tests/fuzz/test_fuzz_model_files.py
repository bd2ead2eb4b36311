"""Whatever is in a model file, reading it raises a ModelFileError, or nothing.

300 files each time; more by hand, as in `test_fuzz_arguments`::

    BRAINSLEEP_FUZZ=10000 BRAINSLEEP_FUZZ_SEED=1 make test ARGS="tests/fuzz -k model_files"
"""

import os
from functools import cache

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from brainsleep.errors import ModelFileError
from brainsleep.experiments.kinds import kind_of_file
from brainsleep.experiments.model_files.modelfile import load_model_file
from brainsleep.experiments.model_files.overrides import Overrides
from brainsleep.support.files import SHIPPED_MODELS

N_FILES = int(os.environ.get("BRAINSLEEP_FUZZ", "300"))
SEED = int(os.environ.get("BRAINSLEEP_FUZZ_SEED", "0"))

#: What is put in place of a value.
VALUES = (
    "0", "-1", "1", "1.5", "nan", "inf", "-inf", "true", "9" * 5000, "1_000_000_000",
    "9223372036854775808", "1e999", '""', '"20 ms"', '"1..2 ms"', '"1e999 ms"', '"-1 Hz"', '"3 mV"',
    '"tadros"', '"x"', '"' + "x" * 10_000 + '"', '"\\u0000"', "[]", "[1]", "[1, 2, 3]",
    "[784, 1000000000, 10]", "[[0, 1], [1, 2]]", '["a"]', "{}", '{ kind = "stdp" }', "{ a = 1 }",
    "[" * 500 + "]" * 500, "{ a = " * 60 + "1" + " }" * 60, "2020-01-01", "07:32:00",
    "{ kind = [] }", "{ kind = { kind = 1 } }", '{ "0" = 1.0 }', "'''", "#", "=",
)  # fmt: skip


@cache
def lines_of(name):
    return (SHIPPED_MODELS / f"{name}.toml").read_text().splitlines()


MODELS = sorted(file.stem for file in SHIPPED_MODELS.glob("*.toml"))


@st.composite
def broken_files(draw):
    """Draw a model file in which one to four lines are changed, moved, doubled or left out."""
    lines = list(lines_of(draw(st.sampled_from(MODELS))))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(lines) - 1))
        what = draw(st.sampled_from(("value", "value", "value", "key", "drop", "double", "move")))
        key, equals, _ = lines[place].partition("=")
        if what == "value" and equals:
            lines[place] = f"{key}= {draw(st.sampled_from(VALUES))}"
        elif what == "key":
            lines[place] = draw(st.sampled_from(("kind", "[sleep.neuron]", "[x.y]", "a.b"))) + (
                f" = {draw(st.sampled_from(VALUES))}" if equals else ""
            )
        elif what == "drop":
            del lines[place]
            lines = lines or [""]
        elif what == "double":
            lines.insert(place, lines[place])
        else:
            lines.append(lines.pop(place))
    return "\n".join(lines)


@pytest.mark.parametrize("name", MODELS)
def test_the_files_are_right(name):
    read(SHIPPED_MODELS / f"{name}.toml")


@seed(SEED)
@settings(max_examples=N_FILES, database=None, suppress_health_check=list(HealthCheck))
@given(broken_files())
def test_any_model_file(tmp_path_factory, content):
    file = tmp_path_factory.getbasetemp() / "broken.toml"
    file.write_text(content)
    try:
        read(file)
    except ModelFileError:
        pass


@pytest.mark.parametrize(
    "value", ["9" * 5000, "[" * 5000 + "]" * 5000, "{ a = " * 2000 + "1" + " }" * 2000]
)
def test_numbers_and_tables_without_end(tmp_path, value):
    file = tmp_path / "model.toml"
    file.write_text(f"seed = {value}")
    with pytest.raises(ModelFileError, match=r"model\.toml is not a TOML file: "):
        read(file)


def test_layers_that_do_not_fit_into_memory(tmp_path):
    text = (SHIPPED_MODELS / "split_mnist_lif.toml").read_text()
    assert "sizes = [784" in text
    file = tmp_path / "model.toml"
    file.write_text(text.replace("sizes = [784", "sizes = [784, 1000000000"))
    with pytest.raises(ModelFileError, match=r"sizes: .* GB of values are more than this"):
        load_model_file(file)


def read(file):
    """Read a model file of any kind."""
    kind_of_file(file).load(file, Overrides())
