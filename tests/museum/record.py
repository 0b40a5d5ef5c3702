"""docs/museum.md: every bug, which test caught it, and how fast. A run writes what it saw over what was there."""

from __future__ import annotations

import re
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "museum.md"
ROW = re.compile(r"^\| `([a-z0-9-]+)` \| .* \| \[(\w+)\]\(\.\./([\w/.]+)\) \| ([\d.]+) s \|$", re.MULTILINE)

HEAD = """# Planted bugs: what each does, and which test sees it

Written by `make museum RECORD=yes`: each bug of `tests/museum/bugs.toml` is planted by one replacement in a copy of the project, and the tests that are
named there run until one fails. Seconds are of a machine that was busy with other work; starting pytest is most of them.
"""


@dataclass(frozen=True)
class Seen:
    """Which test caught a bug: its file, its name, and the seconds until it failed."""

    file: str
    test: str
    seconds: float

    @classmethod
    def of(cls, by: str, seconds: float) -> Seen:
        """`by` as pytest names it, parameters and classes too."""
        file, _, rest = by.partition("::")
        return cls(file, rest.partition("[")[0].rpartition("::")[2] or "whole_file", seconds)


def recorded(page: str) -> dict[str, Seen]:
    """By bug, what the page says."""
    return {name: Seen(file, test, float(after)) for name, test, file, after in ROW.findall(page)}


def page_of(reasons: Mapping[str, str], seen: Mapping[str, Seen]) -> str:
    """The whole page. `reasons`: what each bug does, in the order of the list."""
    rows = [
        f"| `{name}` | {why} | [{one.test}](../{one.file}) | {one.seconds:.1f} s |"
        for name, why in reasons.items()
        if (one := seen.get(name)) is not None
    ]
    missing = [f"- `{name}`: {why}" for name, why in reasons.items() if name not in seen]
    took = [seen[name].seconds for name in reasons if name in seen]
    said = f"{len(took)} of {len(reasons)} were caught"
    if took:
        said += f"; half of them within {statistics.median(took):.0f} s, the longest after {max(took):.0f} s"
    parts = [HEAD, f"{said}.\n", "| Bug | What it does | Caught by | After |", "|---|---|---|---|", *rows]
    return "\n".join([*parts, *(["", "## Not seen to be caught", "", *missing] if missing else [])]) + "\n"


def keep(reasons: Mapping[str, str], caught: Sequence[tuple[str, Seen]], free: Sequence[str]) -> None:
    """Writes what a run saw over what is on the page."""
    before = recorded(PAGE.read_text("utf-8")) if PAGE.exists() else {}
    seen = {name: one for name, one in (before | dict(caught)).items() if name not in free}
    PAGE.write_text(page_of(reasons, seen), "utf-8")
