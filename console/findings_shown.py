"""How findings look at a terminal."""

from __future__ import annotations

from console.checks.finding import Finding
from console.output import paint, print_data

_WIDTH = len("synchronous_commit")
_MARKS = {
    "ok": ("✓", "green"),
    "note": ("!", "yellow"),
    "problem": ("✗", "red"),
    "not_looked_at": ("?", "yellow"),
}


def print_finding(finding: Finding, depth: int = 0) -> None:
    """One, with its fix under it; indented when it is only wrong because of another."""
    indent = "  " * depth
    mark, colour = _MARKS[finding.state] if depth == 0 else ("└", "red")
    print_data(f"{indent}{paint(mark, colour)} {finding.check:<{_WIDTH}} {finding.detail}")
    if finding.fix:
        print_data(f"{indent}  {'':<{_WIDTH}} → {finding.fix}")
