"""A choice of names that tells the near one, and listens to what a shell asks."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

import click

from console.messages import text


class Among(click.Choice[str]):
    """One of some names. A name that is none of them is told with the near one."""

    def __init__(self, names: Iterable[str]) -> None:
        super().__init__(list(names))

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:
        known = [str(one) for one in self.choices]
        near = get_close_matches(str(value), known, n=1, cutoff=0.5)
        key = "error.no_choice_near" if near else "error.no_choice"
        return text(key, value=value, near=" ".join(near), known=", ".join(known))
