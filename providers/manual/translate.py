"""Placeholder."""

from __future__ import annotations

from schemas.errors import UntranslatableError
from schemas.translation import Translation, TranslationContext


def translate(document: object, context: TranslationContext) -> Translation:
    raise UntranslatableError("not_implemented")
