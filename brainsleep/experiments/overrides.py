"""What a run changes in its model file."""

from __future__ import annotations

from dataclasses import dataclass

from ..support.files import JsonObject
from .modelfile import ModelFile, parse_model
from .sections import Section


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
    """

    dataset: str | None = None
    data_dir: str | None = None
    device: str | None = None
    evaluate_on: str | None = None

    def apply(self, model: ModelFile) -> ModelFile:
        """Return the model with these changes, checked like the file itself."""
        return parse_model(self.changed(model, device_section="sleep"), model.name)

    def changed(self, model: Section, *, device_section: str) -> JsonObject:
        """Return the content of a model file with these changes, unchecked.

        Parameters
        ----------
        model : Section
            The whole model file, of either kind of experiment.
        device_section : str
            The section that names the device.
        """
        content = model.model_dump(exclude_unset=True)
        changes = {
            ("data", "dataset"): self.dataset,
            ("data", "evaluate_on"): self.evaluate_on,
            (device_section, "device"): self.device,
        }
        for (section, key), value in changes.items():
            if value is not None:
                content.setdefault(section, {})[key] = value
        return content
