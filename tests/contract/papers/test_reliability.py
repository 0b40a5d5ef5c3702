"""What docs/reliability.md says of settings is what `lunas doctor` looks at."""

from __future__ import annotations

import re
from pathlib import Path

from tests.integration.doctor import test_management
from tests.integration.doctor.mistakes import MISTAKES

PAGE = Path(__file__).parents[3] / "docs" / "reliability.md"


def test_each_finding_of_the_page_is_planted_and_found() -> None:
    _, _, table = PAGE.read_text("utf-8").partition("## What it depends on")
    rows = [line.split("|") for line in table.splitlines() if line.startswith("| ") and "Finding" not in line]
    named = {finding for row in rows for finding in re.findall(r"`([a-z_]+)`", row[3])}
    planted = {one.check for one in MISTAKES.values()} | {
        name.split()[0] for name in test_management.MISTAKES
    }
    assert len(named) > 10
    assert named <= planted
