"""Variables that look like one of ours and are none: a misspelt setting is ignored without a word otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from dotenv import dotenv_values

from runtime.settings.loading import dotenv_file
from runtime.settings.model import Settings, variable_name

ALIKE = 0.9
"""One letter in ten; at less, other people's variables such as LUNAS_TEST_DATABASE_URL would count."""


def misspelt(environ: Mapping[str, str], env_file: Path | None = None) -> dict[str, str]:
    """Name that is set → the setting that was probably meant."""
    env_file = env_file or dotenv_file(environ)
    known = {variable_name(field) for field in Settings.model_fields}
    known |= {f"{name}_FILE" for name in known}
    given = {*environ, *(dotenv_values(env_file) if env_file.is_file() else ())}
    unknown = sorted(name for name in given if name not in known)
    near = {name: get_close_matches(name, known, n=1, cutoff=ALIKE) for name in unknown}
    return {name: matches[0] for name, matches in near.items() if matches}
