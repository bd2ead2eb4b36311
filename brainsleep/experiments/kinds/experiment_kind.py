"""What a kind of experiment is: how its model files are read, how it is run, what tables show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ...errors import ParameterError
from ...support.files import JsonMapping, JsonObject

if TYPE_CHECKING:
    from ..model_files.named_model import NamedModel
    from ..model_files.overrides import Overrides
    from ..model_files.run_request import RunRequest


class PreparedRun(Protocol):
    """A run whose model file is read and whose data are there."""

    @property
    def request(self) -> RunRequest:
        """What is asked for, with digests of the user's code that is executed for it."""
        ...

    @property
    def name(self) -> str:
        """Of the experiment."""
        ...

    @property
    def data_sha256(self) -> str:
        """Digest of all data, without which a run does not go on; empty for data of a seed."""
        ...

    def check(self) -> None:
        """Raise what would stop the run, before its directory is made."""
        ...

    def measure(self, directory: Path) -> JsonObject:
        """Do everything in a run directory, going on with what is done there.

        Returns
        -------
        dict
            For ``metrics.json``: ``"dataset"``, ``"evaluated_on"``, ``"accuracy"`` (numbers in
            [0, 1] by the names of the kind's rows, ``"final"`` among them, and ``"controls"``, an
            empty table unless the kind sleeps; ``"curve"`` for one per part), ``"timings"`` (a
            table of seconds per part), and what else the kind measures. Model, seed and versions
            are added to it, and the kind's name as ``"scenario"`` unless it says another.
        """
        ...


def _nothing(metrics: JsonMapping) -> list[str]:
    return []


@dataclass(frozen=True, kw_only=True)
class ExperimentKind:
    """One kind of experiment.

    Attributes
    ----------
    name : str
        The table by which its model files are known, and the ``"scenario"`` of its results.
    title : str
        What messages call it, as in "unsupervised learning".
    model_class : callable
        Returns the class of its model files.
    parse : callable
        Checks the content of a model file; its second argument names it in messages.
    prepare : callable
        Reads model file and data of a request; raises what is wrong with them.
    in_short : callable
        Of a model file's content: neuron and rule, data, network and duration, for a table.
    device_table : callable
        Of a model: the table that has the key ``device``.
    sleeps : bool
        Whether it learns tasks and sleeps: only then there are nights, strategies without sleep and
        controls, and it can be compared.
    alone : str
        Why it cannot be compared, as in "learns without labels and does not sleep".
    rows : mapping of str to str
        Accuracies that tables show, in order: name in ``metrics.json``, and label. Empty for a kind
        that sleeps, whose arms differ from run to run.
    definition : str
        What accuracy means.
    below : callable
        Of results: further lines for under their table.
    part : str
        What it is done in, as in "task" or "block".
    examples : str
        What accuracy is measured on.
    packages : tuple of str
        Whose versions results note, beside that of Python.
    """

    name: str
    title: str
    model_class: Callable[[], type[NamedModel]]
    parse: Callable[[JsonObject, str], Any]
    prepare: Callable[[RunRequest], PreparedRun]
    in_short: Callable[[JsonObject], tuple[str, str, str, str]]
    device_table: Callable[[Any], str]
    sleeps: bool = False
    alone: str = ""
    rows: Mapping[str, str] = field(default_factory=dict)
    definition: str = ""
    below: Callable[[JsonMapping], list[str]] = _nothing
    part: str = "part"
    examples: str = "images"
    packages: tuple[str, ...] = ("brainsleep", "brian2", "numpy")

    def load(self, file: Path, overrides: Overrides) -> Any:
        """Return a model file with changes, checked.

        Raises
        ------
        BrainsleepError
            If the file or a change will not do.
        """
        from ..model_files.modelfile import read_toml

        model = self.parse(read_toml(file), str(file))
        table = self.device_table(model)
        return overrides.checked(model, self.parse, device_section=table)

    def check_request(self, request: RunRequest) -> None:
        """Refuse options that are for kinds that sleep."""
        if self.sleeps:
            return
        if request.controls:
            raise ParameterError(f"controls: there are none for {self.title}.")
        if not request.baselines or request.strategies is not None:
            raise ParameterError(f"baselines: {self.title} has none that could be left out.")
