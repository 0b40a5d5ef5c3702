"""A catalogue of a newer release, read out of the log."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from schemas.published_catalog import UnreadableCatalog, published_catalog
from tests.unit.processor.policies.ledgerbook import shipped_catalog


def _parts(content: object) -> Iterator[dict[str, object]]:
    """Every table of a catalogue, at any depth."""
    for each in (
        content if isinstance(content, list) else content.values() if isinstance(content, dict) else ()
    ):
        yield from _parts(each)
    if isinstance(content, dict):
        yield content


def test_c163_words_of_a_newer_release_are_left_out_wherever_they_stand() -> None:
    catalog = shipped_catalog()
    content = catalog.model_dump(mode="json")
    tables = list(_parts(content))
    assert len(tables) > len(catalog.products)
    for table in tables:
        if table is not content["providers"] and table is not content["credit"]["topup_expiry"]:  # any name
            table["said_since_tomorrow"] = "1d"
    assert published_catalog(content) == catalog


def test_c163_a_value_of_a_newer_release_is_named_and_never_guessed() -> None:
    content = shipped_catalog().model_dump(mode="json")
    content["credit"]["late"] = "said_since_tomorrow"
    with pytest.raises(UnreadableCatalog, match=r"credit\.late cannot be read"):
        published_catalog(content)
