"""Differences of a day as people read them; the close itself keeps codes."""

from __future__ import annotations

from console.closing.figures import Named
from console.language import current
from console.messages import text_in
from console.output import rupiah
from schemas.languages import Language


def detail_words(one: Named, speaks: Language | None = None) -> str:
    """What stands behind a difference: of a provider's lists the kind in words, which figure changed, how many payments or cases; else names."""
    language = speaks or current()
    count, cross, kind = one.detail.partition(" × ")
    if one.kind == "provider" and cross:
        return f"{count} × {text_in(language, f'difference.{kind}')}"
    if one.kind in ("late", "unbacked", "fee_claimed"):
        return text_in(language, f"close.detail_{one.kind}").format(count=one.detail)
    return text_in(language, f"close.{one.detail}") if one.kind == "changed" else one.detail


def difference_words(one: Named, speaks: Language | None = None) -> str:
    """`paid on this day, heard of later: xendit Rp 25,000 · payments: 1`."""
    language = speaks or current()
    named = [text_in(language, f"close.difference_{one.kind}"), one.provider, rupiah(one.amount, language)]
    behind = detail_words(one, language)
    return " ".join(part for part in named if part) + (f" · {behind}" if behind else "")
