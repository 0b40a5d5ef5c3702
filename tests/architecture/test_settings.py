"""No setting is dead: each is read outside the settings, or says that it is not when it is set."""

from __future__ import annotations

import ast
from pathlib import Path

from runtime.settings import Settings
from runtime.settings.model import WEBHOOK_PROVIDERS
from runtime.settings.not_yet import NOT_YET

ROOT = Path(__file__).parents[2]
ROOMS = (
    "providers",
    "runtime",
    "eventstore",
    "ingress",
    "processor",
    "projections",
    "api",
    "notify",
    "deploy",
    "console",
)


def read() -> set[str]:
    """Names of attributes, and texts that are names: of these, traits and families of fields are made."""
    found: set[str] = set()
    for path in (path for room in ROOMS for path in (ROOT / room).rglob("*.py")):
        if "runtime/settings" in path.as_posix():
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                found.add(node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return found


def test_every_setting_is_read_or_says_that_it_is_not() -> None:
    by_name = read()
    asked_for = {"other_webhook_secrets", *(f"{name}_webhook_secret" for name in WEBHOOK_PROVIDERS)}
    unread = {field for field in Settings.model_fields if field not in by_name} - asked_for
    unread -= {"secret_min_characters"}  # the settings themselves check by it
    # A port or host of a process is found by the process's name.
    unread = {field for field in unread if not field.endswith(("_port", "_host"))}
    assert unread == set(NOT_YET), "wire it, remove it, or put it into (take it off) NOT_YET"
