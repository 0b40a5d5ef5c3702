"""Blocks of code in our pages. What a reader would paste is marked `sh` and executed by a test, or says beside the mark why not: `sh not-run: why`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<text>.*?)^ *```$", re.MULTILINE | re.DOTALL)
NOT_RUN = "sh not-run: "


class PageBlock(NamedTuple):
    """`info`: what stands behind the fence."""

    page: str
    line: int
    info: str
    text: str

    @property
    def why_not(self) -> str | None:
        """Why it is not executed; None when it is."""
        return self.info.removeprefix(NOT_RUN) if self.info.startswith(NOT_RUN) else None

    @property
    def commands(self) -> list[str]:
        """Lines of a shell, those that go on joined."""
        return [line.strip() for line in self.text.replace("\\\n", " ").splitlines() if line.strip()]


def pages() -> list[Path]:
    """Decisions tell history, and are nobody's instructions."""
    return sorted(
        one for one in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")] if one.parent.name != "adr"
    )


def blocks_of(page: Path) -> Iterator[PageBlock]:
    text = page.read_text(encoding="utf-8")
    for found in BLOCK.finditer(text):
        line = text[: found.start()].count("\n") + 1
        yield PageBlock(str(page.relative_to(ROOT)), line, found["info"].strip(), dedent(found["text"]))


def every_block() -> list[PageBlock]:
    return [block for page in pages() for block in blocks_of(page)]
