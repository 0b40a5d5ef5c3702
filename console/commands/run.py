"""`lunas run`: what containers and the supervisor start."""

from __future__ import annotations

import click

from console.choices import Among
from console.lazy import Command
from console.processes import ALL, DEVELOPMENT, ROOTS, start
from runtime.settings import load_settings


@click.command(cls=Command)
@click.argument("name", type=Among([*ROOTS, *DEVELOPMENT, ALL]))
def run(name: str) -> int:
    """Start one process and keep it in the foreground until SIGTERM or Ctrl-C.

    It takes its settings from the environment alone. `all` runs every process inside one, for small shops.
    """
    return start(name, load_settings())
