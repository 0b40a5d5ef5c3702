"""Every sentence exists in both languages, and both fill in the same values."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import console
from console import language
from console.help_texts import HELP_IN_INDONESIAN
from console.lazy import paragraphs
from console.main import COMMANDS, lunas, run
from console.messages import help_text, text
from console.texts import TEXTS

SOURCES = sorted(Path(console.__file__).parent.rglob("*.py"))


@pytest.fixture(autouse=True)
def _language() -> Iterator[None]:
    yield
    language.choose(None)


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_both_languages_fill_in_the_same_values(key: str) -> None:
    english, indonesian = (
        {name for _, name, _, _ in string.Formatter().parse(sentence) if name} for sentence in TEXTS[key]
    )
    assert english == indonesian
    assert all(sentence.strip() for sentence in TEXTS[key])


def test_every_key_in_the_code_is_in_the_catalogue() -> None:
    used = {
        key for source in SOURCES for key in re.findall(r'\btext\(\s*"([a-z_.]+)"', source.read_text("utf-8"))
    }
    assert used
    assert used - set(TEXTS) == set()


def test_text_speaks_the_chosen_language() -> None:
    language.choose("id")
    assert text("status.fine") == "Semua baik."
    language.choose("en")
    assert text("status.fine") == "All is well."


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, "en"),
        ({"LANG": "id_ID.UTF-8"}, "id"),
        ({"LANG": "en_US.UTF-8"}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LUNAS_LANG": "id"}, "id"),
        ({"LANG": "id_ID.UTF-8", "LUNAS_LANG": "en"}, "en"),
        ({"LANG": "id_ID.UTF-8", "LC_ALL": "en_GB.UTF-8"}, "en"),
        ({"LANG": "id_ID.UTF-8", "LUNAS_LANG": "fr"}, "id"),
    ],
)
def test_the_environment_chooses_the_language(environ: dict[str, str], expected: str) -> None:
    assert language.from_environment(environ) == expected


def commands(command: click.Command, path: str = "lunas") -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from commands(child, f"{path} {name}")


def help_sentences(command: click.Command) -> Iterator[str]:
    yield from paragraphs(command.help)
    for parameter in command.params:
        if isinstance(parameter, click.Option) and parameter.help:
            yield parameter.help


def test_every_command_and_option_has_help_in_both_languages() -> None:
    untranslated = {
        sentence
        for _, command in commands(lunas)
        for sentence in help_sentences(command)
        if sentence not in HELP_IN_INDONESIAN
    }
    untranslated |= {line for _, line in COMMANDS.values() if line not in HELP_IN_INDONESIAN}
    silent = [path for path, command in commands(lunas) if not command.help]
    assert silent == []
    assert untranslated == set()


def test_no_help_translation_is_left_over() -> None:
    used = {sentence for _, command in commands(lunas) for sentence in help_sentences(command)}
    used |= {line for _, line in COMMANDS.values()} | {
        "Commands",
        "Options",
        "[OPTIONS]",
        "COMMAND [ARGS]...",
        "Show this message and exit.",
        "Show the version and exit.",
    }
    assert set(HELP_IN_INDONESIAN) - used == set()


def test_help_falls_back_to_english() -> None:
    language.choose("id")
    assert help_text("A sentence nobody translated.") == "A sentence nobody translated."


def test_the_help_of_a_group_is_in_one_language(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["--lang", "id", "--help"], ["--lang", "id", "webhooks", "--help"]):
        assert run(arguments) == 0
        shown = capsys.readouterr().out
        assert "Perintah:" in shown
        assert "Commands:" not in shown


def test_every_sentence_is_given_what_it_says() -> None:
    """A value that is missing is found when the sentence is said, which may be at night."""
    short = []
    for path in (Path(__file__).parents[3] / "console").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (
                isinstance(call, ast.Call)
                and isinstance(call.func, ast.Name)
                and call.func.id == "text"
                and call.args
            ):
                continue
            key, given = call.args[0], {keyword.arg for keyword in call.keywords}
            if isinstance(key, ast.Constant) and isinstance(key.value, str) and None not in given:
                named = {name for _, name, _, _ in string.Formatter().parse(TEXTS[key.value][0]) if name}
                if not named <= given:
                    short.append((path.name, key.value, named - given))
    assert short == []
