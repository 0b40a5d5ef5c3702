"""Recorded bodies, changed one way or another, and their translation."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from providers.registry import PROVIDERS
from schemas.strict_json import loads
from schemas.translation import Translation, TranslationContext

FIXTURES = Path(__file__).parents[2] / "fixtures" / "providers"
NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


def recorded(provider: str, shape: str) -> dict[str, Any]:
    return json.loads((FIXTURES / provider / f"{shape}.json").read_bytes())


def changed(document: dict[str, Any], top: dict[str, Any] | None = None, **data: Any) -> dict[str, Any]:
    """A copy with other fields in `data` (or at the top, where there is no `data`)."""
    copy = deepcopy(document)
    copy.get("data", copy).update(data)
    return copy | (top or {})


def translate(provider: str, document: Any, **context: Any) -> Translation:
    body = json.dumps(document).encode()
    return PROVIDERS[provider].translate(loads(body), TranslationContext(**{"received_at": NOW, **context}))
