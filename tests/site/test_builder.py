"""What the documentation site is made of: every name, model, parameter and notebook is there.

The site itself is made and checked by `make docs`, in .ci/run as well.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from builder import checks, gallery, notebooks, reference, staging, values
from builder.declared import parameters
from builder.mathml import translated
from builder.public_names import described_names, models, modules, public_names
from docutils import nodes

import brainsleep as bs
from brainsleep.neurons import NEURONS
from brainsleep.plasticity import RULES
from brainsleep.support.parameters import declared_parameters

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return staging.generated()


def test_every_public_name_is_described_once(pages: dict[str, str]) -> None:
    text = "\n".join(pages.values())
    found = re.findall(r"^\.\. auto(?:class|exception|function):: ([\w.]+)$", text, re.M)
    found += [
        f"{b}.{a}" for a, b in re.findall(r"py:data:: (\w+)\n   :module: ([\w.]+)$", text, re.M)
    ]
    assert sorted(found) == sorted(one.full for one in described_names().values())


def test_public_names_are_those_of_the_package() -> None:
    names = {one.full for one in public_names()}
    top = {f"brainsleep.{name}" for name in dir(bs)}
    assert top - set(modules()) - {"brainsleep.__version__"} <= names
    for name in ("measures.cv_isi", "wake.mlp", "stimuli.MeanImage", "errors.UnitsError"):
        assert f"brainsleep.{name}" in names
    assert not any("Callable" in name or name.endswith(".np") for name in names)


@pytest.mark.parametrize(("page", "registry"), [("neurons", NEURONS), ("rules", RULES)])
def test_every_model_has_a_section_with_what_it_declares(page, registry, pages) -> None:
    text = pages[f"docs/reference/{page}.rst"]
    for model in registry.values():
        section = text.partition(f"\n{model.__name__}\n---")[2].partition("\n---")[0]
        assert f".. autoclass:: brainsleep.{model.__name__}\n" in section
        for name, declared in declared_parameters(model).items():
            (row,) = re.findall(rf"^   \* - ``{name}``\n((?:     - ?.*\n)+)", section, re.M)
            cells = [line.removeprefix("     -").strip() for line in row.splitlines()]
            assert cells[-1], f"{model.__name__}.{name} has no description"
            if declared.unit is not None:
                assert cells[1] == str(declared.unit)
        assert "Equations, as they run in Brian2" in section


def test_units_defaults_and_bounds_are_those_of_the_model(pages: dict[str, str]) -> None:
    text = pages["docs/reference/neurons.rst"].partition("\nAdEx\n----")[2]
    row = text[text.index("* - ``c_m``") :].splitlines()[1:5]
    assert [cell.strip(" -") for cell in row] == [":math:`C`", "pF", "``281 pF``", "> 0 pF"]
    rules = pages["docs/reference/rules.rst"].partition("\nSRC\n---")[2]
    row = rules[rules.index("* - ``increase``") :].splitlines()[2:5]
    assert [cell.strip(" -") for cell in row] == ["weight, or %", "``'1 %'``", "≥ 0"]


def test_parameters_with_units_have_their_symbols_from_the_equations() -> None:
    without = {
        f"{name}.{one.name.strip('`')}"
        for name, model in models()["neurons"].items()
        for one in parameters(model, models()["neurons"])
        if one.name.strip("`") in declared_parameters(model) and not one.symbol
        if declared_parameters(model)[one.name.strip("`")].unit is not None
    }
    words = ("refractory", "v_peak", "theta_increment")  # equations call them by name
    assert {one for one in without if not one.endswith(words)} == set()
    symbols = {one.name: one.symbol for one in parameters(bs.STDP)}
    assert symbols["``tau_plus``"] == r":math:`\tau_+`"
    assert symbols["``tau_minus``"] == r":math:`\tau_-`"


def test_every_parameter_of_every_model_is_in_the_glossary() -> None:
    listed = {(entry.owner.rpartition(".")[2].strip("`"), entry.name) for entry in values.entries()}
    for group in models().values():
        for name, model in group.items():
            for one in declared_parameters(model) if hasattr(model, "kind") else ():
                assert (name, one) in listed
    assert ("sleep", "duration") in listed
    assert any(entry.name == "growth_per_task" for entry in values.entries())
    without = [f"{one.owner} {one.name}" for one in values.entries() if not one.described.meaning]
    assert without == []


def test_sections_of_the_index_are_pages_and_hold_every_notebook() -> None:
    sections = staging.section_pages()
    assert list(sections) == [f"{folder}/index.md" for folder in staging.FOLDERS.values()]
    for path in notebooks.NOTEBOOKS:
        assert f"(/notebooks/{path.name})" in sections["notebooks/index.md"]


def test_every_script_is_in_the_gallery() -> None:
    page = gallery.page()
    files = {path.stem: path.read_text() for path in (ROOT / "analyses").glob("*.py")}
    shared = {name for name in files if f"from {name} import" in "".join(files.values())}
    scripts = set(files) - shared
    assert scripts == set(gallery.scripts())
    for name in scripts:
        assert f"\n{name}.py\n" in page
    for file in sorted(gallery.PICTURES.glob("*.*")):
        assert f".. image:: /{file.relative_to(ROOT)}\n" in page


def test_formulas_are_translated_and_others_reported(caplog: pytest.LogCaptureFixture) -> None:
    inline = translated(nodes.math("", r"\tau_m"), block=False)
    assert "<msub>" in inline
    lines = translated(nodes.math_block("", r"a &= b \\ c &= \frac{d}{e}"), block=True)
    assert lines.count("<mtr>") == 2
    accent = translated(nodes.math("", r"\bar x_{c i}"), block=True)
    assert "<munder" not in accent
    assert "<msub>" in accent
    assert "<mfrac>" in lines


def test_links_names_and_notebooks_of_a_site_are_checked(tmp_path: Path) -> None:
    (tmp_path / "one.html").write_text(
        '<a href="two.html#here"></a><a href="two.html#there"></a><a href="three.html"></a>'
        '<a href="https://example.org/x"></a><a href="#top"></a><p id="top"></p>'
    )
    (tmp_path / "two.html").write_text('<h1 id="here"></h1><img src="%67one.png">')
    assert checks.broken_links(tmp_path) == [
        "one.html: three.html does not exist",
        "one.html: two.html#there has no such place",
        "two.html: %67one.png does not exist",
    ]


def test_an_executed_copy_holds_for_one_text_of_a_notebook(tmp_path, monkeypatch) -> None:
    nbformat = notebooks.nbformat
    monkeypatch.setattr(notebooks, "EXECUTED", tmp_path / "executed")
    path = tmp_path / "small.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 + 1")]), path)
    assert notebooks.copy_of(path) is None
    copy = notebooks.keep(path, nbformat.read(path, as_version=4))
    assert notebooks.copy_of(path) == copy
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("2 + 2")]), path)
    assert notebooks.copy_of(path) is None


def test_staging_keeps_what_is_the_same_and_removes_the_rest(tmp_path: Path) -> None:
    staging._write(tmp_path, {"a/b.md": b"1", "c.md": b"2"})
    before = (tmp_path / "a" / "b.md").stat().st_mtime_ns
    staging._write(tmp_path, {"a/b.md": b"1", "d.md": b"3"})
    assert (tmp_path / "a" / "b.md").stat().st_mtime_ns == before
    files = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert files == {"b.md", "d.md"}


def test_equations_of_a_model_are_shown_with_their_variables() -> None:
    text = reference.model_page("neurons", {"LIF": bs.LIF})
    assert "on_input:" in text
    assert re.search(r"\* - ``v``\n     - volt", text)
