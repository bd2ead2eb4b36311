"""What a control is: an arm of an experiment that lacks what is said to help."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..arms.arm import Alteration, Arm
from ..model_files.modelfile import ModelFile
from ..model_files.network_sections import NetworkTable
from ..model_files.nights_section import NightsSection

#: Tables of model files that say what nights are.
ANY_NIGHTS = ("sleep", "dreams")


class NotInModelError(Exception):
    """A model does not have a control; the text says why."""


def as_it_is(section: NightsSection) -> NightsSection:
    """Return the nights of a model unchanged."""
    return section


def same_network(table: NetworkTable) -> NetworkTable:
    """Return the network of a model unchanged."""
    return table


@dataclass(frozen=True, kw_only=True)
class Control:
    """Another way to go through the tasks, which answers one question about sleep.

    Attributes
    ----------
    name : str
        In ``metrics.json``, and on the command line.
    label : str
        What tables call it.
    question : str
        What it answers.
    change : callable
        Takes the table of a model's nights and returns that of the control's; raises
        :class:`NotInModelError` where a model does not have the control.
    change_network : callable
        The same for the ``[network]`` table.
    alter : callable, optional
        What becomes of the weights on waking. It acts on weights by their names, so on those of any
        rule, of convolutions too. Without sleep, weights before and after are the same.
    sleeps : bool
        Whether there is a night after each task.
    night_first : bool
        Whether there is one night before anything is learned, and none afterwards.
    nights : tuple of str
        Tables of model files whose nights have the control.
    of_part : bool
        Whether it takes away what most models do not have: then nobody is told that it is left out
        where all controls are asked for.
    """

    name: str
    label: str
    question: str
    change: Callable[[Any], NightsSection] = as_it_is
    change_network: Callable[[NetworkTable], NetworkTable] = same_network
    alter: Alteration | None = None
    sleeps: bool = True
    night_first: bool = False
    nights: tuple[str, ...] = ("sleep",)
    of_part: bool = False

    def why_not(self, model: ModelFile) -> str | None:
        """Say why a model does not have this control, or None if it has."""
        if model.nights.table not in self.nights:
            return (
                f"it is a control of [{self.nights[0]}], and the model has [{model.nights.table}]"
            )
        try:
            self._changed(model)
        except NotInModelError as reason:
            return str(reason)
        return None

    def arm(self, model: ModelFile) -> Arm:
        """Return how the control of a model goes through its tasks.

        Raises
        ------
        NotInModelError
            If the model does not have it.
        """
        changed = self._changed(model)
        return Arm(
            name=self.name,
            label=self.label,
            waking=model.training.strategy,
            model=changed if self.sleeps else None,
            alter=self.alter,
            night_first=self.night_first,
        )

    def _changed(self, model: ModelFile) -> ModelFile:
        """Return the model of the control; raises NotInModelError."""
        network = self.change_network(model.network)
        changed = model.with_nights(self.change(model.nights))
        return changed.model_copy(update={"network": network})
