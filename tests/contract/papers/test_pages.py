"""Pages say what the code does: variables, commands, targets, events, calls."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest
from dotenv import dotenv_values

from console.main import COMMANDS, lunas
from console.settings_page import page as settings_page
from console.texts.reasons import REASONS
from providers.mayar.events import KNOWN as MAYAR
from providers.scalev.events import KNOWN as SCALEV
from providers.xendit.events import MEANINGS as XENDIT
from runtime.settings import Settings
from runtime.settings.model import variable_name

ROOT = Path(__file__).parents[3]
README = (ROOT / "README.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
VARIABLES = {variable_name(field) for field in Settings.model_fields}

# What others may rely on. The rest is in docs/settings.md.
PROMISED = {
    "LUNAS_ENV", "LUNAS_HOME", "LUNAS_DATABASE_URL", "LUNAS_BROKER_URL",
    "LUNAS_INGRESS_HOST", "LUNAS_INGRESS_PORT", "LUNAS_API_HOST", "LUNAS_API_PORT", "LUNAS_CONSOLE_HOST", "LUNAS_CONSOLE_PORT",
    "LUNAS_API_KEY", "LUNAS_OPERATOR_KEY", "LUNAS_CATALOG", "LUNAS_INGRESS_DURABILITY", "LUNAS_UNKNOWN_CUSTOMER",
    "PAYMENT_PROVIDER",
    "SCALEV_API_KEY", "SCALEV_WEBHOOK_SECRET", "SCALEV_STORE_UNIQUE_ID", "SCALEV_VARIANT_UNIQUE_ID",
    "SCALEV_BUNDLE_PRICE_OPTION_UNIQUE_ID", "SCALEV_BASE_URL",
    "XENDIT_SECRET_KEY", "XENDIT_WEBHOOK_SECRET", "XENDIT_BASE_URL", "XENDIT_BUSINESS_ID",
    "MAYAR_API_KEY", "MAYAR_WEBHOOK_SECRET", "MAYAR_PRODUCT_ID", "MAYAR_BASE_URL", "MAYAR_MERCHANT_ID",
    "MANUAL_PAYMENT_URL", "APP_URL", "RESEND_API_KEY", "RESEND_FROM_EMAIL",
}  # fmt: skip


def commands_in(text: str) -> list[list[str]]:
    """Words after `lunas` in quoted commands and in blocks."""
    blocks = re.findall(r"^ *```(?:sh[^\n]*)?\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
    code = re.findall(r"`(lunas [^`]+)`", text) + re.findall(
        r"^ *(lunas [^\n]+)$", "\n".join(blocks), re.MULTILINE
    )
    return [re.sub(r"^lunas (--lang \w+ )?", "", line).split() for line in code]


def test_the_configuration_table_lists_exactly_what_is_promised() -> None:
    table = README[README.index("## Configuration") : README.index("## Running it for real")]
    assert set(re.findall(r"^\| `([A-Z_]+)`", table, re.MULTILINE)) == PROMISED
    assert PROMISED <= VARIABLES


def test_the_settings_page_is_what_the_code_says() -> None:
    current = (ROOT / "docs/settings.md").read_text() == settings_page()
    assert current, "run: .venv/bin/python -m console.settings_page > docs/settings.md"


def test_the_settings_page_lists_every_variable_once() -> None:
    assert sorted(re.findall(r"^\| `([A-Z_]+)`", settings_page(), re.MULTILINE)) == sorted(VARIABLES)


def test_the_example_environment_names_settings_only() -> None:
    example = ROOT / ".env.example"
    commented = re.findall(r"^# ([A-Z_]+)=", example.read_text(), re.MULTILINE)
    assert {*dotenv_values(example), *commented} <= VARIABLES


def test_what_the_example_environment_sets_is_the_default() -> None:
    """Whoever copies it has changed nothing: in containers it once switched the journal of ingress off."""
    given = {name: value for name, value in dotenv_values(ROOT / ".env.example").items() if value}
    defaults = {variable_name(field): str(info.default) for field, info in Settings.model_fields.items()}
    assert given
    assert given == {name: defaults[name] for name in given}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_variable_in_a_page_is_a_setting(page: Path) -> None:
    named = set(re.findall(r"\bLUNAS_[A-Z_]*[A-Z]\b", page.read_text()))
    assert {name.removesuffix("_FILE") for name in named} <= VARIABLES | {
        "LUNAS_OPERATOR",
        "LUNAS_OPERATOR_PASSWORD",
        "LUNAS_LANG",
        "LUNAS_DEBUG",
        "LUNAS_FAULTS",
        *(
            name
            for file in ("tests/services.py", "tests/rehearsal/engine.py")
            for name in re.findall(r"\bLUNAS_TEST_[A-Z_]*[A-Z]\b", (ROOT / file).read_text())
        ),
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_make_target_in_a_page_exists(page: Path) -> None:
    named = set(re.findall(r"`make ([a-z-]+)", page.read_text())) | set(
        re.findall(r"^make ([a-z-]+)", page.read_text(), re.MULTILINE)
    )
    assert named <= TARGETS


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_in_a_page_exists(page: Path) -> None:
    context = click.Context(lunas)
    for words in commands_in(page.read_text()):
        if words[0].startswith("-"):
            continue
        assert words[0] in COMMANDS, words
        command = lunas.get_command(context, words[0])
        if isinstance(command, click.Group) and len(words) > 1 and words[1].isalpha():
            assert command.get_command(context, words[1]) is not None, words


def test_the_first_steps_of_the_readme_are_those_of_make_run() -> None:
    from console.welcome import PAYMENT

    body = re.search(r"-d '(\{\"event\".*?\})'; echo", README, re.DOTALL)
    assert body is not None
    for value in (PAYMENT["event"], "py-first-try", "pr-first-try", '"customer_id":"budi"', "credit_topup"):
        assert str(value) in body[1]


def test_the_readme_has_no_gap_left() -> None:
    assert "OUTPUT" not in README


@pytest.mark.parametrize(
    ("provider", "events"),
    [("scalev", SCALEV), ("xendit", set(XENDIT)), ("mayar", MAYAR)],
    ids=["scalev", "xendit", "mayar"],
)
def test_every_event_we_understand_is_described(provider: str, events: set[str]) -> None:
    text = (ROOT / f"docs/providers/{provider}.md").read_text()
    described = set(re.findall(r"`([\w.*]+)`", text)) | {
        f"recurring.plan{suffix}" for suffix in re.findall(r"spelled `(\.\w+)`", text)
    }
    families = {name.removesuffix("*") for name in described if name.endswith(".*")}
    assert {
        event for event in events if event not in described and not event.startswith(tuple(families or {" "}))
    } == set()


SUSPENSE_SOURCES = (
    "processor/policies/payment.py",
    "processor/cases/parts.py",
    "processor/cases/world.py",
    "providers/traits.py",
    "providers/xendit/__init__.py",
    "processor/policies/subscription.py",
    "schemas/catalog.py",
)
SUSPENSE_REASON = re.compile(
    r"""(?:problem|reason)="(\w+)"|^ +return "([a-z_]+)"$|problem="\w+" if .* else "(\w+)"|reason or "(\w+)\"""",
    re.MULTILINE,
)


def test_every_reason_to_hold_money_is_explained() -> None:
    source = "\n".join((ROOT / path).read_text() for path in SUSPENSE_SOURCES)
    reasons = {group for found in SUSPENSE_REASON.findall(source) for group in found if group}
    page = set(re.findall(r"`([a-z_]+)`", (ROOT / "docs/runbooks/held-money.md").read_text()))
    assert {"awaiting_order", "customer_unknown", "duplicate_purchase", "unmapped_product"} <= reasons
    assert reasons - page == set()
    assert {f"reason.{reason}" for reason in reasons} - REASONS.keys() == set()


def test_every_reason_to_stop_a_decision_is_explained() -> None:
    source = "\n".join(path.read_text() for path in (ROOT / "processor").rglob("*.py"))
    flat = set(re.findall(r'(?:parked\.append|\btell)\(.*, "(\w+)"\)', source))
    page = set(re.findall(r"`([a-z_]+)`", (ROOT / "docs/runbooks/dead-letters.md").read_text()))
    assert {"policy_failed", "payment_reversed", "amount_changed_after_grant"} <= flat
    assert flat - page == set()


def test_the_changelog_speaks_of_this_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text()
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert "## [Unreleased]" in changelog or f"## [{version}]" in changelog
    assert f"lunas:{version}" in (ROOT / "deploy/compose.yaml").read_text()


def test_the_licence_is_apache_2() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_the_documented_scripts_run_with_any_python() -> None:
    done = subprocess.run(
        [sys.executable, "-S", "-m", "deploy.rabbitmq.make_definitions"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_a_target_whose_tests_use_services_installs_them() -> None:
    targets = re.findall(r"^test-\w+: (ready-\w+) .*\n\t@\$\(PYTEST\) (.+)$", MAKEFILE, re.MULTILINE)
    assert len(targets) == 7
    for needs, folders in targets:
        sources = [path for folder in folders.split() for path in (ROOT / folder).rglob("*.py")]
        uses = any(
            re.search(r"\b(database_url|broker_url|pool|browser): ", path.read_text()) for path in sources
        )
        assert needs == ("ready-tests" if uses or " -m " in f" {folders}" else "ready-dev"), folders
