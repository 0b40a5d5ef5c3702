"""Help without importing a command: the pages are what the code says, and show exactly what the command itself would show."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from console import language
from console.click_words import translated
from console.help_pages import FILE, asks_for_help, page_of, written
from console.lazy import Command, Group, LazyGroup
from console.main import COMMANDS, lunas, run


@pytest.fixture(autouse=True)
def _language() -> Iterator[None]:
    yield
    language.choose(None)


def helps(command: click.Command, above: click.Context, name: str) -> Iterator[tuple[str, str]]:
    """The help of a command and of everything below it."""
    ctx = click.Context(command, parent=above, info_name=name, **command.context_settings)
    yield ctx.command_path, command.get_help(ctx)
    if isinstance(command, click.Group):
        for each in command.list_commands(ctx):
            inner = command.get_command(ctx, each)
            assert inner is not None
            yield from helps(inner, ctx, each)


def test_the_pages_are_what_the_code_says() -> None:
    language.choose("en")
    current = FILE.read_text(encoding="utf-8") == written(lunas)
    assert current, "run: .venv/bin/python -m console.help_pages > pages && mv pages console/help_pages.json"


@pytest.mark.parametrize("speaks", ["en", "id"])
@pytest.mark.parametrize("width", [50, 80, 110])
def test_a_page_shows_what_its_command_would(speaks: language.Language, width: int) -> None:
    language.choose(speaks)
    assert isinstance(lunas, LazyGroup)
    settings = lunas.context_settings | {"terminal_width": width}
    root = click.Context(lunas, info_name="lunas", **settings)
    count = 0
    for name in COMMANDS:
        page, real = page_of(name), lunas.get_command(root, name)
        assert page is not None
        assert real is not None
        for shown, said in zip(helps(page, root, name), helps(real, root, name), strict=True):
            assert shown == said
            count += 1
    assert count > len(COMMANDS)


@pytest.mark.parametrize("made", [Command("one"), Group("several", commands={"one": Command("one")})])
def test_help_is_in_the_language_of_now_whatever_was_spoken_before(made: click.Command) -> None:
    translated()
    for speaks, words in (("id", "lalu keluar"), ("en", "and exit"), ("id", "lalu keluar")):
        language.choose("id" if speaks == "id" else "en")
        assert words in made.get_help(click.Context(made, info_name="one"))


@pytest.mark.parametrize(
    ("line", "asks"),
    [
        (["replay", "plan", "--help"], True),
        (["-h"], True),
        (["find", "--", "--help"], False),
        (["find", "help"], False),
        (["replay"], True),
    ],
)
def test_a_line_asks_for_help_or_does_not(line: list[str], asks: bool) -> None:
    assert asks_for_help(line) is asks


def test_help_as_the_value_of_an_option_is_left_to_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    language.choose("en")
    assert run(["replay", "plan", "--where", "--help"]) != 0
    told = capsys.readouterr()
    assert told.out == ""
    assert "Column 1" in told.err


def test_a_group_without_a_verb_shows_its_page_and_a_command_runs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHELL", "/bin/bash")
    language.choose("en")
    assert run(["replay"]) == 2
    told = capsys.readouterr()
    assert "recover" in told.out + told.err
    assert run(["completion"]) == 0
    assert "lunas" in capsys.readouterr().out


def test_an_unknown_verb_beside_it_is_told_the_near_one(capsys: pytest.CaptureFixture[str]) -> None:
    language.choose("en")
    assert run(["replay", "plon", "--help"]) == 2
    assert "plan" in capsys.readouterr().err


def test_after_a_page_the_command_itself_runs_again(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", "--help"]) == 0
    capsys.readouterr()
    assert run(["completion", "bash"]) == 0
    assert "lunas" in capsys.readouterr().out
