"""Data flows one way: no file imports from a package that comes after its own.

The order is that of the table in README.md, which is the one picture of the layout. The parts of
`night` and of `experiments` have orders of their own, those of their tables in
docs/explanation/architecture.md.
"""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "brainsleep"

#: What users type is a method, though it draws: imported when it is called, and nowhere else.
CONVENIENCES = {
    ("night/result.py", "figures"): "Night.plot_raster",
    ("awake/accuracy.py", "figures"): "SpikingAccuracy.plot",
    ("night/resuming/stored_classes.py", "stages"): "Night.load: stages of sleep are data, too",
}

#: Packages whose parts have an order, too.
IN_PARTS = ("night", "experiments")

#: Parts that an earlier part imports when it is called, and nowhere else.
WHEN_CALLED = {
    ("experiments", "kinds"): {"continual", "prepared_runs"},  # a run is prepared
    ("night", "result"): {"repeating"},  # Night.again
}

#: Libraries that only some packages may import.
ONLY_IN = {
    "matplotlib": {"figures"},
    "torch": {"wake", "translation", "awake", "night", "experiments"},
}
#: Brian2 stands behind these; what comes before runs without it.
WITHOUT_BRIAN2 = {"errors", "wake", "translation"}


def order() -> list[str]:
    """Return the packages in the order of README's table."""
    rows = re.findall(r"^\| `brainsleep/(\w+)(?:/|\.py)`", (ROOT / "README.md").read_text(), re.M)
    assert len(rows) == len(set(rows))
    return rows


def files() -> list[Path]:
    """Return all files of the package but its face: top level and command."""
    return [
        path
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.relative_to(PACKAGE).as_posix() not in ("__init__.py", "__main__.py")
    ]


def package_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> list[tuple[str, bool]]:
    """Return the modules a file imports, absolute; and whether inside a function."""
    tree = ast.parse(path.read_text())
    inner = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
    }
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [absolute(path, node, alias.name) for alias in node.names]
        else:
            continue
        found += [(name, id(node) in inner) for name in names]
    return found


def absolute(path: Path, node: ast.ImportFrom, name: str) -> str:
    """Return the full dotted name of one imported thing."""
    if node.level == 0:
        return f"{node.module}.{name}"
    here = ["brainsleep", *path.relative_to(PACKAGE).parts[:-1]]
    base = here[: len(here) - node.level + 1]
    return ".".join([*base, *filter(None, [node.module]), name])


def violations(path: Path, packages: list[str]) -> list[str]:
    """Say which imports of a file lead to a package that comes later."""
    own, place = package_of(path), path.relative_to(PACKAGE).as_posix()
    found = []
    for name, is_lazy in imports(path):
        parts = name.split(".")
        if parts[0] != "brainsleep" or len(parts) < 2 or parts[1] == "__version__":
            continue
        other = parts[1]
        if packages.index(other) > packages.index(own):
            if (place, other) in CONVENIENCES and is_lazy:
                continue
            found.append(f"{place} imports {name}, but {other} comes after {own}")
    return found


def test_the_table_names_every_package():
    on_disk = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    on_disk |= {path.stem for path in PACKAGE.glob("*.py") if not path.stem.startswith("__")}
    assert set(order()) == on_disk


def test_no_file_imports_a_package_that_comes_later():
    found = [words for path in files() for words in violations(path, order())]
    assert not found, "\n".join(found)


def test_an_import_upwards_would_be_found(tmp_path, monkeypatch):
    monkeypatch.setattr("test_layers.PACKAGE", tmp_path)
    (tmp_path / "neurons").mkdir()
    file = tmp_path / "neurons" / "new.py"
    for code, is_found in [
        ("from ..night import sleep", True),
        ("from .. import night", True),
        ("from brainsleep.night.sleep import sleep", True),
        ("import brainsleep.night", True),
        ("def draw():\n    from ..figures import plot_raster", True),
        (
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from ..night import Night",
            True,
        ),
        ("from ..support.parameters import parameter", False),
        ("from .base import LayeredNeuron", False),
    ]:
        file.write_text(code)
        assert bool(violations(file, order())) == is_found, code


def order_of_parts(package: str) -> list[str]:
    """Return the parts of a package in the order of the page on architecture."""
    page = (ROOT / "docs" / "explanation" / "architecture.md").read_text()
    table = page.split(f"| part of `{package}` |")[1].split("\n\n")[0]
    return re.findall(r"^\| `(\w+)(?:/|\.py)`", table, re.M)


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[1].removesuffix(".py")


def wrong_ways(path: Path, parts: list[str]) -> list[str]:
    """Say which imports of a file lead to a part of its package that comes later."""
    package, own, found = package_of(path), part_of(path), []
    for name, is_lazy in imports(path):
        if not name.startswith(f"brainsleep.{package}."):
            continue
        other = name.split(".")[2]
        if is_lazy and other in WHEN_CALLED.get((package, own), ()):
            continue
        if parts.index(other) > parts.index(own):
            found.append(f"{path.name} imports {name}, but {other} comes after {own}")
    return found


def files_in_parts(package: str) -> list[Path]:
    return [
        path
        for path in files()
        if package_of(path) == package and path != PACKAGE / package / "__init__.py"
    ]


@pytest.mark.parametrize("package", IN_PARTS)
def test_the_table_names_every_part(package):
    named = order_of_parts(package)
    assert sorted(named) == sorted({part_of(path) for path in files_in_parts(package)})


@pytest.mark.parametrize("package", IN_PARTS)
def test_no_part_imports_one_that_comes_later(package):
    parts = order_of_parts(package)
    found = [words for path in files_in_parts(package) for words in wrong_ways(path, parts)]
    assert not found, "\n".join(found)


def test_a_wrong_way_between_parts_would_be_found(tmp_path, monkeypatch):
    monkeypatch.setattr("test_layers.PACKAGE", tmp_path)
    for place, code, is_found in [
        ("experiments/arms", "from ..continual.course import Course", True),
        ("experiments/arms", "def go():\n    from ..continual.course import Course", True),
        ("experiments/kinds", "from ..prepared_runs.eprop_run import EpropRun", True),
        ("experiments/kinds", "def go():\n    from ..prepared_runs.eprop_run import Run", False),
        ("experiments/arms", "from ..model_files.modelfile import ModelFile", False),
        ("experiments/arms", "from .arm import Arm", False),
        ("night/files", "from ..preparing.preparation import prepare_night", True),
        ("night/files", "def go():\n    from ..preparing.preparation import prepare_night", True),
        ("night/preparing", "from ..files.streaming import StreamedSpikes", False),
        ("night/watching", "from ..result import Night", False),
    ]:
        file = tmp_path / place / "new.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(code)
        parts = order_of_parts(place.split("/")[0])
        assert bool(wrong_ways(file, parts)) == is_found, code


def test_conveniences_are_still_there():
    for (place, package), _ in CONVENIENCES.items():
        names = [name for name, is_lazy in imports(PACKAGE / place) if is_lazy]
        assert any(name.startswith(f"brainsleep.{package}.") for name in names), place


@pytest.mark.parametrize("library", ONLY_IN)
def test_libraries_stay_in_their_packages(library):
    for path in sorted(PACKAGE.rglob("*.py")):
        if any(name.split(".")[0] == library for name, _ in imports(path)):
            allowed = package_of(path) in ONLY_IN[library] or is_for_types_only(path, library)
            assert allowed, f"{path} imports {library}"


def is_for_types_only(path: Path, library: str) -> bool:
    """Tell whether a file imports a library only under ``if TYPE_CHECKING:``."""
    tree = ast.parse(path.read_text())
    for node in tree.body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = [ast.Pass()]
    roots = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom) and node.level == 0
            else []
        )
    }
    return library not in roots


def test_wake_and_translation_run_without_brian2():
    for path in files():
        if package_of(path) in WITHOUT_BRIAN2 and path.parent.name != "nir":
            assert not any(name.split(".")[0] == "brian2" for name, _ in imports(path)), path


def module_of(path: Path) -> str:
    parts = ["brainsleep", *path.relative_to(PACKAGE).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def graph(inside_functions: bool = False) -> dict[str, set[str]]:
    """Return which modules each module imports; for types, too, and inside functions if asked for.

    A package's ``__init__.py`` that lists what its modules offer counts as the modules it lists
    do: importing a name from a package is importing the module where the name lives.
    """
    modules = {module_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}
    homes = {
        f"{package}.{name.rsplit('.', 1)[1]}": name.rsplit(".", 1)[0]
        for package, path in modules.items()
        if path.name == "__init__.py"
        for name, _ in imports(path)
        if name.startswith("brainsleep.")
    }
    found = {}
    for module, path in modules.items():
        if path.name == "__init__.py":
            continue
        targets = set()
        for name, is_lazy in imports(path):
            while name in homes and name not in modules:
                name = (
                    f"{homes[name]}.{name.rsplit('.', 1)[1]}"
                    if homes[name] in homes
                    else homes[name]
                )
            target = name if name in modules else name.rsplit(".", 1)[0]
            if (
                target in modules
                and modules[target].name != "__init__.py"
                and (inside_functions or not is_lazy)
            ):
                targets.add(target)
        found[module] = targets - {module}
    return found


def circles(arrows: dict[str, set[str]]) -> list[str]:
    """Return the ways through imports that end where they begin."""
    done: set[str] = set()
    found = []

    def visit(module: str, trail: list[str]) -> None:
        if module in trail:
            found.append(" -> ".join([*trail[trail.index(module) :], module]))
            return
        if module in done:
            return
        for target in sorted(arrows.get(module, ())):
            visit(target, [*trail, module])
        done.add(module)

    for module in sorted(arrows):
        visit(module, [])
    return found


def test_no_modules_import_each_other_in_a_circle():
    assert not circles(graph()), "\n".join(circles(graph()))


def test_no_modules_of_experiments_import_each_other_even_inside_functions():
    arrows = graph(inside_functions=True)
    own = {name: to for name, to in arrows.items() if name.startswith("brainsleep.experiments.")}
    assert not circles(own), "\n".join(circles(own))


def test_no_two_modules_have_the_same_name():
    names = [path.stem for path in files() if path.name != "__init__.py"]
    assert sorted(names) == sorted(set(names))
