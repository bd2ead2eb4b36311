"""LSNNs: recurrent networks of spiking neurons with adaptation, which learn by e-prop."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

import numpy as np
import numpy.typing as npt
from brian2.units import ms

from ..circuit import INPUT, Circuit, Population, Projection
from ..devices import Device
from ..errors import ParameterError
from ..support.array_values import numbers
from ..support.calls import public
from ..support.checks import whole_number
from ..support.parameters import check_parameters, parameter
from ..support.quantities import Time
from .eprop_rules import EProp, ErrorFeedback, ReadoutGradient
from .error_readout import ErrorReadout
from .lsnn_weights import FEEDBACK_LINK, LINKS, LSNNWeights
from .prepared_lsnn import CELLS, READOUTS, PreparedLSNN
from .surrogate_lif import SurrogateLIF


@public
@dataclass(frozen=True, eq=False)
class LSNN:
    """Inputs, recurrent neurons with adaptive thresholds, and leaky readouts.

    Parameters
    ----------
    n_inputs, n_cells, n_outputs : int
        Sizes.
    threshold : float
        Threshold of a neuron that has not spiked.
    beta : float or array_like, shape (n_cells,)
        By how much a spike raises its neuron's threshold; 0 for neurons without adaptation.
    dampening : float
        Height of the surrogate derivative.
    n_choices : int
        How many readouts share a question; `n_outputs` is a multiple of it. See `ErrorReadout`.
    tau_m, tau_a, tau_readout : Quantity or str
        Time constants of membranes, of adaptation, and of readouts.
    dt : Quantity or str
        Time step.

    Raises
    ------
    ParameterError, UnitsError
        Naming the parameter.

    References
    ----------
    Bellec et al. 2020, Nature Communications 11:3625.
    """

    n_inputs: int
    n_cells: int = 100
    n_outputs: int = 2
    _: KW_ONLY
    threshold: float = parameter(1.0, above=0, by_layer=False)
    beta: npt.ArrayLike = 0.1
    dampening: float = parameter(0.3, above=0, by_layer=False)
    n_choices: int = 2
    tau_m: Time = parameter(20 * ms, ms, above=0, by_layer=False)
    tau_a: Time = parameter(500 * ms, ms, above=0, by_layer=False)
    tau_readout: Time = parameter(20 * ms, ms, above=0, by_layer=False)
    dt: Time = parameter(1 * ms, ms, above=0, by_layer=False)

    def __post_init__(self) -> None:
        for name in ("n_inputs", "n_cells", "n_outputs", "n_choices"):
            whole_number(getattr(self, name), f"lsnn: {name}", minimum=1)
        check_parameters(self, "lsnn")
        self.betas()
        if self.n_outputs % self.n_choices:
            raise ParameterError(
                f"lsnn: n_outputs ({self.n_outputs}) must be a multiple of n_choices "
                f"({self.n_choices}), the readouts that share a question."
            )

    def betas(self) -> npt.NDArray[np.float64]:
        """Return by how much a spike raises the threshold of each neuron."""
        shape = np.shape(self.beta) and (self.n_cells,)
        values = numbers(self.beta, "lsnn: beta", shape=shape)
        return np.broadcast_to(values, (self.n_cells,)).copy()

    def neuron(self) -> SurrogateLIF:
        """Return the model of the recurrent neurons."""
        return SurrogateLIF(
            threshold=self.threshold,
            tau_m=self.tau_m,
            tau_a=self.tau_a,
            dampening=self.dampening,
        )

    @public
    def circuit(self) -> Circuit:
        """Return the populations and what joins them; its weights are all 0."""
        rule = EProp(tau_m=self.tau_m, tau_a=self.tau_a, tau_readout=self.tau_readout)
        readout = ErrorReadout(tau_m=self.tau_readout, n_choices=self.n_choices)
        populations = {
            CELLS: Population(self.n_cells, self.neuron()),
            READOUTS: Population(self.n_outputs, readout),
        }
        links = [
            Projection(INPUT, CELLS, 0.0, plasticity=rule),
            Projection(CELLS, CELLS, 0.0, plasticity=rule),
            Projection(
                CELLS, READOUTS, 0.0, plasticity=ReadoutGradient(tau_readout=self.tau_readout)
            ),
            Projection(READOUTS, CELLS, 0.0, plasticity=ErrorFeedback(), receptor="feedback"),
        ]
        assert [link.name for link in links] == [*LINKS.values(), FEEDBACK_LINK]
        return Circuit(self.n_inputs, populations, links)

    @public
    def prepare(
        self, device: str | Device = "cpp", *, dtype: str = "float64", progress: bool = True
    ) -> PreparedLSNN:
        """Compile the network, or find it compiled.

        Parameters
        ----------
        device, dtype, progress
            As in `brainsleep.sleep`. In float32 gradients have fewer digits: they are read from
            the change of weights.

        Returns
        -------
        PreparedLSNN
        """
        prepared = self.circuit().prepare(
            device, dtype=dtype, dt=self.dt, record=[CELLS], progress=progress
        )
        return PreparedLSNN(prepared, self.betas(), self.tau_readout, self.n_choices)

    @public
    def initial_weights(self, seed: int = 0) -> LSNNWeights:
        """Return random weights, normal with a standard deviation of 1/sqrt(number of sources).

        No neuron is joined to itself.
        """
        rng = np.random.default_rng([whole_number(seed, "seed"), 1])

        def drawn(n_post: int, n_pre: int) -> npt.NDArray[np.float64]:
            return rng.standard_normal((n_post, n_pre)) / np.sqrt(n_pre)

        recurrent = drawn(self.n_cells, self.n_cells)
        np.fill_diagonal(recurrent, 0)
        return LSNNWeights(
            drawn(self.n_cells, self.n_inputs), recurrent, drawn(self.n_outputs, self.n_cells)
        )

    @public
    def random_feedback(self, seed: int = 0) -> npt.NDArray[np.float64]:
        """Return weights of feedback as random as those of the readouts; (n_outputs, n_cells)."""
        rng = np.random.default_rng([whole_number(seed, "seed"), 2])
        return rng.standard_normal((self.n_outputs, self.n_cells)) / np.sqrt(self.n_cells)
