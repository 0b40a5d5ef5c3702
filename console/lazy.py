"""A click group that imports a command only when it is called, and speaks the operator's language in help."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

import click
from click.shell_completion import CompletionItem

from console.messages import help_text, text


class Command(click.Command):
    """A command whose help is translated when it is shown, not when it is defined."""

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        return _to_be_translated(super().get_help_option(ctx))

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        return [help_text(piece) for piece in super().collect_usage_pieces(ctx)]

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        _write_help(self, formatter)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        _write_options(self, ctx, formatter)

    def get_short_help_str(self, limit: int = 78) -> str:
        return _short(self.help)


class Group(click.Group):
    """Like `Command`, for a group of verbs."""

    command_class = Command

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        return _to_be_translated(super().get_help_option(ctx))

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        return [help_text(piece) for piece in super().collect_usage_pieces(ctx)]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """An unknown name is told with the near one."""
        name = args[0] if args else ""
        if name and not name.startswith("-") and name not in (known := self.list_commands(ctx)):
            near = get_close_matches(name, known, n=1, cutoff=0.5)
            key = "error.no_command_near" if near else "error.no_command"
            ctx.fail(text(key, name=name, near=" ".join([ctx.command_path, *near]), known=", ".join(known)))
        return super().resolve_command(ctx, args)

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        _write_help(self, formatter)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        _write_options(self, ctx, formatter)
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section(help_text("Commands")):
            formatter.write_dl(
                [(name, each.get_short_help_str()) for name, each in commands if each is not None]
            )

    def get_short_help_str(self, limit: int = 78) -> str:
        return _short(self.help)


class LazyGroup(Group):
    """`commands`: name → (`module:attribute`, one line of help shown without importing the module)."""

    def __init__(self, *args: Any, lazy: Mapping[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lazy = lazy
        self.page_of: Callable[[str], click.Command | None] | None = None
        """While a line asks for help: a command's page in the place of the command."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._lazy:
            return None
        if self.page_of is not None and (page := self.page_of(cmd_name)) is not None:
            return page
        module, _, attribute = self._lazy[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{module}:{attribute} is not a command")
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Names without importing what they name: a shell asks at every press of a key."""
        if incomplete.startswith("-"):
            return click.Command.shell_complete(self, ctx, incomplete)
        return [
            CompletionItem(name, help=help_text(line))
            for name, (_, line) in self._lazy.items()
            if name.startswith(incomplete)
        ]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section(help_text("Commands")):
            formatter.write_dl([(name, help_text(line)) for name, (_, line) in self._lazy.items()])


def paragraphs(words: str | None) -> list[str]:
    """The paragraphs of a help text, each on one line; these are the keys of the translations. `\\b` blocks stay as they are."""
    blocks = inspect.cleandoc(words or "").split("\n\n")
    return [block if block.startswith("\b") else " ".join(block.split()) for block in blocks if block.strip()]


def _short(words: str | None) -> str:
    first = next(iter(paragraphs(words)), "")
    return help_text(first).split(". ")[0].rstrip(".")


def _write_help(command: click.Command, formatter: click.HelpFormatter) -> None:
    if command.help:
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text("\n\n".join(help_text(block) for block in paragraphs(command.help)))


def _write_options(command: click.Command, ctx: click.Context, formatter: click.HelpFormatter) -> None:
    options = [parameter for parameter in command.get_params(ctx) if isinstance(parameter, click.Option)]
    records = [record for option in options if (record := option.get_help_record(ctx))]
    if records:
        with formatter.section(help_text("Options")):
            formatter.write_dl([(names, _translate_option(line)) for names, line in records])


def _to_be_translated(option: click.Option | None) -> click.Option | None:
    """click words this one once, in the language of then, and keeps it; as all others it is translated when it is shown."""
    if option is not None:
        option.help = "Show this message and exit."
    return option


def _translate_option(line: str) -> str:
    """The help of an option, without the `[default: …]` that click puts behind it."""
    sentence, bracket, rest = line.partition("  [")
    return help_text(sentence) + bracket + rest
