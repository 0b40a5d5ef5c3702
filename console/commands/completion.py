"""`lunas completion`: what a shell needs to complete commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from console.exits import FINE
from console.lazy import Command
from console.output import print_data

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_LUNAS_COMPLETE"
"""What click looks for when it is asked to complete (https://click.palletsprojects.com/en/stable/shell-completion/)."""


@click.command(cls=Command)
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> int:
    """Print the completion script of a shell.

    \b
    bash:  lunas completion bash >> ~/.bashrc
    zsh:   lunas completion zsh >> ~/.zshrc
    fish:  lunas completion fish > ~/.config/fish/completions/lunas.fish
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise LookupError(shell)
    script = kind(context.find_root().command, {}, "lunas", VARIABLE)
    print_data(script.source_template % script.source_vars())
    return FINE
