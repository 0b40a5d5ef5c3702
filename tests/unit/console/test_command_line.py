"""The shell around every command: start-up, exit codes, stdout for data and stderr for talk."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import click
import pytest

from console import exits, language, main
from console.exits import CommandError, NotFound, Refused, WrongUse
from console.failures import explain, innermost
from schemas.errors import CatalogError, ConfigurationError, NotConfirmed

ROOT = Path(__file__).resolve().parents[3]
HEAVY = (
    "pydantic",
    "pydantic_settings",
    "aiohttp",
    "asyncpg",
    "aio_pika",
    "aiormq",
    "structlog",
    "uvloop",
    "asyncio",
)


@pytest.fixture(autouse=True)
def _language() -> Iterator[None]:
    yield
    language.choose(None)


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False
    )


def test_dev_names_a_broken_template_before_it_starts_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from console.commands import dev

    wrong = tmp_path / "balance.low.id.txt"
    wrong.write_text("Saldo\n\nHalo {{ nama }}\n")
    monkeypatch.setenv("LUNAS_EMAIL_TEMPLATES", str(tmp_path))
    monkeypatch.setattr(dev, "run_foreground", lambda *_, **__: pytest.fail("something was started"))
    assert main.run(["dev"]) == exits.WRONG_USE
    assert f"{wrong}:3: 'nama' is undefined" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        "[]",
        "['--help']",
        "['--lang', 'id', '--help']",
        "['--version']",
        "['replay']",
        "['replay', '--help']",
        "['--lang', 'id', 'suspense', 'claim', '-h']",
    ],
)
def test_help_imports_nothing_heavy(arguments: str) -> None:
    code = (
        "import sys, json, os\n"
        "from console.main import run\n"
        "real, sys.stdout = sys.stdout, open(os.devnull, 'w')\n"
        "sys.stderr = sys.stdout\n"
        f"run({arguments})\n"
        f"print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]), file=real)"
    )
    done = run_python(code)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []


def test_every_command_is_listed_and_can_be_imported(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["--help"]) == exits.FINE
    shown = capsys.readouterr().out
    for name in main.COMMANDS:
        assert f"  {name} " in shown
        assert main.run([name, "--help"]) == exits.FINE
        assert "Usage: lunas " + name in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ["no-such-command"],
        ["webhooks", "list", "--since", "yesterday-ish"],
        ["webhooks", "show", "not-an-id"],
        ["run", "nothing"],
        ["webhooks", "list", "--limit", "0"],
        ["--lang", "fr", "status"],
    ],
)
def test_wrong_use_exits_2_and_says_so_on_stderr(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.run(arguments) == exits.WRONG_USE
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "Error" in shown.err
    assert "Traceback" not in shown.err


def test_a_missing_database_is_one_sentence_with_what_to_start(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LUNAS_DATABASE_URL", "postgresql://nobody:hidden-password@127.0.0.1:1/lunas")
    monkeypatch.setenv("LUNAS_LANG", "en")
    assert main.run(["webhooks", "list", "--json"]) == exits.PROBLEMS
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    assert "127.0.0.1:1/lunas" in shown.err
    assert "make run" in shown.err
    assert "hidden-password" not in shown.err


def test_a_wrong_setting_exits_2_and_names_the_variable(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LUNAS_API_PORT", "eighty")
    assert main.run(["status"]) == exits.WRONG_USE
    shown = capsys.readouterr()
    assert "LUNAS_API_PORT" in shown.err
    assert "Traceback" not in shown.err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CommandError("x"), exits.PROBLEMS),
        (WrongUse("x"), exits.WRONG_USE),
        (NotFound("x"), exits.WRONG_USE),
        (Refused("x"), exits.REFUSED),
        (ConfigurationError("x"), exits.WRONG_USE),
        (CatalogError("x"), exits.WRONG_USE),
        (NotConfirmed("x"), exits.PROBLEMS),
        (asyncpg.UndefinedTableError("x"), exits.PROBLEMS),
        (asyncpg.InsufficientPrivilegeError("x"), exits.PROBLEMS),
        (ConnectionRefusedError("x"), exits.PROBLEMS),
        (TimeoutError(), exits.PROBLEMS),
        (ValueError("x"), exits.PROBLEMS),
    ],
)
def test_every_error_has_an_exit_code_and_a_sentence(error: Exception, code: int) -> None:
    given, sentence = explain(error)
    assert given == code
    assert sentence.strip()


def test_errors_inside_task_groups_are_unwrapped() -> None:
    inner = ConfigurationError("the port")
    assert innermost(ExceptionGroup("outer", [ExceptionGroup("inner", [inner])])) is inner


def test_a_full_disk_here_is_not_blamed_on_a_service() -> None:
    code, sentence = explain(OSError(errno.ENOSPC, "No space left on device"))
    assert code == exits.PROBLEMS
    assert "No space left on device" in sentence
    assert "did not answer" not in sentence


@pytest.mark.parametrize(
    ("arguments", "near"),
    [(["statsu"], "lunas status"), (["suspens"], "lunas suspense"), (["dlq", "gruops"], "lunas dlq groups")],
)
@pytest.mark.parametrize("lang", ["en", "id"])
def test_an_unknown_command_is_told_the_near_one(
    arguments: list[str], near: str, lang: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.run(["--lang", lang, *arguments]) == exits.WRONG_USE
    shown = capsys.readouterr().err
    assert f"`{near}`" in shown
    assert ("Maksud Anda" in shown) == (lang == "id")


def test_make_help_keeps_its_groups() -> None:
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert lines.index("Use it") < lines.index("Work on it")
    assert any(line.strip().startswith("bench ") for line in lines[lines.index("Work on it") :])


@pytest.mark.parametrize("reason", ["", "  ", "\t\n"])
@pytest.mark.parametrize(
    "command", [["manual", "confirm", "req_1"], ["suspense", "write-off", "sus_1"], ["dlq", "discard", "1"]]
)
def test_blanks_are_no_reason(
    command: list[str], reason: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An act is in the audit record with its why; nothing is asked of any service before that is said."""
    monkeypatch.setenv("LUNAS_DATABASE_URL", "postgresql://nobody@127.0.0.1:9/none")
    assert main.run([*command, "--reason", reason, "--yes"]) == exits.WRONG_USE
    assert "Say why, in your own words" in capsys.readouterr().err


def _leaves(command: click.Command, path: str) -> Iterator[tuple[str, set[str]]]:
    """Every command with the names of its options."""
    if not isinstance(command, click.Group):
        yield path, {name for option in command.params for name in option.opts}
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        child = command.get_command(context, name)
        assert child is not None
        yield from _leaves(child, f"{path} {name}")


def test_what_takes_a_reason_takes_yes_too() -> None:
    """A script says both to everything that changes something, whether it is asked about or not."""
    asked = {path: options & {"--reason", "--yes"} for path, options in _leaves(main.lunas, "lunas")}
    assert {path for path, given in asked.items() if len(given) == 1} == set()
    assert len([path for path, given in asked.items() if given]) > 40
