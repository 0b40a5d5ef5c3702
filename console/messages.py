"""Every sentence the `lunas` command says, in English and Indonesian.

`text(key)` for messages, `help_text(english)` for help, where the English text itself is the key.
The sentences are in `console/texts.py` and `console/help_texts.py`.
"""

from __future__ import annotations

from console.help_texts import HELP_IN_INDONESIAN
from console.language import current
from console.texts import TEXTS
from console.texts.values import VALUES_IN_INDONESIAN
from schemas.languages import Language


def text(key: str, **values: object) -> str:
    """The sentence `key` in the operator's language with `values` filled in. Raises KeyError for an unknown key."""
    english, indonesian = TEXTS[key]
    return (indonesian if current() == "id" else english).format(**values)


def text_in(language: Language, key: str) -> str:
    """The sentence in a given language, for papers that speak both."""
    return TEXTS[key][language == "id"]


def value(code: str) -> str:
    """A status or kind in the operator's language; the code itself in English, and where nobody translated it."""
    return VALUES_IN_INDONESIAN.get(code, code) if current() == "id" else code


def help_text(english: str) -> str:
    """A help text in the operator's language; English when it was not translated."""
    return HELP_IN_INDONESIAN.get(english, english) if current() == "id" else english
