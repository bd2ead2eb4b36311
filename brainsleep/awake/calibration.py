"""The result of `calibrate`: gains and thresholds, the rates they give, and how they were found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace

from ..errors import ParameterError
from ..neurons import Neuron
from ..night.preparing.models import check_neuron
from ..support.calls import public
from ..support.texttable import as_html, plain, without_empty_columns


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Gains and thresholds that were found, and how.

    Attributes
    ----------
    method : str
        ``"rates"``, ``"tadros"``, ``"percentile"`` or ``"max_norm"``.
    gains, thresholds : dict of str to float
        By layer, in the neuron model's unit. Whether a neuron spikes depends on gain/threshold
        alone.
    bias_gains : dict of str to float
        By layer: what one unit of bias adds in each step, in the neuron model's unit.
    target_rate : dict of str to float, or None
        By layer: the rate asked for in Hz; None for methods other than ``"rates"``.
    rates : dict of str to float
        By layer: the mean rate in Hz under the stimulus, with plasticity off.
    trials : dict of str to int
        By layer: number of simulations that its threshold took.
    model : Neuron
        The neuron model, with these constants.
    stimulus : str
        Name of the stimulus under which rates were measured.
    n_steps : int
        Length of a simulation in time steps.
    timings : dict of str to float
        Seconds: ``"build"``, ``"trials"``, ``"total"``.
    """

    method: str
    gains: dict[str, float]
    thresholds: dict[str, float]
    bias_gains: dict[str, float]
    target_rate: dict[str, float] | None
    rates: dict[str, float]
    trials: dict[str, int]
    model: Neuron
    stimulus: str
    n_steps: int
    timings: dict[str, float]

    @public
    def as_neuron(self, model: Neuron | None = None) -> Neuron:
        """Return a neuron model that has these gains and thresholds, ready for `brainsleep.sleep`.

        Parameters
        ----------
        model : Neuron, optional
            Another model than was calibrated, which will fire at other rates.

        Returns
        -------
        Neuron

        Raises
        ------
        UnitsError
            If `model` is no neuron model.
        ParameterError
            If its constants are in another unit, or if it lacks a field for them.
        """
        if model is None:
            return self.model
        check_calibrated_model(model)
        if model.constants_unit != self.model.constants_unit:
            raise ParameterError(
                f"model: the constants were found for {type(self.model).__name__} and "
                f"{_in_words(self.model)}, but those of {type(model).__name__} "
                f"{_in_words(model)}; call bs.calibrate with neuron={type(model).__name__}(...)."
            )
        return with_constants_of(
            model, gains=self.gains, thresholds=self.thresholds, bias_gains=self.bias_gains
        )

    def table(self) -> list[list[str]]:
        """Return the layers as rows of text, a heading first.

        Returns
        -------
        list of list of str
            Columns: layer, gain, threshold, gain/threshold, wanted and reached rate in Hz, trials.
        """
        heading = ["layer", "gain", "threshold", "gain/threshold", "wanted, Hz", "reached, Hz"]
        rows = [[*heading, "trials"]]
        for name, gain in self.gains.items():
            threshold = self.thresholds[name]
            ratio = f"{gain / threshold:.4g}" if threshold > 0 else "-"
            wanted = "" if self.target_rate is None else f"{self.target_rate[name]:.4g}"
            trials = str(self.trials[name]) if self.trials[name] else ""
            rows.append(
                [name, f"{gain:.4g}", f"{threshold:.4g}", ratio]
                + [wanted, f"{self.rates[name]:.4g}", trials]
            )
        return rows

    def _heading(self) -> str:
        unit = self.model.constants_unit
        model = f"{type(self.model).__name__} ({'no units' if unit is None else f'in {unit}'})"
        return (
            f"method {self.method!r}, {model}; rates under {self.stimulus} in {self.n_steps} steps"
        )

    def __repr__(self) -> str:
        return f"{self._heading()}\n\n{plain(without_empty_columns(self.table()))}"

    def _repr_html_(self) -> str:
        """Return heading and table for notebooks."""
        return f"<p>{self._heading()}</p>{as_html(without_empty_columns(self.table()))}"


def with_constants_of(
    model: Neuron,
    *,
    gains: Mapping[str, float],
    thresholds: Mapping[str, float],
    bias_gains: Mapping[str, float],
) -> Neuron:
    """Return a neuron model with other constants.

    Parameters
    ----------
    model : Neuron
        A model that :func:`check_calibrated_model` accepts.
    gains, thresholds, bias_gains : mapping of str to float
        By layer, in the model's unit.
    """
    return replace(  # type: ignore[type-var]
        model, gain=dict(gains), threshold=dict(thresholds), bias_gain=dict(bias_gains)
    )


def check_calibrated_model(model: Neuron) -> None:
    """Check that a neuron model can be given constants.

    Raises
    ------
    UnitsError
        If it is no neuron model.
    ParameterError
        If it lacks a field for constants.
    """
    check_neuron(model)
    own: set[str] = {one.name for one in fields(model)} if is_dataclass(model) else set()
    missing = {"gain", "threshold", "bias_gain", "target_rate"} - own
    if missing:
        raise ParameterError(
            f"neuron: {type(model).__name__} cannot be calibrated; it must be a dataclass with the "
            f"field {sorted(missing)[0]}."
        )


def _in_words(model: Neuron) -> str:
    """Say in which unit a model's constants are."""
    return "have no units" if model.constants_unit is None else f"are in {model.constants_unit}"
