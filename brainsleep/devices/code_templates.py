"""Templates of code for single Brian2 objects: our own besides Brian2's.

All kinds of code objects share them, so that what they have in common is read once.
"""

from __future__ import annotations

from brian2.devices.cpp_standalone.codeobject import CPPStandaloneCodeObject

CODE_TEMPLATES = CPPStandaloneCodeObject.templater.derive(
    ("brainsleep.devices", "brainsleep.devices.dense"), templates_dir=("templates", "templates")
)
