"""Fill in the templates of our own code in generated programs.

Code for single Brian2 objects has templates of Brian2's own kind, which Brian2 finds and fills in;
see :mod:`~brainsleep.devices.code_templates`.
"""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


def render(template: str, **values: object) -> str:
    """Return a template, filled in.

    Parameters
    ----------
    template : str
        Path of the template, relative to this folder: ``"templates/program/unity.cpp"``.
    **values
        What the template's names stand for.

    Returns
    -------
    str
        C++ or CUDA code.

    Raises
    ------
    jinja2.UndefinedError
        If the template needs a value that is not given.
    """
    return _ENVIRONMENT.get_template(template).render(**values)
