"""Pages of the reference that hold values: presets, model files, and all parameters by name."""

from __future__ import annotations

import inspect
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from brian2 import Hz
from pydantic_core import PydanticUndefined

import brainsleep as bs
from brainsleep import stages, wake
from brainsleep.experiments.kinds import KINDS
from brainsleep.experiments.model_files.sections import Section
from brainsleep.experiments.model_files.shipped import shipped_models
from brainsleep.stimuli.images import ImageStimulus

from .declared import Described, meanings, parameters, shown, sources, summary
from .docstrings import in_units
from .public_names import models, modules, names_of
from .reference import full_name
from .rst import code, heading, table

#: What experiments are in files: their tables are the sections of these.
FILES = tuple(kind.model_class() for kind in KINDS)
#: What takes parameters beside models: packages of which all classes and functions do, and others.
PACKAGES = ("brainsleep.codes", "brainsleep.lateral")
OTHERS = (
    bs.sleep,
    bs.dream,
    bs.DayResidue,
    bs.DreamMemory,
    bs.Record,
    bs.Save,
    bs.calibrate,
    bs.spiking_accuracy,
    bs.translate,
    wake.Training,
    stages.Cortex,
    stages.NREM,
    stages.REM,
    stages.Wake,
    stages.Hypnogram,
    stages.Spindles,
    stages.Ripples,
)
GLOSSARY_HEAD = ("parameter", "of", "unit", "default", "meaning", "source")


@dataclass(frozen=True)
class Entry:
    """A parameter of one owner, in the glossary.

    Attributes
    ----------
    name : str
        The parameter.
    owner : str
        reStructuredText of what takes it.
    described : Described
        What is said of it.
    source : str
        Where the owner comes from; empty where it is the package's own.
    """

    name: str
    owner: str
    described: Described
    source: str


def pages() -> dict[str, str]:
    """Return the pages by their paths in the reference, without the ending."""
    return {"presets": presets(), "model_files": model_files(), "parameters": glossary()}


def owners() -> Iterator[tuple[Any, dict[str, type]]]:
    """Yield all that takes parameters, with what "as in" may mean in its docstring."""
    everything = {name: one for group in models().values() for name, one in group.items()}
    everything["ImageStimulus"] = ImageStimulus
    for one in everything.values():
        yield one, everything
    for path in PACKAGES:
        for name in names_of(modules()[path]):
            value = getattr(modules()[path], name)
            if callable(value) and not inspect.isabstract(value):
                yield value, everything
    for other in OTHERS:
        yield other, everything


def entries() -> list[Entry]:
    """Return every parameter of every owner, by name."""
    found = [
        Entry(
            one.name.strip("`"),
            f":obj:`~{full_name(owner)}`",
            one,
            "; ".join(sources(owner)),
        )
        for owner, others in owners()
        for one in parameters(owner, others)
    ]
    found += [entry for section in sections() for entry in _keys(section)]
    return sorted(found, key=lambda entry: (entry.name.lower(), entry.owner))


def glossary() -> str:
    """Return the page of all parameters by name."""
    parts = [
        heading("Every parameter"),
        "What models, stimuli, codes, stages, nights and model files take, by name. Where no",
        "source stands it is the package's own; how its numbers were found is in",
        ":doc:`/docs/explanation/defaults`.",
        "",
    ]
    letters: dict[str, list[Entry]] = {}
    for entry in entries():
        letters.setdefault(entry.name[0].upper(), []).append(entry)
    for letter, found in letters.items():
        parts += [heading(letter, "-"), table(GLOSSARY_HEAD, map(_row, found), name="glossary")]
    return "\n".join(parts)


def _row(entry: Entry) -> tuple[str, ...]:
    """Return a row of the glossary: what is said in short; pages of models say more."""
    one = entry.described
    name = f"{one.name} {one.symbol}".rstrip()
    meaning = one.meaning.partition(". ")[0].removesuffix(".")
    return (name, entry.owner, one.unit, one.default, meaning, entry.source)


def sections() -> list[type[Section]]:
    """Return the tables of model files that have keys of their own."""
    found = [one for one in _subclasses(Section) if summary(one).startswith("``[")]
    return sorted(found, key=lambda one: (table_name(one), one.__name__))


def _subclasses(base: type) -> Iterator[type]:
    for one in base.__subclasses__():
        yield one
        yield from _subclasses(one)


def table_name(section: type[Section]) -> str:
    """Return a table's name as model files write it, as in ``[sleep.steps]``."""
    return summary(section).partition(":")[0].strip("`")


def _keys(section: type[Section]) -> list[Entry]:
    """Return the keys of a table as entries."""
    described: dict[str, str] = {}
    for base in reversed(section.__mro__):  # what tables have in common stands in their base
        if issubclass(base, Section):
            described |= {name: one.text for name, one in meanings(base).items()}
    found = []
    for name, field in section.model_fields.items():
        default = field.get_default(call_default_factory=not field.is_required())
        default = inspect.Parameter.empty if default is PydanticUndefined else default
        one = Described(f"``{name}``", "", "", shown(default), "", described.get(name, ""))
        found.append(Entry(name, f":doc:`{table_name(section)} <model_files>`", one, ""))
    return found


def model_files() -> str:
    """Return the page of model files: those that are shipped, and what their tables take."""
    parts = [
        heading("Model files"),
        "An experiment in TOML; :doc:`/docs/how_to/command_line` says how to run one.",
        "",
        heading("Tables", "-"),
    ]
    for section in sections():
        words = summary(section).partition(": ")[2]
        parts += [heading(table_name(section), "~"), words[:1].upper() + words[1:], ""]
        keys = [one.described for one in _keys(section)]
        rows = [(one.name, one.default, one.meaning) for one in keys]
        parts.append(table(("key", "default", "meaning"), rows) if rows else "")
    parts.append(heading("Files that come with the package", "-"))
    for name, file in shipped_models().items():
        text = file.read_text(encoding="utf-8")
        model = tomllib.loads(text)
        parts += [heading(name, "~"), " ".join(model["description"].split()), ""]
        parts += [f"- {' '.join(source.split())}" for source in model.get("references", [])]
        parts += ["", code(text, "toml")]
    return "\n".join(parts)


def presets() -> str:
    """Return the page of published and tuned constants."""
    parts = [
        heading("Presets"),
        "Constants for one network each, by name; see :mod:`brainsleep.presets`.",
        "",
    ]
    for preset in bs.presets.list():
        sizes = "-".join(map(str, preset.sizes))
        values = [
            ("for", f"{preset.data}; {sizes}"),
            ("source", preset.source),
            ("neuron", f"``{in_units(repr(preset.neuron))}``"),
            ("plasticity", f"``{in_units(repr(preset.plasticity))}``"),
            ("rate of a white pixel", f"{float(preset.max_rate / Hz):.9g} Hz"),
            ("mask", f"``{preset.mask!r}``"),
            ("steps of the first night", str(preset.first_steps or "–")),
            ("accuracy as published, %", ", ".join(f"{k} {v}" for k, v in preset.accuracy.items())),
        ]
        parts += [
            heading(_title(preset.name), "-"),
            table((f"``bs.presets.{preset.name}``", ""), values),
        ]
    return "\n".join(parts)


def _title(name: str) -> str:
    """Return the name of a preset as a heading: ``tadros2022("mnist")`` is tadros2022, mnist."""
    return name.replace('("', ", ").removesuffix('")')
