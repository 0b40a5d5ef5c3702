"""Every recorded webhook shape has its expected translation beside it.

`tests/fixtures/providers/<provider>/<shape>.json` is a body; `expected/<shape>.json` what it must become, or the reason it is refused.
To accept changed translations, run with LUNAS_WRITE_GOLDEN=1 and read the difference before committing.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from providers.registry import PROVIDERS
from schemas.errors import AmountError, UntranslatableError
from schemas.strict_json import loads
from schemas.translation import TranslationContext

FIXTURES = Path(__file__).parents[2] / "fixtures" / "providers"
BODIES = sorted(path for path in FIXTURES.glob("*/*.json"))
CONTEXT = TranslationContext(received_at=datetime(2026, 11, 22, 2, 0, tzinfo=UTC))


def outcome_of(provider: str, body: bytes, context: TranslationContext = CONTEXT) -> dict[str, Any]:
    """The whole translation as JSON values."""
    try:
        translation = PROVIDERS[provider].translate(loads(body), context)
    except (UntranslatableError, AmountError) as error:
        return {"refused": error.reason}
    facts = [
        {
            "stream": fact.stream,
            "type": fact.event.TYPE,
            "data": fact.event.model_dump(mode="json", exclude_defaults=True),
        }
        for fact in translation.facts
    ]
    return {
        "outcome": translation.effect.value,
        "event_name": translation.event_name,
        "dedupe_key": translation.dedupe_key,
        "reason": translation.reason,
        "says": translation.says,
        "facts": facts,
    }


@pytest.mark.parametrize("path", BODIES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_translation_equals_the_golden_file(path: Path) -> None:
    actual = json.loads(json.dumps(outcome_of(path.parent.name, path.read_bytes())))
    golden = path.parent / "expected" / path.name
    if os.environ.get("LUNAS_WRITE_GOLDEN"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(json.dumps(actual, indent=2, ensure_ascii=False, sort_keys=True) + "\n")
    assert actual == json.loads(golden.read_text())


def test_every_golden_file_has_its_body() -> None:
    expected = {(path.parent.parent.name, path.name) for path in FIXTURES.glob("*/expected/*.json")}
    assert expected == {(path.parent.name, path.name) for path in BODIES}
