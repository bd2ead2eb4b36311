"""C++ standalone: a plan becomes one compiled program, and a night is one launch of it.

Brian2 generates the code. Three things differ from its stock C++ standalone mode:

- all generated files are compiled as one translation unit (a few seconds instead of dozens);
- weights, parameters, stimulus and duration go in when the program is launched, so one
  program serves every night on the same plan, in this process and in later ones;
- input spikes are streamed into the program's standard input, packed eight to a byte, which
  makes them the same on every device, needs no memory, and tells how far the night is.

`cpp_standalone` decides which plans it runs; `building` generates and compiles a program; `engine`
launches one; `feeding` streams its input; `manifest` says where it keeps what. `unity` and
`streamed_input` hook into Brian2.
"""

from .cpp_standalone import CppStandalone

__all__ = ["CppStandalone"]
