"""The documentation: its links lead somewhere, its names exist, its code compiles and runs."""

from __future__ import annotations

import ast
import importlib
import re
import shlex
import warnings
from pathlib import Path

import pytest
import typer.main
from test_layers import files, order, violations

import brainsleep as bs
from brainsleep.experiments.cli import app
from brainsleep.experiments.commands.completion import CONTROL_NAMES
from brainsleep.experiments.model_files.shipped import shipped_models

ROOT = Path(__file__).resolve().parents[1]
DOCS = sorted([ROOT / "docs" / "README.md", *(ROOT / "docs").glob("*/*.md")])
OTHERS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "benchmarks" / "README.md"]
PAGES = [*OTHERS, *DOCS]
SOURCES = sorted((ROOT / "brainsleep").rglob("*.py"))
SCRIPTS = sorted([*(ROOT / "analyses").glob("*.py"), *(ROOT / "benchmarks").glob("*.py")])

#: A Markdown link or image: its target, and the heading within it.
LINK = re.compile(r"\]\(([^()\s#]*)(?:#([^()\s]*))?\)")
#: A dotted name within the package, by either of its names.
NAME = re.compile(r"(?<![\w./-])(?:brainsleep|bs)(?:\.[A-Za-z_]\w*)+")
#: A fenced block of code: its language, and its text.
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
#: A line indented by four spaces, which Markdown shows as code.
INDENTED = re.compile(r"^ {4}(\S.*)$", re.MULTILINE)
#: Code within a line.
INLINE = re.compile(r"(?<!`)`([^`\n]+(?:\n[^`\n]+)?)`(?!`)")
#: A file of the project, as text names it; not what `make docs` leaves.
FILE = re.compile(
    r"(?<![\w./-])((?:brainsleep|tests|analyses|benchmarks|notebooks|docs|models)/(?!_build)[\w./-]*\w)"
)


def identify(path: Path) -> str:
    return str(path.relative_to(ROOT))


def resolve(name: str) -> object:
    """Return what a dotted name stands for; an AttributeError says which part does not exist."""
    first, *rest = name.split(".")
    found: object = importlib.import_module("brainsleep" if first == "bs" else first)
    for number, part in enumerate(rest):
        if part in getattr(found, "__dataclass_fields__", {}):
            return None  # an attribute of instances, which the class does not have
        try:
            found = getattr(found, part)
        except AttributeError:
            if not hasattr(found, "__path__"):
                raise
            module = ".".join(["brainsleep", *rest[: number + 1]])
            try:
                found = importlib.import_module(module)
            except ModuleNotFoundError:
                raise AttributeError(f"{name}: there is no {module}") from None
    return found


def unresolved(text: str) -> list[str]:
    """Return the names in a text that do not exist."""
    missing = []
    for name in sorted({match[0] for match in NAME.finditer(text)}):
        try:
            resolve(name)
        except AttributeError as error:
            missing.append(f"{name} ({error})")
    return missing


def headings(page: Path) -> set[str]:
    """Return the names by which links reach the headings of a page."""
    titles = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def code_lines(page: Path) -> list[str]:
    """Return what a page shows as code: the lines of its blocks, and code within lines."""
    text = page.read_text()
    blocks = "\n".join(match[2] for match in FENCED.finditer(text))
    rest = FENCED.sub("", text)
    inline = [" ".join(code.split()) for code in INLINE.findall(INDENTED.sub("", rest))]
    return [*blocks.splitlines(), *INDENTED.findall(rest), *inline]


def commands(page: Path) -> list[list[str]]:
    """Return the commands of this package that a page shows, as lists of words."""
    found = []
    for line in code_lines(page):
        if re.match(r"\s*brainsleep [a-z]", line):
            command = line.split("; ")[0].split(" > ")[0]
            found.append(shlex.split(command, comments=True)[1:])
    return found


@pytest.mark.parametrize("page", PAGES, ids=identify)
def test_links_lead_to_files_and_headings(page: Path) -> None:
    for target, heading in LINK.findall(FENCED.sub("", page.read_text())):
        if re.match(r"[a-z]+:", target):
            continue  # a page of the web
        file = (page.parent / target) if target else page
        assert file.exists(), f"{identify(page)} links to {target}, which does not exist"
        if heading:
            assert heading in headings(file), f"{identify(page)}: {target} has no #{heading}"


def test_every_page_is_in_the_index() -> None:
    index = ROOT / "docs" / "README.md"
    linked = {index.parent / target for target, _ in LINK.findall(index.read_text())}
    assert set(DOCS) - {index} <= linked


@pytest.mark.parametrize("page", [*PAGES, *SCRIPTS], ids=identify)
def test_names_on_pages_exist(page: Path) -> None:
    assert unresolved(page.read_text()) == []


@pytest.mark.parametrize("source", SOURCES, ids=identify)
def test_names_in_docstrings_comments_and_messages_exist(source: Path) -> None:
    assert unresolved(source.read_text()) == []


@pytest.mark.parametrize("page", [*PAGES, *SCRIPTS, *SOURCES], ids=identify)
def test_files_that_are_named_exist(page: Path) -> None:
    for name in FILE.findall(page.read_text()):
        assert (ROOT / name).exists(), f"{identify(page)} names {name}, which does not exist"


@pytest.mark.parametrize("page", PAGES, ids=identify)
def test_files_of_the_package_that_are_named_exist(page: Path) -> None:
    """Pages call them ``night/sleep.py``, without the folder of the package."""
    packages = "|".join(order())
    names = re.findall(rf"`((?:{packages})/[\w./-]*\w)/?`", page.read_text())
    for name in names:
        assert (ROOT / "brainsleep" / name).exists(), f"{identify(page)} names {name}"


@pytest.mark.parametrize("page", DOCS, ids=identify)
def test_no_line_begins_with_a_percent_sign(page: Path) -> None:
    """The site takes such a line for a comment and leaves it out."""
    text = FENCED.sub("", page.read_text())
    assert not re.findall(r"^\s*%.*", text, flags=re.MULTILINE)


def test_tables_of_model_files_are_named_as_the_site_reads_them() -> None:
    """The first line of their docstrings: one table, a colon, and what it is."""
    folder = ROOT / "brainsleep" / "experiments" / "model_files"
    classes = (
        part
        for source in sorted(folder.glob("*.py"))
        for part in ast.walk(ast.parse(source.read_text()))
        if isinstance(part, ast.ClassDef)
    )
    lines = [(ast.get_docstring(one) or "").partition("\n")[0] for one in classes]
    tables = [line for line in lines if line.startswith("``[")]
    assert len(tables) > 20
    assert [line for line in tables if not re.match(r"``\[[\w.]+\]``: ", line)] == []


@pytest.mark.parametrize("page", PAGES, ids=identify)
def test_python_on_pages_compiles(page: Path) -> None:
    for language, code in FENCED.findall(page.read_text()):
        if language == "python":
            ast.parse(code, filename=identify(page))


@pytest.mark.parametrize("page", PAGES, ids=identify)
def test_commands_on_pages_exist(page: Path) -> None:
    program = typer.main.get_command(app)
    for words in commands(page):
        command, rest = program, list(words)
        while rest and rest[0] in getattr(command, "commands", {}):
            command = command.commands[rest.pop(0)]
        assert not hasattr(command, "commands"), f"{identify(page)}: brainsleep {words}"
        options = {option for one in command.params for option in one.opts}
        for word in rest:
            if word.startswith("--"):
                assert word in options, f"{identify(page)}: {command.name} has no {word}"
            elif re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)+", word):
                assert word in {*shipped_models(), *CONTROL_NAMES, "fashion_mnist", "cpp_stock"}, (
                    f"{identify(page)}: there is no model {word}"
                )


def test_the_table_of_packages_is_complete_and_in_order() -> None:
    """In the table of the page on architecture no package imports from one that stands below."""
    text = (ROOT / "docs" / "explanation" / "architecture.md").read_text()
    cells = re.findall(r"^\| (`[^|]*) \|", text[: text.index("\n### ")], re.MULTILINE)
    packages = [name for cell in cells for name in re.findall(r"`(\w+)(?:/|\.py)`", cell)]
    assert sorted(packages) == sorted(order())
    found = [words for path in files() for words in violations(path, packages)]
    assert found == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "start/python.md",
        "explanation/architecture.md",
        "explanation/biases.md",
        "explanation/measures.md",
        "how_to/callbacks.md",
        "how_to/exchange.md",
    ],
)
def test_code_on_pages_runs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The blocks of a page run one after the other, as a reader would run them."""
    monkeypatch.chdir(tmp_path)
    page = ROOT / "docs" / name
    names: dict[str, object] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bs.CalibrationWarning)
        for language, code in FENCED.findall(page.read_text()):
            if language == "python":
                exec(compile(code, identify(page), "exec", dont_inherit=True), names)
