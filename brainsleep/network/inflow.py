"""How the spikes that arrive from several projections at a population come together."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .plan import NetworkPlan, ProjectionPlan, assigned

#: What a rule does with a presynaptic spike's weight.
DRIVE = re.compile(r"^\s*drive_post\s*([+-])=\s*(.+)$", flags=re.MULTILINE)


@dataclass(frozen=True)
class Inflow:
    """The variables in which a population sums the weights of the spikes that arrive in a step.

    The weights of a single projection go straight to the receptor's variable, ``drive``. Where
    there are several projections, each adds to variables of its own, which are summed with one
    factor per projection.

    Attributes
    ----------
    plan : NetworkPlan
        The plan of the network.
    layer : int
        Number of the population.
    links : list of int
        The projections that reach it, by their numbers in the plan.
    """

    plan: NetworkPlan
    layer: int
    links: list[int]

    @classmethod
    def of(cls, plan: NetworkPlan, layer: int) -> Inflow:
        """Return the inflow of a population of a plan."""
        links = [k for k, link in enumerate(plan.projections) if link.target == layer]
        return cls(plan, layer, links)

    @property
    def projections(self) -> list[ProjectionPlan]:
        """The projections themselves."""
        return [self.plan.projections[link] for link in self.links]

    @property
    def receptors(self) -> tuple[str, ...]:
        """The receptors that the neurons have."""
        return self.plan.neurons[self.layer - 1].receptors

    @property
    def is_silent(self) -> bool:
        """Whether nothing ever arrives, so that what arrives need not be set to zero."""
        neuron = self.plan.neurons[self.layer - 1]
        return (
            not self.links
            and self.layer not in self.plan.pooled
            and not assigned(f"{neuron.on_input}\n{neuron.reset}") & set(self.receptors)
        )

    @property
    def model(self) -> str:
        """Equations: one variable per receptor, and those of each of several projections."""
        lines = [f"{receptor} : 1  # weights of this step's spikes" for receptor in self.receptors]
        if len(self.links) > 1:
            for k, link in enumerate(self.projections, start=1):
                lines.append(f"factor{k} : 1 (shared, constant)  # of projection {k}")
                lines += [f"{self._share(receptor, k)} : 1" for receptor in self._reached(link)]
        return "\n".join(lines)

    @property
    def gather(self) -> str:
        """Statements that sum over several projections; empty for a single one."""
        if len(self.links) < 2:
            return ""
        lines = []
        for receptor in self.receptors:
            terms = [
                f"factor{k}*{self._share(receptor, k)}"
                for k, link in enumerate(self.projections, start=1)
                if receptor in self._reached(link)
            ]
            if terms:
                lines.append(f"{receptor} = " + " + ".join(terms))
        return "\n".join(lines)

    @property
    def clear(self) -> str:
        """Statements that set all variables to zero for the next step; empty if they always are."""
        names = [] if self.is_silent else list(self.receptors)
        if len(self.links) > 1:
            names += [
                self._share(receptor, k)
                for k, link in enumerate(self.projections, start=1)
                for receptor in self._reached(link)
            ]
        return "\n".join(f"{name} = 0" for name in names)

    def directed(self, link: int, on_pre: str) -> str:
        """Let a rule's statements for presynaptic spikes write to the right variable.

        Parameters
        ----------
        link : int
            Number of the projection in the plan.
        on_pre : str
            The rule's statements, in which ``drive_post`` stands for that variable.
        """
        number = 0 if len(self.links) == 1 else self.links.index(link) + 1
        receptor = self.plan.projections[link].receptor
        drive, inhibition = (f"{self._share(one, number)}_post" for one in ("drive", "inhibition"))

        def written(match: re.Match[str]) -> str:
            sign, amount = match.groups()
            if receptor == "inhibition":  # whichever sign the rule gives its weights
                own = "inhibition" in self.receptors
                return f"{inhibition} += {amount}" if own else f"{drive} -= {amount}"
            if receptor == "signed":
                value = f"({amount})" if sign == "+" else f"(-({amount}))"
                return (
                    f"{drive} += {value}*int({value} > 0)\n{inhibition} -= {value}*int({value} < 0)"
                )
            return f"{self._share(receptor, number)}_post {sign}= {amount}"

        return DRIVE.sub(written, on_pre)

    def _share(self, receptor: str, number: int) -> str:
        """Return the variable of one of several projections; 0 stands for the only one.

        Receptors may be numbered themselves: without a sign between, number 2 of ``zone_1`` would
        be ``zone_12``.
        """
        if number == 0:
            return receptor
        name = f"{receptor}_" if receptor[-1].isdigit() else receptor
        while f"{name}{number}" in self.receptors:
            name += "_"
        return f"{name}{number}"

    def _reached(self, link: ProjectionPlan) -> tuple[str, ...]:
        """Return the receptors that a projection reaches."""
        if link.receptor == "signed":
            return ("drive", "inhibition")
        if link.receptor == "inhibition" and "inhibition" not in self.receptors:
            return ("drive",)
        return (link.receptor,)
