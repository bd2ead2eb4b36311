"""What nights found, as lines: told while a run goes on, and under its tables."""

from __future__ import annotations

from collections.abc import Sequence

from ...support.files import JsonMapping


def finding_lines(nights: Sequence[Sequence[JsonMapping]]) -> list[str]:
    """Return what was found in some nights, as lines for under a table; none without findings.

    Parameters
    ----------
    nights : sequence of sequence of mapping
        The findings of each night, as the fields of `brainsleep.night.Finding`. Of those of one
        kind and layer, the last is shown.
    """
    found: dict[tuple[str, str], list[JsonMapping]] = {}
    for finding in (finding for night in nights for finding in night):
        found.setdefault((finding["layer"], finding["kind"]), []).append(finding)
    lines = [
        f"{_finding(same[-1])} ({len(same)} of {len(nights)} nights)" for same in found.values()
    ]
    return ["", "what is seldom wanted of a night:", *lines] if lines else []


def new_findings(findings: Sequence[JsonMapping], told: Sequence[JsonMapping]) -> list[str]:
    """Return what was found in a night as lines, but for layers and kinds already told."""
    before = {(one["layer"], one["kind"]) for one in told}
    return [_finding(one) for one in findings if (one["layer"], one["kind"]) not in before]


def _finding(finding: JsonMapping) -> str:
    return "; ".join(filter(None, [f"  {finding['layer']}: {finding['text']}", finding["remedy"]]))
