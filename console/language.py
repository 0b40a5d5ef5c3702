"""Which language the operator reads: `--lang`, else `LUNAS_LANG`, else the locale; English when none says Indonesian."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from schemas.languages import Language

LANGUAGES: tuple[Language, ...] = ("en", "id")
_LOCALE_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")

_chosen: Language | None = None
_asked: ContextVar[Language | None] = ContextVar("asked", default=None)


def choose(language: Language | None) -> None:
    """Fixes the language of this process; None goes back to the environment."""
    global _chosen
    _chosen = language


@contextmanager
def speaking(language: Language | None) -> Iterator[None]:
    """One reader of many has a language of their own, in the web console; None leaves it to the process."""
    token = _asked.set(language)
    try:
        yield
    finally:
        _asked.reset(token)


def current() -> Language:
    """The language to speak now."""
    return _asked.get() or _chosen or from_environment(os.environ)


def from_environment(environ: Mapping[str, str]) -> Language:
    """`LUNAS_LANG` wins; then the first locale variable that is set decides, as in gettext."""
    wish = environ.get("LUNAS_LANG", "").lower()
    if wish[:2] in LANGUAGES:
        return "id" if wish.startswith("id") else "en"
    locale = next((environ[name] for name in _LOCALE_VARIABLES if environ.get(name)), "")
    return "id" if locale.lower().split("_")[0].split(".")[0] == "id" else "en"
