"""The circuit of a night of replay: index cells, code cells, the last hidden layer, outputs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..circuit import INPUT, Circuit, Population, Projection
from ..hippocampus import EpisodeMemory
from ..plasticity import ErrorDriven
from ..stimuli import StimulusLike
from .chains import Chain
from .dream_cells import CodeCell, CueCell, ReadoutCell, RelayCell
from .index_replay import IndexReplay
from .stage_plans import StagePlan

#: Populations of the hippocampus.
INDICES, CODES = "indices", "codes"


@dataclass(frozen=True, eq=False)
class IndexCircuits:
    """The circuit of a night of replay.

    One index cell stands for each image in memory. When it spikes, so do the code cells that were
    stored for it, and through the codebook these drive the last hidden layer; it also tells the
    outputs which of them the image belongs to. The output weights learn from their errors.

    Attributes
    ----------
    chain : Chain
        The network.
    recipe : IndexReplay
        The constants.
    memory : EpisodeMemory
        What is stored, as it is replayed.
    codes : ndarray of int, shape (n, n_parts)
        The codes of each stored image, as they are replayed; of no account where images are stored.
    """

    chain: Chain
    recipe: IndexReplay
    memory: EpisodeMemory
    codes: npt.NDArray[np.int64]

    @property
    def scale(self) -> float:
        """Spikes per step of the last hidden layer for an activation of 1."""
        return self.recipe.code_activity / self.memory.mean_activity

    def circuit(self) -> Circuit:
        """Return the circuit."""
        chain, scale, n_outputs = self.chain, self.scale, self.chain.n_outputs
        output = chain.layers[-1]
        readout = ReadoutCell(n_outputs=n_outputs, bias_gain=scale, noise_gain=scale)
        bias = 0.0 if output.bias is None else output.bias
        n_cells = self.memory.room(self.recipe.capacity_bytes)  # the same in all nights
        labels = np.zeros((n_outputs, n_cells))
        labels[self.memory.labels, np.arange(len(self.memory))] = 1
        code = CodeCell(threshold=1.0, bias_gain=1.0, feedback_gain=1.0)
        driven = 1.0 if self.memory.codebook is None else 0.0  # `currents` has the values
        cells = {
            INDICES: Population(n_cells, CueCell()),
            **self._code_cells(),
            chain.last: Population(chain.layers[-2].n_out, code, bias=driven),
            chain.output: Population(n_outputs, readout, winners=1, bias=bias),
        }
        links = [
            Projection(INPUT, INDICES, 0.0),  # all populations need a drive; this one is silent
            *self._codebook(n_cells),
            Projection(INDICES, chain.output, labels, receptor="target"),
            Projection(chain.last, chain.output, output.weight, plasticity=self._delta_rule()),
        ]
        return Circuit(1, cells, links)

    def currents(self, order: npt.NDArray[np.int64]) -> dict[str, npt.NDArray[np.float64]]:
        """Return what drives the last hidden layer in each replay, if images are stored.

        Parameters
        ----------
        order : ndarray of int, shape (n_replays,)
            Which stored image each replays.
        """
        if self.memory.codebook is not None:
            return {}
        shown = np.unique(order)
        images = self.memory.rows[shown].astype(np.float64) / 255
        active = self.scale * self.chain.activity(images)
        return {self.chain.last: active[np.searchsorted(shown, order)]}

    def stimulus(self, plan: StagePlan) -> StimulusLike:
        """Return what drives the input: nothing."""
        return np.zeros((len(plan.order) * plan.presentation_steps, 1), dtype=bool)

    def _code_cells(self) -> dict[str, Population]:
        """Return a cell for each code of each part."""
        book = self.memory.codebook
        if book is None:
            return {}
        return {CODES: Population(book.n_parts * book.n_codes, RelayCell())}

    def _codebook(self, n_cells: int) -> list[Projection]:
        """Return what leads from index cells to code cells, and from these to the hidden layer."""
        book = self.memory.codebook
        if book is None:
            return []
        stored = np.zeros((book.n_parts * book.n_codes, n_cells))
        own = np.arange(book.n_parts) * book.n_codes + self.codes
        stored[own.ravel(), np.repeat(np.arange(len(own)), book.n_parts)] = 1
        return [
            Projection(INDICES, CODES, stored),
            Projection(CODES, self.chain.last, book.synapses(), receptor="feedback"),
        ]

    def _delta_rule(self) -> ErrorDriven:
        """Return the rule of the output weights, with its rate for weights on awake activations.

        As that of dreams: an error changes the weights on x, the activity of the last hidden layer
        in units of its mean, by rate x / (n <x^2>).
        """
        recipe = self.recipe
        rate = recipe.learning_rate / (self.chain.layers[-2].n_out * self.memory.mean_square)
        return ErrorDriven(
            rate * self.scale / recipe.code_activity**2,
            potentiation=recipe.potentiation,
            depression=recipe.depression,
            presynaptic="count",
            evidence="evidence",
        )
