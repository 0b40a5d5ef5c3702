"""What every command's help consists of, so that `--help` at any depth imports no command: `python -m console.help_pages` writes it from the code.

A page is a command without its body. It translates, wraps and fits the terminal as the command does, because the same click code shows it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import click

from console.lazy import Command, Group
from console.messages import help_text

FILE = Path(__file__).with_name("help_pages.json")
ASKS = frozenset({"--help", "-h"})

Page = Mapping[str, Any]
"""`help`, `usage` pieces, `options` (names, words, what click adds behind them), and of a group its `commands` by name."""


class NoHelpAsked(Exception):
    """The line is to be read by the command itself."""


def asks_for_help(arguments: Sequence[str]) -> bool:
    """Whether the line may be asking for it: a group without a verb does too; after `--` nothing does."""
    line = list(arguments)
    return len(line) == 1 or bool(ASKS.intersection(line[: line.index("--")] if "--" in line else line))


def page_of(name: str) -> click.Command | None:
    """The page of one of the first commands."""
    page = _pages().get(name)
    return None if page is None else _command(name, page)


class _PageOption(click.Option):
    """An option as it is shown."""

    def __init__(self, names: Sequence[str], flag: bool, spec: str, words: str, extra: Any) -> None:
        super().__init__(list(names), is_flag=flag or None, help=words)
        self._spec, self._extra = spec, extra

    def get_help_spec(self, ctx: click.Context) -> str:
        return self._spec

    def get_help_extra(self, ctx: click.Context) -> Any:
        return self._extra


class _PageCommand(Command):
    """`usage`: what stands behind its name."""

    def __init__(self, usage: Sequence[str], **more: Any) -> None:
        loose = {"ignore_unknown_options": True, "allow_extra_args": True}
        super().__init__(context_settings=loose, **more)
        self._usage = list(usage)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        return [help_text(piece) for piece in self._usage]

    def invoke(self, ctx: click.Context) -> Any:
        raise NoHelpAsked


def _command(name: str, page: Page) -> click.Command:
    options: list[click.Parameter] = [_PageOption(*one) for one in page["options"]]
    if "commands" not in page:
        return _PageCommand(page["usage"], name=name, help=page["help"], params=options)
    inner = {each: _command(each, told) for each, told in page["commands"].items()}
    return Group(name=name, help=page["help"], params=options, commands=inner)


@cache
def _pages() -> Mapping[str, Page]:
    found: Mapping[str, Page] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def written(command: click.Group) -> str:
    """The pages of everything below a group, as they are kept."""
    root = click.Context(command, info_name="lunas", **command.context_settings)
    pages = {
        name: _written(command.get_command(root, name), name, root) for name in command.list_commands(root)
    }
    return json.dumps(pages, ensure_ascii=False, indent=1) + "\n"


def _written(command: click.Command | None, name: str, above: click.Context) -> Page:
    if command is None:
        raise TypeError(f"{name} is not a command")
    ctx = click.Context(command, parent=above, info_name=name)
    own = [one for one in command.params if isinstance(one, click.Option) and not one.hidden]
    page: dict[str, Any] = {
        "help": command.help or "",
        "usage": click.Command.collect_usage_pieces(command, ctx),
        "options": [_option(one, ctx) for one in own],
    }
    if isinstance(command, click.Group):
        page["commands"] = {
            each: _written(command.get_command(ctx, each), each, ctx) for each in command.list_commands(ctx)
        }
    return page


def _option(one: click.Option, ctx: click.Context) -> list[Any]:
    names = one.opts if not one.secondary_opts else ["/".join((*one.opts, *one.secondary_opts))]
    flag = one.is_flag or one.count
    return [names, flag, one.get_help_spec(ctx), one.help or "", dict(one.get_help_extra(ctx))]


if __name__ == "__main__":
    from importlib import import_module

    from console import language

    language.choose("en")
    # By name: `console.main` reads this module, and mypy, by the order in which it comes to the two, knows no type of `lunas` here.
    sys.stdout.write(written(import_module("console.main").lunas))
