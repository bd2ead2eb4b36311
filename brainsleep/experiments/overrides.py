"""What a run changes in its model file."""

from __future__ import annotations

from dataclasses import dataclass

from .modelfile import ModelFile, parse_model


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
        content = model.model_dump(exclude_unset=True)
        changes = {
            ("data", "dataset"): self.dataset,
            ("data", "evaluate_on"): self.evaluate_on,
            ("sleep", "device"): self.device,
        }
        for (section, key), value in changes.items():
            if value is not None:
                content.setdefault(section, {})[key] = value
        return parse_model(content, model.name)
