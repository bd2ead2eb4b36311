"""What a run changes in its model file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ...errors import ModelFileError, ParameterError, brief
from ...support.files import JsonObject
from .model_changes import SEVERAL, nearest_key, with_change
from .modelfile import ModelFile, parse_model
from .sections import Section, SectionT


@dataclass(frozen=True)
class Overrides:
    """What a run changes in its model file.

    Attributes
    ----------
    dataset : str, optional
        In place of ``data.dataset``.
    data_dir : str, optional
        Folder of local IDX files.
    device : str, optional
        In place of ``sleep.device``.
    evaluate_on : str, optional
        In place of ``data.evaluate_on``.
    changes : mapping of str to object
        Any other values by their dotted keys, as ``{"sleep.neuron.decay": 0.99}``: what a TOML
        file can hold, but for dates and times.
    """

    dataset: str | None = None
    data_dir: str | None = None
    device: str | None = None
    evaluate_on: str | None = None
    changes: Mapping[str, object] = field(default_factory=dict)

    def apply(self, model: ModelFile) -> ModelFile:
        """Return the model with these changes, checked like the file itself."""
        return self.checked(model, parse_model, device_section=model.nights.table)

    def checked(
        self,
        model: SectionT,
        parse: Callable[[JsonObject, str], SectionT],
        *,
        device_section: str,
    ) -> SectionT:
        """Return a model file of either kind of experiment with these changes.

        Parameters
        ----------
        model : Section
            The whole model file.
        parse : callable
            Checks the content of such a file; its second argument names it in messages.
        device_section : str
            The section that names the device.

        Raises
        ------
        BrainsleepError
            For a key that there is not (with the nearest one), a value that makes no sense, or a
            value that is changed twice.
        """
        name = getattr(model, "name", "model file")
        try:
            return parse(self._changed(model, device_section), name)
        except ModelFileError as error:
            for key, value in self.changes.items():
                if hint := nearest_key(key, model):
                    raise ModelFileError(f"{name}: there is no key {brief(key)}.{hint}") from None
                if isinstance(value, str) and "," in value and brief(value) in str(error):
                    raise ModelFileError(f"{error} {SEVERAL}") from None
            raise

    def _changed(self, model: Section, device_section: str) -> JsonObject:
        """Return the content of a model file with these changes, unchecked."""
        content = model.model_dump(exclude_unset=True)
        options = {
            "data.dataset": self.dataset,
            "data.evaluate_on": self.evaluate_on,
            f"{device_section}.device": self.device,
        }
        given = {key: value for key, value in options.items() if value is not None}
        for key in given.keys() & self.changes.keys():
            raise ParameterError(f"{key} is given twice: by an option of its own, and by --set.")
        for key, value in {**given, **self.changes}.items():
            content = with_change(content, key, value)
        return content
