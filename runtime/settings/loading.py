"""From the process environment to `Settings`: `.env`, `*_FILE` secrets, and one sentence for a mistake."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from pydantic import SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import EnvSettingsSource

from runtime.settings.model import Settings, variable_name
from schemas.errors import ConfigurationError


class _Variables(EnvSettingsSource):
    """pydantic-settings' own reading of variables, over a mapping we prepared instead of `os.environ`."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        super().__init__(Settings, case_sensitive=True)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return self._variables


def load_settings(
    environ: Mapping[str, str] | None = None, *, env_file: Path | None = None, **overrides: Any
) -> Settings:
    """Settings of this process.

    `environ` defaults to the process environment; `.env` (LUNAS_DOTENV) is read in development only and never wins over a
    real variable. `NAME_FILE` gives the path of a file that holds NAME's value. `overrides` are field names and win.
    Raises ConfigurationError.
    """
    given = dict(os.environ if environ is None else environ)
    env_file = env_file or dotenv_file(given)
    if given.get("LUNAS_ENV") == "development" and env_file.is_file():
        given = {name: value for name, value in dotenv_values(env_file).items() if value is not None} | given
    known = {variable_name(field): field for field in Settings.model_fields}
    try:
        # Empty means unset: compose files and CI pass variables on that way.
        present = {name: value for name, value in _with_files(given, known).items() if value != ""}
        return Settings(
            **(_Variables(_only(present, known))() | {variable_name(k): v for k, v in overrides.items()})
        )
    except ValidationError as error:
        # The chain is cut on purpose: the original shows the values, secrets among them.
        raise ConfigurationError(_sentences(error)) from None


def dotenv_file(environ: Mapping[str, str]) -> Path:
    """The file that development reads besides the environment. Which one cannot be said in that file itself.

    The process environment is asked too: whoever passes variables of an instance is still in this process.
    """
    return Path(environ.get("LUNAS_DOTENV") or os.environ.get("LUNAS_DOTENV") or ".env")


def _only(variables: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    return {name: variables[name] for name in known if name in variables}


def _with_files(variables: dict[str, str], known: Mapping[str, str]) -> dict[str, str]:
    resolved = dict(variables)
    for name in known:
        path = variables.get(f"{name}_FILE")
        if not path:
            continue
        try:
            resolved[name] = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise ConfigurationError(
                f"{name}_FILE names {path}, which cannot be read ({reason}): correct the path."
            ) from None
        # The same value twice is fine: a supervisor passes on what it has read.
        if variables.get(name) and variables[name] != resolved[name]:
            raise ConfigurationError(f"{name} and {name}_FILE are both set and differ: unset one of them.")
    return resolved


def _sentences(error: ValidationError) -> str:
    """Everything that is wrong, a line each: who corrects one thing wants to know the others too."""
    return "\n".join(_sentence(each) for each in error.errors(include_url=False))


def _sentence(wrong: ErrorDetails) -> str:
    if not wrong["loc"]:
        return str(wrong["ctx"]["error"]) + "." if "ctx" in wrong else str(wrong["msg"])
    name = str(wrong["loc"][0])
    name = variable_name(name) if name in Settings.model_fields else name
    field = {variable_name(key): value for key, value in Settings.model_fields.items()}.get(name)
    got = (
        ""
        if isinstance(wrong.get("input"), SecretStr) or _is_secret(field)
        else f" (it is {wrong.get('input')!r})"
    )
    default = (
        "" if field is None or field.default is None else f", or unset it for the default {field.default}"
    )
    return f"{name} is wrong{got}: {_reason(wrong['msg'])}; correct it{default}."


def _reason(message: str) -> str:
    return message[0].lower() + message[1:]


def _is_secret(field: Any) -> bool:
    return field is None or "SecretStr" in str(field.annotation)
