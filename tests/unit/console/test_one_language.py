"""Whoever asks for Indonesian reads Indonesian: every command's help, every mistake, every value and number; and English without a trace of it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import Formatter

import click
import pytest

from console import click_words, exits, language, main
from console.held_words import reason_in_words
from console.messages import value
from console.output import decimal, number, rupiah
from console.texts.values import VALUES_IN_INDONESIAN
from console.times import ago
from schemas.problem_titles import TITLES_IN_INDONESIAN
from schemas.problems import PROBLEMS, Problem
from tests.unit.console.test_messages import commands

ROOT = Path(__file__).parents[3]

PATHS = [path.split()[1:] for path, _ in commands(main.lunas)]
NOT_SHOWN = {
    # For programmers, for terminals of Windows, and for prompts that no command of ours uses.
    "Arguments take exactly one parameter declaration, got {length}: {decls}.",
    "Boolean option {decl!r} cannot use the same flag for true/false.",
    "Choice({choices})",
    "Confirm the action without prompting.",
    "Could not determine name for option with declarations {decls!r}",
    "DeprecationWarning: The command {name!r} is deprecated.{extra_message}",
    "DeprecationWarning: The {param_type} {name!r} is deprecated.{extra_message}",
    "Do you want to continue?",
    "Error: The two entered values do not match.",
    "Invalid start character for option ({option})",
    "Name '{name}' defined twice",
    "No options defined but a name was passed ({name}). Did you mean to declare an argument instead? Did you mean to pass '--{name}'?",
    "Press any key to continue...",
    "Repeat for confirmation",
    "Unknown color {colour!r}",
    "Value must be an iterable.",
    "%(prog)s, version %(version)s",
    "{len_type} values are required, but {len_value} was given.",
    "{len_type} values are required, but {len_value} were given.",
}
ENGLISH = (
    "Usage",
    "Options:",
    "Commands:",
    "Error:",
    "Missing",
    "Invalid",
    "No such",
    "Try '",
    "default:",
    "[OPTIONS]",
)
MISTAKES = (
    ["--no-such-option"],
    ["--json=yes"],
    ["--limit", "0"],
    ["--since", "x"],
    ["--provider", "x"],
    ["a", "b", "c", "d"],
    [],
)


@pytest.fixture(autouse=True)
def _language() -> Iterator[None]:
    yield
    language.choose(None)


def spoken() -> set[str]:
    """Everything that the installed click passes to its translators."""
    found: set[str] = set()
    for module in click_words.MODULES:
        for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in ("_", "ngettext")
            ):
                found |= {arg.value for arg in node.args if isinstance(arg, ast.Constant)}
    return found


def test_everything_that_click_may_say_is_translated() -> None:
    assert spoken() - NOT_SHOWN - set(click_words.INDONESIAN) == set()
    assert set(click_words.INDONESIAN) - spoken() == {"required"}  # click passes it by name
    for english, indonesian in click_words.INDONESIAN.items():
        assert [part[1] for part in Formatter().parse(english) if part[1]] == [
            part[1] for part in Formatter().parse(indonesian) if part[1]
        ]


def kinds_of_number() -> list[str]:
    """Names of all types of numbers that the installed click has."""
    types = [one for one in vars(click.types).values() if isinstance(one, type)]
    return sorted({one.name for one in types if "Number" in str(one.__mro__) and hasattr(one, "name")})


@pytest.mark.parametrize("kind", kinds_of_number())
def test_no_kind_of_number_is_named_in_english(kind: str) -> None:
    click_words.translated()
    language.choose("id")
    said = click.types._("{value!r} is not a valid {number_type}.").format(value="x", number_type=kind)
    assert kind not in said
    assert "bilangan" in said


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_help_is_in_one_language(path: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["--lang", "id", *path, "--help"]) == exits.FINE
    indonesian = capsys.readouterr().out
    assert "Pemakaian:" in indonesian
    assert [word for word in ENGLISH if word in indonesian] == []
    assert main.run(["--lang", "en", *path, "--help"]) == exits.FINE
    english = capsys.readouterr().out
    assert "Usage:" in english
    assert "Pemakaian" not in english


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
@pytest.mark.parametrize("mistake", MISTAKES, ids=" ".join)
def test_mistakes_are_told_in_one_language(
    path: list[str],
    mistake: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Where it is no mistake for this command, there is no instance to work on."""
    monkeypatch.setenv("LUNAS_HOME", str(tmp_path))
    monkeypatch.setattr(click.Command, "invoke", lambda *_arguments: exits.WRONG_USE)
    for lang in ("id", "en"):
        main.run(["--lang", lang, *path, *mistake])
        said = capsys.readouterr().err
        assert lang == "en" or [word for word in ENGLISH if word in said] == [], said
        assert lang == "id" or not {"Galat", "Lihat '", "Pemakaian"} & set(said.split()), said


def test_numbers_and_times_are_written_as_their_readers_do() -> None:
    now = datetime(2026, 1, 2, tzinfo=UTC)
    for lang, shown in (
        ("en", ("Rp 1,234,567", "1,234", "1,234.5", "0.40", "2 h")),
        ("id", ("Rp 1.234.567", "1.234", "1.234,5", "0,40", "2 jam")),
    ):
        language.choose("id" if lang == "id" else "en")
        said = (
            rupiah(1_234_567),
            number(1234),
            decimal(1234.5),
            decimal(0.4, 2),
            ago(now - timedelta(hours=2), now),
        )
        assert said == shown


def test_values_have_words_and_english_keeps_the_codes() -> None:
    language.choose("en")
    assert all(value(code) == code for code in VALUES_IN_INDONESIAN)
    language.choose("id")
    assert value("written_off") == "dihapusbukukan"
    assert reason_in_words("customer_unknown") == "pembayar belum menjadi pelanggan"
    assert value("a_code_of_tomorrow") == "a_code_of_tomorrow"


def test_every_state_that_the_database_allows_has_an_indonesian_word() -> None:
    kept = set()
    for path in sorted((ROOT / "eventstore/sql/migrations").glob("*.sql")):
        made = path.read_text(encoding="utf-8").split("-- migrate:down")[0]
        for allowed in re.findall(r"CHECK \(\s*(?:status|state|role|outcome)\s+IN\s*\(([^)]*)\)", made):
            kept |= set(re.findall(r"'([a-z_]+)'", allowed))
    assert len(kept) > 40
    assert kept - VALUES_IN_INDONESIAN.keys() == set()


def test_every_problem_of_the_api_has_a_title_in_both_languages() -> None:
    assert {kind.title for kind in PROBLEMS.values()} == set(TITLES_IN_INDONESIAN)
    problem = Problem("not_found")
    assert (problem.title("en"), problem.title("id")) == ("Not found", "Tidak ditemukan")
