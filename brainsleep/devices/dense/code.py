"""How code for dense synapses is generated: computed indices, and single precision throughout."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from brian2 import prefs
from brian2.codegen.generators.cpp_generator import CPPCodeGenerator
from brian2.codegen.statements import Statement
from brian2.core.functions import DEFAULT_FUNCTIONS
from brian2.devices.cpp_standalone.codeobject import CPPStandaloneCodeObject

from ..code_templates import CODE_TEMPLATES
from ..rendering import render

#: Indices that the templates' loops count through, instead of arrays that are read.
COMPUTED_INDICES = ("_presynaptic_idx", "_postsynaptic_idx")

#: A floating-point literal of C++ without a suffix.
FLOAT_LITERAL = re.compile(r"(?<![\w.])(\d+\.\d*(?:[eE][-+]?\d+)?|\d+[eE][-+]?\d+)(?![\w.])")


class DenseCodeGenerator(CPPCodeGenerator):
    """Brian2's C++ generator, without what would make a loop slow."""

    class_name = "brainsleep_dense"

    def translate_to_read_arrays(
        self, read: set[str], write: set[str], indices: set[str]
    ) -> list[str]:
        """Read arrays, but none of indices; in single precision, the time step in it too."""
        lines = super().translate_to_read_arrays(read, write, set(indices) - set(COMPUTED_INDICES))
        if prefs.core.default_float_dtype == np.float32:
            lines = [line.replace("const double dt =", "const float dt =") for line in lines]
        return lines

    def has_repeated_indices(self, statements: Sequence[Statement]) -> bool:
        """Say that no order of synapses has to be warned of.

        Spikes act in the order of their neurons here, so that statements whose outcome depends on
        the order mean something; see `brainsleep.network.pooling.MOST_ACTIVE`.
        """
        return False

    def translate_expression(self, expression: str) -> str:
        """Translate an expression; in single precision, give its literals single precision.

        A literal such as 0.001 is a double and makes the whole expression one: half the
        speed of a vectorised loop.
        """
        code = super().translate_expression(expression)
        if prefs.core.default_float_dtype == np.float32:
            code = FLOAT_LITERAL.sub(r"\1f", code)
        return code


for _name in ("clip", "exp"):
    DEFAULT_FUNCTIONS[_name].implementations.add_implementation(
        DenseCodeGenerator,
        code=render(f"dense/templates/{_name}.cpp"),
        name=f"_{_name}_in_kind",
    )


class DenseCodeObject(CPPStandaloneCodeObject):
    """A code object that finds our own templates besides Brian2's."""

    templater = CODE_TEMPLATES
    generator_class = DenseCodeGenerator
