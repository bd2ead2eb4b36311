"""How brainsleep hooks into Brian2's C++ standalone device."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence, Set
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from brian2 import Network, NeuronGroup, Synapses
from brian2.core.variables import ArrayVariable
from brian2.devices.cpp_standalone.device import CPPStandaloneDevice, CPPWriter

from ..cache import PROGRAM
from ..compiler import compile_program
from ..dense import BlockLoop
from ..recording import CHOSEN_SUFFIX, STATE_SUFFIX
from ..rendering import render
from ..streams import BLOCK_BYTES, DIGEST_SUFFIX
from .slim import slim_arrays, slim_clocks, slim_code, why_not_slim
from .state import presentation_biases, state_variables
from .streamed_input import StreamedInput

logger = logging.getLogger("brainsleep")

#: How Brian2 names the files of what begins and ends a night, and the file of its loop over steps.
RUN_ONCE = re.compile(r"main\.cpp|objects\.cpp|run\.cpp|code_objects/(before|after)_run_.*")
OWN_LOOP = "network.cpp"


class UnityDevice(CPPStandaloneDevice):
    """Brian2's C++ standalone device, compiled as a single file, with a loop of its own.

    Parameters
    ----------
    flags : sequence of str
        Compiler flags.

    Attributes
    ----------
    streamed_input : StreamedInput or None
        What comes in for each step; set when the input population gets its feed.
    populations : list of NeuronGroup
        What a snapshot holds, the input population first; set before the network is run.
    projections : list of Synapses
        The same for synapses.
    n_synaptic_values : dict of str to int
        Number of values that each variable of a projection holds, by the projection's name.
    make_loop : callable or None
        Called when all code objects have been made; returns what the loop is that runs the night
        instead of Brian2's own.
    kept_files : set of str
        Files of the arrays whose last values are read after a night.
    """

    def __init__(self, flags: Sequence[str] = ()) -> None:
        super().__init__()
        self.flags = list(flags)
        self.streamed_input: StreamedInput | None = None
        self.populations: list[NeuronGroup] = []
        self.projections: list[Synapses] = []
        self.n_synaptic_values: dict[str, int] = {}
        self.make_loop: Callable[[], BlockLoop] | None = None
        self.block_loop: BlockLoop | None = None
        self.kept_files: Set[str] = frozenset()
        self._is_slim = False
        self._ranges: Sequence[tuple[ArrayVariable, str, int]] = ()
        self._files: dict[str, str] = {}
        self._main: list[str] | None = None

    def network_run(self, net: Network, *args: object, **kwargs: object) -> None:
        """Generate what a run needs, and the calls that run it and time it."""
        super().network_run(net, *args, **kwargs)
        rewrite_run(self, net, self._with_clock)

    def _with_clock(self, before: list[str], run: str, after: list[str]) -> list[str]:
        """Put our loop, or the input of Brian2's, between the lines that start and stop a clock."""
        if self.make_loop is None:
            timed = render("templates/program/run_night.cpp", in_blocks=False, run=run)
            return [*before, timed, *after]
        self.block_loop = self.make_loop()
        return [render("templates/program/run_night.cpp", in_blocks=True)]

    def generate_objects_source(
        self,
        writer: CPPWriter,
        arange_arrays: Sequence[tuple[ArrayVariable, str, int]],
        *others: Any,
    ) -> None:
        """Decide which frame the program has, and let Brian2 write its own if it needs that."""
        timed_arrays = others[-1]
        reason = why_not_slim(self, timed_arrays)
        self._is_slim, self._ranges = reason is None, arange_arrays
        if reason is not None:
            logger.info("a night's program needs Brian2's own frame: %s", reason)
            super().generate_objects_source(writer, arange_arrays, *others)

    def generate_main_source(self, writer: CPPWriter) -> None:
        """Generate the lines of ``main``, and Brian2's file of it if its frame is used."""
        if not self._is_slim:
            super().generate_main_source(writer)
            return
        self._main = []
        super().generate_main_source(_NoFiles())

    def code_object_class(self, *args: Any, **kwargs: Any) -> Any:
        """Return Brian2's class of code objects, or what takes the lines of ``main`` from it."""
        if self._main is None or args or kwargs:
            return super().code_object_class(*args, **kwargs)
        return SimpleNamespace(templater=SimpleNamespace(main=self._take_main))

    def _take_main(self, *_: None, main_lines: Sequence[str], **__: object) -> str:
        """Stand for the template of Brian2's ``main.cpp``."""
        self._main = list(main_lines)
        return ""

    def generate_codeobj_source(self, writer: CPPWriter) -> None:
        """Write the files of code objects, or keep them for a frame of our own."""
        super().generate_codeobj_source(_KeptFiles(self._files) if self._is_slim else writer)

    def generate_network_source(self, *args: Any) -> None:
        """Write Brian2's loop, if its frame is used."""
        if not self._is_slim:
            super().generate_network_source(*args)

    def generate_synapses_classes_source(self, *args: Any) -> None:
        """Write Brian2's synapses, if its frame is used."""
        if not self._is_slim:
            super().generate_synapses_classes_source(*args)

    def generate_run_source(self, *args: Any) -> None:
        """Write what begins and ends Brian2's runs, if its frame is used."""
        if not self._is_slim:
            super().generate_run_source(*args)

    def copy_source_files(self, *args: Any) -> None:
        """Copy Brian2's own headers, if its frame is used."""
        if not self._is_slim:
            super().copy_source_files(*args)

    def generate_makefile(self, writer: CPPWriter, *args: object, **kwargs: object) -> None:
        """Write ``unity.cpp`` instead of a makefile."""
        project = Path(self.project_dir)
        text = self._slim_program() if self._is_slim else self._program(project, writer)
        (project / "unity.cpp").write_text(text)

    def _slim_program(self) -> str:
        """Return the program in a frame of our own."""
        code = slim_code(self._files, (code.template_name for code in self.code_objects.values()))
        thread_own = self.block_loop.thread_arrays if self.block_loop is not None else ()
        return render(
            "templates/program/slim.cpp",
            **self._own_values(),
            headers=code.headers,
            support=code.support,
            functions=code.functions,
            arrays=slim_arrays(self, self._ranges, thread_own, self.kept_files),
            clocks=slim_clocks(self),
            networks=[network.name for network in self.networks],
            main_lines="\n".join(self._main or ()),
        )

    def _program(self, project: Path, writer: CPPWriter) -> str:
        """Return the program in Brian2's frame, whose files have been written."""
        sources = [name for name in sorted(writer.source_files) if name.endswith(".cpp")]
        for name in sources:
            _make_includable(project / name)
        _keep_results(project / "objects.cpp", self.kept_files)
        if self.block_loop is not None:
            _give_to_threads(project, self.block_loop.thread_arrays)
        return render(
            "templates/program/unity.cpp",
            **self._own_values(),
            run_often=[name for name in sources if not self._runs_once(name)],
            run_once=[name for name in sources if self._runs_once(name)],
        )

    def _own_values(self) -> dict[str, object]:
        """Return what our own code needs to know, in either frame."""
        return {
            "input": self.streamed_input,
            "populations": state_variables(self, self.populations, {}),
            "projections": state_variables(self, self.projections, self.n_synaptic_values),
            "biases": presentation_biases(self, self.populations),
            "block_loop": self.block_loop,
            "stream_block": BLOCK_BYTES,
            "digest_suffix": DIGEST_SUFFIX,
            "state_suffix": STATE_SUFFIX,
            "chosen_suffix": CHOSEN_SUFFIX,
        }

    def _runs_once(self, name: str) -> bool:
        """Tell whether the functions in a file of Brian2's are called but a few times a night."""
        unused = name == OWN_LOOP and self.block_loop is not None
        return unused or RUN_ONCE.fullmatch(name) is not None

    def compile_source(self, directory: str, *args: object, **kwargs: object) -> None:
        """Compile the one file."""
        source = Path(directory).resolve() / "unity.cpp"
        compile_program(source, source.with_name(PROGRAM), [*self.flags, "-I."])


class _NoFiles:
    """What stands for Brian2's writer where a file is not wanted."""

    def write(self, name: str, contents: object) -> None:
        """Write nothing."""


class _KeptFiles:
    """What stands for Brian2's writer where texts are wanted, by their files' names."""

    def __init__(self, files: dict[str, str]) -> None:
        self._files = files

    def write(self, name: str, contents: str) -> None:
        """Keep a text."""
        self._files[name] = contents


def rewrite_run(
    device: CPPStandaloneDevice,
    net: Network,
    rewrite: Callable[[list[str], str, list[str]], list[str]],
) -> None:
    """Rewrite the C++ lines with which a standalone device runs a network.

    Parameters
    ----------
    device : CPPStandaloneDevice
        One whose ``network_run`` has been called, once.
    net : brian2.Network
        The network.
    rewrite : callable
        Takes the lines before the one that runs the network, that line, and those after it;
        returns the lines that replace all of them.
    """
    place, lines = next(
        (place, lines)
        for place, (kind, (*_, lines)) in enumerate(device.main_queue)
        if kind == "run_network"
    )
    run = next(k for k, line in enumerate(lines) if line.startswith(f"{net.name}.run("))
    lines = rewrite(lines[:run], lines[run], lines[run + 1 :])
    device.main_queue[place] = ("run_network", (net, lines))


def _keep_results(objects: Path, kept_files: Set[str]) -> None:
    """Let Brian2 write the arrays that are read, through `brainsleep::ResultFile`, which checks.

    Of all others, such as the numbers of all synapses, it would write megabytes at the end.
    """
    text = objects.read_text()
    before, *written = re.split(r"^(?=    ofstream outfile_)", text, flags=re.MULTILINE)
    *arrays, information = written  # the last one goes on with what follows in the file
    assert '"last_run_info.txt"' in information
    wanted = [one for one in arrays if _file_of(one) in kept_files]
    text = "".join([before, *wanted, information])
    objects.write_text(text.replace(" ofstream outfile_", " brainsleep::ResultFile outfile_"))


def _file_of(lines: str) -> str:
    """Return the name of the file that lines of Brian2's open."""
    found = re.search(r'\.open\(results_dir \+ "(\w+)"', lines)
    assert found is not None
    return found[1]


def _give_to_threads(project: Path, arrays: Sequence[str]) -> None:
    """Let each thread lead the pointers of some arrays to where they lie for itself alone."""
    for name, before in ("objects.h", "extern "), ("objects.cpp", ""):
        text = (project / name).read_text()
        for array in arrays:
            text, n_found = re.subn(
                rf"^{before}(\w+ ?\* ?{array};)", rf"{before}__thread \1", text, flags=re.MULTILINE
            )
            assert n_found == 1, f"{name}: {array}"
        (project / name).write_text(text)


def _make_includable(source: Path) -> None:
    """Give a generated file's anonymous namespace a name, as several files now share one unit.

    Each code object's own functions find the namespace through a using directive that ends
    with the function.
    """
    name = "support_" + re.sub(r"\W", "_", source.stem)
    text = source.read_text()
    opened = re.sub(r"^namespace\s*\{", f"namespace {name} {{", text, flags=re.MULTILINE)
    if opened != text:
        opened = opened.replace(
            "using namespace brian;", f"using namespace brian; using namespace {name};"
        )
        source.write_text(opened)
