"""How a program chooses which neurons of a competing population spike."""

from __future__ import annotations

from brian2 import NeuronGroup
from brian2.groups.group import CodeRunner

from ..recording import OwnCode


class WinnerChoice(CodeRunner):
    """Leaves, in each step, the neurons with the highest potentials among those at threshold.

    Stands in for `brainsleep.network.winner_choice.winners_in_memory`.

    Parameters
    ----------
    group : NeuronGroup
        The population.
    """

    def __init__(self, group: NeuronGroup) -> None:
        super().__init__(
            group,
            "winners",
            when=f"{group.name}_compete",
            clock=group.clock,
            name=f"{group.name}_winners",
            check_units=False,
            needed_variables=["v", "is_candidate", "n_winners"],
            codeobj_class=OwnCode,
        )
